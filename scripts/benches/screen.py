"""The viewer in a headless browser, as a system to be timed."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps",
    "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
PATIENCE = 60_000  # [ms]

# From the key to two animation frames after the page was drawn; what a person waits.
_TURN = """() => {
  const last = (name) => performance.getEntriesByName(name, "mark").at(-1).startTime
  return last("painted") - last("key")
}"""
_TASKS = """() => {
  window.long = []
  new PerformanceObserver((list) => list.getEntries().forEach((one) => long.push(one.duration)))
    .observe({entryTypes: ["longtask"]})
}"""
_MOST = """() => {
  window.most = 0
  window.watching = setInterval(() => (most = Math.max(most, eegstore.counts.inFlight)), 1)
}"""


class Screen:
    """A window of 1600 x 900 px on the viewer.

    Parameters
    ----------
    home : str
        URL of the viewer.
    """

    def __init__(self, home: str) -> None:
        from playwright.sync_api import sync_playwright

        self._home = home
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=list(ARGUMENTS)
        )
        self._page = self._browser.new_page(viewport={"width": 1600, "height": 900})
        self._page.set_default_timeout(PATIENCE)

    def open(self, query: dict[str, Any]) -> float:
        """From the address to the first page that is painted [s]."""
        begun = time.perf_counter()
        self._page.goto(f"{self._home}/viewer?{urlencode(query)}")
        self._settle()
        return time.perf_counter() - begun

    def turn(self, duration: float, turns: int, rest: float = 0.15) -> list[float]:
        """From key to painted page [s], of page turns with a little `rest` [s] between them."""
        self._page.evaluate("duration => eegstore.set({duration, start: 0})", duration)
        self._settle()
        times = []
        for _ in range(turns):
            self._page.wait_for_timeout(1000 * rest)
            self._page.keyboard.press("PageDown")
            self._settle()
            times.append(self._page.evaluate(_TURN) / 1000)
        return times

    def hold(self, seconds: float) -> tuple[float, int]:
        """Pages painted a second while PageDown is held, and requests in flight at most."""
        page = self._page
        page.evaluate("eegstore.set({duration: 10, start: 0})")
        self._settle()
        page.evaluate(_MOST)
        before, begun = page.evaluate("eegstore.counts.painted"), time.perf_counter()
        page.keyboard.down("PageDown")
        while time.perf_counter() - begun < seconds:  # a keyboard repeats 30 times a second
            page.wait_for_timeout(33)
            page.keyboard.down("PageDown")
        page.keyboard.up("PageDown")
        painted = page.evaluate("eegstore.counts.painted") - before
        elapsed = time.perf_counter() - begun
        self._settle()
        return painted / elapsed, int(page.evaluate("clearInterval(watching), most"))

    def watch(self, seconds: float) -> tuple[list[float], list[float]]:
        """While a recording grows: from committed to painted [s], and long tasks [s]."""
        page = self._page
        page.keyboard.press("v")
        self._settle()
        page.wait_for_timeout(2000)
        page.evaluate(_TASKS)
        page.evaluate("eegstore.counts.lags.length = 0")
        page.wait_for_timeout(1000 * seconds)
        lags = page.evaluate("eegstore.counts.lags ?? []")
        return [one / 1000 for one in lags], [one / 1000 for one in page.evaluate("long")]

    def _settle(self) -> None:
        self._page.wait_for_function("window.eegstore?.settled")

"""The viewer as its own process, a recording to look at, and Chromium."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore import Annotation, Channel, Chunk, Client, Recording, SampleType
from eegstore.timebase import first_sample, full_runs

from . import night as nights
from .screens import Screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Js = Callable[..., Any]

ROOT = Path(__file__).parents[3]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps",
    "--disable-extensions", "--disable-domain-reliability", "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
GAP = (40, 45)  # [s]
SPIKE = (1, 77.5, 700.0)  # channel, time [s], value [uV]
SEIZURE = (12.5, 40.0)  # onset, duration [s]: longer than a page


@dataclass(frozen=True)
class Sent:
    """A recording that was sent, and its samples."""

    recording: Recording
    counts: list[NDArray[np.int16]]  # per channel, as if there were no gap

    @property
    def query(self) -> str:
        """What opens it."""
        return f"?patient={self.recording.patient_id}&recording={self.recording.recording_id}"

    def chunk(self, second: int) -> Chunk:
        channels = self.recording.channels
        edges = [[first_sample(second + k, c.sfreq) for k in (0, 1)] for c in channels]
        parts = [x[lo:hi] for x, (lo, hi) in zip(self.counts, edges, strict=True)]
        return Chunk(second, full_runs(channels, second), np.concatenate(parts))

    def values(self, row: int, start: int, stop: int) -> NDArray[np.float64]:
        """What was sent of a channel from `start` to `stop` [s], in its unit, NaN in the gap."""
        channel = self.recording.channels[row]
        lo, hi = (first_sample(edge, channel.sfreq) for edge in (start, stop))
        values = self.counts[row][lo:hi] * channel.gain + channel.offset
        time = np.arange(lo, hi) / float(channel.sfreq)
        values[(time >= GAP[0]) & (time < GAP[1])] = np.nan
        return values


def made(recording_id: str, seconds: int) -> Sent:
    """Six potentials of 100 Hz and a saturation of 1/2 Hz."""
    random = np.random.default_rng(7)
    labels = ("FP1-F7", "F7-T7", "T7-P7", "P7-O1", "T8-P8", "T8-P8")
    channels = (
        *(Channel(label, Fraction(100), "uV", -800.0, 800.0, -2048, 2047) for label in labels),
        Channel("SaO2", Fraction(1, 2), "%", 0.0, 100.0, 0, 1000),
    )
    counts = [random.integers(-60, 60, 100 * seconds).astype("<i2") for _ in channels[:-1]]
    counts.append(random.integers(900, 990, seconds // 2 + 1).astype("<i2"))
    row, at, value = SPIKE
    if at < seconds:
        counts[row][int(at * 100)] = round(value / channels[row].gain)
    recording = Recording("viewer-e2e", recording_id, channels, SampleType.INT16)
    return Sent(recording, counts)


@pytest.fixture(scope="session")
def client(live: Any) -> Iterator[Client]:
    with Client(live.url, live.api_key) as client:
        yield client


@pytest.fixture(scope="session")
def sent(client: Client) -> Sent:
    """120 s with a gap, a spike of one sample, a seizure, and words that are no HTML."""
    one = made("whole", 120)
    ids = one.recording.patient_id, one.recording.recording_id
    client.declare(one.recording)
    client.send(one.recording, [one.chunk(k) for k in range(120) if not GAP[0] <= k < GAP[1]])
    client.annotate(*ids, Annotation(*SEIZURE, "seizure"))
    client.annotate(*ids, Annotation(90.0, None, "<img src=x onerror=alert(1)>"))
    client.close_recording(*ids)
    return one


@pytest.fixture(scope="session")
def night(client: Client) -> nights.Night:
    """A study of two files."""
    return nights.send(client)


@pytest.fixture
def grown(client: Client) -> Callable[[int], None]:
    """Lets a recording grow to so many seconds."""
    one, there = made("growing", 60), 0
    client.declare(one.recording)

    def grow(seconds: int) -> None:
        nonlocal there
        client.send(one.recording, [one.chunk(k) for k in range(there, seconds)])
        there = seconds

    return grow


class Viewer:
    """The viewer on a port that it keeps; a warning in it is an error."""

    def __init__(self, live: Any) -> None:
        self.port, self.home = live.viewer_port, live.viewer_url
        self.environment = os.environ | {
            "EEGSTORE_API_URL": live.url,
            "EEGSTORE_DATA": str(live.data),
            "EEGSTORE_API_KEY": live.api_key,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "bokeh", "serve", str(ROOT / "viewer")]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while True:
            try:
                httpx.get(f"{self.home}/static/js/bokeh.min.js")
                return
            except httpx.TransportError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    pytest.fail(f"the viewer did not start: {self.process.communicate()[0]}")
                time.sleep(0.05)

    def stop(self) -> None:
        """End it; it has complained of nothing."""
        assert self.process is not None
        self.process.terminate()
        said = self.process.communicate(timeout=60)[0]
        assert complaints(said) == []


def complaints(said: str) -> list[str]:
    """What a Bokeh server complained of, but for what a page said while it was left.

    Bokeh 3.9 fails on a message that it comes to when the connection has ended; what was in it
    is kept in the browser until it is known to be stored.
    """
    entries = re.split(r"\n(?=\d{4}-\d\d-\d\d )", said)
    bad = [one for one in entries if re.search("Traceback|ERROR|Warning|[EW]-10", one)]
    return [one for one in bad if "assert self._session is not None\n" not in one]


@pytest.fixture(scope="session")
def viewer(live: Any) -> Iterator[Viewer]:
    """The viewer, running. A test that ends it starts it again."""
    viewer = Viewer(live)
    viewer.start()
    yield viewer
    viewer.stop()


# Playwright keeps an event loop running in this thread: no longer than these tests, or
# asyncio.run fails in all that come later.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium; without it these tests are skipped, unless EEGSTORE_REQUIRE_BROWSER is 1."""
    if not CHROMIUM.exists():
        words = f"no browser: {CHROMIUM} is not there"
        if os.environ.get("EEGSTORE_REQUIRE_BROWSER") == "1":
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


@contextmanager
def looking(browser: "Browser", viewer: Viewer, live: Any) -> Iterator[Screen]:
    """A laptop's window; it asks nobody but viewer and API, and complains of nothing."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    screen = Screen(page, viewer.home, live.url)
    yield screen
    page.close()
    assert screen.complaints == []


@pytest.fixture
def screen(browser: "Browser", viewer: Viewer, live: Any) -> Iterator[Screen]:
    """A window for one test."""
    with looking(browser, viewer, live) as screen:
        yield screen


@pytest.fixture(scope="module")
def shared(browser: "Browser", viewer: Viewer, live: Any) -> Iterator[Screen]:
    """A window for all tests of a module."""
    with looking(browser, viewer, live) as screen:
        yield screen


@pytest.fixture(scope="module")
def js(browser: "Browser", viewer: Viewer) -> Iterator[Js]:
    """What an expression is, with the names that a module exports."""
    page = browser.new_page()
    page.goto(f"{viewer.home}/viewer/static/js/state.js")

    def value(module: str, expression: str, **given: Any) -> Any:
        names = ", ".join(given)
        return page.evaluate(
            f"""async ({{{names}}}) => {{
                const m = await import("/viewer/static/js/{module}.js")
                return ({expression})
            }}""",
            given,
        )

    yield value
    page.close()

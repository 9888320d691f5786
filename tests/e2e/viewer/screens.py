"""A browser window on the viewer, for tests: what it shows, as numbers and words."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from playwright.sync_api import Page

DATA = """name => Object.fromEntries(Object.entries(eegstore.models[name].data).map(
    ([key, column]) => [key,
        Array.from(column, item => ArrayBuffer.isView(item) ? Array.from(item) : item)]))"""


class Screen:
    """One browser window on the viewer."""

    def __init__(self, page: "Page", home: str, api: str) -> None:
        self.page, self.home, self.api = page, home, api
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("request", self._requested)
        page.set_default_timeout(60_000)

    def _requested(self, request: Any) -> None:
        own = (self.home, self.home.replace("http", "ws"), f"blob:{self.home}", "data:", self.api)
        if not request.url.startswith(own):
            self.complaints.append(f"request to {request.url}")

    def open(self, query: str) -> "Screen":
        self.page.goto(f"{self.home}/viewer{query}")
        return self.settled()

    def settled(self) -> "Screen":
        """Wait until what is wanted is painted."""
        self.page.wait_for_function("window.eegstore?.settled")
        return self

    def at(self, second: float) -> "Screen":
        """Wait until the page that starts at `second` [s] is painted."""
        self.page.wait_for_function(
            "second => window.eegstore?.state.start === second && eegstore.settled", arg=second
        )
        return self

    def press(self, *keys: str) -> "Screen":
        """Keys, one after the other, each when the one before has done its work."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settled()
        return self

    @property
    def state(self) -> dict[str, Any]:
        """What the reader wants."""
        found: dict[str, Any] = self.page.evaluate("eegstore.state")
        return found

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        return self.page.evaluate(expression)

    def data(self, name: str) -> dict[str, Any]:
        """The columns of a source, as they are in the browser."""
        found: dict[str, Any] = self.page.evaluate(DATA, name)
        return found

    def traces(self) -> list[NDArray[np.float64]]:
        """The values on the glyph, in each trace's unit."""
        columns = self.data("traces")
        rows = zip(
            columns["ys"], columns["centre"], columns["px"], columns["up"], columns["baseline"],
            strict=True,
        )  # fmt: skip
        return [
            (centre - np.array([np.nan if y is None else y for y in ys], float)) / (px * up) + base
            for ys, centre, px, up, base in rows
        ]

    def trace(self, label: str) -> NDArray[np.float64]:
        """The values of the trace of that label."""
        return self.traces()[self.data("traces")["label"].index(label)]

    def text(self, place: str) -> str:
        """What is written in a place of the page."""
        return self.page.locator(f"#{place}").inner_text()

    def wait_for_text(self, place: str, pattern: str) -> None:
        self.page.wait_for_function(
            "([id, pattern]) => new RegExp(pattern).test(document.getElementById(id).innerText)",
            arg=[place, pattern],
        )

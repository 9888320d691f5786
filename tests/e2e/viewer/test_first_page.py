"""The first page in a real browser: what is drawn is what was sent."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from eegstore import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MODEL = "name => Bokeh.documents[0].get_model_by_name(name)"
DATA = """name => Object.fromEntries(Object.entries(
    Bokeh.documents[0].get_model_by_name(name).data).map(([key, column]) => [key,
    Array.from(column, item => ArrayBuffer.isView(item) ? Array.from(item) : item)]))"""


class Screen:
    """One browser window on the viewer."""

    def __init__(self, page: "Page", home: str) -> None:
        self.page, self.home = page, home
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("request", self._requested)
        page.set_default_timeout(60_000)

    def _requested(self, request: Any) -> None:
        own = (self.home, self.home.replace("http", "ws"), f"blob:{self.home}", "data:")
        if not request.url.startswith(own):
            self.complaints.append(f"request to {request.url}")

    def open(self, query: str) -> "Screen":
        self.page.goto(f"{self.home}/viewer{query}")
        return self.there()

    def there(self) -> "Screen":
        """Wait until traces are drawn."""
        self.page.wait_for_function(
            "window.Bokeh?.documents[0]?.get_model_by_name('traces')?.data.xs?.length > 0"
        )
        return self

    def data(self, name: str) -> dict[str, Any]:
        """The columns of a source, as they are in the browser."""
        found: dict[str, Any] = self.page.evaluate(DATA, name)
        return found

    def traces(self) -> list[np.ndarray]:  # type: ignore[type-arg]
        """The values on the glyph, in each channel's unit."""
        columns = self.data("traces")
        rows = zip(columns["ys"], columns["gain"], columns["baseline"], strict=True)
        return [
            (np.array(y, float) + row) / gain + baseline
            for row, (y, gain, baseline) in enumerate(rows)
        ]

    def at(self, second: int) -> "Screen":
        """Wait until the page that starts at `second` [s] is drawn."""
        self.page.wait_for_function(
            """second => {
                const {data} = Bokeh.documents[0].get_model_by_name("page")
                return data.left.length && data.left[0] === second
            }""",
            arg=second,
        )
        assert f"time={second}" in self.page.evaluate("location.href")
        return self

    def notice(self) -> str:
        return str(self.page.evaluate(f"({MODEL})('notice').text"))

    def wait_for_notice(self, pattern: str) -> None:
        self.page.wait_for_function(
            f"pattern => new RegExp(pattern).test(({MODEL})('notice').text)", arg=pattern
        )


@pytest.fixture
def screen(browser: "Browser", viewer: Any) -> Iterator[Screen]:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    screen = Screen(page, viewer.home)
    yield screen
    page.close()
    assert screen.complaints == []


def test_recordings_are_listed(screen: Screen, sent: Any) -> None:
    screen.open(sent.query)
    listed = screen.data("recordings")
    at = listed["recording"].index("whole")
    assert listed["patient"][at] == "viewer-e2e"
    assert listed["duration"][at] == "0:02:00"
    assert listed["seizures"][at] == "1 seizure"
    assert screen.page.get_by_text("viewer-e2e").first.is_visible()


@pytest.mark.parametrize("start", [0, 37, 110])
def test_traces_are_the_samples(screen: Screen, sent: Any, start: int) -> None:
    """37 s lies across tiles, and the gap of 40 to 45 s is NaN and nothing else is."""
    screen.open(f"{sent.query}&time={start}").at(start)
    traces = screen.traces()
    channels = sent.recording.channels
    assert screen.data("traces")["label"] == [channel.label for channel in channels]
    assert len(traces) == len(channels)
    for row, (channel, shown) in enumerate(zip(channels, traces, strict=True)):
        expected = sent.values(row, start, start + 10)
        assert np.isnan(expected).any() == (start == 37)
        np.testing.assert_allclose(shown, expected, atol=abs(channel.gain) / 4, rtol=0)
    times = np.array(screen.data("traces")["xs"][0])
    np.testing.assert_allclose(times, np.arange(1000) / 100, atol=1e-5)


def test_eeg_is_negative_up(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=0")
    gains = screen.data("traces")["gain"]
    assert [gain < 0 for gain in gains] == [True] * 6 + [False]


def test_a_gap_is_shaded_and_said(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=37").at(37)
    assert screen.data("gaps") == {"left": [3], "right": [8]}
    stored = screen.data("stored")
    assert (stored["left"], stored["right"]) == ([0, 45], [40, 120])


def test_keys_turn_pages(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=0").at(0)
    press = screen.page.keyboard.press
    for key, second in (
        ("PageDown", 10), ("PageDown", 20), ("ArrowRight", 21), ("ArrowLeft", 20),
        ("PageUp", 10), ("End", 110), ("PageDown", 110), ("Home", 0), ("ArrowLeft", 0),
    ):  # fmt: skip
        press(key)
        screen.at(second)
    np.testing.assert_allclose(screen.traces()[0], sent.values(0, 0, 10), atol=0.1)


def test_keys_in_a_field_stay_there(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=50").at(50)
    field = screen.page.get_by_placeholder("go to 22:30:10")
    field.fill("12x")
    field.press("Home")
    field.press("Delete")
    assert field.input_value() == "2x"
    field.fill("77")
    field.press("Enter")
    screen.at(77)


def test_a_time_outside_is_refused_in_words(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=50").at(50)
    field = screen.page.get_by_placeholder("go to 22:30:10")
    field.fill("0:03:00")
    field.press("Enter")
    screen.wait_for_notice("0:03:00 is not within the recording, 0:00:00 to 0:02:00")
    screen.page.keyboard.press("PageDown")
    field.blur()
    screen.page.keyboard.press("PageDown")
    screen.at(60)
    assert screen.notice() == ""


def test_a_seizure_longer_than_the_page_is_shaded(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=20").at(20)
    shading = screen.data("shading")
    assert (shading["left"], shading["right"]) == ([-7.5], [32.5])
    assert shading["color"] == ["#d62839"]
    screen.page.keyboard.press("End")
    screen.at(110)
    assert screen.data("shading")["left"] == []


def test_a_click_on_an_event_or_on_the_strip_goes_there(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=110").at(110)
    events = screen.data("events")
    assert events["what"] == ["seizure", "<img src=x onerror=alert(1)>"]
    screen.page.locator(".traces").wait_for()
    screen.page.get_by_text("seizure", exact=True).first.click()
    screen.at(10)
    strip = screen.page.locator(".strip").bounding_box()
    assert strip is not None
    left, width = screen.page.evaluate(
        "() => {const v = Bokeh.index.find_one_by_id(Bokeh.documents[0]"
        ".get_model_by_name('strip').id).frame.bbox; return [v.left, v.width]}"
    )
    screen.page.mouse.click(strip["x"] + left + width * 75 / 120, strip["y"] + 20)
    screen.at(70)


def test_a_long_page_is_reduced_with_its_peaks_and_says_so(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=50").at(50)
    screen.page.locator("select").first.select_option(label="60 s")
    screen.page.wait_for_function("Bokeh.documents[0].get_model_by_name('page').data.right[0] > 60")
    screen.page.wait_for_function(f"/reduced/.test(({MODEL})('foot').text)")
    row, at = 1, 77.5
    value = sent.values(row, 77, 78)[50]
    shown, columns = screen.traces()[row], screen.data("traces")
    assert len(shown) < 6000
    peak = int(np.nanargmax(shown))
    assert shown[peak] == pytest.approx(value, abs=0.2)
    assert columns["xs"][row][peak] == pytest.approx(at - 50, abs=1e-3)


def test_title_and_address_hold_ids_only(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=0").at(0)
    assert screen.page.title() == "eegstore"
    assert re.search(
        r"\?patient=viewer-e2e&recording=whole&time=0$", screen.page.evaluate("location.href")
    )


def test_an_unknown_recording_is_told(screen: Screen, sent: Any) -> None:
    screen.open("?patient=viewer-e2e&recording=nothing")
    screen.wait_for_notice("There is no recording .*nothing.* of patient .*viewer-e2e")


def test_a_growing_recording_is_followed(
    screen: Screen, client: Client, grown: Callable[[int], None]
) -> None:
    grown(8)
    screen.open("?patient=viewer-e2e&recording=growing").at(0)
    grown(17)
    screen.at(10)
    shown = screen.page.wait_for_function(
        "() => {const y = Bokeh.documents[0].get_model_by_name('traces').data.ys[0];"
        " return y.length == 1000 && !isNaN(y[699]) && isNaN(y[700])}"
    )
    assert shown
    screen.page.get_by_text("0:00:18 · open").wait_for()  # the last saturation lasts 2 s
    screen.page.keyboard.press("Home")
    screen.at(0)
    grown(31)
    screen.page.wait_for_function(
        "Bokeh.documents[0].get_model_by_name('stored').data.right[0] == 31"
    )
    screen.at(0)
    screen.page.get_by_role("button", name="Live").click()
    screen.at(25)


def test_the_store_may_go_and_come_back(screen: Screen, sent: Any, live: Any) -> None:
    screen.open(f"{sent.query}&time=0").at(0)
    live.stop()
    try:
        screen.page.keyboard.press("End")
        screen.wait_for_notice("The store does not answer")
        np.testing.assert_allclose(screen.traces()[0], sent.values(0, 0, 10), atol=0.1)
    finally:
        live.start()
    screen.at(110)
    screen.wait_for_notice("^$")
    np.testing.assert_allclose(screen.traces()[0], sent.values(0, 110, 120), atol=0.1)


def test_the_viewer_may_go_and_come_back(screen: Screen, sent: Any, viewer: Any) -> None:
    screen.open(f"{sent.query}&time=0").at(0)
    screen.page.keyboard.press("PageDown")
    screen.at(10)
    gone = screen.page.get_by_text("The viewer has lost its server")
    assert not gone.is_visible()
    viewer.stop()
    try:
        gone.wait_for()
    finally:
        viewer.start()
    gone.wait_for(state="hidden")
    screen.there().at(10)
    screen.page.keyboard.press("PageDown")
    screen.at(20)

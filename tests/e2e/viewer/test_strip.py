"""The strip of the whole study: what it shows, and how it moves the page."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore import Annotation, Client

from . import holed
from .conftest import made
from .holed import Holed
from .screens import Screen

pytestmark = pytest.mark.browser

LONG = "&duration=60"  # a page on which nothing counts as seen, so the strip is not painted anew
ENVELOPE = "getComputedStyle(document.documentElement).getPropertyValue('--envelope')"
PIXELS = """(name) => {
  const canvas = document.querySelector("#strip canvas")
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
  const pen = new OffscreenCanvas(1, 1).getContext("2d")
  const theme = getComputedStyle(document.documentElement)
  pen.fillStyle = name.startsWith("#") ? name : theme.getPropertyValue(`--${name}`)
  pen.fillRect(0, 0, 1, 1)
  const color = pen.getImageData(0, 0, 1, 1).data
  const is = (pixel) => [0, 1, 2, 3].every((k) => Math.abs(data[4 * pixel + k] - color[k]) <= 2)
  return Array.from({length: canvas.height}, (_, y) =>
    Array.from({length: canvas.width}, (_, x) => (is(y * canvas.width + x) ? "1" : "0")).join(""))
}"""


@pytest.fixture(scope="module")
def study(client: Client) -> Holed:
    sent = holed.send(client, "strip-e2e")
    for what in (
        Annotation(150.0, 0.2, "seizure"),
        Annotation(170.0, 20.0, "sz, long"),
        Annotation(30.0, 10.0, "seizure", status="rejected"),
        Annotation(50.0, None, "movement"),
    ):
        client.annotate(sent.patient, "file-0", what)
    return sent


class Strip:
    """The strip on a screen."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        screen.page.wait_for_function("eegstore.scene.overview?.stored.length > 0")
        screen.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        box = screen.page.locator("#strip canvas").bounding_box()
        assert box is not None
        self.left, self.width, self.y = box["x"], box["width"], box["y"] + box["height"] / 2

    def x(self, second: float) -> float:
        """Where a second lies in the window [px]."""
        lo, hi = self.screen.value("eegstore.scene.part")
        return float(self.left + (second - lo) / (hi - lo) * self.width)

    def pixels(self, color: str) -> NDArray[np.bool_]:
        """Which pixels are of a colour, (height, width)."""
        rows = self.screen.page.evaluate(PIXELS, color)
        return np.array([list(row) for row in rows]) == "1"

    def columns(self, image: NDArray[Any], start: float, stop: float) -> NDArray[Any]:
        """Of an image the columns of a stretch [s], without a second at each end."""
        lo, hi = (round(self.x(at) - self.left) for at in (start + 1, stop - 1))
        return image[:, lo:hi]

    @property
    def mark(self) -> tuple[float, float]:
        """From when to when the mark of the page reaches [s]."""
        box = self.screen.page.locator("#strip .here").bounding_box()
        assert box is not None
        lo, hi = self.screen.value("eegstore.scene.part")
        edges = ((x - self.left) / self.width for x in (box["x"], box["x"] + box["width"]))
        first, last = (lo + (hi - lo) * edge for edge in edges)
        return first, last


@pytest.fixture
def opened(screen: Screen, study: Holed) -> Callable[[str], Strip]:
    return lambda more: Strip(screen.open(study.query + more))


def test_the_envelope_is_that_of_what_is_stored(opened: Callable[[str], Strip]) -> None:
    """Ten times louder is higher, holes are empty, an offset does not count."""
    strip = opened(f"&time=0{LONG}")
    envelope = strip.pixels("envelope")
    for start, stop in ((0, 140), (holed.SECOND, holed.GAP[0]), (holed.GAP[1], holed.DURATION)):
        assert strip.columns(envelope, start, stop).any(axis=0).all(), (start, stop)
    for start, stop in ((200, holed.SECOND), holed.GAP):
        assert not strip.columns(envelope, start, stop).any(), (start, stop)
    heights = envelope.sum(axis=0)
    storm, quiet = (
        np.median(strip.columns(heights[None], *span)) for span in (holed.STORM, (60, 90))
    )
    assert storm > 4 * quiet
    assert "as recorded,\nunfiltered" in strip.screen.text("strip")
    assert "median of 4 EEG" in strip.screen.text("strip")


def test_the_band_is_of_the_chosen_channel(opened: Callable[[str], Strip]) -> None:
    strip = opened(f"&time=60{LONG}")
    before = strip.pixels("envelope").sum(axis=0)[None]
    strip.screen.press("Shift+ArrowUp")
    strip.screen.wait_for_text("strip", "F3-C3")
    strip.screen.page.evaluate("new Promise(requestAnimationFrame)")
    after = strip.pixels("envelope").sum(axis=0)[None]
    burst = [strip.columns(of, *holed.BURST).mean() for of in (before, after)]
    assert burst[1] > 2 * burst[0]


def test_seizures_are_seen_however_short(opened: Callable[[str], Strip]) -> None:
    """All others at the top; what was rejected not at all."""
    strip = opened(f"&time=0{LONG}")
    strip.screen.page.wait_for_function("eegstore.scene.events.all.length == 4")
    strip.screen.page.evaluate("new Promise(requestAnimationFrame)")
    red = strip.pixels("seizure")
    short = strip.columns(red, 147, 153)
    assert short.any(axis=0).sum() == 2
    assert short.sum() > 2 * 30
    long = strip.columns(red, 168, 192)
    assert long.any(axis=0).sum() == pytest.approx(20 * strip.width / holed.DURATION, abs=2)
    assert not strip.columns(red, 28, 42).any()
    cyan = strip.pixels("#66CCEE")
    assert strip.columns(cyan, 47, 53).any(axis=0).sum() == 2
    assert cyan.sum() == 2 * 7


def test_clock_times_stand_below(opened: Callable[[str], Strip]) -> None:
    strip = opened("&time=0")
    ticks = strip.screen.page.locator("#strip .clock span")
    assert ticks.all_inner_texts()[:3] == ["23:58", "23:59", "Sat 7 Nov"]
    box = ticks.nth(1).bounding_box()
    assert box is not None
    assert box["x"] == pytest.approx(strip.x(60), abs=2)


def test_no_clock_time_is_cut_off(opened: Callable[[str], Strip]) -> None:
    page = opened("&time=0").screen.page
    midnight = page.locator("#strip .clock span[title='0:02:00']")
    for stop, words in ((121, ""), (180, "Sat 7 Nov"), (122, "")):
        page.evaluate("stop => eegstore.set({stretch: [0, stop]})", stop)
        page.wait_for_function("stop => eegstore.scene.part[1] === stop", arg=stop)
        assert midnight.inner_text() == words
        assert midnight.is_visible()


def test_the_mark_is_where_the_page_is(opened: Callable[[str], Strip]) -> None:
    strip = opened(f"&time=60{LONG}")
    assert strip.mark == pytest.approx((60, 120), abs=1)
    strip.screen.press("PageDown").at(120)
    assert strip.mark == pytest.approx((120, 180), abs=1)


def test_a_page_turned_paints_no_strip(opened: Callable[[str], Strip]) -> None:
    strip = opened(f"&time=0{LONG}")
    page = strip.screen.page
    page.evaluate("document.querySelector('#strip canvas').getContext('2d').reset()")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    strip.screen.press("PageDown").at(60)
    strip.screen.press("PageDown").at(120)
    assert not strip.pixels("envelope").any()
    assert [url for url in asked if "/eeg?" in url and "montage" not in url] == []


def test_a_click_jumps_and_back_returns(opened: Callable[[str], Strip]) -> None:
    strip = opened("&time=50")
    strip.screen.page.mouse.click(strip.x(350), strip.y)
    strip.screen.page.wait_for_function("eegstore.settled && eegstore.state.start > 300")
    assert strip.screen.state["start"] == pytest.approx(345, abs=2)
    strip.screen.press("Alt+ArrowLeft").at(50)


def test_a_drag_scrubs(opened: Callable[[str], Strip]) -> None:
    """All along the study, and never more than two requests at a time."""
    strip = opened("&time=0")
    mouse = strip.screen.page.mouse
    mouse.move(strip.x(20), strip.y)
    mouse.down()
    mouse.move(strip.x(480), strip.y + 60, steps=60)
    middle = strip.screen.state["start"]
    mouse.move(strip.x(150), strip.y - 30, steps=30)
    strip.screen.page.wait_for_function("eegstore.state.start == 145 && eegstore.settled")
    mouse.up()
    assert middle > 0
    assert strip.screen.value("eegstore.counts.most") <= 2
    mouse.move(strip.x(400), strip.y)
    strip.screen.press("PageDown").at(155)


def test_the_strip_is_zoomed(opened: Callable[[str], Strip]) -> None:
    strip = opened("&time=150")
    screen = strip.screen
    whole = [0, holed.DURATION]
    assert screen.value("eegstore.scene.part") == whole
    screen.page.mouse.move(strip.x(150), strip.y)
    screen.page.mouse.wheel(0, -100)
    lo, hi = screen.value("eegstore.scene.part")
    assert hi - lo == pytest.approx(holed.DURATION / 1.3)
    assert strip.x(150) == pytest.approx(strip.left + 150 / holed.DURATION * strip.width, abs=1)
    screen.press("Alt+ArrowUp")
    screen.page.wait_for_function(
        "eegstore.scene.overview.from == eegstore.scene.part[0]"
        " && eegstore.scene.overview.to == eegstore.scene.part[1] && eegstore.scene.part[1] < 300"
    )
    assert strip.mark == pytest.approx((150, 160), abs=1)
    screen.press("End").at(holed.DURATION - 9.5)
    lo, hi = screen.value("eegstore.scene.part")
    assert hi == pytest.approx(holed.DURATION)
    screen.press("Alt+ArrowDown", "Alt+ArrowDown")
    assert screen.value("eegstore.scene.part") == whole


def test_keys_go_along_the_strip(opened: Callable[[str], Strip]) -> None:
    strip = opened("&time=0")
    strip.screen.press("Shift+PageDown").at(50)
    strip.screen.press("Shift+PageDown").at(100)
    strip.screen.press("Shift+PageUp").at(50)


def test_the_strip_grows_with_the_study(screen: Screen, client: Client) -> None:
    one = made("strip-grows", 40)
    client.declare(one.recording)
    client.send(one.recording, [one.chunk(k) for k in range(20)])
    strip = Strip(screen.open(one.query))
    assert screen.value("eegstore.scene.part") == [0, 20]
    client.send(one.recording, [one.chunk(k) for k in range(20, 40)])
    screen.page.wait_for_function("eegstore.scene.overview.to == 40")
    screen.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert strip.columns(strip.pixels("envelope"), 0, 40).any(axis=0).all()
    client.close_recording(one.recording.patient_id, one.recording.recording_id)


def test_the_strip_takes_the_colours_of_the_theme(opened: Callable[[str], Strip]) -> None:
    strip = opened(f"&time=0{LONG}")
    light = strip.screen.value(ENVELOPE)
    strip.screen.press("t")
    strip.screen.page.evaluate("new Promise(requestAnimationFrame)")
    assert strip.screen.value(ENVELOPE) != light
    assert strip.columns(strip.pixels("envelope"), 0, 140).any(axis=0).all()

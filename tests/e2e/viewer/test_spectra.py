"""Spectrogram of a trace beside the page, and trends of the whole study."""

import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore import Client

from . import holed
from .holed import Holed
from .screens import Screen

pytestmark = pytest.mark.browser

PIXELS = """(place) => {
  const canvas = document.querySelector(place)
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
  const text = Array.from({length: canvas.height}, (_, y) =>
    String.fromCharCode(...data.slice(4 * y * canvas.width, 4 * (y + 1) * canvas.width)))
  return [btoa(text.join("")), canvas.height, canvas.width]
}"""
SPECTROGRAM = "#spectrogram canvas"
HIGHEST, LOWEST = 70.5, -0.5  # [Hz], of the spectrogram's field


@pytest.fixture(scope="module")
def study(client: Client) -> Holed:
    return holed.send(client, "spectra-e2e")


def image(screen: Screen, place: str) -> NDArray[np.uint8]:
    """What is painted, (height, width, 4)."""
    screen.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    text, height, width = screen.page.evaluate(PIXELS, place)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


def power(screen: Screen, place: str) -> NDArray[np.float64]:
    """How far along the palette each pixel is, 0 to 1; NaN where none of its colours is."""
    palette = screen.value("JSON.parse(eegstore.models.figure.tags[0].given).palette")
    colors = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in palette])
    pixels = image(screen, place)
    index = {tuple(color): k for k, color in enumerate(colors.tolist())}
    flat = [index.get(tuple(pixel), np.nan) for pixel in pixels[..., :3].reshape(-1, 3).tolist()]
    found = np.array(flat).reshape(pixels.shape[:2]) / (len(colors) - 1)
    found[pixels[..., 3] < 255] = np.nan
    return found


@pytest.fixture
def opened(screen: Screen, study: Holed) -> Callable[..., Screen]:
    def open_at(second: float, more: str = "&duration=10&lff=off&hff=off") -> Screen:
        screen.open(f"{study.query}&time={second}{more}")
        screen.press("6")
        return screen

    return open_at


def shown(screen: Screen) -> Screen:
    """Wait until the spectrogram is that of the page."""
    screen.page.wait_for_function(
        """() => {
            const {page, spectrogram: found} = eegstore.scene
            return eegstore.settled && found?.how.includes("trace=")
                && found.start <= page.start + 0.2
                && found.start + found.columns * found.step > page.stop - 0.2
        }"""
    )
    return screen


def test_a_spectrogram_lies_under_its_page(opened: Callable[..., Screen]) -> None:
    """A hum of 10 Hz from 60 to 64 s is bright there and then, and nowhere else."""
    screen = shown(opened(57))
    found = power(screen, SPECTROGRAM)
    height, width = found.shape
    row = round(height * (1 - (holed.HUM - LOWEST) / (HIGHEST - LOWEST)))
    hum = np.nanmean(found[row - 1 : row + 2], axis=0)
    second = np.arange(width) / width * 10 + 57
    inside = (second > holed.BURST[0] + 0.5) & (second < holed.BURST[1] - 0.5)
    outside = (second < holed.BURST[0] - 0.6) | (second > holed.BURST[1] + 0.6)
    assert hum[inside].min() > hum[outside].max() + 0.2
    elsewhere = np.nanmean(found[: height // 2], axis=0)
    assert hum[inside].min() > elsewhere.max() + 0.2
    field = screen.page.locator(SPECTROGRAM).bounding_box()
    traces = screen.page.locator("#traces").bounding_box()
    assert field is not None
    assert traces is not None
    assert field["x"] == pytest.approx(traces["x"] + 1, abs=1)
    assert width == screen.value("eegstore.scene.width")
    assert "70 Hz" in screen.text("spectrogram")
    assert "dB" in screen.text("spectrogram")


def test_what_is_not_stored_has_no_colour(opened: Callable[..., Screen]) -> None:
    """Not the gap, nor half a window before it."""
    screen = shown(opened(395))
    found = power(screen, SPECTROGRAM)
    width = found.shape[1]
    stored = round((holed.GAP[0] - 395 - 0.7) / 10 * width)
    hole = round((holed.GAP[0] - 395 + 0.2) / 10 * width)
    assert np.isfinite(found[3:-3, 2:stored]).all()
    assert np.isnan(found[:, hole:]).all()


def test_the_trace_is_chosen(opened: Callable[..., Screen]) -> None:
    """By keys, by Ctrl and a click on its label, in the list; a click alone marks it as bad."""
    screen = opened(57)
    list_ = screen.page.locator("[name=trace]")
    assert list_.input_value() == "F3-C3"
    screen.press("Shift+ArrowDown")
    assert list_.input_value() == "C3-P3"
    screen.page.locator('#labels [data-label="C4-P4"]').click(modifiers=["Control"])
    assert list_.input_value() == "C4-P4"
    assert screen.state["bad"] == []
    screen.press("Shift+ArrowDown", "Shift+ArrowUp")
    assert list_.input_value() == "F4-C4"
    list_.select_option("C3-P3")
    screen.page.wait_for_function("eegstore.scene.spectrogram?.trace == 'C3-P3'")
    screen.press("PageDown").at(67)
    assert list_.input_value() == "C3-P3"


def test_a_page_waits_for_no_spectrogram(opened: Callable[..., Screen]) -> None:
    """Pages turn while none is answered, and what was asked for in vain is given up."""
    screen = opened(0)
    screen.page.route("**/spectrogram?*", lambda route: None)
    is_first = re.compile("/spectrogram.*start=10&").search
    with screen.page.expect_request(lambda request: bool(is_first(request.url))):
        screen.press("PageDown").at(10)
    with screen.page.expect_event("requestfailed", lambda request: bool(is_first(request.url))):
        screen.press("PageDown").at(20)
    screen.page.unroute("**/spectrogram?*")


def test_what_is_shown_is_kept(opened: Callable[..., Screen], study: Holed) -> None:
    screen = opened(0)
    screen.press("7")
    assert screen.page.locator("#spectrogram").is_visible()
    screen.page.reload()
    screen.settled()
    assert screen.page.locator("#spectrogram").is_visible()
    assert screen.page.locator("#trends").is_visible()
    screen.page.locator("[name=spectrogram]").click()
    screen.page.locator("[name=trends]").click()
    assert not screen.page.locator("#spectrogram").is_visible()
    assert not screen.page.locator("#trends").is_visible()
    assert screen.settled().traces()


def test_the_colours_fit_the_page_on_demand(opened: Callable[..., Screen]) -> None:
    screen = shown(opened(102))
    before = screen.text("spectrogram")
    screen.page.locator("#spectrogram .colors").click()
    screen.page.wait_for_function(
        "before => document.getElementById('spectrogram').innerText != before", arg=before
    )
    assert screen.value("eegstore.state.range") is not None
    screen.page.locator("#spectrogram .colors").click()
    screen.wait_for_text("spectrogram", "35")


class Trends:
    """The trends on a screen."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        screen.press("7")
        screen.page.wait_for_function("eegstore.scene.trends?.complete")

    def columns(self, found: NDArray[Any], start: float, stop: float) -> NDArray[Any]:
        """Of an image the columns of a stretch [s], without a second at each end."""
        scale = found.shape[1] / holed.DURATION
        return found[:, round((start + 1) * scale) : round((stop - 1) * scale)]


def test_trends_show_where_power_is(screen: Screen, study: Holed) -> None:
    """Storm and holes are where they are; what no channel is on has words."""
    trends = Trends(screen.open(f"{study.query}&time=0"))
    spectra = power(screen, '#trends [data-group="left"] canvas')
    storm, calm = (np.nanmean(trends.columns(spectra, *span)) for span in (holed.STORM, (130, 190)))
    assert storm > calm + 0.2
    for start, stop in ((200, holed.SECOND), holed.GAP):
        assert np.isnan(trends.columns(spectra, start, stop)).all()
    amplitude = image(screen, "#trends .amplitude canvas")[..., 3] > 200
    heights = [
        np.argmax(trends.columns(amplitude, *span), axis=0).mean()
        for span in (holed.STORM, (130, 190))
    ]
    assert heights[0] < heights[1] - 5
    assert not trends.columns(amplitude, 200, holed.SECOND).any()
    words = screen.text("trends")
    assert "RMS 2\N{EN DASH}13 Hz" in words
    assert "aEEG" not in words
    assert "left" in words
    assert "right" in words


def test_trends_of_all_channels(screen: Screen, study: Holed) -> None:
    trends = Trends(screen.open(f"{study.query}&time=0"))
    screen.page.locator("[name=group]").select_option("all")
    screen.page.wait_for_function("eegstore.scene.trends?.groups[0].group == 'all'")
    spectra = power(screen, '#trends [data-group="all"] canvas')
    assert np.isfinite(trends.columns(spectra, 0, 200)).all()
    assert not screen.page.locator('#trends [data-group="left"]').is_visible()


def test_a_click_on_a_trend_shows_the_traces(screen: Screen, study: Holed) -> None:
    trends = Trends(screen.open(f"{study.query}&time=0"))
    box = screen.page.locator("#trends .amplitude canvas").bounding_box()
    assert box is not None
    screen.page.mouse.click(box["x"] + box["width"] * 110 / holed.DURATION, box["y"] + 20)
    screen.page.wait_for_function("eegstore.state.start > 0 && eegstore.settled")
    assert trends.screen.state["start"] == pytest.approx(105, abs=1)
    mark = screen.page.locator("#trends .amplitude").locator(".here").bounding_box()
    assert mark is not None
    middle = (mark["x"] + mark["width"] / 2 - box["x"]) / box["width"] * holed.DURATION
    assert middle == pytest.approx(110, abs=2)


def test_trends_follow_the_strip(screen: Screen, study: Holed) -> None:
    Trends(screen.open(f"{study.query}&time=100"))
    screen.press("Alt+ArrowUp", "Alt+ArrowUp")
    screen.page.wait_for_function(
        "eegstore.scene.trends.from == eegstore.scene.part[0] && eegstore.scene.part[0] > 0"
    )
    amplitude = image(screen, "#trends .amplitude canvas")[..., 3] > 200
    assert amplitude.any(axis=0).mean() > 0.9

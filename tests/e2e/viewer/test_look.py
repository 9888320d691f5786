"""How the page looks: scales, time base, colours, what is shown and what is hidden."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from .night import Night
from .screens import Screen

pytestmark = pytest.mark.browser

BLUE, VERMILLION, BLACK, SKY, PURPLE = "#0072B2", "#D55E00", "#000000", "#56B4E9", "#CC79A7"
PX_PER_MM = 96 / 25.4


def column(screen: Screen, name: str, label: str) -> object:
    traces = screen.data("traces")
    return traces[name][traces["label"].index(label)]


def test_sensitivity_is_in_microvolts_a_millimetre(screen: Screen, night: Night) -> None:
    """7 uV/mm from the start, and EKG a tenth of that; the scale bar goes with it."""
    screen.open(f"{night.query}&time=0")
    assert column(screen, "px", "EEG C3-REF") == pytest.approx(PX_PER_MM / 7)
    assert column(screen, "px", "ECG") == pytest.approx(PX_PER_MM / 70)
    assert screen.page.locator("[data-label=ECG] i").inner_text() == "70 µV/mm"
    for key, expected in (("ArrowDown", 10), ("ArrowUp", 7), ("ArrowUp", 5)):
        screen.press(key)
        assert column(screen, "px", "EEG C3-REF") == pytest.approx(PX_PER_MM / expected)
        assert f"{expected} µV/mm" in screen.text("foot")
    screen.page.locator("select[name=sensitivity]").select_option("100")
    screen.settled()
    bar = screen.page.locator("#foot .bar").bounding_box()
    value = float(screen.page.locator("#foot b").first.inner_text().split()[0])
    assert bar is not None
    assert bar["height"] == pytest.approx(value / 100 * PX_PER_MM, abs=0.6)


def test_the_screen_is_calibrated_and_remembers_it(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    screen.page.keyboard.press("m")
    screen.page.get_by_text("Calibrate the screen").click()
    screen.page.locator("#calibration [name=line]").fill("500")
    width = screen.page.locator("#calibration .ruler").bounding_box()
    assert width is not None
    assert width["width"] == 500
    screen.page.locator("#calibration [name=millimetres]").fill("100")
    assert "5.000 px/mm" in screen.page.locator("#calibration").inner_text()
    screen.page.get_by_role("button", name="Keep", exact=True).click()
    screen.settled()
    assert column(screen, "px", "EEG C3-REF") == pytest.approx(5 / 7)
    screen.open(f"{night.query}&time=0")
    assert column(screen, "px", "EEG C3-REF") == pytest.approx(5 / 7)


def test_seconds_a_page(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    for duration in (5, 10, 15, 20, 30, 60):
        screen.page.locator("select[name=duration]").select_option(str(duration))
        a_page_of(screen.settled(), duration)
    for key, duration in (("-", 60), ("+", 30), ("=", 20), ("-", 30)):
        a_page_of(screen.press(key), duration)


def a_page_of(screen: Screen, duration: int) -> None:
    """A line for each second, and as many labelled as fit."""
    times = screen.data("traces")["xs"][0]
    assert 0 <= times[0] < 0.03
    assert duration - 0.03 < times[-1] < duration
    assert screen.data("seconds")["x"] == list(range(duration + 1))
    assert screen.value("[eegstore.models.xs.start, eegstore.models.xs.end]") == [0, duration]
    labels = screen.page.locator("#ticks span").all_inner_texts()
    assert labels[0] == "02:59:00\n0:00:00"
    boxes = [one.bounding_box() for one in screen.page.locator("#ticks span").all()]
    ends = [(box["x"], box["x"] + box["width"]) for box in boxes if box is not None]
    assert all(left[1] < right[0] for left, right in pairwise(ends))


def test_paper_speed(screen: Screen, night: Night) -> None:
    """30 mm/s on a screen of 96 px an inch: as many seconds as the field is wide."""
    screen.open(f"{night.query}&time=0")
    screen.page.locator("select[name=duration]").select_option("paper")
    screen.settled()
    width = screen.value("eegstore.scene.width")
    assert screen.state["duration"] == pytest.approx(width / PX_PER_MM / 30, abs=0.05)
    screen.press("PageDown")
    assert screen.state["start"] == screen.state["duration"]


def test_colours_by_side_in_both_themes(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0&montage=longitudinal")
    shown = [column(screen, "color", one) for one in ("F3-C3", "F4-C4", "Fz-Cz", "ECG")]
    assert shown == [BLUE, VERMILLION, BLACK, PURPLE]
    light = screen.page.screenshot()
    screen.press("t")
    assert column(screen, "color", "F3-C3") == SKY
    ground = screen.value("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in ground[4:-1].split(",")) < 60
    assert screen.value("eegstore.models.figure.background_fill_color") == "#10161c"
    assert screen.page.screenshot() != light
    screen.open(f"{night.query}&time=0")
    assert screen.state["theme"] == "dark"


def test_gain_of_a_kind_of_channel(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    screen.page.keyboard.press("m")
    screen.page.locator("[name=gain-ekg]").select_option("0.5")
    screen.page.keyboard.press("Escape")
    assert column(screen, "px", "ECG") == pytest.approx(PX_PER_MM / 14)
    assert column(screen, "px", "EEG C3-REF") == pytest.approx(PX_PER_MM / 7)


def test_of_two_traces_of_one_label_one_is_hidden(screen: Screen, sent: Any) -> None:
    """And a link hides the same one."""
    screen.open(f"{sent.query}&time=0&lff=off&hff=off")
    labels = screen.page.locator("#labels [data-label=T8-P8]")
    assert labels.count() == 2
    labels.nth(1).click(modifiers=["Shift"])
    screen.page.wait_for_function("location.search.includes('hidden=T8-P8-1')")
    assert labels.count() == 1
    screen.open(f"{sent.query}&time=0&lff=off&hff=off&hidden=T8-P8-1")
    names = screen.data("traces")["label"]
    assert names == ["FP1-F7", "F7-T7", "T7-P7", "P7-O1", "T8-P8", "SaO2"]
    first = screen.traces()[4]
    np.testing.assert_allclose(first, sent.values(4, 0, 10), atol=0.2, rtol=0)
    screen.page.keyboard.press("m")
    assert screen.page.get_by_label("T8-P8-0").is_checked()
    assert not screen.page.get_by_label("T8-P8-1").is_checked()


def test_traces_are_hidden_and_shown(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    before = screen.data("traces")["label"]
    screen.page.locator("[data-label='EEG F7-REF']").click(modifiers=["Shift"])
    screen.page.locator("[data-label=SpO2]").press("Shift+Enter")
    shown = [one for one in before if one not in ("EEG F7-REF", "SpO2")]
    assert screen.data("traces")["label"] == shown
    assert "2 hidden" in screen.text("foot")
    screen.page.keyboard.press("m")
    screen.page.get_by_label("SpO2").last.check()
    screen.page.keyboard.press("Escape")
    assert screen.data("traces")["label"] == [*shown, "SpO2"]
    screen.press("h")
    assert screen.data("traces")["label"] == before


def test_traces_are_cut_off_where_that_is_wished(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=10&sensitivity=1")
    row = screen.value("eegstore.scene.layout.rowHeight")

    def farthest() -> float:
        traces = screen.data("traces")
        pairs = zip(traces["ys"], traces["centre"], strict=True)
        return float(max(np.nanmax(np.abs(np.array(ys, float) - centre)) for ys, centre in pairs))

    assert farthest() > 3 * row
    screen.press("o")
    assert farthest() == pytest.approx(1.5 * row, abs=0.01)
    assert "cut off at" in screen.text("foot")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_labels_are_legible(screen: Screen, night: Night, size: tuple[int, int]) -> None:
    """Each stands beside its trace, none runs into another, all are within the column."""
    screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    screen.open(f"{night.query}&time=0&sensitivity=200")
    field = screen.page.locator("#labels").bounding_box()
    labels = screen.page.locator("#labels button")
    boxes = [one.bounding_box() for one in labels.all()]
    assert field is not None
    assert len(boxes) == 22
    names = [one.bounding_box() for one in screen.page.locator("#labels .name").all()]
    for name in names:
        assert name is not None
        assert name["x"] >= field["x"]
        assert name["height"] >= 9
    widths = screen.value(
        """Array.from(document.querySelectorAll("#labels .name"), (name) => {
            const words = document.createRange()
            words.selectNodeContents(name)
            return [words, name].map((one) => one.getBoundingClientRect().width)
        })"""
    )
    assert all(words <= there for words, there in widths), "a name is cut short"
    centres = screen.data("traces")["centre"]
    for box, centre in zip(boxes, centres, strict=True):
        assert box is not None
        assert box["y"] + box["height"] / 2 == pytest.approx(field["y"] + centre, abs=1)
    bottoms = [box["y"] + box["height"] for box in boxes if box is not None]
    tops = [box["y"] for box in boxes if box is not None]
    assert all(bottom <= top + 1 for bottom, top in zip(bottoms[:-1], tops[1:], strict=True))


@pytest.mark.parametrize("width", [1000, 1280, 1366])
def test_every_control_is_on_the_screen(screen: Screen, night: Night, width: int) -> None:
    """In a narrow window, too, or on a laptop with letters made larger."""
    screen.page.set_viewport_size({"width": width, "height": 700})
    screen.open(f"{night.query}&time=0")
    field = screen.page.locator("#traces").bounding_box()
    assert field is not None
    for control in screen.page.locator("#bar :is(button, select, input)").all():
        box = control.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= field["y"]
    high = screen.page.locator("#bar").bounding_box()
    assert high is not None
    assert high["height"] == 36 if width == 1366 else high["height"] > 60


def test_a_window_made_smaller_is_drawn_again(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    before = screen.value("[eegstore.scene.width, eegstore.scene.height]")
    screen.page.set_viewport_size({"width": 1000, "height": 600})
    screen.page.wait_for_function("before => eegstore.scene.height < before", arg=before[1])
    screen.settled()
    height, width = screen.value("[eegstore.scene.height, eegstore.scene.width]")
    field = screen.page.locator("#traces").bounding_box()
    assert field is not None
    assert (width, height) == pytest.approx((field["width"] - 2, field["height"]), abs=1)
    assert max(screen.data("traces")["centre"]) < height
    assert screen.value("eegstore.models.ys.start") == height

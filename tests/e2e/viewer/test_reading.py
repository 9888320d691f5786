"""Reading tools: crosshair, ruler, amplitude and spectrum, from samples and never from pixels."""

from typing import Any

import numpy as np
import pytest

from eegstore import Client

from .conftest import Js
from .marked import SINE, File, stored
from .screens import Screen
from .test_marks import drag, point

pytestmark = pytest.mark.browser

PATIENT = "viewer-reading"
UNFILTERED = "&lff=off&hff=off"


@pytest.fixture(scope="module")
def pair(client: Client) -> tuple[File, File]:
    return stored(client, PATIENT)


@pytest.fixture
def desk(shared: Screen, pair: tuple[File, File]) -> Screen:
    """The page from 20 s on, unfiltered."""
    if PATIENT not in shared.page.url:
        shared.open(f"?patient={PATIENT}&study=s&time=20{UNFILTERED}")
    shared.page.evaluate(
        """eegstore.set({start: 20, duration: 10, montage: "recorded", cross: false,
        spectrum: false, lff: "off", hff: "off"})"""
    )
    shared.page.keyboard.press("Escape")
    return shared.at(20)


def words(screen: Screen) -> list[str]:
    """What the crosshair says, line by line."""
    return screen.page.locator("#over .cross .words").inner_text().split("\n")


def number(text: str) -> float:
    return float(text.replace("\u2212", "-"))


def test_the_crosshair_reads_time_and_value_of_a_sample(
    desk: Screen, pair: tuple[File, File]
) -> None:
    desk.page.keyboard.press("x")
    desk.page.mouse.move(*point(desk, 23.456, "EEG T5-REF"))
    time, value = words(desk)
    sample = round(23.456 * 128)
    clock, elapsed = time.split(" · ")
    assert clock.startswith("22:00:23.4")
    assert float(elapsed[5:]) == pytest.approx(sample / 128, abs=0.009)
    sample = round(float(elapsed[5:]) * 128)
    label, shown, unit = value.rsplit(maxsplit=2)
    assert (label, unit) == ("EEG T5-REF", "µV")
    assert number(shown) == pytest.approx(pair[0].values(3)[sample], abs=0.06)
    desk.page.keyboard.press("x")
    assert not desk.page.locator("#over .cross").is_visible()


def test_keys_move_the_crosshair(desk: Screen) -> None:
    desk.page.mouse.move(*point(desk, 25, "EEG F7-REF"))
    desk.press("x")
    assert words(desk)[0].endswith("0:00:25.000")
    desk.press("Control+ArrowRight", "Control+ArrowRight", "Control+ArrowDown")
    time, value = words(desk)
    assert float(time[-6:]) == pytest.approx(25.1, abs=0.01)
    assert value.startswith("EEG T3-REF")
    desk.press("Control+ArrowLeft", "Control+ArrowUp")
    assert words(desk)[1].startswith("EEG F7-REF")
    assert desk.state["start"] == 20


def test_between_files_there_is_no_sample(desk: Screen) -> None:
    desk.page.evaluate("eegstore.set({start: 86})")
    desk.at(86)
    desk.press("x")
    desk.page.mouse.move(*point(desk, 88, "EEG T5-REF"))
    assert words(desk)[1] == "EEG T5-REF  no sample"


def test_a_reduced_page_reads_both_extremes(desk: Screen, pair: tuple[File, File]) -> None:
    """60 s of a narrow window: of each column the smallest and the largest sample."""
    desk.page.set_viewport_size({"width": 1000, "height": 700})
    desk.page.evaluate("eegstore.set({start: 0, duration: 60})")
    desk.at(0)
    per_column = desk.value("eegstore.scene.page.blocks[0].per_column")
    assert per_column > 1
    desk.press("x")
    desk.page.mouse.move(*point(desk, 30, "EEG T3-REF"))
    low, _, high, unit = words(desk)[1].removeprefix("EEG T3-REF").split()
    at = desk.value("eegstore.scene.cursor.x") * 60
    first = int(at * 128) // per_column * per_column
    around = pair[0].values(2)[first - per_column : first + 2 * per_column]
    columns = around.reshape(3, per_column)
    assert unit == "µV"
    pairs = [(column.min(), column.max()) for column in columns]
    assert any((number(low), number(high)) == pytest.approx(pair, abs=0.06) for pair in pairs)
    desk.page.set_viewport_size({"width": 1366, "height": 768})


def test_the_ruler_measures_between_two_cursors(desk: Screen, pair: tuple[File, File]) -> None:
    """From a trough of the sine to the next peak: half a wave of 10 Hz, twice its amplitude."""
    desk.page.mouse.move(*point(desk, 22.075, "EEG FP1-REF"))
    desk.press("r")
    desk.page.mouse.click(*point(desk, 22.125, "EEG FP1-REF"))
    rule = words(desk)[2]
    desk.page.mouse.move(*point(desk, 27, "EEG FP1-REF"))
    assert words(desk)[2] == rule
    parts = [number(part.split()[-2]) for part in rule.split(" · ")]
    assert parts[0] == pytest.approx(0.05, abs=0.01)
    assert parts[1] == pytest.approx(1 / parts[0], rel=0.02)
    assert parts[2] == pytest.approx(2 * SINE[1], rel=0.12)
    assert [part.split()[-1] for part in rule.split(" · ")] == ["s", "Hz", "µV"]
    desk.press("r")
    assert len(words(desk)) == 2


def test_the_ruler_compares_no_values_of_different_traces(desk: Screen) -> None:
    desk.page.mouse.move(*point(desk, 22, "EEG FP1-REF"))
    desk.press("r")
    desk.page.mouse.move(*point(desk, 22.5, "EEG F7-REF"))
    rule = words(desk)[2]
    assert rule.endswith(" Hz · EEG FP1-REF to EEG F7-REF")
    assert "µV" not in rule
    desk.page.mouse.move(*point(desk, 22.5, "EEG FP1-REF"))
    desk.press("r")
    assert words(desk)[2].endswith(" µV")
    desk.page.mouse.move(*point(desk, 24, "EEG F7-REF"))
    assert words(desk)[2].endswith(" µV · EEG FP1-REF")
    desk.press("n")
    assert len(words(desk)) == 2, "other filters have other values"
    desk.press("n", "n")


def test_a_selection_is_measured_and_has_a_spectrum(desk: Screen, pair: tuple[File, File]) -> None:
    drag(desk, 21, 24, "EEG FP1-REF")
    desk.wait_for_text("over", "RMS")
    span = desk.value("eegstore.scene.selection")
    lo, hi = (int(np.ceil(span[name] * 128)) for name in ("start", "stop"))
    values = pair[0].values(0)[lo:hi]
    said = desk.page.locator("#over .numbers").inner_text().split()
    shown = {name: number(said[said.index(name) + 1]) for name in ("min", "max", "p-p", "RMS")}
    expected = {
        "min": values.min(),
        "max": values.max(),
        "p-p": np.ptp(values),
        "RMS": values.std(),
    }
    assert shown == pytest.approx(expected, abs=0.5)
    assert not desk.page.locator("#over .plot svg").is_visible()
    desk.press("f")
    picture = desk.page.locator("#over .plot svg")
    assert picture.get_attribute("aria-label") == "Amplitude spectrum, highest at 10.0 Hz"
    assert "peak 10.0 Hz" in picture.text_content()
    spectrum = desk.value("eegstore.scene.reading.spectrum")
    assert max(spectrum["amplitudes"]) == pytest.approx(SINE[1], rel=0.05)


def test_all_samples_are_measured_where_the_page_is_reduced(
    desk: Screen, pair: tuple[File, File]
) -> None:
    desk.page.set_viewport_size({"width": 1000, "height": 700})
    desk.page.evaluate("eegstore.set({start: 0, duration: 60})")
    desk.at(0)
    drag(desk, 10, 40, "EEG T3-REF")
    desk.wait_for_text("over", "RMS")
    span = desk.value("eegstore.scene.selection")
    assert desk.value("eegstore.scene.reading.n_samples") == pytest.approx(
        128 * (span["stop"] - span["start"]), abs=1
    )
    desk.page.set_viewport_size({"width": 1366, "height": 768})


def test_a_selection_follows_the_filters_and_goes_with_the_montage(desk: Screen) -> None:
    drag(desk, 21, 24, "EEG FP1-REF")
    desk.wait_for_text("over", "RMS")
    before = desk.value("eegstore.scene.reading.rms")
    desk.page.evaluate("eegstore.set({lff: '5', hff: '15'})")
    desk.page.wait_for_function(
        "(rms) => ![null, rms].includes(eegstore.scene.reading?.rms ?? null)", arg=before
    )
    desk.page.evaluate("eegstore.set({montage: 'longitudinal'})")
    desk.wait_for_text("over", "there is no EEG FP1-REF in the selection")


def test_keys_select(desk: Screen) -> None:
    desk.page.mouse.move(*point(desk, 25, "EEG F7-REF"))
    desk.press("x", *["Control+Shift+ArrowRight"] * 4)
    found = desk.value("eegstore.scene.selection")
    assert (found["start"], found["stop"]) == (
        pytest.approx(25, abs=0.01),
        pytest.approx(25.2, abs=0.02),
    )
    assert found["label"] == "EEG F7-REF"
    desk.press("Escape")
    assert desk.value("eegstore.scene.selection") is None
    spectrum = desk.state["spectrum"]
    desk.press("f")
    assert desk.text("notice") == "Nothing is selected: drag along a trace"
    assert desk.state["spectrum"] == spectrum


@pytest.mark.parametrize(
    ("x", "found"),
    [(0.0, (0.0, 1)), (0.14, (0.1, 2)), (0.16, (0.2, 3)), (0.3, None), (0.55, (0.5, 6)),
     (0.7, None), (-0.05, (0.0, 1)), (-0.3, None)],
)  # fmt: skip
def test_the_nearest_sample(js: Js, x: float, found: tuple[float, float] | None) -> None:
    """At 10 Hz, with a gap at 0.3 s; nothing further than a sample away."""
    trace = """({x: Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5),
        values: Float32Array.of(1, 2, 3, NaN, 5, 6), sfreq: "10", per_column: 1})"""
    point: dict[str, Any] | None = js("reading", f"m.nearest({trace}, x)", x=x)
    if found is None:
        assert point is None
    else:
        assert point == {"x": pytest.approx(found[0]), "value": found[1]}

"""The page in a real browser: what is drawn is what was sent, and it stays when servers go."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eegstore import Client

from .screens import Screen

pytestmark = pytest.mark.browser

UNFILTERED = "&lff=off&hff=off"


def test_recordings_are_listed(screen: Screen, sent: Any) -> None:
    screen.open(sent.query)
    listed = screen.page.locator(".study.open")
    assert re.search("0:02:00\nwhole\n1 seizure", listed.inner_text())
    assert screen.page.locator("#studies h3", has_text="viewer-e2e").is_visible()


@pytest.mark.parametrize("start", [0, 37, 110])
def test_traces_are_the_samples(screen: Screen, sent: Any, start: int) -> None:
    """The gap of 40 to 45 s is NaN and nothing else is."""
    screen.open(f"{sent.query}&time={start}{UNFILTERED}").at(start)
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


def test_a_gap_is_shaded_and_said(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=37").at(37)
    assert screen.data("gaps") == {"left": [3], "right": [8]}
    assert screen.text("over") == "no samples"
    assert "every sample drawn" in screen.text("foot")
    screen.page.evaluate("eegstore.set({start: 40, duration: 5})")
    screen.at(40).wait_for_text("foot", "no samples")
    assert "every sample drawn" not in screen.text("foot")


def test_keys_turn_pages(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=0{UNFILTERED}").at(0)
    for key, second in (
        ("PageDown", 10), ("PageDown", 20), ("ArrowRight", 21), ("ArrowLeft", 20),
        ("Shift+ArrowRight", 21), ("Shift+ArrowLeft", 20), ("PageUp", 10), ("End", 110),
        ("PageDown", 110), ("Home", 0), ("ArrowLeft", 0),
    ):  # fmt: skip
        screen.press(key).at(second)
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
    screen.page.keyboard.press("g")
    screen.page.keyboard.type("0:03:00")
    screen.page.keyboard.press("Enter")
    screen.wait_for_text("notice", "0:03:00 is not within the study, 0:00:00 to 0:02:00")
    screen.press("PageDown").at(60)
    assert screen.text("notice") == ""


def test_a_long_page_is_reduced_with_its_peaks_and_says_so(screen: Screen, sent: Any) -> None:
    screen.open(f"{sent.query}&time=50{UNFILTERED}").at(50)
    screen.page.locator("select[name=duration]").select_option(label="60 s")
    screen.wait_for_text("foot", "÷6, peaks kept")
    screen.settled()
    row, at = 1, 77.5
    value = sent.values(row, 77, 78)[50]
    shown = screen.traces()[row]
    assert len(shown) < 2010
    peak = int(np.nanargmax(shown))
    assert shown[peak] == pytest.approx(value, abs=0.2)
    assert screen.data("traces")["xs"][row][peak] == pytest.approx(at - 50, abs=0.06)


def test_an_unknown_recording_is_told(screen: Screen, sent: Any) -> None:
    screen.open("?patient=viewer-e2e&recording=nothing")
    screen.wait_for_text("notice", "There is no recording .*nothing.* of patient .*viewer-e2e")


def test_a_growing_recording_is_followed(
    screen: Screen, client: Client, grown: Callable[[int], None]
) -> None:
    grown(8)
    screen.open("?patient=viewer-e2e&recording=growing&lff=off&hff=off").at(0)
    grown(17)
    screen.at(10)
    assert screen.page.wait_for_function(
        "() => {const y = eegstore.models.traces.data.ys[0];"
        " return y.length == 1000 && !isNaN(y[699]) && isNaN(y[700])}"
    )
    assert screen.data("gaps") == {"left": [], "right": []}
    screen.page.get_by_text("0:00:18 · open").wait_for()  # the last saturation lasts 2 s
    screen.press("Home").at(0)
    grown(31)
    screen.page.wait_for_function("eegstore.scene.study.duration == 32")
    screen.at(0)
    screen.page.get_by_role("button", name="Live", exact=True).click()
    screen.at(25)


def test_the_store_may_go_and_come_back(screen: Screen, sent: Any, live: Any) -> None:
    screen.open(f"{sent.query}&time=0{UNFILTERED}").at(0)
    live.stop()
    try:
        screen.page.keyboard.press("PageDown")  # fetched ahead
        screen.at(10)
        screen.page.keyboard.press("End")
        screen.wait_for_text("notice", "The store does not answer")
        assert "0:00:10 of 0:02:00" in screen.text("who")  # what is shown, not what is wanted
        screen.page.get_by_text("fetching 0:01:50").wait_for()
        np.testing.assert_allclose(screen.traces()[0], sent.values(0, 10, 20), atol=0.1)
    finally:
        live.start()
    screen.at(110)
    screen.page.wait_for_function("document.getElementById('notice').hidden")
    np.testing.assert_allclose(screen.traces()[0], sent.values(0, 110, 120), atol=0.1)


def test_the_viewer_may_go_and_come_back(screen: Screen, sent: Any, viewer: Any) -> None:
    screen.open(f"{sent.query}&time=0").at(0)
    screen.press("PageDown").at(10)
    gone = screen.page.get_by_text("The viewer has lost its server")
    assert not gone.is_visible()
    viewer.stop()
    try:
        gone.wait_for()
        screen.press("PageDown").at(20)
    finally:
        viewer.start()
    gone.wait_for(state="hidden")
    screen.at(20).press("PageDown").at(30)

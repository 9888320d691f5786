"""Ways from one page to another, over all files of a study."""

import numpy as np
import pytest

from eegstore import Client

from . import holed
from .night import HOLE, LENGTH, SFREQ, Night
from .screens import Screen

pytestmark = pytest.mark.browser

UNFILTERED = "&lff=off&hff=off"


def test_pages_run_on_over_the_hole_between_two_files(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=50{UNFILTERED}")
    for start in (60, 70, 80, 90):
        screen.press("PageDown").at(start)
        shown = screen.data("gaps")
        expected = [[0], [10]] if start < LENGTH + HOLE else [[], []]
        assert [shown["left"], shown["right"]] == expected
    shown, sent = screen.trace("EEG C3-REF"), night.value("C3", 90, 100)
    np.testing.assert_allclose(shown, sent, atol=0.2)
    screen.page.keyboard.press("g")
    screen.page.keyboard.type("+0:00:55")
    screen.page.keyboard.press("Enter")
    screen.at(55)
    assert np.isnan(screen.trace("EEG C3-REF")[5 * SFREQ :]).all()
    assert "part-0" in screen.text("who")
    screen.press("End").at(140)
    assert "part-1" in screen.text("who")


def test_a_long_hole_is_gone_over(screen: Screen, client: Client) -> None:
    """After one page that shows it; what was gone over is said, and Alt+Left leads back."""
    study = holed.send(client, "long-hole")
    screen.open(f"{study.query}&time=195&duration=5")
    screen.press("PageDown").at(200)
    assert screen.text("over") == "no samples until 00:03:00"
    screen.press("PageDown").at(300)
    assert "Nothing is recorded for 0:01:35" in screen.text("notice")
    screen.press("PageDown").at(305)
    assert screen.text("notice") == ""
    screen.press("Alt+ArrowLeft").at(200)
    screen.press("PageDown", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    screen.at(295).press("PageUp").at(195)
    screen.press("PageDown", "ArrowRight").at(201)


def test_who_and_when(screen: Screen, night: Night) -> None:
    """Name, birth date and pseudonym; the clock goes back in the middle of the study."""
    screen.open(f"{night.query}&time=55")
    words = screen.text("who").replace("\n", " ")
    for part in ("Muster, Erika", "* 1964-08-12", "night-1", "25 Oct 2026", "02:59:55",
                 "Europe/Berlin", "0:00:55 of 0:02:30"):  # fmt: skip
        assert part in words
    assert screen.page.locator("#ticks span").nth(5).inner_text() == "02:00:00\n0:01:00"
    screen.press("PageDown", "PageDown").at(75)
    assert "02:00:15" in screen.text("who")


def test_a_clock_time_is_found(screen: Screen, night: Night) -> None:
    """In the night of the change 02:00:40 lies before the study, and once more within it."""
    screen.open(f"{night.query}&time=0")
    for text, second in (
        ("02:00:40", 100),
        ("02:59:20", 20),
        ("2026-10-25 02:59:30", 30),
        ("99", 99),
    ):
        screen.page.keyboard.press("g")
        screen.page.keyboard.type(text)
        screen.page.keyboard.press("Enter")
        screen.at(second)


def test_history_goes_back_and_forward(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    screen.press("End").at(140)
    screen.press("PageUp").at(130)
    screen.press("2")
    screen.press("Home").at(0)
    screen.page.keyboard.press("Alt+ArrowLeft")
    screen.at(130)
    assert screen.state["montage"] == "longitudinal"
    screen.page.keyboard.press("Alt+ArrowLeft")
    screen.at(0)
    screen.page.keyboard.press("Alt+ArrowLeft")  # and not out of the viewer
    screen.page.keyboard.press("Alt+ArrowRight")
    screen.at(130)
    screen.page.go_forward()
    screen.at(0)


def test_wheel_and_slider(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=50")
    box = screen.page.locator("#traces").bounding_box()
    assert box is not None
    screen.page.mouse.move(box["x"] + 200, box["y"] + 200)
    screen.page.mouse.wheel(0, 100)
    screen.at(51)
    screen.page.mouse.wheel(0, -100)
    screen.at(50)
    slider = screen.page.locator("[name=slider]")
    slider.fill("120")
    screen.at(120)
    box = slider.bounding_box()
    assert box is not None
    screen.page.mouse.click(box["x"] + 8, box["y"] + box["height"] / 2)
    screen.at(0)
    screen.press("PageDown").at(10)


def test_buttons_turn_pages(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    for name, second in (("next", 10), ("end", 140), ("previous", 130), ("home", 0)):
        screen.page.locator(f"#bar [name={name}]").click()
        screen.at(second)


def test_playing_runs_to_the_end_and_stops(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=130")
    screen.page.locator("[name=speed]").select_option("10")
    screen.page.keyboard.press("p")
    screen.page.wait_for_function("eegstore.state.playing && eegstore.state.start > 130")
    screen.page.wait_for_function("!eegstore.state.playing")
    screen.at(140)
    screen.press("Home").at(0)
    screen.page.keyboard.press("p")
    screen.page.wait_for_function("eegstore.state.start > 0")
    screen.page.keyboard.press("p")
    assert not screen.state["playing"]


def test_a_key_held_down_asks_for_two_pages_at_once_at_most(screen: Screen, night: Night) -> None:
    """It turns only pages that were painted, and the last one wanted is there in the end."""
    screen.open(f"{night.query}&time=0&duration=5")
    for _ in range(60):
        screen.page.keyboard.down("PageDown")
    screen.page.keyboard.up("PageDown")
    screen.settled()
    counts = screen.value("eegstore.counts")
    assert counts["most"] <= 2
    assert counts["inFlight"] <= 2
    start = screen.state["start"]
    assert start >= 10
    shown, sent = screen.value("eegstore.scene.page.start"), start
    assert shown == sent


def test_the_latest_of_many_wishes_is_shown(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0{UNFILTERED}")
    screen.value("[140, 20, 100, 35, 95].forEach(start => eegstore.set({start}))")
    screen.at(95)
    np.testing.assert_allclose(screen.trace("EEG O1-REF"), night.value("O1", 95, 105), atol=0.2)
    assert screen.value("eegstore.counts.most") <= 2


def test_the_list_opens_studies_and_hours(screen: Screen, night: Night, sent: object) -> None:
    screen.open(f"{night.query}&time=0")
    opened = screen.page.locator(".study.open")
    assert "25 Oct 2026 02:59" in opened.inner_text()
    assert "1 seizure" in opened.inner_text()
    hours = opened.locator(".hours button")
    hours.nth(1).wait_for()
    assert [hour.inner_text() for hour in hours.all()] == ["02", "021"]
    assert "seizure" in str(hours.nth(1).get_attribute("class"))
    assert "now" in str(hours.nth(0).get_attribute("class"))
    hours.nth(1).click()
    screen.at(60)
    assert "now" in str(hours.nth(1).get_attribute("class"))
    screen.page.locator("#studies button", has_text="whole").click()
    screen.page.wait_for_function("eegstore.state.study == 'whole' && eegstore.settled")
    assert screen.state["start"] == 0
    assert screen.data("traces")["label"][0] == "FP1-F7"

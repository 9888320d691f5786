"""What leaves the page: its address, paper, pictures, EDF files; and help for its keys."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyedflib
import pytest

from .night import LENGTH, SFREQ, Night
from .screens import Screen

pytestmark = pytest.mark.browser


def test_the_address_brings_everything_back(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=30")
    screen.press("3", "n", "z", "i", "ArrowDown", "PageDown")
    screen.page.locator("select[name=duration]").select_option("20")
    screen.page.locator("select[name=lff]").select_option("0.3")
    screen.page.locator("[data-label=C3-Cz]").click(modifiers=["Shift"])
    screen.settled().page.wait_for_function("location.search.includes('hidden=C3-Cz')")
    address = screen.page.url
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked == {
        "patient": "night-1", "study": "admission", "time": "40", "duration": "20",
        "montage": "transverse", "lff": "0.3", "hff": "70", "notch": "50", "phase": "single",
        "sensitivity": "10", "up": "positive", "hidden": "C3-Cz",
    }  # fmt: skip
    before = screen.state
    screen.page.evaluate("localStorage.clear()")
    screen.page.goto("about:blank")
    screen.page.goto(address)
    assert screen.settled().state == before


def test_an_address_with_a_recording_counts_from_its_start(screen: Screen, night: Night) -> None:
    screen.open("?patient=night-1&recording=part-1&time=20").at(110)
    assert screen.state["study"] == "admission"
    screen.page.wait_for_function("location.search.includes('study=admission&time=110')")


def test_title_and_address_hold_no_name(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    screen.page.get_by_text("Muster, Erika").wait_for()
    assert screen.page.title() == "eegstore"
    assert "Muster" not in screen.page.url


def test_the_link_is_copied(screen: Screen, night: Night) -> None:
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.open(f"{night.query}&time=30")
    screen.page.keyboard.press("l")
    screen.wait_for_text("notice", "on the clipboard")
    assert "time=30" in screen.value("navigator.clipboard.readText()")


def test_the_page_is_printed(screen: Screen, night: Night) -> None:
    """One sheet with the traces as lines, and nothing of the controls."""
    screen.open(f"{night.query}&time=30&montage=longitudinal")
    paper = screen.page.pdf(landscape=True, prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    screen.value("window.dispatchEvent(new Event('beforeprint'))")
    words = screen.page.locator("#sheet svg").first.text_content()
    assert words is not None
    for part in ("Muster, Erika", "1964-08-12", "night-1", "Fp1-F7", "SpO2", "02:59:30",
                 "7 µV/mm", "LFF 1 Hz", "1.41", "no Pz", "not shown: Cz-Pz"):  # fmt: skip
        assert part in words
    assert screen.page.locator("#sheet path").count() > 20
    screen.value("window.dispatchEvent(new Event('afterprint'))")
    assert screen.page.locator("#sheet svg").count() == 0
    assert screen.state["theme"] == "light"


def test_paper_says_what_was_left_out(screen: Screen, night: Night) -> None:
    """Bad and hidden channels too, and nothing runs over the edge."""
    screen.open(f"{night.query}&time=30&montage=transverse&bad=8&bad=12&hidden=O1-O2")
    screen.value("window.dispatchEvent(new Event('beforeprint'))")
    words = screen.page.locator("#sheet svg").first.text_content()
    assert words is not None
    for part in ("bad: EEG C3-REF, EEG T5-REF", "hidden: O1-O2", "T3-C3"):
        assert part in words
    edges = screen.value(
        """Array.from(document.querySelectorAll("#sheet > svg > text"), one => {
            const {x, width} = one.getBBox()
            return [x, x + width]
        })"""
    )
    right = float(screen.page.locator("#sheet > svg").get_attribute("width") or 0)
    assert all(one >= 0 and other <= right for one, other in edges)
    screen.value("window.dispatchEvent(new Event('afterprint'))")


def test_the_page_is_kept_as_a_picture(screen: Screen, night: Night, tmp_path: Path) -> None:
    screen.open(f"{night.query}&time=30")
    screen.page.keyboard.press("m")
    with screen.page.expect_download() as download:
        screen.page.get_by_text("Keep the page as PNG").click()
    assert download.value.suggested_filename == "night-1-2026-10-25-025930.png"
    download.value.save_as(tmp_path / "page.png")
    data = (tmp_path / "page.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") > 2 * screen.value("eegstore.scene.width")


def test_a_crop_is_an_edf_file(screen: Screen, night: Night, tmp_path: Path) -> None:
    """From 50 s to 100 s there are parts of both files."""
    screen.open(f"{night.query}&time=30")
    screen.page.keyboard.press("m")
    screen.page.get_by_text("Crop to EDF+").click()
    screen.page.locator("#crop [name=from]").fill("+50")
    screen.page.locator("#crop [name=to]").fill("+0:01:40")
    links = screen.page.locator("#crop a")
    assert links.all_inner_texts() == ["part-0, 50 to 60 s", "part-1, 0 to 10 s"]
    with screen.page.expect_download() as download:
        links.last.click()
    download.value.save_as(tmp_path / "crop.edf")
    with pyedflib.EdfReader(str(tmp_path / "crop.edf")) as file:
        assert file.getSignalLabels()[8] == "EEG C3-REF"
        start = LENGTH + 30
        expected = night.value("C3", start, start + 10)
        np.testing.assert_allclose(file.readSignal(8), expected, atol=0.06)
        assert file.samplefrequency(8) == SFREQ
    screen.page.locator("#crop [name=to]").fill("nonsense")
    assert "nonsense is no time" in screen.page.locator("#crop").inner_text()


def test_help_lists_every_key(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=0")
    screen.page.keyboard.press("?")
    box = screen.page.locator("#help h2").bounding_box()
    assert box is not None
    assert box["y"] > 0, "the help begins at its beginning"
    assert screen.value("document.querySelector('#help').scrollTop") == 0
    words = screen.page.locator("#help").inner_text()
    for part in ("Page down", "Home", "Longitudinal bipolar", "Notch", "This help", "Go to a time"):
        assert part in words
    keys = screen.page.locator("#help dt").count()
    assert keys == screen.value("eegstore.keys.length")
    screen.page.keyboard.press("PageDown")  # not while a dialog is open
    assert screen.state["start"] == 0
    screen.page.keyboard.press("Escape")
    screen.press("PageDown").at(10)


def test_the_keyboard_alone_is_enough(screen: Screen, night: Night) -> None:
    """By Tab to a list, by arrows through it, and back to turning pages."""
    screen.open(f"{night.query}&time=0")
    page = screen.page
    for _ in range(9):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "hff":
            break
    assert page.evaluate("document.activeElement.name") == "hff"
    page.keyboard.press("ArrowUp")
    screen.settled()
    assert screen.state["hff"] == "50"
    assert screen.state["sensitivity"] == 7
    page.keyboard.press("Escape")
    screen.press("ArrowUp", "PageDown").at(10)
    assert screen.state["sensitivity"] == 5


def test_settings_of_a_reader_are_kept(screen: Screen, night: Night) -> None:
    """In the browser, without patient or place."""
    screen.open(f"{night.query}&time=30")
    screen.press("ArrowDown")
    kept = screen.value("localStorage.getItem('eegstore.viewer')")
    assert '"sensitivity":10' in kept
    assert "night" not in kept
    screen.open(night.query)
    assert screen.state["sensitivity"] == 10

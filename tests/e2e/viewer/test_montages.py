"""Montages, filters, polarity: what is on the glyph is what they make of the samples."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore import Channel, Chunk, Client, Recording, SampleType
from eegstore.signal.filter_design import design
from eegstore.signal.filter_setting import Setting
from eegstore.signal.filters import filtered
from eegstore.timebase import full_runs

from .night import ELECTRODES, LENGTH, MISSING, PATIENT, RAIL, SFREQ, STUDY, Night
from .screens import Screen

pytestmark = pytest.mark.browser

UNFILTERED = "&lff=off&hff=off"
SCALP = [one for one in ELECTRODES if one not in ("A1", "A2")]
TIMES = "\u00d7"  # the sign
CLOSE = {"atol": 0.2, "rtol": 0}


def same(shown: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(shown, expected, **CLOSE)


def labels(screen: Screen) -> list[str]:
    found: list[str] = screen.data("traces")["label"]
    return found


def test_keys_choose_montages(screen: Screen, night: Night) -> None:
    """Old names are understood, EKG and SpO2 stand below, a missing electrode is named."""
    screen.open(f"{night.query}&time=30{UNFILTERED}")
    assert labels(screen)[:2] == ["EEG Fp1-REF", "EEG Fp2-REF"]
    same(screen.trace("EEG T3-REF"), night.value("T3", 30, 40))
    screen.press("2")
    assert labels(screen)[:4] == ["Fp1-F7", "F7-T3", "T3-T5", "T5-O1"]
    assert labels(screen)[-2:] == ["ECG", "SpO2"]
    same(screen.trace("T3-T5"), night.value("T3", 30, 40) - night.value("T5", 30, 40))
    assert f"no {MISSING} · not shown: Cz-Pz" in screen.text("foot")
    sizes = "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])"
    words, there = screen.value(f"{sizes}(document.querySelector('#foot .warning'))")
    assert words <= there, "filters are cut short before what is missing"
    warning = screen.page.locator("#foot .warning").get_attribute("title")
    assert warning is not None
    assert MISSING in warning
    screen.press("3")
    same(screen.trace("C3-Cz"), night.value("C3", 30, 40) - night.value("Cz", 30, 40))
    screen.press("4")
    values = [night.value(one, 30, 40) for one in SCALP]
    same(screen.trace("C3-Avg"), night.value("C3", 30, 40) - np.mean(values, axis=0))
    assert screen.page.locator("select[name=montage]").input_value() == "average"
    screen.press("1")
    assert labels(screen)[0] == "EEG Fp1-REF"


def test_a_bad_channel_is_marked_by_its_label_and_left_out(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=30&montage=average{UNFILTERED}")
    screen.page.locator("[data-label=C3-Avg]").click()
    screen.settled()
    assert screen.state["bad"] == [8]
    assert "C3-Avg" not in labels(screen)
    values = [night.value(one, 30, 40) for one in SCALP if one != "C3"]
    same(screen.trace("Cz-Avg"), night.value("Cz", 30, 40) - np.mean(values, axis=0))
    screen.press("1")
    struck = screen.page.locator("[data-label='EEG C3-REF']")
    assert "bad" in str(struck.get_attribute("class"))
    screen.page.get_by_text("bad: EEG C3-REF").click()
    screen.settled()
    assert screen.state["bad"] == []


def test_of_a_derivation_it_is_asked_which_channel_is_bad(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=30&montage=longitudinal")
    screen.page.locator("[data-label=F3-C3]").click()
    screen.page.get_by_role("button", name="EEG C3-REF", exact=True).click()
    screen.settled()
    assert screen.state["bad"] == [8]
    assert not {"F3-C3", "C3-P3"} & set(labels(screen))
    assert "F3-C3, C3-P3" in screen.text("foot")


def test_noise_of_a_derivation_is_told(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=30&montage=longitudinal")
    assert screen.page.locator("[data-label=F3-C3] i").inner_text() == f"{TIMES}1.41"
    screen.press("1")
    assert screen.page.locator("[data-label='EEG C3-REF'] i").count() == 0


@pytest.mark.parametrize("phase", ["zero", "single"])
def test_filters_are_those_of_the_bar(screen: Screen, night: Night, phase: str) -> None:
    """On the second file: what lies in the hole does not come in. EKG is not low-passed."""
    screen.open(f"{night.query}&time=90{UNFILTERED}")
    for name, value in (("lff", "0.5"), ("hff", "30"), ("notch", "50"), ("phase", phase)):
        screen.page.locator(f"select[name={name}]").select_option(value)
    screen.settled()
    whole = np.stack([night.value(one, 90, 150) for one in ("C3", "ECG")])
    setting = Setting(0.5, 30.0, 50.0, zero_phase=phase == "zero")
    eeg = filtered(whole[:1], design(setting, Fraction(SFREQ)))[0]
    ekg_setting = Setting(0.5, None, 50.0, zero_phase=phase == "zero")
    ekg = filtered(whole[1:], design(ekg_setting, Fraction(SFREQ)))[0]
    same(screen.trace("EEG C3-REF"), eeg[: 10 * SFREQ])
    same(screen.trace("ECG") / 10, ekg[: 10 * SFREQ] / 10)
    words = f"order 2{TIMES}1 and 2{TIMES}2" if phase == "zero" else "single-pass, order 1 and 2"
    assert "LFF 0.5 Hz · HFF 30 Hz · notch 50 Hz" in screen.text("foot")
    assert words in screen.text("foot")


def test_a_filter_that_cannot_be_is_said_to_be_off(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=30&lff=1&hff=70")
    assert "HFF 70 Hz off: not possible at 128 Hz" in screen.text("foot")


def test_negative_is_up_for_eeg_and_can_be_switched(screen: Screen, night: Night) -> None:
    """On the screen itself: where the value is lowest the line is highest."""
    screen.open(f"{night.query}&time=30{UNFILTERED}")

    def highest(label: str) -> int:
        columns = screen.data("traces")
        return int(np.argmin(columns["ys"][columns["label"].index(label)]))

    values = {"EEG C3-REF": night.value("C3", 30, 40), "ECG": night.value("ECG", 30, 40)}
    assert highest("EEG C3-REF") == np.argmin(values["EEG C3-REF"])
    assert highest("ECG") == np.argmax(values["ECG"])
    assert "EEG negative up" in screen.text("foot")
    screen.press("i")
    assert highest("EEG C3-REF") == np.argmax(values["EEG C3-REF"])
    assert highest("ECG") == np.argmax(values["ECG"])
    assert "EEG positive up" in screen.text("foot")


def test_counts_at_the_rails_are_marked(screen: Screen, night: Night) -> None:
    screen.open(f"{night.query}&time=10")
    marks, traces = screen.data("rails"), screen.data("traces")
    centre = traces["centre"][labels(screen).index("EEG T3-REF")]
    assert marks["left"] == pytest.approx([RAIL[0] - 10])
    assert marks["right"] == pytest.approx([RAIL[1] - 10])
    assert marks["top"][0] < centre < marks["bottom"][0]


def test_a_montage_of_ones_own_is_made_kept_and_removed(
    screen: Screen, night: Night, client: Client
) -> None:
    page = screen.page
    screen.open(f"{night.query}&time=30&montage=longitudinal{UNFILTERED}")
    page.keyboard.press("c")
    page.get_by_label("Name of the montage").fill("Mine")
    lines = page.locator("#editor .line")
    used = [lines.nth(k).get_by_label("Colour", exact=True).input_value() for k in (0, 4)]
    assert [color.upper() for color in used] == screen.data("traces")["color"][:5:4]
    while lines.count() > 3:
        lines.last.get_by_label("Remove this line").click()
    lines.nth(0).get_by_label("Derivation or channel").fill("C3-A1")
    lines.nth(0).get_by_label("Shown as").fill("left")
    lines.nth(1).get_by_label("Colour", exact=True).fill("#ff0000")
    lines.nth(2).get_by_label("Further up").click()
    lines.nth(1).get_by_label("Further up").click()
    page.get_by_role("button", name="Save and use").click()
    screen.settled()
    assert labels(screen) == ["T3-T5", "left", "F7-T3"]
    assert screen.data("traces")["color"][2] == "#ff0000"
    same(screen.trace("left"), night.value("C3", 30, 40) - night.value("A1", 30, 40))
    screen.wait_for_text("notice", "“Mine” is kept")
    (kept,) = client.montages()
    assert (kept.name, [line.text for line in kept.lines]) == ("Mine", ["T3-T5", "C3-A1", "F7-T3"])

    screen.open(f"{night.query}&time=30&montage=Mine")
    assert labels(screen) == ["T3-T5", "left", "F7-T3"]
    screen.press("1", "5")
    assert labels(screen) == ["T3-T5", "left", "F7-T3"]
    page.keyboard.press("c")
    page.get_by_role("button", name="Delete").click()
    page.wait_for_function("eegstore.state.montage == 'recorded'")
    screen.settled()
    assert labels(screen)[0] == "EEG Fp1-REF"
    assert client.montages() == []
    screen.open(f"{night.query}&time=30&montage=Mine")
    screen.wait_for_text("notice", "There is no montage “Mine”")
    assert labels(screen)[0] == "EEG Fp1-REF"


def test_a_montage_without_a_name_is_refused(screen: Screen, night: Night) -> None:
    page = screen.page
    screen.open(f"{night.query}&time=30")
    page.keyboard.press("c")
    page.get_by_role("button", name="Use", exact=True).click()
    assert page.get_by_text("The montage needs a name.").is_visible()
    page.get_by_label("Name of the montage").fill("average")
    page.get_by_role("button", name="Use", exact=True).click()
    assert page.get_by_text("is the name of a standard montage").is_visible()
    page.keyboard.press("Escape")


def test_a_channel_upside_down_is_suspected(screen: Screen, client: Client) -> None:
    """Round a closed chain potentials cancel; here they do with one channel turned over."""
    random = np.random.default_rng(3)
    around = ("Fp1", "F7", "T7", "P7", "O1", "P3", "C3", "F3", "Fp1")
    pairs = list(pairwise(around))
    channels = tuple(
        Channel(f"{plus}-{minus}", Fraction(64), "uV", -3276.8, 3276.7, -32768, 32767)
        for plus, minus in pairs
    )
    potential = {one: random.integers(-400, 400, 20 * 64) for one in around}
    counts = np.array([potential[plus] - potential[minus] for plus, minus in pairs], "<i2")
    counts[1] *= -1
    recording = Recording("loops", "turned-over", channels, SampleType.INT16)
    client.declare(recording)
    runs = full_runs(channels, 0)
    client.send(
        recording,
        [Chunk(k, runs, counts[:, k * 64 : (k + 1) * 64].ravel()) for k in range(20)],
    )
    client.close_recording("loops", "turned-over")
    screen.open("?patient=loops&recording=turned-over&time=0")
    warning = screen.page.locator("#foot .warning", has_text="F7-T7")
    warning.wait_for()
    assert warning.inner_text().startswith("⚠")


def test_the_seam_of_chunks_is_not_seen(screen: Screen, night: Night, client: Client) -> None:
    """A page from the middle of a second on is a part of the page around it."""
    screen.open(f"{night.query}&time=20.5&montage=longitudinal&lff=1&hff=30")
    page = client.page(
        PATIENT, None, 0, LENGTH, "longitudinal", study_id=STUDY, lff=1, hff=30
    )  # fmt: skip
    _, whole = page.trace("F3-C3")
    lo = int(20.5 * SFREQ)
    np.testing.assert_allclose(screen.trace("F3-C3"), whole[lo : lo + 10 * SFREQ], atol=0.5)

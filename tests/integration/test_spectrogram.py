"""Spectrograms of a page: each column is where it says, whatever page shows it."""

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction as F

import numpy as np
import pytest

from eegstore.errors import InvalidDataError, TooLargeError
from eegstore.model import Recording
from eegstore.service import seen, spectrogram
from eegstore.service.spectrogram import SpectrumRead, read_spectrogram
from eegstore.service.view import View
from eegstore.signal.filter_setting import Setting
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.unit.made_pages import RATE, counts, electrodes, seconds

EIGHT = datetime(2026, 11, 22, 8)
SECONDS = 60
CHANGE = 20  # [s]; before it 10 Hz, after it 40 Hz


@pytest.fixture(scope="module")
def stored(common: Urls) -> None:
    """Two recordings that begin 100.3 s apart; a hole of 5 s in the first."""

    def made(name: str, start: float) -> Recording:
        recording = electrodes(["C3", "C4"], recording_id=f"spectra-{name}")
        at = EIGHT + timedelta(seconds=start)
        return replace(recording, start_time=at, study_id="spectra")

    async def work(database: Database) -> None:
        for name, start in (("a", 0), ("b", 100.3)):
            recording = made(name, start)
            signal = counts(recording, SECONDS)
            time = np.arange(SECONDS * RATE) / RATE
            hertz = np.where(time < CHANGE, 10, 40)
            signal[0] = np.rint(1000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
            kept = [s for s in range(SECONDS) if name == "b" or s not in range(40, 45)]
            await put(database, recording, seconds(recording, signal, kept))

    used(common.app, work)


def read(
    common: Urls, start: object, stop: object, px: int | None = None, view: View | None = None,
    label: str = "EEG C3-REF", study: bool = False,
) -> SpectrumRead:  # fmt: skip
    look = view or View()

    async def work(database: Database) -> SpectrumRead:
        span = F(str(start)), F(str(stop))
        if study:
            found = await seen.of_study(database, "p1", "spectra", *span, look)
        else:
            found = await seen.of_recording(database, "p1", "spectra-a", *span, look)
        return await read_spectrogram(database, found, label, px)

    return used(common.app, work)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("px", [None, 200, 30, 7, 1])
def test_columns_are_of_their_time(common: Urls, px: int | None) -> None:
    found = read(common, 5, 35, px)
    made = found.spectrogram
    assert made.decibels.shape == (65, len(made.times))  # 64 Hz is half of the rate
    assert found.step == pytest.approx(made.times[1] - made.times[0] if px != 1 else found.step)
    assert len(made.times) <= (px or 2000) + 1
    assert found.start <= 5 < found.start + found.step
    assert found.start + found.step * len(made.times) >= 35
    loudest = made.decibels.argmax(axis=0)
    margin = found.step / 2 + 0.6
    assert set(loudest[made.times < CHANGE - margin]) <= {10}
    assert set(loudest[made.times > CHANGE + margin]) <= {40}
    # 100 uV of a sine are 5000 uV^2, which a Hann window spreads over 1.5 Hz
    alone = made.times < CHANGE - margin
    np.testing.assert_allclose(made.decibels[10, alone], 10 * np.log10(5000 / 1.5), atol=0.5)
    assert found.unit == "uV"


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("px", [None, 20])
def test_pages_that_overlap_agree(common: Urls, px: int | None) -> None:
    one, other = (read(common, start, start + 10, px) for start in (15, 18))
    first = {round(t, 6): column for t, column in
             zip(one.spectrogram.times, one.spectrogram.decibels.T, strict=True)}  # fmt: skip
    shared = [
        (first[round(t, 6)], column)
        for t, column in zip(other.spectrogram.times, other.spectrogram.decibels.T, strict=True)
        if round(t, 6) in first
    ]
    assert len(shared) > 10
    for left, right in shared:
        np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.usefixtures("stored")
def test_windows_that_touch_a_gap_have_none(common: Urls) -> None:
    made = read(common, 35, 50).spectrogram
    nothing = np.isnan(made.decibels).all(axis=0)
    np.testing.assert_array_equal(nothing, np.isnan(made.decibels).any(axis=0))
    np.testing.assert_array_equal(nothing, (made.times > 39.51) & (made.times < 45.49))
    whole = read(common, 0, 5).spectrogram
    np.testing.assert_array_equal(np.isnan(whole.decibels[0]), whole.times < 0.49)


@pytest.mark.usefixtures("stored")
def test_filters_and_montages_count(common: Urls) -> None:
    plain = read(common, 25, 35).spectrogram.decibels[40].mean()
    low = View(setting=Setting(None, 15.0))
    assert read(common, 25, 35, view=low).spectrogram.decibels[40].mean() < plain - 25
    assert read(common, 5, 15, view=low).spectrogram.decibels[10].mean() > plain - 3
    with pytest.raises(InvalidDataError, match="no trace 'Fp1-F7': no channel has Fp1, F7"):
        read(common, 5, 15, view=View("longitudinal"), label="Fp1-F7")


@pytest.mark.usefixtures("stored")
def test_of_a_study_each_recording_lies_in_its_place(
    common: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectrogram, "AT_ONCE", 1000)  # portions do not show
    made = read(common, 50, 130, study=True).spectrogram
    nothing = np.isnan(made.decibels).all(axis=0)
    np.testing.assert_array_equal(nothing, (made.times > 59.51) & (made.times < 100.74))
    loudest = np.nan_to_num(made.decibels, nan=-99).argmax(axis=0)
    assert set(loudest[(made.times > 101) & (made.times < 119.7)]) == {10}
    assert set(loudest[made.times > 121]) == {40}
    hole = read(common, 70, 80, study=True).spectrogram
    assert hole.decibels.shape[1] == 81
    assert np.isnan(hole.decibels).all()


@pytest.mark.usefixtures("stored")
def test_what_has_no_spectrogram(common: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidDataError, match="no trace 'C5'; there are EEG C3-REF, EEG C4-REF"):
        read(common, 5, 15, label="C5")
    with pytest.raises(InvalidDataError, match="1 samples at 1 Hz; at least 2"):
        read(common, 5, 15, label="SpO2")
    for px in (0, 4001):
        with pytest.raises(InvalidDataError, match=f"px is {px}; it must be in 1 .. 4000"):
            read(common, 5, 15, px)
    monkeypatch.setattr(spectrogram, "MAX_SAMPLES", 1000)
    with pytest.raises(TooLargeError, match="samples are too many for one spectrogram"):
        read(common, 5, 15)

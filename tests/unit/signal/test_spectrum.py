"""Spectra of a page and of a selection."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.spectrum import FLOOR, amplitude_spectrum, spectrogram
from tests.unit.signal.real import LONG_BIPOLAR, load, physical

RATE = 256.0


def sine(frequency: float, amplitude: float, seconds: float = 20) -> NDArray[np.float64]:
    at = np.arange(round(seconds * RATE)) / RATE
    return amplitude * np.sin(2 * np.pi * frequency * at)


def test_a_sine_is_a_line_of_its_power() -> None:
    """50 uV at 10 Hz have 1250 uV^2, spread over the neighbouring lines by the window."""
    made = spectrogram(sine(10, 50), RATE)
    assert made.frequencies.tolist() == list(range(71))
    assert (made.frequencies[made.decibels.argmax(axis=0)] == 10).all()
    power = 10 ** (made.decibels / 10)
    np.testing.assert_allclose(power.sum(axis=0), 1250, rtol=0.01)


def test_white_noise_has_its_density() -> None:
    noise = np.random.default_rng(0).normal(0, 16, 200_000)
    made = spectrogram(noise, RATE)
    mean = (10 ** (made.decibels[2:] / 10)).mean()
    assert mean == pytest.approx(16**2 / (RATE / 2), rel=0.02)


def test_times_are_middles_of_windows() -> None:
    made = spectrogram(sine(10, 50, 5), RATE, first_sample=2560)
    assert made.times[0] == 10.5
    assert made.times[-1] == 14.5
    np.testing.assert_allclose(np.diff(made.times), 0.125)


@pytest.mark.parametrize("first", [1, 31, 32, 33, 200])
def test_pages_that_overlap_agree(first: int) -> None:
    noise = np.random.default_rng(1).normal(0, 20, 4000)
    whole, part = spectrogram(noise, RATE), spectrogram(noise[first:], RATE, first)
    assert set(part.times) <= set(whole.times)
    shared = np.isin(whole.times, part.times)
    np.testing.assert_allclose(part.decibels, whole.decibels[:, shared])


def test_a_gap_is_a_gap_in_the_windows_that_touch_it() -> None:
    data = sine(10, 50)
    data[2560:2570] = np.nan
    data[100] = np.inf
    made = spectrogram(data, RATE)
    lacking = np.isnan(made.decibels)
    assert (lacking.all(axis=0) == lacking.any(axis=0)).all()
    starts = np.rint(made.times * RATE).astype(int) - 128
    touched = [not np.isfinite(data[start : start + 256]).all() for start in starts]
    np.testing.assert_array_equal(lacking.any(axis=0), touched)
    assert 10 < sum(touched) < 20


def test_silence_has_a_floor_and_an_offset_does_not_matter() -> None:
    made = spectrogram(np.full(1000, 5000.0), RATE)
    np.testing.assert_allclose(made.decibels, 10 * np.log10(FLOOR))


def test_slow_channels_and_short_pages() -> None:
    slow = spectrogram(np.random.default_rng(0).normal(size=300), 100.0)
    assert slow.frequencies.tolist() == list(range(51))
    short = spectrogram(np.zeros(200), RATE)
    assert short.decibels.shape == (71, 0)
    assert short.times.size == 0
    longer = spectrogram(np.zeros(2000), RATE, window=2.0, up_to=30)
    assert longer.frequencies[[1, -1]].tolist() == [0.5, 30]
    with pytest.raises(InvalidDataError, match="has 1 samples at 1 Hz; at least 2"):
        spectrogram(np.zeros(100), 1.0)


def test_amplitudes_of_a_selection_are_those_of_its_sines() -> None:
    data = sine(8, 50, 4) + sine(20, 12, 4) + 300 + 0.1 * np.arange(1024)
    made = amplitude_spectrum(data, RATE)
    by_frequency = dict(zip(made.frequencies.tolist(), made.amplitudes.tolist(), strict=True))
    assert by_frequency[8.0] == pytest.approx(50, rel=0.02)
    assert by_frequency[20.0] == pytest.approx(12, rel=0.02)
    assert made.peak == 8.0
    assert made.frequencies[-1] == 70
    assert (made.start, made.stop) == (0, 1024)


def test_a_selection_with_a_gap_uses_its_longest_stretch() -> None:
    data = sine(8, 50, 4)
    data[200:210] = np.nan
    made = amplitude_spectrum(data, RATE)
    assert (made.start, made.stop) == (210, 1024)
    assert made.peak == pytest.approx(8, abs=0.2)


@pytest.mark.parametrize("data", [[], [1.0, 2.0, 3.0], [1.0, np.nan] * 50])
def test_too_few_samples_have_no_spectrum(data: list[float]) -> None:
    with pytest.raises(InvalidDataError, match="samples without a gap; at least 4"):
        amplitude_spectrum(np.array(data), RATE)


def test_a_seizure_is_louder_than_the_time_before(shared_data: Path) -> None:
    """chb01_03, FT9-FT10 aside: 2 to 8 Hz rise by several dB."""
    folder = shared_data / "chbmit" / "clips_10s"
    gain = 1600 / 4095
    before, during = (
        spectrogram(np.load(folder / f"chb01_03_{state}.i16.npy")[0] * gain, RATE).decibels
        for state in ("preictal10s", "ictal")
    )
    assert during[2:9].mean() - before[2:9].mean() > 6


def test_a_page_of_a_real_recording(shared_data: Path) -> None:
    _, window = load(shared_data, LONG_BIPOLAR, 10, 40)
    data = physical(window)
    made = spectrogram(data[0], RATE, 2560)
    assert made.decibels.shape == (71, 30 * 8 - 7)
    assert np.isfinite(made.decibels).all()
    power = (10 ** (made.decibels[1:] / 10)).sum(axis=0).mean()
    assert 0.2 < power / data[0].var() < 1.2

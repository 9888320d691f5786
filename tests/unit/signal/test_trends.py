"""Power in bins, second by second."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import signal

from eegstore.signal.trends import (
    EDGES,
    N_BINS,
    NOTHING,
    amplitude,
    column_means,
    column_ranges,
    packed,
    powers,
    unpacked,
)
from tests.unit.signal.real import LONG_BIPOLAR, load, physical

RATE = 256.0


def sine(frequency: float, amplitude: float, sfreq: float = RATE) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(sfreq)) / sfreq)


def test_bins_have_whole_frequencies_inside() -> None:
    assert N_BINS == 16
    assert EDGES[0] == 0.5
    assert EDGES[-1] == 70.5
    assert list(EDGES) == sorted(set(EDGES))
    assert all(edge % 1 == 0.5 for edge in EDGES)


@pytest.mark.parametrize("frequency", [1, 2, 7, 9, 12, 15, 20, 28, 40, 65])
@pytest.mark.parametrize("sfreq", [200.0, 256.0, 512.0])
def test_a_sine_is_in_its_bin_with_its_power(frequency: float, sfreq: float) -> None:
    """100 uV have 5000 uV^2, all bins together."""
    power = powers(sine(frequency, 100, sfreq) + 4000, sfreq)
    index = np.searchsorted(EDGES, frequency) - 1
    assert np.argmax(power * np.diff(EDGES)) == index
    assert (power * np.diff(EDGES)).sum() == pytest.approx(
        5000, rel=0.18 if frequency == 1 else 0.01
    )


def test_powers_are_those_of_scipy(shared_data: Path) -> None:
    _, window = load(shared_data, LONG_BIPOLAR, 0, 5)
    seconds = physical(window).reshape(23, 5, 256)
    frequencies, density = signal.periodogram(seconds, RATE, "hann", detrend="constant")
    made = powers(seconds, RATE)
    assert made.shape == (23, 5, 16)
    for index in range(N_BINS):
        lines = (frequencies >= EDGES[index]) & (frequencies < EDGES[index + 1])
        np.testing.assert_allclose(made[..., index], density[..., lines].mean(axis=-1), rtol=1e-9)


def test_white_noise_is_level() -> None:
    noise = np.random.default_rng(0).normal(0, 10, (2000, 256))
    np.testing.assert_allclose(powers(noise, RATE).mean(axis=0)[1:], 100 / 128, rtol=0.1)


def test_a_drift_shows_in_the_lowest_bins_only() -> None:
    """A straight line of 100 uV/s, as the module says."""
    level = 10 * np.log10(powers(np.linspace(-50, 50, 256), RATE))
    assert level[:3] == pytest.approx([22.8, 9.8, -2.3], abs=0.1)
    assert level[3:].max() < -10


@given(st.floats(0, 6.2), st.sampled_from([1, 2, 3, 8]))
def test_power_does_not_depend_on_where_a_wave_begins(phase: float, frequency: int) -> None:
    wave = 100 * np.sin(2 * np.pi * frequency * np.arange(256) / 256 + phase)
    np.testing.assert_allclose(powers(wave, RATE), powers(sine(frequency, 100), RATE), atol=1e-6)


def test_a_second_that_lacks_a_sample_has_no_power() -> None:
    data = np.stack([sine(10, 50)] * 3)
    data[1, 200] = np.nan
    made = powers(data, RATE)
    assert np.isnan(made).all(axis=1).tolist() == [False, True, False]
    np.testing.assert_array_equal(made[0], made[2])


@pytest.mark.parametrize(("sfreq", "n_bins"), [(128.0, 16), (100.0, 16), (60.0, 14), (20.0, 8),
                                               (4.0, 1), (3.0, 0), (1.0, 0)])  # fmt: skip
def test_slow_channels_lack_the_upper_bins(sfreq: float, n_bins: int) -> None:
    noise = np.random.default_rng(0).normal(0, 10, round(sfreq))
    assert np.isfinite(powers(noise, sfreq)).sum() == n_bins


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 256), (2, 0, 256)])
def test_nothing_has_no_power(shape: tuple[int, ...]) -> None:
    made = powers(np.empty(shape), RATE)
    assert made.shape == (*shape[:-1], N_BINS)
    assert np.isnan(made).all()


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(max_dims=3, max_side=5),
        elements=st.one_of(st.floats(1e-3, 4e9), st.just(np.nan)),
    )
)
def test_packing_keeps_a_quarter_of_a_decibel_and_gaps(power: NDArray[np.float64]) -> None:
    codes = packed(power)
    assert codes.dtype == np.uint8
    assert codes.shape == power.shape
    again = unpacked(codes)
    np.testing.assert_array_equal(np.isnan(again), np.isnan(power))
    there = ~np.isnan(power)
    off = np.abs(10 * np.log10(again[there] / power[there]))
    assert (off <= 0.25 + 1e-9).all()
    np.testing.assert_array_equal(packed(again), codes)


def test_packed_bytes_are_as_described() -> None:
    power = np.array([1.0, 1e-9, 0.0, 10.0, 1e30, np.nan])
    assert packed(power).tolist() == [60, 0, 0, 80, 254, NOTHING]
    assert unpacked(np.array([60, 80], np.uint8)).tolist() == [1.0, 10.0]


@pytest.mark.parametrize(("frequency", "rms"), [(2, 35), (6, 35.4), (10, 35.4), (13, 30), (0.7, 5),
                                                (20, 0), (50, 0)])  # fmt: skip
def test_amplitude_is_the_rms_of_2_to_13_hz(frequency: float, rms: float) -> None:
    """50 uV from the middle to the peak are 35.4 uV."""
    made = float(amplitude(powers(sine(frequency, 50), RATE)))
    assert made == pytest.approx(rms, rel=0.15, abs=5)


def test_amplitude_of_a_gap_is_none() -> None:
    assert np.isnan(amplitude(np.full((2, N_BINS), np.nan))).all()


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.one_of(st.integers(0, 1000).map(float), st.just(np.nan)),
    ),
    st.integers(0, 50),
    st.integers(1, 9),
)
def test_columns_are_of_the_seconds_that_have_values(
    values: NDArray[np.float64], first: int, per_column: int
) -> None:
    means = column_means(values, first, per_column)
    low, middle, high = column_ranges(values, first, per_column)
    number = np.arange(first, first + len(values)) // per_column
    assert len(means) == len(low) == len(np.unique(number))
    for index, column in enumerate(np.unique(number)):
        for channel in range(values.shape[1]):
            there = values[number == column, channel]
            there = np.sort(there[~np.isnan(there)])
            drawn = [a[index, channel] for a in (low, middle, high)]
            if there.size:
                assert means[index, channel] == pytest.approx(there.mean())
                assert drawn == [there[0], there[(len(there) - 1) // 2], there[-1]]
            else:
                assert np.isnan([means[index, channel], *drawn]).all()


def test_a_seizure_stands_out(shared_data: Path) -> None:
    """chb01_03: during the seizure the amplitude is a multiple of that of the time before."""
    folder = shared_data / "chbmit" / "clips_10s"
    before, during = (
        amplitude(powers(np.load(folder / f"chb01_03_{state}.i16.npy")[:, :2560]
                         .reshape(23, 10, 256) * (1600 / 4095), RATE))
        for state in ("preictal10s", "ictal")
    )  # fmt: skip
    assert np.median(during) > 2 * np.median(before)

"""Filtered samples: no delay, no seam, no gap that spreads."""

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import signal

from eegstore.signal.filter_design import Filter, design
from eegstore.signal.filter_setting import LFF, NOTCH, UNFILTERED, Setting
from eegstore.signal.filters import filtered
from eegstore.signal.spans import runs
from tests.unit.signal.real import LONG_BIPOLAR, load, physical

RATE = 128
settings_tried = st.builds(
    Setting,
    st.sampled_from([None, 0.5, 1.0, 5.0]),
    st.sampled_from([None, 15.0, 50.0]),
    st.sampled_from([None, 50.0]),
    st.booleans(),
)
signals = st.builds(
    lambda n_channels, n_samples, seed: np.random.default_rng(seed).normal(
        0, 100, (n_channels, n_samples)
    ),
    st.integers(1, 3),
    st.integers(0, 300),
    st.integers(0, 2**32 - 1),
)


def page(
    data: NDArray[np.float64], made: Filter, lo: int, hi: int, sfreq: int
) -> NDArray[np.float64]:
    """Samples lo to hi, filtered with nothing read but the padding around them."""
    before, after = made.before * sfreq, made.after * sfreq
    first = max(lo - before, 0)
    return filtered(data[:, first : hi + after], made)[:, lo - first : hi - first]


@pytest.mark.parametrize("sfreq", [128, 256])
@pytest.mark.parametrize("lff", [None, *LFF])
@pytest.mark.parametrize("zero_phase", [True, False])
def test_two_halves_are_the_whole_even_after_a_step_of_5_mv(
    sfreq: int, lff: float | None, zero_phase: bool
) -> None:
    """Within 0.5 uV, wherever the step is: at the seam, in the page, at the padding's ends."""
    rng = np.random.default_rng(7)
    noise = np.cumsum(rng.normal(0, 3, (1, 90 * sfreq)), axis=1)
    lo, seam, hi = 40 * sfreq, 45 * sfreq, 50 * sfreq
    for hff, notch in [(70.0, None), (15.0, 50.0), (None, None)]:
        made = design(Setting(lff, hff, notch, zero_phase), sfreq)
        ends = [seam - made.before * sfreq, seam + made.after * sfreq, lo - made.before * sfreq]
        for at in [seam, seam - 1, lo, hi - 7, *(end + by for end in ends for by in (-1, 0, 9))]:
            data = noise.copy()
            data[:, max(at, 0) :] += 5000
            whole = page(data, made, lo, hi, sfreq)
            halves = [page(data, made, lo, seam, sfreq), page(data, made, seam, hi, sfreq)]
            assert np.abs(np.concatenate(halves, axis=1) - whole).max() < 0.5
            assert np.abs(whole - filtered(data, made)[:, lo:hi]).max() < 0.5


def test_without_padding_the_halves_differ() -> None:
    """What the test above would find."""
    data = np.zeros((1, 20 * RATE))
    data[:, 9 * RATE :] = 5000
    made = design(Setting(1.0, 50.0), RATE)
    halves = [filtered(part, made) for part in (data[:, : 10 * RATE], data[:, 10 * RATE :])]
    assert np.abs(np.concatenate(halves, axis=1) - filtered(data, made)).max() > 10


@pytest.mark.parametrize("notch", [None, *NOTCH])
@pytest.mark.parametrize("lff", [None, *LFF])
def test_zero_phase_is_symmetric(lff: float | None, notch: float | None) -> None:
    made = design(Setting(lff, 70.0, notch), 256)
    half = 40 * 256
    impulse = np.zeros((1, 2 * half + 1))
    impulse[0, half] = 1000
    answer = filtered(impulse, made)[0]
    np.testing.assert_allclose(answer, answer[::-1], atol=1e-4)
    assert answer.argmax() == half


def test_a_single_pass_answers_only_afterwards() -> None:
    made = design(Setting(1.0, 30.0, 50.0, zero_phase=False), 256)
    impulse = np.zeros((1, 1000))
    impulse[0, 500] = 1000
    answer = filtered(impulse, made)[0]
    np.testing.assert_array_equal(answer[:500], 0)
    assert answer[500:].argmax() > 0


@pytest.mark.parametrize("frequency", [0.5, 1.0, 8.0, 50.0, 69.0])
@pytest.mark.parametrize("zero_phase", [True, False])
def test_a_sine_comes_out_with_the_gain_of_the_response(frequency: float, zero_phase: bool) -> None:
    """Measured on samples, not read off the coefficients."""
    made = design(Setting(1.0, 70.0, 60.0, zero_phase), 500)
    at = np.arange(60 * 500) / 500
    sine = 100 * np.sin(2 * np.pi * frequency * at)
    middle = filtered(sine[None, :], made)[0, 20 * 500 : 40 * 500]
    passes = 2 if zero_phase else 1
    _, once = signal.freqz_sos(made.sos, worN=[frequency], fs=500)
    assert np.sqrt(2) * middle.std() == pytest.approx(100 * abs(once[0]) ** passes, rel=1e-3)


@given(signals, settings_tried, st.floats(-1e5, 1e5))
def test_an_offset_is_nothing_to_a_high_pass_and_stays_without_one(
    data: NDArray[np.float64], setting: Setting, offset: float
) -> None:
    made = design(setting, RATE)
    moved = filtered(data + offset, made) - filtered(data, made)
    np.testing.assert_allclose(moved, 0 if setting.lff else offset, atol=1e-5)


@given(signals, settings_tried, st.floats(-5, 5))
def test_filters_are_linear(data: NDArray[np.float64], setting: Setting, factor: float) -> None:
    """So it does not matter whether a derivation is made before or after."""
    made = design(setting, RATE)
    other = data[:, ::-1]
    together = filtered(data + factor * other, made)
    np.testing.assert_allclose(
        together, filtered(data, made) + factor * filtered(other, made), atol=1e-7
    )


@given(signals, settings_tried, st.data())
def test_a_gap_never_spreads_and_runs_are_filtered_on_their_own(
    data: NDArray[np.float64], setting: Setting, draw: st.DataObject
) -> None:
    made = design(setting, RATE)
    missing = np.zeros(data.shape, np.bool_)
    cuts = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 300), st.integers(1, 50))
    for row, at, length in draw.draw(st.lists(cuts, max_size=6)):
        missing[row, at : at + length] = True
    holed = np.where(missing, draw.draw(st.sampled_from([np.nan, np.inf, -np.inf])), data)
    result = filtered(holed, made)
    np.testing.assert_array_equal(np.isnan(result), missing)
    for row in range(len(data)):
        for lo, hi in runs(~missing[row]):
            alone = filtered(data[row : row + 1, lo:hi], made)[0]
            np.testing.assert_allclose(result[row, lo:hi], alone, atol=1e-9)


def test_a_gap_in_one_channel_leaves_the_others_as_they_are() -> None:
    data = np.random.default_rng(0).normal(0, 30, (3, 2000))
    made = design(Setting(), 256)
    whole = filtered(data, made)
    data[1, 700:900] = np.nan
    np.testing.assert_allclose(filtered(data, made)[[0, 2]], whole[[0, 2]], atol=1e-9)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 3, 10])
def test_short_runs(n_samples: int) -> None:
    """A single sample is its own baseline."""
    data = np.full((2, n_samples), 300.0)
    for lff, zero_phase in product((0.1, None), (True, False)):
        made = design(Setting(lff, 70.0, 50.0, zero_phase), 256)
        result = filtered(data, made)
        assert result.shape == data.shape
        np.testing.assert_allclose(result, 0 if lff else 300, atol=1e-6)


@pytest.mark.parametrize("lff", LFF)
def test_a_slope_begins_and_ends_without_a_jolt(lff: float) -> None:
    """At a gap, or where the recording begins: the run is continued as it goes."""
    slope = 100 * lff * np.arange(2 * 256 * int(20 / lff)) / 256
    made = filtered(slope[None, :], design(Setting(lff, 70.0), 256))
    assert np.abs(made).max() < 2


def test_off_changes_nothing() -> None:
    data = np.array([[1.0, np.nan, np.inf, 4.0]])
    np.testing.assert_array_equal(filtered(data, design(UNFILTERED, 256)), [[1, np.nan, np.nan, 4]])
    assert filtered(data.astype(np.float32), design(UNFILTERED, 256)).dtype == np.float64


def test_the_data_is_not_changed() -> None:
    data = np.arange(1000.0)[None, :]
    filtered(data, design(Setting(), 256))
    np.testing.assert_array_equal(data[0], np.arange(1000))


@given(hnp.arrays(np.bool_, st.integers(0, 60)))
def test_runs_are_where_flags_are_set(flags: NDArray[np.bool_]) -> None:
    again = np.zeros_like(flags)
    found = runs(flags)
    for lo, hi in found:
        assert lo < hi
        again[lo:hi] = True
    np.testing.assert_array_equal(again, flags)
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_real_pages_have_no_seam(shared_data: Path) -> None:
    """CHB-MIT with a step of 5 mV on one channel: pages of 10 s against the whole minute."""
    _, window = load(shared_data, LONG_BIPOLAR, 0, 60)
    data = physical(window)
    data[3, 30 * 256 + 50 :] += 5000
    for setting in (Setting(), Setting(0.5, 30.0, 60.0), Setting(zero_phase=False)):
        made = design(setting, 256)
        parts = [page(data, made, lo, lo + 2560, 256) for lo in range(0, 60 * 256, 2560)]
        assert np.abs(np.concatenate(parts, axis=1) - filtered(data, made)).max() < 0.5

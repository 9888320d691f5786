"""Hours of spectral bins, and columns of a trend."""

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.model import Channel
from eegstore.signal.spectral import HOUR, Piece, bins_of, hour_of, minutes_of, table_of
from eegstore.signal.trend_columns import TrendColumns
from eegstore.signal.trends import N_BINS, NOTHING, amplitude, packed, powers, unpacked

CHANNELS = (
    Channel("EKG", F(64), "mV"), Channel("F3", F(64)), Channel("F4", F(64), "mV"),
    Channel("Fz", F(64)), Channel("SpO2", F(1), "%"), Channel("C4", F(129, 2)),
)  # fmt: skip


def test_the_lines_of_a_recording() -> None:
    table = table_of(CHANNELS)
    assert table.rows == (1, 2, 3, 5)
    assert table.members == ((0, 1, 2, 3), (0,), (1, 3))
    assert table.microvolts == (1, 1000, 1, 1)
    assert [table.line(row) for row in range(6)] == [None, 3, 4, 5, None, 6]
    assert table_of(CHANNELS[:1]).rows == ()


def test_processing_is_another_when_other_channels_are_meant() -> None:
    found = {table_of(some).processing for some in (CHANNELS, CHANNELS[1:], CHANNELS[:5])}
    assert len(found) == 3
    renamed = (Channel("F1", F(64)), *CHANNELS[1:])
    assert table_of(renamed).processing != table_of(CHANNELS).processing


def test_bins_of_channels_and_groups() -> None:
    """Of each second what `powers` gives of it alone; of a group the mean, of what there is."""
    random = np.random.default_rng(0)
    table = table_of(CHANNELS)
    fast = random.normal(0, 50, (3, 64 * 5))
    fast[1] /= 1000  # in mV
    fast[0, 64 * 2 + 7] = np.nan  # F3 lacks a sample of second 12
    other = random.normal(0, 50, (1, 325))
    pieces = [Piece(F(64), [1, 2, 3], 64 * 10, fast), Piece(F(129, 2), [5], 645, other)]
    found = bins_of(table, pieces, np.array([10, 12, 14]))
    assert found.shape == (7, 3, N_BINS)
    power = np.full((4, 3, N_BINS), np.nan)
    for at, second in enumerate((10, 12, 14)):
        part = fast[:, (second - 10) * 64 : (second - 9) * 64]
        power[:3, at] = powers(part * [[1], [1000], [1]], 64)
        lo, hi = -(-second * 129 // 2) - 645, -(-(second + 1) * 129 // 2) - 645
        power[3, at] = powers(other[:, lo:hi], 64.5)
    np.testing.assert_array_equal(found[3:], packed(power))
    assert (found[3, 1] == NOTHING).all()
    np.testing.assert_array_equal(found[2], packed(power[[1, 3]].mean(axis=0)))
    np.testing.assert_array_equal(found[0, 1], packed(power[1:, 1].mean(axis=0)))
    assert (found[1, 1] == NOTHING).all()


@given(st.lists(st.sets(st.integers(0, 400), max_size=40), min_size=1, max_size=4))
def test_an_hour_put_together_in_any_order_is_the_same(parts: list[set[int]]) -> None:
    table = table_of(CHANNELS)
    codes = np.random.default_rng(0).integers(0, 200, (table.n_lines, 401, N_BINS), np.uint8)
    hour, seen = None, set[int]()
    for part in parts:
        seconds = np.array(sorted(part - seen), np.int64)
        seen |= part
        hour = hour_of(table, HOUR, hour, seconds + HOUR, codes[:, seconds])
    assert hour is not None
    at = np.array(sorted(seen), np.int64)
    once = hour_of(table, HOUR, None, at + HOUR, codes[:, at])
    assert (hour.n_seconds, hour.missing) == (len(seen), once.missing)
    np.testing.assert_array_equal(hour.bins, once.bins)
    assert hour.minutes.tobytes() == once.minutes.tobytes()
    assert hour.bins.shape[1] == (-(-(max(seen) + 1) // 60) * 60 if seen else 0)
    np.testing.assert_array_equal(hour.bins[:, at], codes[:, at])
    covered = [second for lo, hi in hour.covered for second in range(lo, hi)]
    assert covered == (at + HOUR).tolist()


def test_minutes_tell_mean_power_and_the_range_of_amplitudes() -> None:
    codes = np.random.default_rng(1).integers(40, 120, (2, 120, N_BINS), np.uint8)
    codes[0, 60:] = NOTHING
    codes[0, 60:63] = 80
    made = minutes_of(codes)
    assert made["n_seconds"].tolist() == [[60, 3], [60, 60]]
    power = unpacked(codes[1, :60])
    np.testing.assert_array_equal(made["bins"][1, 0], packed(power.mean(axis=0)))
    sizes = np.sort(amplitude(power))
    np.testing.assert_allclose(made["amplitude"][1, 0], sizes[[0, 29, 59]], rtol=1e-6)
    np.testing.assert_array_equal(made["bins"][0, 1], np.full(N_BINS, 80))


def test_columns_weigh_minutes_by_their_seconds() -> None:
    codes = np.full((1, 120, N_BINS), NOTHING, np.uint8)
    codes[0, :60], codes[0, 60] = 60, 100
    minutes = minutes_of(codes)[0]
    coarse, fine = TrendColumns(2), TrendColumns(2)
    coarse.add_minutes(np.array([1, 1]), minutes)
    fine.add_seconds(np.ones(120, np.int64), codes[0])
    assert np.abs(coarse.bins.astype(int) - fine.bins).max() <= 1
    assert (fine.bins[:, 0] == NOTHING).all()
    low, _, high = amplitude(unpacked(np.array([np.full(N_BINS, c, np.uint8) for c in
                                                (60, 60, 100)])))  # fmt: skip
    for made in (coarse, fine):
        np.testing.assert_allclose(made.amplitude[[0, 2], 1], [low, high], rtol=1e-6)
        assert np.isnan(made.amplitude[:, 0]).all()
    assert fine.amplitude[1, 1] == pytest.approx(low)


def test_what_lies_outside_the_columns_is_left_out() -> None:
    columns = TrendColumns(1)
    columns.add_seconds(np.array([-1, 1]), np.full((2, N_BINS), 80, np.uint8))
    assert (columns.bins == NOTHING).all()
    columns.add_seconds(np.array([0]), np.full((1, N_BINS), 80, np.uint8))
    assert (columns.bins == 80).all()
    assert TrendColumns(0).bins.shape == (N_BINS, 0)

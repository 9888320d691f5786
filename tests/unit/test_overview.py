"""Columns of time have exact edges, and their limits are in each channel's unit."""

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.model import Channel, SampleType
from eegstore.overview import Grid, Overview, grid_of
from eegstore.timebase import first_sample
from tests.unit.recordings import RATES

times = st.fractions(0, 10**6, max_denominator=10**6)
CHANNELS = (
    Channel("A", F(256), "uV", -800.0, 800.0, -2048, 2047),
    Channel("B", F(256), "mV", 3.0, -3.0, -32768, 32767),
)


def overview(digital: object, sample_type: SampleType = SampleType.INT16) -> Overview:
    limits = np.array(digital, sample_type.dtype)
    grid = Grid(F(0), F(1), limits.shape[1], limits.shape[1])
    ones = np.ones(limits.shape[1], np.int64)
    return Overview("p1", "r1", CHANNELS, sample_type, grid, 1, limits, ones)


@given(times, st.fractions(F(1, 1000), 10**5, max_denominator=1000), st.integers(1, 300))
def test_sample_edges_are_exact_at_any_rate(start: F, duration: F, px: int) -> None:
    grid = grid_of(start, start + duration, px, 0)
    exact = [start + duration * n / px for n in range(px + 1)]
    assert grid.stop == start + duration
    assert grid.edges == pytest.approx([float(time) for time in exact])
    for sfreq in RATES:
        assert grid.samples(sfreq).tolist() == [first_sample(time, sfreq) for time in exact]
    first, stop = grid.touched
    assert first.tolist() == [time // 1 for time in exact[:-1]]
    assert stop.tolist() == [-(-time // 1) for time in exact[1:]]


@given(times, times, st.integers(1, 400), st.sampled_from([1, 10, 60, 600]))
def test_columns_of_buckets_tile_what_was_asked_for(
    start: F, more: F, px: int, bucket: int
) -> None:
    """They reach over it by less than a bucket, and are as even as buckets allow."""
    stop = start + more + F(1, 100)
    grid = grid_of(start, stop, px, bucket)
    edges = grid.seconds
    assert (edges % bucket == 0).all()
    assert (grid.edges == edges).all()
    assert start - bucket < edges[0] <= start
    assert stop <= edges[-1] == grid.stop < stop + bucket
    assert len(edges) == grid.n_columns + 1 <= px + 1
    widths = np.diff(edges)
    assert widths.min() >= bucket
    assert widths.max() - widths.min() <= bucket
    assert grid.n_columns == px or (widths == bucket).all()


def test_values_are_in_the_channels_unit_and_min_is_the_lesser() -> None:
    """Channel B counts against its values."""
    found = overview([[[-2048, 2047], [0, 0]], [[-32768, 32767], [0, 100]]])
    a, b = CHANNELS
    wanted = [
        [[-800, 800], [a.offset, a.offset]],
        [[-3, 3], [100 * b.gain + b.offset, b.offset]],
    ]
    np.testing.assert_allclose(found.data, np.array(wanted, np.float32), rtol=1e-6, atol=1e-6)
    assert found.data.dtype == np.float32
    assert found.physical(np.float64)[0, 1, 0] == a.offset


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_where_there_is_no_sample_is_nan(sample_type: SampleType) -> None:
    found = overview([[[1, 0], [0, 1]], [[5, -5], [3, 3]]], sample_type)
    assert np.isnan(found.data).tolist() == [[[True] * 2, [False] * 2]] * 2
    if sample_type is SampleType.FLOAT32:
        assert found.data[1, 1].tolist() == [3, 3]


def test_edges_are_those_of_the_grid() -> None:
    found = overview([[[0, 1]], [[0, 1]]])
    moved = replace(found, grid=Grid(F(60), F(10), 5, 1))
    assert moved.edges.tolist() == [60.0, 110.0]

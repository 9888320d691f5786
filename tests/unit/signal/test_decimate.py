"""More samples than pixels: peaks stay, gaps stay, and no seam shows."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eegstore.signal.decimate import ALL_UP_TO, Reduced, reduce, samples_per_column
from tests.unit.signal.real import LONG_BIPOLAR, load, physical

with_gaps = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 40)),
    elements=st.one_of(st.integers(-1000, 1000).map(float), st.just(np.nan)),
)


def by_column(reduced: Reduced) -> dict[int, NDArray[np.float64]]:
    """Points of each column, (n_traces, n_points), by the column's number."""
    columns = np.floor(reduced.samples / reduced.per_column).astype(int)
    return {int(c): reduced.values[:, columns == c] for c in np.unique(columns)}


def limits(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Min and max of each trace, (n_traces, 2); NaN where there is no sample."""
    low = np.where(np.isnan(points), np.inf, points).min(axis=1)
    high = np.where(np.isnan(points), -np.inf, points).max(axis=1)
    result = np.stack([low, high], axis=1)
    result[low > high] = np.nan
    return result


@given(with_gaps, st.integers(0, 100), st.integers(2, 9))
def test_each_column_has_its_extremes_in_the_order_in_which_they_came(
    data: NDArray[np.float64], first: int, per_column: int
) -> None:
    reduced = reduce(data, first, per_column)
    assert reduced.is_reduced
    assert (np.diff(reduced.samples) >= 0).all()
    assert reduced.samples[0] >= first
    assert reduced.samples[-1] <= first + data.shape[1] - 1
    number = np.arange(first, first + data.shape[1]) // per_column
    assert reduced.values.shape[1] == 2 * len(np.unique(number)) == 2 * len(reduced.broken)
    for index, column in enumerate(np.unique(number)):
        there = data[:, number == column]
        drawn = reduced.values[:, 2 * index : 2 * index + 2]
        np.testing.assert_array_equal(limits(drawn), limits(there))
        assert reduced.broken[index] == np.isnan(there).any()
        for line, pair in zip(there, drawn, strict=True):
            exist = line[~np.isnan(line)]
            if exist.size:
                order = [int(np.flatnonzero(line == value)[0]) for value in pair]
                assert pair[0] == pair[1] or order[0] < order[1]
            else:
                assert np.isnan(pair).all()


@given(with_gaps, st.integers(0, 50), st.integers(1, 9), st.data())
def test_no_seam_where_a_page_is_put_together(
    data: NDArray[np.float64], first: int, per_column: int, draw: st.DataObject
) -> None:
    """Columns depend on the samples' index only: parts have the columns of the whole."""
    cut = draw.draw(st.integers(0, data.shape[1]))
    whole = by_column(reduce(data, first, per_column))
    parts = [by_column(reduce(data[:, :cut], first, per_column)),
             by_column(reduce(data[:, cut:], first + cut, per_column))]  # fmt: skip
    joined: dict[int, list[NDArray[np.float64]]] = {}
    for part in parts:
        for column, points in part.items():
            joined.setdefault(column, []).append(points)
    assert joined.keys() == whole.keys()
    for column, points in joined.items():
        np.testing.assert_array_equal(limits(np.concatenate(points, axis=1)), limits(whole[column]))
        if len(points) == 1:
            np.testing.assert_array_equal(points[0], whole[column])


def test_a_page_moved_by_a_second_shows_the_same_line() -> None:
    data = np.cumsum(np.random.default_rng(0).normal(size=(2, 61 * 256)), axis=1)
    per_column = samples_per_column(60 * 256, 1000)
    here, later = (
        reduce(data[:, at : at + 60 * 256], at, per_column).values for at in (0, 16 * per_column)
    )
    np.testing.assert_array_equal(here[:, 32:], later[:, :-32])


@pytest.mark.parametrize("at", [0, 1, 54_321, 99_999])
def test_a_spike_of_one_sample_survives_every_zoom(at: int) -> None:
    data = np.zeros((2, 100_000), np.float32)
    data[1, at] = 500
    for pixels in (100, 900, 2000, 20_000):
        per_column = samples_per_column(100_000, pixels)
        reduced = reduce(data, 77, per_column)
        assert reduced.values.dtype == np.float32
        assert reduced.values[1].max() == 500
        peak = reduced.samples[reduced.values[1].argmax()]
        assert abs(peak - (77 + at)) < per_column
        assert (reduced.values[0] == 0).all()


@pytest.mark.parametrize(
    ("n_samples", "pixels", "per_column"),
    [(2560, 960, 1), (ALL_UP_TO * 960, 960, 1), (ALL_UP_TO * 960 + 1, 960, 4), (15360, 960, 16),
     (15361, 960, 17), (0, 960, 1), (1000, 0, 1)],
)  # fmt: skip
def test_samples_per_column(n_samples: int, pixels: int, per_column: int) -> None:
    assert samples_per_column(n_samples, pixels) == per_column


def test_nothing_is_done_where_all_are_drawn() -> None:
    data = np.array([[1.0, np.nan, 3.0]])
    reduced = reduce(data, 512, 1)
    assert not reduced.is_reduced
    assert reduced.values is data
    assert reduced.samples.tolist() == [512, 513, 514]
    assert reduced.broken.tolist() == [False, True, False]
    assert reduce(np.empty((3, 0)), 5, 7).values.shape == (3, 0)


def test_a_gap_breaks_the_line() -> None:
    data = np.ones((1, 100))
    data[0, 20:50] = np.nan
    reduced = reduce(data, 0, 10)
    assert np.isnan(reduced.values[0]).nonzero()[0].tolist() == list(range(4, 10))
    assert reduced.broken.nonzero()[0].tolist() == [2, 3, 4]


def test_real_data_keeps_its_extremes(shared_data: Path) -> None:
    _, window = load(shared_data, LONG_BIPOLAR)
    data = physical(window)
    reduced = reduce(data, 0, samples_per_column(data.shape[1], 1500))
    assert reduced.per_column == 52
    assert reduced.values.shape == (23, 2 * -(-data.shape[1] // 52))
    np.testing.assert_array_equal(limits(reduced.values), limits(data))

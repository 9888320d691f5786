"""More samples than pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from viewer.reduction import PER_PIXEL, reduce, samples_per_point

values_with_gaps = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=60),
    elements=st.one_of(st.integers(-1000, 1000).map(float), st.just(float("nan"))),
)


@given(values_with_gaps, st.integers(1, 9))
def test_extremes_survive_in_order_at_their_own_times(values: np.ndarray, factor: int) -> None:  # type: ignore[type-arg]
    times = np.arange(values.shape[1]) / 4 + 0.5
    at, shown = reduce(times, values, factor)
    assert at.shape == shown.shape
    assert (np.diff(at, axis=1) >= 0).all()
    for line, xs, ys in zip(values, at, shown, strict=True):
        known = dict(zip(times.tolist(), line.tolist(), strict=True))
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            assert known[x] == y or (np.isnan(known[x]) and np.isnan(y))
        for first in range(0, len(line), factor):
            here = line[first : first + factor]
            inside = ys[(xs >= times[first]) & (xs <= times[first + len(here) - 1])]
            if np.isnan(here).all():
                assert np.isnan(inside).all()
            else:
                assert np.nanmin(here) == inside.min()
                assert np.nanmax(here) == inside.max()


def test_a_spike_of_one_sample_survives() -> None:
    values = np.zeros((2, 100_000))
    values[1, 54_321] = 500.0
    at, shown = reduce(np.arange(100_000) / 256, values, samples_per_point(100_000, 900))
    assert shown.shape[1] <= 2 * 900
    assert shown[1].max() == 500.0
    assert at[1][shown[1].argmax()] == 54_321 / 256
    assert (shown[0] == 0).all()


@pytest.mark.parametrize(
    ("n_samples", "pixels", "factor"),
    [(2560, 960, 1), (PER_PIXEL * 960, 960, 1), (PER_PIXEL * 960 + 1, 960, 4), (15360, 960, 16),
     (15361, 960, 17), (0, 960, 1), (1000, 0, 1)],
)  # fmt: skip
def test_samples_per_point(n_samples: int, pixels: int, factor: int) -> None:
    assert samples_per_point(n_samples, pixels) == factor


def test_nothing_is_done_where_all_fit() -> None:
    values = np.array([[1.0, np.nan, 3.0]])
    at, shown = reduce(np.arange(3.0), values, 1)
    assert shown is values
    np.testing.assert_array_equal(at, [[0, 1, 2]])

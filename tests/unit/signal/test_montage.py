"""Weights over rows, and what they make of samples and gaps."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eegstore.errors import InvalidDataError
from eegstore.signal.leads import Kind
from eegstore.signal.montage import LONGITUDINAL, TRANSVERSE, Derived, Trace, apply, matrix
from eegstore.signal.names import Side, electrode

values = hnp.arrays(
    np.float64,
    st.tuples(st.just(4), st.integers(0, 30)),
    elements=st.one_of(st.floats(-1e4, 1e4), st.just(np.nan), st.just(np.inf)),
)
weights = st.dictionaries(st.integers(0, 3), st.sampled_from([-1.0, 0.5, 1.0, 1000.0]), min_size=1)


def trace(by_row: dict[int, float]) -> Trace:
    return Trace("X", tuple(by_row), tuple(by_row.values()), Kind.EEG, Side.NONE, Fraction(256),
                 "uV")  # fmt: skip


@given(values, st.lists(weights, max_size=6))
def test_a_trace_is_the_weighted_sum_of_its_rows_and_lacks_what_they_lack(
    data: np.ndarray,  # type: ignore[type-arg]
    several: list[dict[int, float]],
) -> None:
    """A gap in a row that a trace does not need leaves the trace whole."""
    made = apply([trace(one) for one in several], range(4), data)
    assert made.shape == (len(several), data.shape[1])
    for line, one in zip(made, several, strict=True):
        there = np.isfinite(data[list(one)]).all(axis=0)
        np.testing.assert_array_equal(np.isnan(line), ~there)
        expected = sum(weight * data[row, there] for row, weight in one.items())
        np.testing.assert_allclose(line[there], expected, rtol=1e-12, atol=1e-7)


def test_rows_come_in_any_order() -> None:
    data = np.array([[1.0, 2.0], [10.0, 20.0]])
    made = apply([trace({7: 1.0, 3: -1.0})], [3, 7], data)
    np.testing.assert_array_equal(made, [[9.0, 18.0]])
    np.testing.assert_array_equal(matrix([trace({7: 1.0, 3: -1.0})], [7, 5, 3]), [[1, 0, -1]])


def test_many_rows_a_trace_give_what_few_give() -> None:
    """The average of many channels goes through a product of matrices."""
    data = np.random.default_rng(0).normal(size=(20, 100))
    data[3, 50:60] = np.nan
    average = {row: (19 / 20 if row == 0 else -1 / 20) for row in range(20)}
    made = apply([trace(average), trace({0: 1.0})], range(20), data)
    assert np.isnan(made[0]).nonzero()[0].tolist() == list(range(50, 60))
    np.testing.assert_allclose(made[0, :50], (data[0] - data.mean(axis=0))[:50])
    np.testing.assert_allclose(made[1], data[0])


def test_a_row_that_is_not_given_is_named() -> None:
    with pytest.raises(InvalidDataError, match=r"'X' needs row 5; given are rows \[0, 1\]"):
        apply([trace({0: 1.0, 5: 1.0})], [0, 1], np.zeros((2, 3)))


def test_rows_that_are_needed() -> None:
    assert Derived((trace({4: 1.0, 1: -1.0}), trace({1: 1.0}))).rows == (1, 4)


@pytest.mark.parametrize("pairs", [LONGITUDINAL, TRANSVERSE])
def test_standard_montages_are_of_the_ten_twenty_system(pairs: tuple[str, ...]) -> None:
    """18 derivations of neighbours, 19 electrodes, left and right alike."""
    assert len(pairs) == len(set(pairs)) == 18
    split = [tuple(pair.split("-")) for pair in pairs]
    assert all(electrode(name) == name for pair in split for name in pair)
    assert len({name for pair in split for name in pair}) == 19
    links = {frozenset(pair) for pair in split}
    odd_and_even = {str(n): str(n + (1 if n % 2 else -1)) for n in range(1, 9)}
    mirrored = {
        frozenset(name[:-1] + odd_and_even.get(name[-1], name[-1]) for name in pair)
        for pair in split
    }
    assert links == mirrored

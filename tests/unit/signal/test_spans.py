"""Spans of whole seconds do what sets of whole seconds do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eegstore.signal.spans import Spans, before, common, length, minus, spans_of, union

seconds = st.sets(st.integers(0, 60))
pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)))


def spans(members: set[int]) -> Spans:
    return spans_of(np.array(sorted(members), np.int64))


def members(of: Spans) -> set[int]:
    return {second for start, stop in of for second in range(start, stop)}


def is_canonical(of: Spans) -> bool:
    """Ascending, apart, none empty."""
    edges = [edge for span in of for edge in span]
    return edges == sorted(set(edges))


@given(seconds)
def test_spans_hold_the_seconds_that_they_were_made_of(one: set[int]) -> None:
    found = spans(one)
    assert members(found) == one
    assert is_canonical(found)
    assert length(found) == len(one)


@given(seconds, seconds)
def test_difference_and_intersection_are_those_of_sets(one: set[int], other: set[int]) -> None:
    for found, wanted in (
        (minus(spans(one), spans(other)), one - other),
        (common(spans(one), spans(other)), one & other),
    ):
        assert members(found) == wanted
        assert is_canonical(found)


@given(pairs)
def test_any_pairs_are_united(some: list[tuple[int, int]]) -> None:
    found = union(some)
    assert members(found) == members(some)
    assert is_canonical(found)


@given(seconds, st.lists(st.integers(-5, 70)))
def test_how_many_lie_before_a_time_is_counted(one: set[int], times: list[int]) -> None:
    found = before(spans(one), np.array(times, np.int64))
    assert found.tolist() == [sum(second < time for second in one) for time in times]


def test_seconds_that_begin_late_and_end_late_are_spans_too() -> None:
    assert spans({5}) == [(5, 6)]
    assert spans({10**9, 10**9 + 1, 3}) == [(3, 4), (10**9, 10**9 + 2)]
    assert minus([(0, 1 << 62)], [(3, 4)]) == [(0, 3), (4, 1 << 62)]

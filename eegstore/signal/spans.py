"""Half-open spans, ascending, apart, none empty: of whole seconds, and of samples."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Spans: TypeAlias = list[tuple[int, int]]


def spans_of(seconds: NDArray[np.int64]) -> Spans:
    """The runs of consecutive numbers among ascending ones."""
    if not len(seconds):
        return []
    breaks = np.flatnonzero(np.diff(seconds) != 1)
    firsts = seconds[np.concatenate([[0], breaks + 1])]
    stops = seconds[np.concatenate([breaks, [len(seconds) - 1]])] + 1
    return list(zip(firsts.tolist(), stops.tolist(), strict=True))


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open stretches [sample] in which `flags`, (n_samples,), is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def union(spans: Iterable[tuple[int, int]]) -> Spans:
    """Any spans, as one set."""
    joined: Spans = []
    for start, stop in sorted(spans):
        if start >= stop:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined


def minus(spans: Sequence[tuple[int, int]], holes: Sequence[tuple[int, int]]) -> Spans:
    """What is in `spans` and in none of `holes`."""
    left: Spans = []
    at = 0
    for start, stop in spans:
        while at < len(holes) and holes[at][1] <= start:
            at += 1
        hole = at
        while hole < len(holes) and holes[hole][0] < stop:
            if start < holes[hole][0]:
                left.append((start, holes[hole][0]))
            start = max(start, holes[hole][1])
            hole += 1
        if start < stop:
            left.append((start, stop))
    return left


def common(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> Spans:
    """What is in both."""
    return minus(one, minus(one, other))


def length(spans: Iterable[tuple[int, int]]) -> int:
    """How many seconds there are in all."""
    return sum(stop - start for start, stop in spans)


def before(spans: Sequence[tuple[int, int]], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many seconds of `spans` are less than each of `times`."""
    if not spans:
        return np.zeros(len(times), np.int64)
    table: NDArray[np.int64] = np.array(spans, np.int64)
    earlier = np.concatenate([[0], np.cumsum(table[:, 1] - table[:, 0])])
    last = np.searchsorted(table[:, 0], times, side="right") - 1  # -1: before the first
    start, stop = table[last].T
    return np.where(last < 0, 0, earlier[last] + np.minimum(times, stop) - start)

"""Which samples of a channel exist: stretches on the sample counter, in order."""

from bisect import bisect_right
from collections.abc import Iterable
from fractions import Fraction

from eegstore.errors import EdfError

GroupRuns = tuple[tuple[int, int], ...]
"""Runs of one channel within a second: (first sample within it, count)."""


class Placement:
    """The stretches of samples that exist, and where each lies among them.

    The sample counter runs through gaps, the position counts only samples that exist: it is
    the order in which a file keeps them.
    """

    def __init__(self) -> None:
        self.firsts: list[int] = []
        self.stops: list[int] = []
        self._before: list[int] = []  # samples in earlier stretches

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Placement):
            return NotImplemented
        return self.firsts == other.firsts and self.stops == other.stops

    __hash__ = None  # type: ignore[assignment]

    def add(self, first: int, count: int) -> None:
        """Append `count` samples from `first` on, which is not before the last one's end."""
        if count <= 0:
            return
        if self.stops and self.stops[-1] == first:
            self.stops[-1] += count
            return
        self._before.append(len(self))
        self.firsts.append(first)
        self.stops.append(first + count)

    def __len__(self) -> int:
        """How many samples exist."""
        return self._before[-1] + self.stops[-1] - self.firsts[-1] if self.firsts else 0

    @property
    def stop(self) -> int:
        """One past the last sample."""
        return self.stops[-1] if self.stops else 0

    def position(self, sample: int) -> int:
        """How many samples exist before `sample`."""
        at = bisect_right(self.firsts, sample) - 1
        if at < 0:
            return 0
        return self._before[at] + min(sample, self.stops[at]) - self.firsts[at]

    def runs(self, lo: int, hi: int) -> GroupRuns:
        """The stretches within ``lo <= sample < hi`` as (first - lo, count)."""
        found = []
        at = max(bisect_right(self.firsts, lo) - 1, 0)
        while at < len(self.firsts) and self.firsts[at] < hi:
            first, stop = max(self.firsts[at], lo), min(self.stops[at], hi)
            if first < stop:
                found.append((first - lo, stop - first))
            at += 1
        return tuple(found)

    def following(self, sample: int) -> int | None:
        """The first sample at or after `sample` that exists, if there is one."""
        at = bisect_right(self.firsts, sample) - 1
        if at >= 0 and sample < self.stops[at]:
            return sample
        return self.firsts[at + 1] if at + 1 < len(self.firsts) else None


def place(
    name: str, stretches: Iterable[tuple[Fraction, int]], sfreq: Fraction, n_samples: int
) -> Placement:
    """Samples of a channel whose records start at stated times.

    A record's first sample is the one nearest to its onset, the earlier one when two are as
    near, and never before the end of the previous record.

    Parameters
    ----------
    stretches : iterable of (onset, n_records)
        Onset [s] from the first onset, and how many records follow it without a gap.
    n_samples : int
        In one record.

    Raises
    ------
    EdfError
        A record begins more than half a sample before the previous one ends.
    """
    placement = Placement()
    record = 0
    for onset, n_records in stretches:
        twice = 2 * onset.numerator * sfreq.numerator
        unit = onset.denominator * sfreq.denominator
        end = placement.stop
        if placement.firsts and twice < (2 * end - 1) * unit:
            raise EdfError(
                f"{name}: record {record} starts {float(onset)} s after the first one; at "
                f"{float(sfreq):g} Hz the record before it ends at {float(end / sfreq)} s, and an "
                "overlap of more than half a sample cannot be placed"
            )
        nearest = -((unit - twice) // (2 * unit))
        placement.add(max(nearest, end) if placement.firsts else nearest, n_records * n_samples)
        record += n_records
    return placement

"""A long page in portions that end where columns do, so that none of them shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil

from eegstore.timebase import first_sample


@dataclass(frozen=True, slots=True)
class Portion:
    """Which samples to draw, for each sampling frequency, and what time they take up."""

    samples: Mapping[Fraction, tuple[int, int]]  # [Hz] -> half-open, from recording start
    start: Fraction  # [s]
    stop: Fraction  # [s]


def portions(
    start: Fraction, stop: Fraction, per_column: Mapping[Fraction, int], longest: Fraction | int
) -> list[Portion]:
    """Portions of ``start <= t < stop`` [s], of about the same length.

    Parameters
    ----------
    per_column : mapping
        How many samples share a column, for each sampling frequency [Hz].
    longest : Fraction or int
        [s], but for the rest of a column.
    """
    count = max(1, ceil((stop - start) / longest))
    edges = [start + (stop - start) * index / count for index in range(count + 1)]
    made = []
    before = {sfreq: first_sample(start, sfreq) for sfreq in per_column}
    for lo, hi in pairwise(edges):
        samples, begins = {}, lo
        for sfreq, width in per_column.items():
            first, last = before[sfreq], first_sample(hi, sfreq)
            if hi < stop:
                last = max(first, last // width * width)
            samples[sfreq] = (first, last)
            before[sfreq] = last
            begins = min(begins, first / sfreq)
        made.append(Portion(samples, begins, hi))
    return made

"""What of runs and annotations lies within a crop."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from eegstore.edf.placement import GroupRuns
from eegstore.model import Annotation
from eegstore.timebase import first_sample


def crop_of(
    rate: Fraction, start: Fraction | None, stop: Fraction | None
) -> tuple[int, int | None]:
    """First sample of a crop and one past its last, samples n with ``start <= n/rate < stop``."""
    return (
        0 if start is None else max(first_sample(start, rate), 0),
        None if stop is None else first_sample(stop, rate),
    )


def crop_runs(runs: GroupRuns, lo: int, hi: int) -> tuple[int, GroupRuns]:
    """How many samples lie before `lo`, and the runs in ``lo <= sample < hi`` from `lo` on."""
    skipped, kept = 0, []
    for first, count in runs:
        skipped += max(min(count, lo - first), 0)
        begin, end = max(first, lo), min(first + count, hi)
        if begin < end:
            kept.append((begin - lo, end - begin))
    return skipped, tuple(kept)


def crop_annotations(
    annotations: Iterable[Annotation], start: Fraction | None, stop: Fraction | None
) -> Iterator[tuple[Fraction, Fraction | None, Annotation]]:
    """Onset and duration [s from recording start] of the annotations in a crop.

    Those that begin in it keep their duration; those that reach into it begin at its start.
    """
    for annotation in annotations:
        onset = Fraction(repr(annotation.onset))
        duration = None if annotation.duration is None else Fraction(repr(annotation.duration))
        if stop is not None and onset >= stop:
            continue
        if start is not None and onset < start:
            rest = onset + (duration or 0) - start
            if rest > 0:
                yield start, rest, annotation
            continue
        yield onset, duration, annotation

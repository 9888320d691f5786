"""The spectrogram of one line of a page."""

import asyncio
from fractions import Fraction
from math import floor
from typing import NamedTuple

from eegstore.errors import InvalidDataError, TooLargeError
from eegstore.service.drawing import Drawn, draw
from eegstore.service.seen import Seen, is_sealed
from eegstore.signal.montage import Derived, Trace
from eegstore.signal.spectrum import STEPS, WINDOW, Spectrogram, averaged, spectrogram
from eegstore.store.database import Database

MAX_COLUMNS = 4000
COLUMNS = 2000  # where none are asked for
MAX_SAMPLES = 16_000_000
AT_ONCE = 100_000  # samples, of which 8 windows each are at work at a time


class SpectrumRead(NamedTuple):
    """A spectrogram, how long its columns are, and whether it will never be another."""

    spectrogram: Spectrogram
    start: float  # [s] of the timeline, where the first column begins
    step: float  # [s]
    unit: str  # of the trace
    sealed: bool


async def read_spectrogram(
    database: Database, found: Seen, label: str, px: int | None = None
) -> SpectrumRead:
    """The spectrogram of the trace of that label, over what is seen.

    Parameters
    ----------
    px : int, optional
        Columns at most; where windows are more, several are averaged.

    Raises
    ------
    NotFoundError, SpanError, TooLargeError
    InvalidDataError
        There is no such trace, or it has too few samples; names those that there are.
    """
    if px is not None and not 1 <= px <= MAX_COLUMNS:
        raise InvalidDataError(f"px is {px}; it must be in 1 .. {MAX_COLUMNS}")
    lines = [(part, trace) for part in found.parts if (trace := _trace(part.derived, label))]
    if not lines:
        raise _unknown(found, label)
    sfreq = lines[0][1].sfreq
    length = round(WINDOW * float(sfreq))
    native = Fraction(max(1, length // STEPS)) / sfreq
    together = -(-(found.stop - found.start) // (native * (px or COLUMNS)))
    step = native * together
    # Columns are counted from the beginning of the timeline, so pages that overlap agree: the
    # first of the windows in column c has its middle at c * step + half a window.
    begin = Fraction(length, 2) / sfreq - native / 2
    first = floor((found.start - begin) / step)
    n_times = -((begin - found.stop) // step) - first
    left, right = begin + first * step, begin + (first + n_times) * step
    half = Fraction(length) / sfreq
    made, sealed = [], found.settled
    for part, trace in lines:
        if part.start == part.stop:
            continue
        lo = (left if part.start == found.start else part.start) - part.offset
        hi = (right if part.stop == found.stop else part.stop) - part.offset
        if (hi - lo) * trace.sfreq > MAX_SAMPLES:
            raise TooLargeError(
                f"{int((hi - lo) * trace.sfreq)} samples are too many for one spectrogram; at "
                f"most {MAX_SAMPLES}"
            )
        drawing = await draw(
            database, part.recording, [trace], max(Fraction(0), lo - half), hi + half,
            found.view.setting, {trace.sfreq: 1},
        )  # fmt: skip
        sealed = sealed and await is_sealed(database, part, drawing, found.view)
        windows = await asyncio.to_thread(_windows, drawing.blocks[trace.sfreq], trace, lo, hi)
        made += [(float(part.offset), one) for one in windows]
    joined = averaged(made, float(left), float(step), int(n_times))
    return SpectrumRead(joined, float(left), float(step), lines[0][1].unit, sealed)


def _windows(drawn: Drawn, trace: Trace, lo: Fraction, hi: Fraction) -> list[Spectrogram]:
    """The windows that have their middle in ``lo <= t < hi`` [s from recording start]."""
    sfreq, values = float(trace.sfreq), drawn.values[0]
    if not len(values):
        return []
    more = round(WINDOW * sfreq) - 1  # so that windows may begin anywhere in a portion
    first, made = round(drawn.times[0] * sfreq), []
    for begin in range(0, len(values), AT_ONCE):
        found = spectrogram(values[begin : begin + AT_ONCE + more], sfreq, first + begin)
        inside = (found.times >= float(lo)) & (found.times < float(hi))
        made.append(Spectrogram(found.times[inside], found.frequencies, found.decibels[:, inside]))
    return made


def _trace(montage: Derived, label: str) -> Trace | None:
    same = [trace for trace in montage.traces if trace.label == label]
    if len(same) > 1:
        raise InvalidDataError(f"{len(same)} traces are called {label!r}; give them names")
    return same[0] if same else None


def _unknown(found: Seen, label: str) -> InvalidDataError:
    for part in found.parts:
        for one in part.derived.unavailable:
            if one.label == label:
                return InvalidDataError(f"no trace {label!r}: {one.reason}")
    names = dict.fromkeys(trace.label for part in found.parts for trace in part.derived.traces)
    return InvalidDataError(f"no trace {label!r}; there are {', '.join(names)}")

"""From drawings of stretches to one page: traces of one name and rate are one line.

Between two recordings a line is broken, unless the second begins where the first ends.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.page import PageBlock, PageTrace
from eegstore.service.drawing import Drawing, Drawn, Times, joined
from eegstore.signal.filter_design import design
from eegstore.signal.filter_setting import Setting, of_kind
from eegstore.signal.montage import Derived, Trace, Unavailable


class Line(NamedTuple):
    """What makes traces of several recordings one line."""

    label: str
    number: int  # among the traces of that label
    sfreq: Fraction  # [Hz]
    unit: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording on a page."""

    derived: Derived
    offset: float  # [s] from the beginning of the timeline to the recording's start
    start: Fraction  # [s], timeline
    stop: Fraction  # [s]
    rows: Sequence[int]  # of the timeline's channel table, for each channel
    drawing: Drawing | None  # None where nothing is drawn, and only the lines are named


def unavailable(montages: Sequence[Derived]) -> tuple[Unavailable, ...]:
    """What no recording on the page can show."""
    shown = {trace.label for montage in montages for trace in montage.traces}
    missing: dict[str, Unavailable] = {}
    for montage in montages:
        for one in montage.unavailable:
            if one.label not in shown:
                missing.setdefault(one.label, one)
    return tuple(missing.values())


def page_of(
    pieces: Sequence[Piece],
    start: Fraction,
    setting: Setting,
    per_column: dict[Fraction, int],
) -> tuple[tuple[PageTrace, ...], tuple[PageBlock, ...], tuple[tuple[float, float], ...]]:
    """The traces and blocks of a page, and where samples are.

    Parameters
    ----------
    pieces : sequence of Piece
        By time; at least one.
    start : Fraction
        Of the page [s].
    per_column : dict
        How many samples share a column, for each sampling frequency [Hz].
    """
    named = [_lines(piece.derived.traces) for piece in pieces]
    order = _merged(named)
    at = {line: index for index, line in enumerate(order)}
    first: dict[Line, tuple[Piece, Trace]] = {}
    clips: dict[Line, Times] = {line: [] for line in order}
    spans: Times = []
    for piece, lines in zip(pieces, named, strict=True):
        for line, trace in zip(lines, piece.derived.traces, strict=True):
            first.setdefault(line, (piece, trace))
        if piece.drawing is None:
            continue
        spans += _within(piece.drawing.spans, piece)
        for drawn in piece.drawing.blocks.values():
            for index, found in zip(drawn.traces, drawn.clips, strict=True):
                clips[lines[index]] += _within(found, piece)
    rates = list(dict.fromkeys(line.sfreq for line in order))
    blocks = tuple(
        _block(pieces, named, [line for line in order if line.sfreq == sfreq], at, sfreq, start,
               per_column[sfreq])
        for sfreq in rates
    )  # fmt: skip
    used = {key: design(of_kind(setting, key[0]), key[1]).setting
            for key in {(trace.kind, trace.sfreq) for _, trace in first.values()}}  # fmt: skip
    traces = tuple(
        _trace(*first[line], rates.index(line.sfreq), clips[line],
               used[first[line][1].kind, line.sfreq])
        for line in order
    )  # fmt: skip
    return traces, blocks, tuple(joined(spans))


def _lines(traces: Iterable[Trace]) -> list[Line]:
    seen: Counter[str] = Counter()
    lines = []
    for trace in traces:
        lines.append(Line(trace.label, seen[trace.label], trace.sfreq, trace.unit))
        seen[trace.label] += 1
    return lines


def _merged(named: Sequence[Sequence[Line]]) -> list[Line]:
    """All lines in an order that suits: a new one stands behind the one it followed."""
    after: dict[Line | None, Line | None] = {None: None}  # what stands behind a line
    for lines in named:
        before = None
        for line in lines:
            if line not in after:
                after[line], after[before] = after[before], line
            before = line
    order, at = [], after[None]
    while at is not None:
        order.append(at)
        at = after[at]
    return order


def _within(times: Times, piece: Piece) -> Times:
    """Times of a recording on the page's timeline, as far as the piece reaches."""
    lo, hi = float(piece.start), float(piece.stop)
    cut = ((max(a + piece.offset, lo), min(b + piece.offset, hi)) for a, b in times)
    return [(a, b) for a, b in cut if a < b]


def _trace(piece: Piece, trace: Trace, block: int, clips: Times, used: Setting) -> PageTrace:
    return PageTrace(
        trace.label, trace.unit, trace.kind, trace.side, trace.noise, trace.color, trace.sfreq,
        tuple(piece.rows[row] for row in trace.rows), block, tuple(joined(clips)),
        used.lff, used.hff, used.notch,
    )  # fmt: skip


def _block(
    pieces: Sequence[Piece],
    named: Sequence[Sequence[Line]],
    lines: Sequence[Line],
    at: dict[Line, int],
    sfreq: Fraction,
    start: Fraction,
    per_column: int,
) -> PageBlock:
    indices = tuple(at[line] for line in lines)
    place = {line: index for index, line in enumerate(lines)}
    parts: list[tuple[Piece, NDArray[np.float64], NDArray[np.float32]]] = []
    for piece, names in zip(pieces, named, strict=True):
        drawn = None if piece.drawing is None else piece.drawing.blocks.get(sfreq)
        if drawn is not None and len(drawn.times):
            times = drawn.times + (piece.offset - float(start))
            parts.append((piece, times, _placed(drawn, [place[names[i]] for i in drawn.traces],
                                                len(lines))))  # fmt: skip
    times_of, values_of = [np.empty(0)], [np.empty((len(lines), 0), np.float32)]
    for before, (piece, times, values) in zip([None, *parts], parts, strict=False):
        if before is not None and piece.start - before[0].stop > 1 / sfreq:
            times_of.append(np.array([(before[1][-1] + times[0]) / 2]))
            values_of.append(np.full((len(lines), 1), np.nan, np.float32))
        times_of.append(times)
        values_of.append(values)
    return PageBlock(
        sfreq, per_column, indices, np.concatenate(times_of).astype(np.float32),
        np.concatenate(values_of, axis=1),
    )  # fmt: skip


def _placed(drawn: Drawn, places: Sequence[int], n_lines: int) -> NDArray[np.float32]:
    if list(places) == list(range(n_lines)):
        return drawn.values.astype(np.float32)
    values = np.full((n_lines, drawn.values.shape[1]), np.nan, np.float32)
    values[list(places)] = drawn.values
    return values

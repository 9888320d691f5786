"""The lines of one recording: read portion by portion, derived, filtered, reduced.

A portion is read with what the filters need around it, so memory stays bounded however long
the page is, and no seam shows.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eegstore.encoding.checks import MAX_SECOND
from eegstore.model import Recording
from eegstore.service.windows import read_window
from eegstore.signal.filter_design import Filter
from eegstore.signal.filter_setting import Setting
from eegstore.signal.leads import POTENTIALS
from eegstore.signal.montage import Trace
from eegstore.signal.page import lines, reach
from eegstore.signal.portions import Portion, portions
from eegstore.signal.rails import Clip, clips, of_trace
from eegstore.signal.spans import runs
from eegstore.store.database import Database
from eegstore.window import Block, Window
from eegstore.wire import unique_labels

AT_ONCE = 2_000_000  # values worked on at a time, beside those around them
MAX_AT_ONCE = 16_000_000  # values, with those around them
_LONGEST = 1200  # [s] of a portion
_IN_THREAD = 20_000  # values; filtering them takes half a millisecond

Times = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The traces of one sampling frequency, of one recording."""

    traces: list[int]  # which of those asked for
    times: NDArray[np.float64]  # (n_points,) [s] from recording start
    values: NDArray[np.float64]  # (n_traces, n_points) in each trace's unit, NaN in gaps
    filters: tuple[Filter, ...]  # of each trace, as applied
    clips: list[Times]  # of each trace [s] from recording start


@dataclass(frozen=True, slots=True)
class Drawing:
    """A stretch of one recording, drawn."""

    blocks: dict[Fraction, Drawn]  # by sampling frequency [Hz]
    spans: Times  # where samples are [s] from recording start
    whole: bool  # whether no sample was missing in it, nor around it

    @property
    def n_values(self) -> int:
        """On all its lines."""
        return sum(drawn.values.size for drawn in self.blocks.values())


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of a portion."""

    times: dict[Fraction, NDArray[np.float64]]
    values: dict[Fraction, NDArray[np.float64]]
    filters: dict[Fraction, tuple[Filter, ...]]
    clips: dict[int, list[Clip]]  # by row
    spans: Times
    whole: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be drawn of each portion."""

    recording: Recording
    traces: Sequence[Trace]
    rows: list[int]  # that they need
    setting: Setting
    per_column: Mapping[Fraction, int]

    def indices(self, sfreq: Fraction) -> list[int]:
        return [index for index, trace in enumerate(self.traces) if trace.sfreq == sfreq]


async def draw(
    database: Database,
    recording: Recording,
    traces: Sequence[Trace],
    start: Fraction,
    stop: Fraction,
    setting: Setting,
    per_column: Mapping[Fraction, int],
) -> Drawing:
    """The traces of a recording over ``start <= t < stop`` [s].

    Parameters
    ----------
    per_column : mapping
        How many samples share a column, for each sampling frequency of the traces.

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError
        As `read_window`.
    """
    rows = sorted({row for trace in traces for row in trace.rows})
    rows = rows or list(range(len(recording.channels)))[:1]  # which tells where samples are
    labels = unique_labels(recording.channels)
    before, after = reach(traces, setting)
    rates = {trace.sfreq: per_column[trace.sfreq] for trace in traces}
    plan = _Plan(recording, traces, rows, setting, rates)
    a_second = float(sum(recording.channels[row].sfreq for row in rows))
    longest = max(1, int(min(AT_ONCE / max(a_second, 1), _LONGEST)))
    parts = []
    for portion in portions(start, stop, rates, longest):
        window = await read_window(
            database, recording.patient_id, recording.recording_id,
            max(Fraction(0), portion.start - before),
            min(portion.stop + after, Fraction(MAX_SECOND + 1)),
            [labels[row] for row in rows], max_values=MAX_AT_ONCE,
        )  # fmt: skip
        if sum(block.digital.size for block in window.blocks) > _IN_THREAD:
            parts.append(await asyncio.to_thread(_part, plan, portion, window))
        else:
            parts.append(_part(plan, portion, window))
    return _joined(plan, parts)


def _part(plan: _Plan, portion: Portion, window: Window) -> _Part:
    part = _Part({}, {}, {}, {}, [], all(block.present is None for block in window.blocks))
    volts = {row for trace in plan.traces if trace.kind in POTENTIALS for row in trace.rows}
    for block in window.blocks:
        sfreq = block.sfreq
        rows = [plan.rows[member] for member in block.rows]
        part.spans.extend(_spans(block, *portion.samples.get(sfreq, (0, 0))))
        traces = [plan.traces[index] for index in plan.indices(sfreq)]
        if not traces:
            continue
        made = lines(
            traces, rows, window.physical(block, np.float64), block.first_sample,
            portion.samples[sfreq], plan.setting, plan.per_column[sfreq],
        )  # fmt: skip
        part.times[sfreq] = made.reduced.samples / float(sfreq)
        part.values[sfreq] = made.reduced.values
        part.filters[sfreq] = made.filters
        at_rails = _clips(window, block, *portion.samples[sfreq])
        part.clips.update(
            (row, found) for row, found in zip(rows, at_rails, strict=True) if row in volts
        )
    return part


def _clips(window: Window, block: Block, first: int, stop: int) -> list[list[Clip]]:
    """At rails, looked for one sample beyond the portion, that none is cut off from the next."""
    lo = max(first - 1 - block.first_sample, 0)
    part = slice(lo, stop + 1 - block.first_sample)
    present = None if block.present is None else block.present[:, part]
    channels = [window.channels[row] for row in block.rows]
    return clips(channels, block.digital[:, part], present, block.first_sample + lo)


def _spans(block: Block, first: int, stop: int) -> Times:
    """Where any channel of a block has samples; a sample stands for no more than a second."""
    if first == stop:
        return []
    if block.present is None and block.sfreq >= 1:
        return [(float(first / block.sfreq), float(stop / block.sfreq))]
    part = slice(first - block.first_sample, stop - block.first_sample)
    there: NDArray[np.bool_] = np.ones(stop - first, np.bool_)
    if block.present is not None:
        there = np.asarray(block.present[:, part].any(axis=0))
    if block.sfreq < 1:
        return [(at, at + 1) for at in block.times[part][there].tolist()]
    return [
        (float((first + lo) / block.sfreq), float((first + hi) / block.sfreq))
        for lo, hi in runs(there)
    ]


def _joined(plan: _Plan, parts: Sequence[_Part]) -> Drawing:
    by_row: dict[int, list[Clip]] = {}
    for part in parts:
        for row, found in part.clips.items():
            by_row.setdefault(row, []).extend(found)
    blocks = {}
    for sfreq, width in plan.per_column.items():
        indices = plan.indices(sfreq)
        at_rails = [of_trace(plan.traces[index], by_row, width) for index in indices]
        blocks[sfreq] = Drawn(
            indices,
            np.concatenate([part.times[sfreq] for part in parts]),
            np.concatenate([part.values[sfreq] for part in parts], axis=1),
            parts[0].filters[sfreq],
            [[(clip.start / float(sfreq), clip.stop / float(sfreq)) for clip in found]
             for found in at_rails],
        )  # fmt: skip
    spans = joined([span for part in parts for span in part.spans])
    return Drawing(blocks, spans, all(part.whole for part in parts))


def joined(spans: Times, apart: float = 1e-6) -> Times:
    """Spans in order, those joined that are less than `apart` [s] apart."""
    made: Times = []
    for start, stop in sorted(spans):
        if made and start <= made[-1][1] + apart:
            made[-1] = (made[-1][0], max(made[-1][1], stop))
        else:
            made.append((start, stop))
    return made

"""Min and max per column of time, at any length, from what is least to read."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, TooLargeError
from eegstore.model import Digital, Recording
from eegstore.overview import Grid, Overview, grid_of
from eegstore.service.recordings import declared
from eegstore.service.summaries import Gathered, gather
from eegstore.service.times import check_times
from eegstore.service.windows import MAX_DURATION, read_window
from eegstore.signal.envelope import limits_between, no_samples
from eegstore.signal.rollup import LEVELS, Columns
from eegstore.signal.spans import Spans, before
from eegstore.store import recordings, summary_loose
from eegstore.store.database import Database, raw
from eegstore.window import Window

MAX_COLUMNS = 10_000
MAX_VALUES = 16_000_000  # in one overview
MAX_SAMPLES = 12_000_000  # read for one overview: 25 min of 23 channels at 256 Hz
_AT_ONCE = 2_000_000  # samples decoded at a time


class Stored(NamedTuple):
    """The seconds that are stored, and whether roll-ups are due."""

    spans: Spans
    closed: bool
    due: bool


class Read(NamedTuple):
    """An overview, and whether roll-ups are due that would have served it (`summaries.build`)."""

    overview: Overview
    due: bool


async def read_overview(
    database: Database,
    patient_id: str,
    recording_id: str,
    start: Fraction,
    stop: Fraction,
    px: int,
    labels: Sequence[str] | None = None,
    *,
    max_values: int = MAX_VALUES,
) -> Read:
    """Min and max per channel in at most `px` columns that contain ``start <= t < stop`` [s].

    Columns narrower than a second are cut from the samples, exactly at ``start + i * (stop -
    start) / px``, as long as these are not more than `MAX_SAMPLES`. Others are made of whole
    stored seconds, or of the widest roll-up that is not wider than a column; their edges are
    moved to its multiples, and the answer says where they are.

    Parameters
    ----------
    labels : sequence of str, optional
        Channels, by the labels made unique; default all.

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        The span is empty or lies where no recording can be; px is not in 1 .. 10,000; the
        answer would be too large; a label is unknown.
    """
    picks = (await declared(database, patient_id, recording_id)).picks(labels)
    recording, rows = picks.recording, picks.rows
    check(rows, start, stop, px, max_values)
    bucket = _bucket(recording, rows, start, stop, px)
    grid = grid_of(start, stop, px, bucket)
    if bucket:
        limits, found = await _from_envelopes(database, recording, rows, grid, bucket)
    else:
        limits, found = await _from_samples(database, recording, rows, grid, labels)
    overview = Overview(
        patient_id, recording_id, picks.channels, recording.sample_type, grid, bucket, limits,
        _touching(grid, found.seconds),
    )  # fmt: skip
    return Read(overview, found.due)


async def read_spans(database: Database, patient_id: str, recording_id: str) -> Stored:
    """Which seconds of a recording are stored, for those who show them.

    `recordings.have` asks the chunks themselves, for those who act on it.

    Raises
    ------
    NotFoundError
    """
    await declared(database, patient_id, recording_id)
    async with database.snapshot() as connection:
        driver = await raw(connection)
        spans, loose = await summary_loose.spans(driver, patient_id, recording_id)
        closed = await recordings.closed_at(connection, patient_id, recording_id)
    return Stored(spans, closed is not None, Gathered(loose=loose).due)


def check(rows: Sequence[int], start: Fraction, stop: Fraction, px: int, max_values: int) -> None:
    """Raise unless an overview of so many rows may be asked for."""
    if not 1 <= px <= MAX_COLUMNS:
        raise InvalidDataError(f"px is {px}; it must be in 1 .. {MAX_COLUMNS}")
    check_times(start, stop)
    if not rows:
        raise InvalidDataError("no channel is asked for; name at least one")
    values = 2 * len(rows) * px
    if values > max_values:
        raise TooLargeError(
            f"{px} columns of {len(rows)} channels are {values} values; at most {max_values}"
        )


def _bucket(
    recording: Recording, rows: Sequence[int], start: Fraction, stop: Fraction, px: int
) -> int:
    """Of how many seconds the pieces are that columns are made of; 0 for samples."""
    width = (stop - start) / px
    n_samples = sum(recording.channels[row].sfreq for row in rows) * (stop - start)
    if width < 1 and n_samples <= MAX_SAMPLES:
        return 0
    return max((level for level in LEVELS if level <= width), default=1)


async def _from_envelopes(
    database: Database, recording: Recording, rows: Sequence[int], grid: Grid, bucket: int
) -> tuple[Digital, Gathered]:
    columns = Columns(grid.seconds, len(rows), recording.sample_type)
    levels = [level for level in LEVELS if level <= bucket]
    picked = None if list(rows) == list(range(len(recording.channels))) else rows
    async with database.reading() as driver:
        found = await gather(driver, recording, columns, levels, rows=picked)
    return np.ascontiguousarray(columns.limits.transpose(1, 0, 2)), found


async def _from_samples(
    database: Database,
    recording: Recording,
    rows: Sequence[int],
    grid: Grid,
    labels: Sequence[str] | None,
) -> tuple[Digital, Gathered]:
    """Window by window, so that memory stays bounded; each ends where a column does."""
    key = (recording.patient_id, recording.recording_id)
    rates = {recording.channels[row].sfreq for row in rows}
    edges = {sfreq: grid.samples(sfreq) for sfreq in rates}
    per_column = float(sum(recording.channels[row].sfreq for row in rows) * grid.unit)
    at_once = max(1, min(int(_AT_ONCE / per_column), MAX_DURATION // grid.unit))
    limits = no_samples((len(rows), grid.n_columns), recording.sample_type.dtype)
    for first in range(0, grid.n_columns, at_once):
        stop = min(first + at_once, grid.n_columns)
        window = await read_window(
            database, *key, grid.start + first * grid.unit, grid.start + stop * grid.unit, labels
        )
        part = {sfreq: at[first : stop + 1] for sfreq, at in edges.items()}
        limits[:, first:stop] = await asyncio.to_thread(_limits, window, part)
    seconds, _ = grid.touched
    async with database.reading() as driver:
        found = await summary_loose.stored(driver, *key, int(seconds[0]), -int(-grid.stop // 1))
    return limits, Gathered(found)


def _limits(window: Window, edges: dict[Fraction, NDArray[np.int64]]) -> Digital:
    """Min and max of a window per channel and column, ``(n_channels, n_columns, 2)``."""
    n_columns = len(next(iter(edges.values()))) - 1
    limits = no_samples((len(window.channels), n_columns), window.sample_type.dtype)
    for block in window.blocks:
        within = edges[block.sfreq] - block.first_sample
        limits[list(block.rows)] = limits_between(block.digital, block.present, within)
    return limits


def _touching(grid: Grid, seconds: Spans) -> NDArray[np.int64]:
    """How many of these seconds touch each column."""
    first, stop = grid.touched
    return before(seconds, stop) - before(seconds, first)

"""Min and max per column of time over all recordings of a study."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Channel, Digital, Recording, SampleType
from eegstore.overview import Grid, Overview, grid_of
from eegstore.service.overview import MAX_VALUES, check
from eegstore.service.summaries import gather
from eegstore.service.timeline import Timeline, timeline_of
from eegstore.signal.envelope import no_samples
from eegstore.signal.leads import microvolts
from eegstore.signal.rollup import LEVELS, Columns
from eegstore.signal.spans import before
from eegstore.store.database import Database


class StudyRead(NamedTuple):
    """An overview, and the recordings that roll-ups are due for (`summaries.build`)."""

    overview: Overview
    due: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Table:
    """The channels of a study: as they are stored where all recordings have them alike, else
    as values."""

    channels: tuple[Channel, ...]
    sample_type: SampleType


async def read_study_overview(
    database: Database,
    patient_id: str,
    study_id: str,
    start: Fraction,
    stop: Fraction,
    px: int,
    labels: Sequence[str] | None = None,
    *,
    max_values: int = MAX_VALUES,
) -> StudyRead:
    """Min and max per channel in at most `px` columns that contain ``start <= t < stop``.

    Times are seconds of study time. Columns are made of whole stored seconds, or of buckets of
    10, 60 or 600 s of each recording, which count for the column in which they begin. Channels
    are those of the study's table (`timeline.Timeline`). Where recordings overlap, a column is
    of both.

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        As `overview.read_overview`.
    """
    known = await timeline_of(database, patient_id, study_id)
    rows = _rows(known.timeline, labels)
    check(rows, start, stop, px, max_values)
    width = (stop - start) / px
    bucket = max((level for level in LEVELS if level <= width), default=1)
    grid = grid_of(start, stop, px, bucket)
    table = _table(known.timeline, rows)
    limits = no_samples((len(rows), grid.n_columns), table.sample_type.dtype)
    n_seconds = np.zeros(grid.n_columns, np.int64)
    due = []
    for index, (part, end) in enumerate(zip(known.timeline.study.parts, known.ends, strict=True)):
        if end is None or part.offset >= grid.stop or part.offset + end <= grid.start:
            continue
        edges = _edges(grid, part.offset, bucket)
        of_study = {row: own for own, row in enumerate(known.timeline.rows[index])}
        picked = [(at, of_study[row]) for at, row in enumerate(rows) if row in of_study]
        columns = Columns(edges, len(picked), part.recording.sample_type)
        async with database.reading() as driver:
            found = await gather(
                driver, part.recording, columns, [level for level in LEVELS if level <= bucket],
                rows=[row for _, row in picked],
            )  # fmt: skip
        _fold(limits, table, part.recording, picked, columns.limits)
        n_seconds += before(found.seconds, edges[1:]) - before(found.seconds, edges[:-1])
        if found.due:
            due.append((patient_id, part.recording.recording_id))
    overview = Overview(
        patient_id, None, table.channels, table.sample_type, grid, bucket, limits, n_seconds,
        study_id,
    )  # fmt: skip
    return StudyRead(overview, due)


def _rows(timeline: Timeline, labels: Sequence[str] | None) -> list[int]:
    if labels is None:
        return list(range(len(timeline.labels)))
    unknown = [label for label in labels if label not in timeline.labels]
    if unknown:
        raise InvalidDataError(
            f"no channel {unknown[0]!r} in study {timeline.study.study_id!r}; it has "
            f"{', '.join(timeline.labels)}"
        )
    if len(set(labels)) < len(labels):
        raise InvalidDataError(f"of the channels {', '.join(labels)} one is asked for twice")
    return [timeline.labels.index(label) for label in labels]


def _table(timeline: Timeline, rows: Sequence[int]) -> _Table:
    recordings = [part.recording for part in timeline.study.parts]
    first = recordings[0]
    alike = {(recording.channels, recording.sample_type) for recording in recordings}
    if len(alike) == 1:
        return _Table(tuple(first.channels[row] for row in rows), first.sample_type)
    found: dict[int, Channel] = {}
    for recording, of_study in zip(recordings, timeline.rows, strict=True):
        for channel, row in zip(recording.channels, of_study, strict=True):
            found.setdefault(row, channel)
    channels = tuple(
        replace(found[row], label=timeline.labels[row], physical_min=-1.0, physical_max=1.0,
                digital_min=-1, digital_max=1)
        for row in rows
    )  # fmt: skip
    return _Table(channels, SampleType.FLOAT32)


def _edges(grid: Grid, offset: Fraction, bucket: int) -> NDArray[np.int64]:
    """Which seconds of a recording belong to each column: buckets that begin in it, and in the
    first also the one that reaches into it."""
    late = offset % bucket
    edges: NDArray[np.int64] = grid.seconds - int(offset - late)  # multiples of `bucket`
    if late:
        edges[0] -= bucket
    return np.maximum(edges, 0)


def _fold(
    limits: Digital,
    table: _Table,
    recording: Recording,
    picked: Sequence[tuple[int, int]],
    found: Digital,
) -> None:
    """Take the limits of one recording, ``(n_columns, n_picked, 2)``, into those of the study."""
    as_stored = table.sample_type is recording.sample_type is not SampleType.FLOAT32
    for index, (at, row) in enumerate(picked):
        low, high = found[:, index, 0], found[:, index, 1]
        there = low <= high
        if not as_stored:
            factor = _factor(recording.channels[row], table.channels[at])
            if factor is None:
                continue
            low, high = (factor * side for side in _values(recording, row, low, high))
        own = limits[at]
        own[there, 0] = np.minimum(own[there, 0], low[there])
        own[there, 1] = np.maximum(own[there, 1], high[there])


def _values(
    recording: Recording, row: int, low: Digital, high: Digital
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts as values, the lesser first."""
    if recording.sample_type is SampleType.FLOAT32:
        return low.astype(np.float64), high.astype(np.float64)
    channel = recording.channels[row]
    one, other = (side * channel.gain + channel.offset for side in (low, high))
    return np.minimum(one, other), np.maximum(one, other)


def _factor(channel: Channel, wanted: Channel) -> float | None:
    """From one unit to another; None when both do not measure the same."""
    if channel.unit == wanted.unit:
        return 1.0
    one, other = microvolts(channel.unit), microvolts(wanted.unit)
    return None if one is None or other is None else one / other

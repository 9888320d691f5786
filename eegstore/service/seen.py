"""What of which recordings is seen between two times of a recording or of a study."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from eegstore.errors import InvalidDataError
from eegstore.model import Recording
from eegstore.page import Stretch
from eegstore.service.drawing import Drawing
from eegstore.service.recordings import declared
from eegstore.service.timeline import Extended, timeline_of
from eegstore.service.view import View, check
from eegstore.signal.derivations import derive
from eegstore.signal.montage import Derived
from eegstore.signal.page import reach
from eegstore.store import recordings, summary_loose
from eegstore.store.database import Database

MAX_DERIVED = 512  # channels; an average of n has n * n weights
_KEPT = 256
_kept: dict[Any, Derived] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one recording, on some timeline."""

    recording: Recording
    offset: Fraction  # [s] from the beginning of the timeline to the recording's start
    start: Fraction  # [s], timeline
    stop: Fraction  # [s]; `start` where there is nothing to draw
    rows: Sequence[int]  # of the timeline's channel table, for each channel
    derived: Derived


@dataclass(frozen=True, slots=True)
class Seen:
    """What lies between two times."""

    patient_id: str
    study_id: str
    recording_id: str | None  # None when a study was asked for
    start: Fraction  # [s], timeline
    stop: Fraction  # [s]
    view: View
    parts: tuple[Part, ...]  # by time; at least one
    version: str | None  # of the study's clock
    settled: bool  # whether no recording can still grow into it

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Which recording is seen when."""
        return tuple(
            Stretch(part.recording.recording_id, float(part.start), float(part.stop))
            for part in self.parts
            if part.start < part.stop
        )


async def of_recording(
    database: Database,
    patient_id: str,
    recording_id: str,
    start: Fraction,
    stop: Fraction,
    view: View,
) -> Seen:
    """What is seen over ``start <= t < stop`` [s] of a recording.

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        The span is empty, starts before the recording or is too long; no such montage or row.
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    check(view, start, stop, len(recording.channels))
    rows = range(len(recording.channels))
    found = await derived(recording, view)
    part = Part(recording, Fraction(0), start, stop, rows, found)
    of_study = recording.study_id if recording.start_time is not None else None
    return Seen(
        patient_id, of_study or recording_id, recording_id, start, stop, view, (part,), None, True
    )


async def of_study(
    database: Database,
    patient_id: str,
    study_id: str,
    start: Fraction,
    stop: Fraction,
    view: View,
) -> Seen:
    """What is seen over ``start <= t < stop`` [s of study time] of a study.

    Rows are those of the study's channel table (`timeline.Timeline`).

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        As `of_recording`.
    """
    known = await timeline_of(database, patient_id, study_id)
    check(view, start, stop, len(known.timeline.labels))
    shown = known.shown(start, stop)
    parts = [await _part(known, one.part, one.start, one.stop, view) for one in shown]
    if not parts:  # nothing to draw, but lines to name
        parts = [await _part(known, known.nearest(start), start, start, view)]
    return Seen(
        patient_id, study_id, None, start, stop, view, tuple(parts), known.timeline.version,
        known.is_settled(stop),
    )  # fmt: skip


async def derived(recording: Recording, view: View) -> Derived:
    """A montage of a recording, made once: that may take longer than all else on a page.

    Raises
    ------
    InvalidDataError
        Unknown montage; more channels than can be derived.
    """
    key = (recording.channels, view.montage, view.bad)
    found = _kept.get(key)
    if found is None:
        if view.montage != "recorded" and len(recording.channels) > MAX_DERIVED:
            raise InvalidDataError(
                f"{len(recording.channels)} channels can only be seen as recorded; montages are "
                f"made of at most {MAX_DERIVED}"
            )
        found = await asyncio.to_thread(derive, *key)
        if len(_kept) >= _KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = found
    return found


async def is_sealed(database: Database, part: Part, drawing: Drawing, view: View) -> bool:
    """Whether nothing can come any more where samples are missing, or filters reach."""
    if drawing.whole:
        return True
    key = (part.recording.patient_id, part.recording.recording_id)
    async with database.begin() as connection:
        if await recordings.closed_at(connection, *key) is not None:
            return True
    before, after = reach(part.derived.traces, view.setting)
    first = max(0, (part.start - part.offset - before) // 1)
    last = -((part.offset - part.stop - after) // 1)
    async with database.reading() as driver:
        return await summary_loose.stored(driver, *key, first, last) == [(first, last)]


async def _part(known: Extended, index: int, start: Fraction, stop: Fraction, view: View) -> Part:
    recording, offset = known.timeline.study.parts[index]
    rows = known.timeline.rows[index]
    bad = frozenset(row for row, of_study in enumerate(rows) if of_study in view.bad)
    found = await derived(recording, replace(view, bad=bad))
    return Part(recording, offset, start, stop, rows, found)

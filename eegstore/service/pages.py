"""Pages: a montage between two times of a recording or a study, filtered, as points to draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from eegstore.model import Channel, Recording
from eegstore.page import Page, PageBlock, PageTrace, Stretch
from eegstore.service.drawing import Drawing, draw
from eegstore.service.joining import Piece, page_of, unavailable
from eegstore.service.recordings import declared
from eegstore.service.suspects import suspects
from eegstore.service.timeline import Extended, timeline_of
from eegstore.service.view import MAX_VALUES, View, check, columns
from eegstore.signal.derivations import derive
from eegstore.signal.montage import Derived, Line
from eegstore.signal.page import reach
from eegstore.store import recordings, summary_loose
from eegstore.store.database import Database


class Read(NamedTuple):
    """A page, and whether it will never be another; of a study, while its version is this."""

    page: Page
    sealed: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of one recording, on some timeline."""

    recording: Recording
    offset: Fraction  # [s] from the beginning of the timeline to the recording's start
    start: Fraction  # [s], timeline
    stop: Fraction  # [s]; `start` where there is nothing to draw
    rows: Sequence[int]  # of the timeline's channel table, for each channel
    derived: Derived


async def read_page(
    database: Database,
    patient_id: str,
    recording_id: str,
    start: Fraction,
    stop: Fraction,
    view: View,
    *,
    max_values: int = MAX_VALUES,
) -> Read:
    """The page of a recording over ``start <= t < stop`` [s].

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        The span is empty, starts before the recording or is too long; the answer would be too
        large; no such montage, filter or row.
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    check(view, start, stop, len(recording.channels))
    rows = range(len(recording.channels))
    found = derived(recording.channels, view.montage, view.bad)
    part = _Part(recording, Fraction(0), start, stop, rows, found)
    drawn = await _drawn(database, [part], start, stop, view, max_values)
    doubts = await suspects(database, recording, stop)
    of_study = recording.study_id if recording.start_time is not None else None
    shown = (Stretch(recording_id, float(start), float(stop)),)
    page = Page(
        patient_id, of_study or recording_id, recording_id, start, stop, shown, drawn.spans,
        drawn.traces, unavailable([found]), doubts, drawn.blocks,
    )  # fmt: skip
    return Read(page, drawn.sealed)


async def read_study_page(
    database: Database,
    patient_id: str,
    study_id: str,
    start: Fraction,
    stop: Fraction,
    view: View,
    *,
    max_values: int = MAX_VALUES,
) -> Read:
    """The page of a study over ``start <= t < stop`` [s of study time].

    Rows are those of the study's channel table (`timeline.Timeline`).

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        As `read_page`.
    """
    known = await timeline_of(database, patient_id, study_id)
    check(view, start, stop, len(known.timeline.labels))
    shown = known.shown(start, stop)
    parts = [_part(known, one.part, one.start, one.stop, view) for one in shown]
    if not parts:  # nothing to draw, but lines to name
        parts = [_part(known, known.nearest(start), start, start, view)]
    drawn = await _drawn(database, parts, start, stop, view, max_values)
    names = known.timeline.study.recording_ids
    doubts: dict[str, None] = {}
    for part in parts:
        doubts |= dict.fromkeys(await suspects(database, part.recording, part.stop - part.offset))
    page = Page(
        patient_id, study_id, None, start, stop,
        tuple(Stretch(names[one.part], float(one.start), float(one.stop)) for one in shown),
        drawn.spans, drawn.traces, unavailable([part.derived for part in parts]),
        tuple(doubts), drawn.blocks, known.timeline.version,
    )  # fmt: skip
    return Read(page, drawn.sealed and known.is_settled(stop))


@lru_cache(maxsize=512)
def derived(
    channels: tuple[Channel, ...], montage: str | tuple[Line, ...], bad: frozenset[int]
) -> Derived:
    """`derive`, which takes longer than all else on a page, once for each montage."""
    return derive(channels, montage, bad)


def _part(known: Extended, index: int, start: Fraction, stop: Fraction, view: View) -> _Part:
    recording, offset = known.timeline.study.parts[index]
    rows = known.timeline.rows[index]
    bad = frozenset(row for row, of_study in enumerate(rows) if of_study in view.bad)
    found = derived(recording.channels, view.montage, bad)
    return _Part(recording, offset, start, stop, rows, found)


@dataclass(frozen=True, slots=True)
class _Drawn:
    traces: tuple[PageTrace, ...]
    blocks: tuple[PageBlock, ...]
    spans: tuple[tuple[float, float], ...]
    sealed: bool


async def _drawn(
    database: Database,
    parts: Sequence[_Part],
    start: Fraction,
    stop: Fraction,
    view: View,
    max_values: int,
) -> _Drawn:
    widths = columns([part.derived for part in parts], start, stop, view.px, max_values)
    pieces, sealed = [], True
    for part in parts:
        drawing = None
        if part.start < part.stop:
            lo, hi = part.start - part.offset, part.stop - part.offset
            traces = part.derived.traces
            drawing = await draw(database, part.recording, traces, lo, hi, view.setting, widths)
            sealed = sealed and await _is_sealed(database, part, drawing, view)
        pieces.append(
            Piece(part.derived, float(part.offset), part.start, part.stop, part.rows, drawing)
        )
    return _Drawn(*page_of(pieces, start, view.setting, widths), sealed)


async def _is_sealed(database: Database, part: _Part, drawing: Drawing, view: View) -> bool:
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

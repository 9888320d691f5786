"""Pages: a montage between two times of a recording or a study, filtered, as points to draw."""

import asyncio
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from eegstore.page import Page
from eegstore.service import seen
from eegstore.service.drawing import draw
from eegstore.service.joining import Piece, page_of, unavailable
from eegstore.service.seen import Seen, is_sealed
from eegstore.service.suspects import suspects
from eegstore.service.view import MAX_VALUES, View, columns
from eegstore.store.database import Database

_AT_ONCE = 200_000  # values joined in a millisecond


class Read(NamedTuple):
    """A page, and whether it will never be another; of a study, while its version is this."""

    page: Page
    sealed: bool


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
    found = await seen.of_recording(database, patient_id, recording_id, start, stop, view)
    return await _read(database, found, max_values)


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
    """The page of a study over ``start <= t < stop`` [s of study time]; see `seen.of_study`.

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        As `read_page`.
    """
    found = await seen.of_study(database, patient_id, study_id, start, stop, view)
    return await _read(database, found, max_values)


async def _read(database: Database, found: Seen, max_values: int) -> Read:
    view, montages = found.view, [part.derived for part in found.parts]
    widths = columns(montages, found.start, found.stop, view.px, max_values)
    pieces, sealed = [], found.settled
    doubts: dict[str, None] = {}
    for part in found.parts:
        drawing = None
        if part.start < part.stop:
            lo, hi = part.start - part.offset, part.stop - part.offset
            traces = part.derived.traces
            drawing = await draw(database, part.recording, traces, lo, hi, view.setting, widths)
            sealed = sealed and await is_sealed(database, part, drawing, view)
        doubts |= dict.fromkeys(await suspects(database, part.recording, part.stop - part.offset))
        pieces.append(
            Piece(part.derived, float(part.offset), part.start, part.stop, part.rows, drawing)
        )
    n_values = sum(piece.drawing.n_values for piece in pieces if piece.drawing is not None)
    join = partial(page_of, pieces, found.start, view.setting, widths)
    lines, blocks, spans = await asyncio.to_thread(join) if n_values > _AT_ONCE else join()
    page = Page(
        found.patient_id, found.study_id, found.recording_id, found.start, found.stop,
        found.stretches, spans, lines, unavailable(montages), tuple(doubts), blocks,
        found.version,
    )  # fmt: skip
    return Read(page, sealed)

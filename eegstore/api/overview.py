"""Overviews out: ``GET /eeg?px=``, and which seconds are stored."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.problems import answer
from eegstore.model import Recording
from eegstore.overview import Overview
from eegstore.service.overview import MAX_VALUES, read_overview, read_spans
from eegstore.service.study_overview import read_study_overview
from eegstore.service.summaries import catch_up
from eegstore.signal.spans import length, minus
from eegstore.store.database import Database
from eegstore.timebase import clock_at
from eegstore.wire.overview import overview_json, pack_overview
from eegstore.wire.values import Clock

router = APIRouter(tags=["windows"])

MAX_JSON_VALUES = 2_000_000


async def overview(
    database: Database,
    recording: Recording,
    start: Fraction,
    stop: Fraction,
    px: int,
    labels: Sequence[str] | None,
    *,
    binary: bool,
    physical: bool,
    by_clock: bool,
) -> Response:
    """The answer to ``GET /eeg?px=``. What it lacked of roll-ups is made after it is sent."""
    key = (recording.patient_id, recording.recording_id)
    read = await read_overview(
        database, *key, start, stop, px, labels,
        max_values=MAX_VALUES if binary else MAX_JSON_VALUES,
    )  # fmt: skip
    clock = partial(clock_at, recording) if by_clock else None
    due = [key] if read.due else []
    return await _answer(database, read.overview, due, clock, binary=binary, physical=physical)


async def study_overview(
    database: Database,
    key: tuple[str, str],
    span: tuple[Fraction, Fraction],
    px: int,
    labels: Sequence[str] | None,
    *,
    binary: bool,
    physical: bool,
    clock_of: Recording | None,
) -> Response:
    """The answer to ``GET /eeg?px=&study_id=``; `key` is that of a study."""
    read = await read_study_overview(
        database, *key, *span, px, labels, max_values=MAX_VALUES if binary else MAX_JSON_VALUES
    )
    clock = None if clock_of is None else partial(clock_at, clock_of)
    return await _answer(database, *read, clock, binary=binary, physical=physical)


async def _answer(
    database: Database,
    made: Overview,
    due: list[tuple[str, str]],
    clock: Clock | None,
    *,
    binary: bool,
    physical: bool,
) -> Response:
    if binary:
        body = await asyncio.to_thread(pack_overview, made, physical)
    else:
        body = await asyncio.to_thread(overview_json, made, clock)
    media_type = wire.MEDIA_TYPE if binary else "application/json"
    later = BackgroundTask(catch_up, database, due) if due else None
    return Response(body, media_type=media_type, background=later)


@router.get("/recordings/{patient_id}/{recording_id}/spans")
async def spans(patient_id: str, recording_id: str, database: Store) -> Response:
    """The stored seconds as half-open spans [s], and the gaps from the start to the last."""
    found = await read_spans(database, patient_id, recording_id)
    end = found.spans[-1][1] if found.spans else 0
    response = answer(
        200,
        {
            "spans": found.spans,
            "gaps": minus([(0, end)], found.spans),
            "n_seconds": length(found.spans),
            "closed": found.closed,
        },
    )
    if found.due:
        response.background = BackgroundTask(catch_up, database, [(patient_id, recording_id)])
    return response

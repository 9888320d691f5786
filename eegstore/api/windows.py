"""Windows out: ``GET /eeg``."""

import asyncio
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store, check_key, database_of
from eegstore.api.overview import overview, study_overview
from eegstore.api.pages import Look, look_of, page
from eegstore.api.problems import problem
from eegstore.api.times import Times, recording_at, seconds_of, span_of_study, time_of
from eegstore.errors import EegStoreError
from eegstore.model import Recording
from eegstore.service import recordings, studies
from eegstore.service.windows import MAX_VALUES, read_window
from eegstore.store.database import Database
from eegstore.timebase import clock_at

router = APIRouter(tags=["windows"])

MAX_JSON_VALUES = 2_000_000
_FRAME = {"patient_id", "recording_id", "start", "end"}
_AT_ONCE = 100_000  # values packed in a fraction of a millisecond


class Layout(StrEnum):
    """Shape of the JSON answer."""

    ROWS = "rows"  # label -> [{timestamp, value}, ...]
    COLUMNS = "columns"  # one array per channel


class Values(StrEnum):
    """What a binary answer holds."""

    DIGITAL = "digital"  # as stored, with the calibration
    PHYSICAL = "physical"  # float32 in the channel's unit


@router.get(
    "/eeg",
    responses={200: {"content": {"application/json": {}, wire.MEDIA_TYPE: {}}}},
)
async def eeg(
    request: Request,
    database: Store,
    look: Annotated[Look, Depends(look_of)],
    patient_id: str,
    start: Annotated[str, Query(description="seconds from recording start, or ISO 8601")],
    end: Annotated[str, Query(description="as start; not included")],
    recording_id: str | None = None,
    study_id: Annotated[
        str | None, Query(description="instead of recording_id; seconds are those of study time")
    ] = None,
    channels: Annotated[list[str] | None, Query(description="labels; default all")] = None,
    layout: Layout = Layout.ROWS,
    values: Values = Values.DIGITAL,
    px: Annotated[int | None, Query(description="min and max in so many columns")] = None,
) -> Response:
    """Samples between two times.

    JSON by default: label (made unique as MNE does) to a list of ``{timestamp, value}``,
    timestamps in seconds or ISO as the question had them, no entry where there is no
    sample; ``layout=columns``: one array per channel, null where there is none.
    ``Accept: application/octet-stream``: a frame of samples, see `eegstore.wire`.

    With `px`, of a span of any length: min and max per channel in at most so many columns.
    Columns of a second and more are made of whole stored seconds, or of roll-ups of 10, 60 or
    600 s; `bucket` says of which, and the answer where columns begin and end. As columns in
    JSON, or a frame, see `eegstore.wire.overview`.

    With `study_id` the times are seconds of study time (or clock times), and `px` alone makes
    columns over all recordings of the study.

    With any of `montage`, `line`, `bad`, `lff`, `hff`, `notch`, `phase`, or of a study
    without `px`, a page: derived traces, filtered, and with `px` reduced to their min and max;
    see `eegstore.wire.page`.
    """
    binary = wire.MEDIA_TYPE in request.headers.get("accept", "")
    asked = (time_of(start, "start"), time_of(end, "end"))
    if study_id is not None:
        if recording_id is not None:
            raise studies.not_one(study_id)
        return await _of_study(
            request, database, (patient_id, study_id), asked, look, px, channels,
            binary=binary, physical=values is Values.PHYSICAL,
        )  # fmt: skip
    if recording_id is None:
        recording = await recording_at(database, patient_id, *asked)
    else:
        recording = (await recordings.declared(database, patient_id, recording_id)).recording
    lo, hi = (seconds_of(recording, at) for at in asked)
    by_clock = isinstance(asked[0], datetime) and recording.start_time is not None
    if look.is_page:
        key = (patient_id, recording.recording_id)
        return await page(
            request, database, key, (lo, hi), look, px, channels, of_study=False, binary=binary
        )
    if px is not None:
        return await overview(
            database, recording, lo, hi, px, channels,
            binary=binary, physical=values is Values.PHYSICAL, by_clock=by_clock,
        )  # fmt: skip
    if binary:
        return await _frame(database, recording, lo, hi, channels, values)
    window = await read_window(
        database, patient_id, recording.recording_id, lo, hi, channels, max_values=MAX_JSON_VALUES
    )
    # Up to seconds of work: off the event loop.
    clock = partial(clock_at, recording) if by_clock else None
    write = wire.columns_json if layout is Layout.COLUMNS else wire.rows_json
    return Response(await asyncio.to_thread(write, window, clock), media_type="application/json")


async def direct(request: Request) -> Response | None:
    """`eeg` without the framework around it, which costs more than all the rest, for the question
    that is asked most: a frame of one recording. None when another was asked."""
    if request.headers.get("accept") != wire.MEDIA_TYPE:
        return None
    pairs = request.query_params.multi_items()
    asked = dict(pairs)
    if asked.keys() != _FRAME or len(asked) != len(pairs):
        return None
    try:
        check_key(request)
        database = database_of(request)
        ids = asked["patient_id"], asked["recording_id"]
        recording = (await recordings.declared(database, *ids)).recording
        lo, hi = (seconds_of(recording, time_of(asked[name], name)) for name in ("start", "end"))
        return await _frame(database, recording, lo, hi, None, Values.DIGITAL)
    except EegStoreError as error:
        return problem(error)


async def _of_study(
    request: Request,
    database: Database,
    key: tuple[str, str],
    asked: Times,
    look: Look,
    px: int | None,
    channels: list[str] | None,
    *,
    binary: bool,
    physical: bool,
) -> Response:
    (lo, hi), first = await span_of_study(database, key, asked)
    if px is None or look.is_page:
        return await page(
            request, database, key, (lo, hi), look, px, channels, of_study=True, binary=binary
        )
    return await study_overview(
        database, key, (lo, hi), px, channels, binary=binary, physical=physical, clock_of=first
    )


async def _frame(
    database: Database,
    recording: Recording,
    start: Fraction,
    stop: Fraction,
    channels: list[str] | None,
    values: Values,
) -> Response:
    key = recording.patient_id, recording.recording_id
    window = await read_window(database, *key, start, stop, channels, max_values=MAX_VALUES)
    physical = values is Values.PHYSICAL
    if sum(block.digital.size for block in window.blocks) <= _AT_ONCE:
        body = wire.pack_window(window, physical)
    else:
        body = await asyncio.to_thread(wire.pack_window, window, physical)
    return Response(body, media_type=wire.MEDIA_TYPE)

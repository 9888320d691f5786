"""Spectra out: the spectrogram of one trace of a page, and trends of everything."""

import asyncio
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.caching import cacheable
from eegstore.api.pages import Look, look_of
from eegstore.api.times import Times, seconds_of, span_of_study, time_of
from eegstore.service import recordings, seen, studies
from eegstore.service.seen import Seen
from eegstore.service.spectra import catch_up
from eegstore.service.spectrogram import read_spectrogram
from eegstore.service.trends import read_trends
from eegstore.service.view import View
from eegstore.store.database import Database
from eegstore.wire.spectrum import pack_spectrogram, spectrogram_json
from eegstore.wire.trends import pack_trends, trends_json

router = APIRouter(tags=["windows"])

_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, wire.MEDIA_TYPE: {}}}
}


@router.get("/spectrogram", responses=_CONTENT)
async def spectrogram(
    request: Request,
    database: Store,
    look: Annotated[Look, Depends(look_of)],
    patient_id: str,
    start: Annotated[str, Query(description="seconds, or ISO 8601")],
    end: Annotated[str, Query(description="as start; not included")],
    trace: Annotated[str, Query(description="label of a trace of the montage")],
    recording_id: str | None = None,
    study_id: Annotated[str | None, Query(description="instead of recording_id")] = None,
    px: Annotated[int | None, Query(description="columns at most")] = None,
) -> Response:
    """Power density of one trace, 0 to 70 Hz, in windows of a second.

    Montage and filters as of ``GET /eeg``. A frame, see `eegstore.wire.spectrum`, or JSON.
    """
    asked = (time_of(start, "start"), time_of(end, "end"))
    found = await _seen(database, patient_id, recording_id, study_id, asked, look.view(None, None))
    read = await read_spectrogram(database, found, trace, px)
    named = {
        "patient_id": found.patient_id,
        "study_id": found.study_id,
        "recording_id": found.recording_id,
        "trace": trace,
        "unit": read.unit,
        "version": found.version,
    }
    binary = wire.MEDIA_TYPE in request.headers.get("accept", "")
    write = pack_spectrogram if binary else spectrogram_json
    body = await asyncio.to_thread(write, read.spectrogram, read.start, read.step, named)
    sealed = read.sealed and (study_id is None or look.version == found.version)
    media_type = wire.MEDIA_TYPE if binary else "application/json"
    return await cacheable(request, body, media_type, sealed=sealed)


@router.get("/trends", responses=_CONTENT)
async def trends(
    request: Request,
    database: Store,
    patient_id: str,
    recording_id: str | None = None,
    study_id: Annotated[str | None, Query(description="instead of recording_id")] = None,
    start: Annotated[str | None, Query(description="seconds, or ISO 8601; default 0")] = None,
    end: Annotated[str | None, Query(description="as start; default the end")] = None,
    px: Annotated[int | None, Query(description="columns at most")] = None,
    group: Annotated[str, Query(description="all, left, right, or a label")] = "all",
) -> Response:
    """Power by frequency and amplitude over all of a recording or study.

    A frame, see `eegstore.wire.trends`, or JSON. While `complete` is false, some of it is being
    computed: ask again.
    """
    limits = await _limits(database, patient_id, recording_id, study_id, start, end)
    read = await read_trends(
        database, patient_id, recording_id=recording_id, study_id=study_id, start=limits[0],
        stop=limits[1], px=px, group=group,
    )  # fmt: skip
    binary = wire.MEDIA_TYPE in request.headers.get("accept", "")
    write = pack_trends if binary else trends_json
    body = await asyncio.to_thread(write, read.trends)
    media_type = wire.MEDIA_TYPE if binary else "application/json"
    response = await cacheable(request, body, media_type, sealed=False)
    if read.due:
        response.background = BackgroundTask(catch_up, database, read.due)
    return response


async def _limits(
    database: Database,
    patient_id: str,
    recording_id: str | None,
    study_id: str | None,
    start: str | None,
    end: str | None,
) -> list[Fraction | None]:
    told = [None if text is None else time_of(text, name)
            for text, name in ((start, "start"), (end, "end"))]  # fmt: skip
    if not any(isinstance(at, datetime) for at in told):
        return [at for at in told if not isinstance(at, datetime)]
    if study_id is not None:
        clock = (await studies.declared(database, patient_id, study_id)).first
    else:
        clock = (await recordings.declared(database, patient_id, recording_id or "")).recording
    return [None if at is None else seconds_of(clock, at) for at in told]


async def _seen(
    database: Database,
    patient_id: str,
    recording_id: str | None,
    study_id: str | None,
    asked: Times,
    view: View,
) -> Seen:
    if study_id is not None and recording_id is None:
        span, _ = await span_of_study(database, (patient_id, study_id), asked)
        return await seen.of_study(database, patient_id, study_id, *span, view)
    if recording_id is not None and study_id is None:
        recording = (await recordings.declared(database, patient_id, recording_id)).recording
        lo, hi = (seconds_of(recording, at) for at in asked)
        return await seen.of_recording(database, patient_id, recording_id, lo, hi, view)
    raise studies.not_one(study_id)

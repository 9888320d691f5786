"""Spectra out: the spectrogram of one trace of a page."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.caching import cacheable
from eegstore.api.pages import Look, look_of
from eegstore.api.times import Times, seconds_of, span_of_study, time_of
from eegstore.errors import InvalidDataError
from eegstore.service import recordings, seen
from eegstore.service.seen import Seen
from eegstore.service.spectrogram import read_spectrogram
from eegstore.service.view import View
from eegstore.store.database import Database
from eegstore.wire.spectrum import pack_spectrogram, spectrogram_json

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
    return cacheable(request, body, media_type, sealed=sealed)


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
    given = "both" if study_id is not None else "neither"
    raise InvalidDataError(f"{given} of study_id and recording_id are given; it must be one")

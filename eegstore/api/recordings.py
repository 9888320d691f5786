"""Recordings: declare, list, what is stored, close."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.bodies import json_body
from eegstore.api.problems import answer
from eegstore.service import recordings
from eegstore.service.summaries import catch_up

router = APIRouter(tags=["recordings"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "start_time": "2026-11-22T08:00:00",
                    "zone": "Europe/Berlin",
                    "study_id": "admission-1",
                    "channels": [
                        {
                            "label": "FP1-F7", "unit": "uV", "sfreq": "256",
                            "physical_min": -800, "physical_max": 800,
                            "digital_min": -2048, "digital_max": 2047,
                            "transducer": "", "prefiltering": "",
                        }
                    ],
                }
            }
        }
    }
}  # fmt: skip


@router.put("/recordings/{patient_id}/{recording_id}", openapi_extra=_BODY)
async def declare(
    patient_id: str, recording_id: str, request: Request, database: Store
) -> Response:
    """Declare a recording: 201 new, 200 declared so already, 409 declared otherwise.

    Channels without ranges are uncalibrated and stored as float32; `sample_type` may say
    int16, int32 or float32 itself.
    """
    body = await json_body(request)
    ids = {"patient_id": patient_id, "recording_id": recording_id}
    recording = wire.recording_from_json(body | ids)
    new = await recordings.declare(database, recording)
    return answer(201 if new else 200, {"recording": recording, "new": new})


@router.get("/recordings/{patient_id}/{recording_id}")
async def info(patient_id: str, recording_id: str, database: Store) -> Response:
    """One recording and what is stored of it."""
    return answer(200, await recordings.info(database, patient_id, recording_id))


@router.get("/recordings/{patient_id}/{recording_id}/have")
async def have(patient_id: str, recording_id: str, database: Store) -> Response:
    """The stored seconds as half-open spans: what a device need not send again."""
    return answer(200, asdict(await recordings.have(database, patient_id, recording_id)))


@router.post("/recordings/{patient_id}/{recording_id}/close")
async def close(patient_id: str, recording_id: str, request: Request, database: Store) -> Response:
    """Finish a recording: 409 when `n_seconds` is given and others are stored."""
    body = await json_body(request)
    n_seconds = body.get("n_seconds")
    if n_seconds is not None:
        n_seconds = wire.integer(n_seconds, "n_seconds")
    stored = await recordings.close(database, patient_id, recording_id, n_seconds)
    return answer(200, {"closed": True, "n_seconds": stored})


@router.get("/recordings")
async def listing(database: Store, patient_id: Annotated[str | None, Query()] = None) -> Response:
    """Recordings, of one patient or of all, with durations and channels."""
    found = await recordings.listed(database, patient_id)
    response = answer(200, {"recordings": found.infos})
    if found.due:
        response.background = BackgroundTask(catch_up, database, found.due)
    return response

"""Seconds in: frames of counts, or JSON in the channel's unit."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import check_key, database_of
from eegstore.api.bodies import aside, whole_body
from eegstore.api.problems import answer, problem
from eegstore.errors import EegStoreError, InvalidDataError
from eegstore.model import SampleType
from eegstore.service import ingest, recordings
from eegstore.service.recordings import Declared
from eegstore.service.second import Second, read_second
from eegstore.store.database import Database

router = APIRouter(tags=["ingest"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "patient_id": "chb01", "recording_id": "chb01_03.edf",
                    "start": 2996, "end": 2997, "channels": ["FP1-F7"], "sfreq": "4",
                    "samples": [[0.2, 0.59, -0.2, 1.37]],
                    "calibration": [
                        {"physical_min": -800, "physical_max": 800,
                         "digital_min": -2048, "digital_max": 2047}
                    ],
                }
            },
            wire.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}  # fmt: skip


@router.post("/ingest", openapi_extra=_BODY)
async def post(request: Request) -> Response:
    """Store one second (JSON) or some (a frame, see `eegstore.wire`).

    201 something is new, 200 all of it was there, 409 other samples are there for a
    second; the answer tells it for every second, and is given after the commit.
    """
    return await direct(request)


async def direct(request: Request) -> Response:
    """`post` without the framework around it, which costs more than all the rest."""
    try:
        check_key(request)
        return await _store(request)
    except EegStoreError as error:
        return problem(error)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to hear it


async def _store(request: Request) -> Response:
    database = database_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await whole_body(request)
    if kind == wire.MEDIA_TYPE:
        frame = await aside(body, wire.unpack_chunks, body)
        key = frame.patient_id, frame.recording_id
        declared = await recordings.find_declared(database, *key)
        if declared is None:
            raise recordings.unknown(*key)
        chunks = await aside(body, wire.cut_chunks, frame, declared.recording)
        outcomes = await ingest.store(database, declared, chunks, frame.device_time)
        return _answer(outcomes, declared.recording.sample_type)
    if kind == "application/json":
        return await _json(body, database)
    raise InvalidDataError(
        f"Content-Type {kind!r} is not one of application/json, {wire.MEDIA_TYPE}"
    )


async def _json(body: bytes, database: Database) -> Response:
    declared, second = await _second(body, database)
    outcomes = await ingest.store(database, declared, [second.chunk], second.device_time)
    return _answer(outcomes, declared.recording.sample_type)


async def _second(body: bytes, database: Database) -> tuple[Declared, Second]:
    """The second in a body and its recording, which it may declare.

    The thousands of numbers that a body becomes are gone when it returns, not only when the
    second is stored: then all who wait would keep theirs.
    """
    said = wire.object_(await aside(body, wire.load, body), "body")
    for name in ("patient_id", "recording_id"):
        if not isinstance(said.get(name), str):
            raise InvalidDataError(f"{name} is {wire.shown(said.get(name))}; it must be a string")
    key = said["patient_id"], said["recording_id"]
    found = await recordings.find_declared(database, *key)
    second = await aside(body, read_second, said, None if found is None else found.grid)
    if found is None:
        ingest.check(second.recording, second.chunk)
        await recordings.declare(database, second.recording)
        found = await recordings.declared(database, *key)
    return found, second


def _answer(outcomes: list[ingest.Outcome], sample_type: SampleType) -> Response:
    body: dict[str, Any] = {"chunks": outcomes, "sample_type": sample_type}
    if sample_type is SampleType.FLOAT32:
        body["note"] = "no calibration is declared: values are stored as the nearest float32"
    conflicts = [str(o.second) for o in outcomes if o.outcome == ingest.CONFLICT]
    if conflicts:
        body["error"] = "ConflictError"
        body["detail"] = (
            f"second {', '.join(conflicts)} is stored with other samples; nothing was changed"
        )
        return answer(409, body)
    new = any(o.outcome == ingest.STORED for o in outcomes)
    return answer(201 if new else 200, body)

"""Annotations: seizures, events, a device's button."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.problems import answer, json_body
from eegstore.errors import InvalidDataError
from eegstore.service import annotations

router = APIRouter(tags=["annotations"])

MAX_AT_ONCE = 10_000

_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "patient_id": "chb01", "recording_id": "chb01_03.edf", "onset": 2996,
                    "duration": 40, "description": "seizure", "source": "user",
                    "annotation_id": "1b7ddb26-0f5b-4f0a-9d4e-0c1c8c3f6c11",
                }
            }
        }
    }
}  # fmt: skip


@router.get("/annotations")
async def listing(
    database: Store,
    patient_id: str,
    recording_id: str,
    start: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> Response:
    """What holds now, by onset; with start and end [s], what touches that span."""
    found = await annotations.of_recording(database, patient_id, recording_id, start, end)
    return answer(200, {"annotations": found})


@router.post("/annotations", openapi_extra=_BODY)
async def add(request: Request, database: Store) -> Response:
    """Add one annotation, or several as ``{"patient_id", "recording_id", "annotations": []}``.

    Idempotent by `annotation_id`: 201 new, 200 the same is there, 409 another is. Nothing
    is changed or removed; an edit is a new annotation that `supersedes` the old one.
    """
    body = await json_body(request)
    ids = [body.get(name) for name in ("patient_id", "recording_id")]
    for name, value in zip(("patient_id", "recording_id"), ids, strict=True):
        if not isinstance(value, str):
            raise InvalidDataError(f"{name} is {value!r}; it must be a string")
    single = "annotations" not in body
    listed = [body] if single else wire.array(body["annotations"], "annotations")
    if not 1 <= len(listed) <= MAX_AT_ONCE:
        raise InvalidDataError(f"{len(listed)} annotations at once; allowed are 1 to {MAX_AT_ONCE}")
    added = await annotations.add(
        database, str(ids[0]), str(ids[1]), [wire.annotation_from_json(item) for item in listed]
    )
    status = 201 if any(new for _, new in added) else 200
    if single:
        return answer(status, added[0][0])
    return answer(status, {"annotations": [annotation for annotation, _ in added]})

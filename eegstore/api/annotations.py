"""Annotations: seizures, events, a device's button."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from eegstore import wire
from eegstore.annotation_export import Format
from eegstore.api.access import Store
from eegstore.api.bodies import json_body
from eegstore.api.problems import answer
from eegstore.errors import InvalidDataError
from eegstore.service import annotation_export, annotations, studies
from eegstore.wire.review import entries_json

router = APIRouter(tags=["annotations"])

MAX_AT_ONCE = 10_000


class Status(StrEnum):
    """What people think of an annotation."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


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
    recording_id: str | None = None,
    study_id: str | None = None,
    start: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    status: Annotated[list[Status] | None, Query(description="default all")] = None,
) -> Response:
    """What holds now of a recording or of a study, by onset; the rejected too.

    With start and end [s], what touches that span: of the recording, or with `study_id` of study
    time. Each has its recording_id, its `study_onset` and when it was added; what it `supersedes`
    is in its history.
    """
    study = await studies.asked(database, patient_id, study_id, recording_id)
    of = None
    if recording_id is not None:
        of, offset = [recording_id], float(study.offset(recording_id))
        start, end = (None if at is None else at + offset for at in (start, end))
    found = await annotations.standing(database, study, of, start, end, status)
    body = await asyncio.to_thread(entries_json, found)
    return Response(body, media_type="application/json")


@router.get(
    "/annotations/export",
    responses={200: {"content": {kind.media_type: {} for kind in Format}}},
)
async def export(
    database: Store,
    patient_id: str,
    kind: Annotated[Format, Query(alias="format")],
    recording_id: str | None = None,
    study_id: str | None = None,
    status: Annotated[list[Status] | None, Query(description="see below")] = None,
) -> Response:
    """What holds now as a file: EDF+ without signals, CSV, or BIDS ``events.tsv``.

    Times are seconds from the start of the recording, or of the study. By default CSV has all,
    with their status; the others leave out what was rejected.
    """
    body = await annotation_export.exported(
        database, patient_id, kind, study_id=study_id, recording_id=recording_id, statuses=status
    )
    name = f"{recording_id or study_id}{kind.ending}"
    return Response(
        body, media_type=kind.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@router.get("/annotations/{annotation_id}/history")
async def history(annotation_id: str, database: Store, patient_id: str) -> Response:
    """All versions of an annotation, each after the one that it supersedes."""
    found = await annotations.history(database, patient_id, annotation_id)
    return Response(entries_json(found), media_type="application/json")


@router.post("/annotations", openapi_extra=_BODY)
async def add(request: Request, database: Store) -> Response:
    """Add one annotation, or several as ``{"patient_id", "recording_id", "annotations": []}``.

    Idempotent by `annotation_id`: 201 new, 200 the same is there, 409 another is. Nothing
    is changed or removed; an edit is a new annotation that `supersedes` the old one, taking away
    is an edit with `status` rejected. Of two that supersede one annotation the second is refused
    with 409, which says what the first has made of it.
    """
    body = await json_body(request)
    ids = [body.get(name) for name in ("patient_id", "recording_id")]
    for name, value in zip(("patient_id", "recording_id"), ids, strict=True):
        if not isinstance(value, str):
            raise InvalidDataError(f"{name} is {wire.shown(value)}; it must be a string")
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

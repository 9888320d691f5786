"""Review coverage: which seconds somebody has looked at, and which nobody has."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.bodies import json_body
from eegstore.api.problems import answer
from eegstore.errors import InvalidDataError
from eegstore.service import reviews, studies
from eegstore.service.summaries import catch_up
from eegstore.wire.review import coverage_json, review_from_json, review_json

router = APIRouter(tags=["reviews"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "patient_id": "chb01", "recording_id": "chb01_03.edf", "author": "anna",
                    "montage": "longitudinal", "lff": 1, "hff": 70, "notch": None,
                    "seconds": [[2990, 3000], [3010, 3020]],
                }
            }
        }
    }
}  # fmt: skip


@router.post("/reviews", openapi_extra=_BODY)
async def add(request: Request, database: Store) -> Response:
    """Say that somebody has looked at some whole seconds of a recording.

    Seconds that are not stored are left out, as nothing can be seen of them. The answer has the
    rest as `spans`, with 201; with 200 where none is left, or where the `review_id`, a UUID
    that may be given, is stored already.
    """
    body = await json_body(request)
    patient_id = body.get("patient_id")
    if not isinstance(patient_id, str):
        raise InvalidDataError(f"patient_id is {wire.shown(patient_id)}; it must be a string")
    asked = review_from_json(body | {"spans": wire.array(body.get("seconds"), "seconds")})
    added = await reviews.add(database, patient_id, asked)
    if added.review is None:
        return answer(200, {"recording_id": asked.recording_id, "spans": [], "new": False})
    return answer(201 if added.new else 200, review_json(added.review) | {"new": added.new})


@router.get("/reviews")
async def coverage(
    database: Store,
    patient_id: str,
    study_id: str | None = None,
    recording_id: str | None = None,
    author: Annotated[list[str] | None, Query(description="default anybody")] = None,
    listed: Annotated[bool, Query(alias="reviews", description="false: only spans")] = True,
) -> Response:
    """Who has looked at what: `reviews` in seconds of their recordings, `seen` and `unseen` in
    study time.

    What is unseen is stored, and in no review; with `author`, in none of theirs. A day that was
    looked at has thousands of reviews: with ``reviews=false`` they are left out.
    """
    study = await studies.asked(database, patient_id, study_id, recording_id)
    of = None if recording_id is None else [recording_id]
    found = await reviews.coverage(database, study, of, author)
    told = coverage_json(found.coverage)
    if not listed:
        del told["reviews"]
    response = answer(200, told)
    if found.due:
        response.background = BackgroundTask(catch_up, database, found.due)
    return response

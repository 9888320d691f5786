"""Montages that people made, for all recordings."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from eegstore.api.access import Store
from eegstore.api.bodies import json_body
from eegstore.api.problems import answer
from eegstore.service import montages
from eegstore.wire.montage import montage_from_json

router = APIRouter(tags=["montages"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "lines": [
                        {"text": "F7-T7", "name": "left", "color": "#1f77b4"},
                        {"text": "F8-T8", "name": "right", "color": "#d62728"},
                        {"text": "ECG EKG-REF"},
                    ]
                }
            }
        }
    }
}  # fmt: skip


@router.get("/montages")
async def listing(database: Store) -> Response:
    """All of them, by name, each with its lines in the order of the screen."""
    return answer(200, {"montages": await montages.listing(database)})


@router.put("/montages/{name}", openapi_extra=_BODY)
async def put(name: str, request: Request, database: Store) -> Response:
    """Keep a montage: 201 new, 200 in place of the one of that name.

    The text of a line is a derivation or the label of a channel; its name is shown instead.
    Whether a recording has what a line needs, ``GET /eeg?montage=custom`` says.
    """
    montage = montage_from_json(await json_body(request) | {"name": name})
    new = await montages.put(database, montage)
    return answer(201 if new else 200, montage)


@router.delete("/montages/{name}")
async def remove(name: str, database: Store) -> Response:
    """Remove a montage."""
    await montages.remove(database, name)
    return answer(200, {"name": name, "removed": True})

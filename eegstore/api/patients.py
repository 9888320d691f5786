"""Patients: their pseudonyms, and who they are."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from eegstore import wire
from eegstore.api.access import Store
from eegstore.api.bodies import json_body
from eegstore.api.problems import answer
from eegstore.model import Identity
from eegstore.service import patients, recordings

router = APIRouter(tags=["patients"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "name": "Mustermann, Erika", "birth_date": "1964-08-12", "sex": "F",
                    "hospital_number": "12345",
                }
            }
        }
    }
}  # fmt: skip
_PRIVATE = {"Cache-Control": "no-store"}


@router.get("/patients")
async def listing(database: Store) -> Response:
    """All patient ids."""
    return answer(200, {"patients": await recordings.patients(database)})


@router.get("/patients/{patient_id}")
async def identity(patient_id: str, database: Store) -> Response:
    """Who a patient is; null where nobody has said it. Nothing keeps the answer."""
    return _said(patient_id, await patients.identity(database, patient_id))


@router.put("/patients/{patient_id}", openapi_extra=_BODY)
async def identify(patient_id: str, request: Request, database: Store) -> Response:
    """Say who a patient is, whatever was said before; a field that is not given is unknown."""
    said = wire.identity_from_json(await json_body(request))
    await patients.identify(database, patient_id, said)
    return _said(patient_id, said)


def _said(patient_id: str, identity: Identity | None) -> Response:
    fields = None if identity is None else asdict(identity)
    return answer(200, {"patient_id": patient_id, "identity": fields}, _PRIVATE)

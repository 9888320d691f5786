"""Recordings as files to download."""

from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from eegstore.api.access import Store
from eegstore.api.times import seconds_of, time_of
from eegstore.model import Recording, SampleType
from eegstore.service.edf_export import plan
from eegstore.service.recordings import declared

router = APIRouter(tags=["recordings"])


@router.get(
    "/recordings/{patient_id}/{recording_id}/edf",
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def edf(
    database: Store,
    patient_id: str,
    recording_id: str,
    start: Annotated[str | None, Query(description="[s] or ISO 8601; default its start")] = None,
    end: Annotated[str | None, Query(description="as start; not included")] = None,
    lossy: Annotated[bool, Query(description="allow what changes values")] = False,
) -> Response:
    """A recording or a crop of it as EDF+, or as BDF+ where samples have 24 bits.

    Counts are as they are stored, gaps stay gaps, annotations go along but for the rejected.
    What EDF cannot hold is refused with 422 before the first byte; it names the nearest crop
    that EDF can. `lossy` allows float32 to be made counts, and 24 bits to be made 16.
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    export = await plan(
        database, patient_id, recording_id,
        start=_limit(recording, start, "start"), stop=_limit(recording, end, "end"), lossy=lossy,
    )  # fmt: skip
    headers = {
        "Content-Length": str(export.size),
        "Content-Disposition": f'attachment; filename="{_name(recording, start, end)}"',
    }
    media_type = "application/octet-stream"
    return StreamingResponse(export.parts(database), headers=headers, media_type=media_type)


def _limit(recording: Recording, text: str | None, what: str) -> Fraction | None:
    return None if text is None else seconds_of(recording, time_of(text, what))


def _name(recording: Recording, start: str | None, end: str | None) -> str:
    """The recording's id, with the crop as it was asked for, in letters that any system has."""
    ending = ".bdf" if recording.sample_type is SampleType.INT32 else ".edf"
    stem = recording.recording_id
    if stem.lower().endswith((".edf", ".bdf")):
        stem = stem[:-4]
    if start is not None or end is not None:
        crop = f"_{start or 'start'}_{end or 'end'}"
        stem += "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in crop)
    return stem + ending

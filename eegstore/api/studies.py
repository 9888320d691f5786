"""Studies: the recordings of an admission on one clock."""

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import Response

from eegstore.api.access import Store
from eegstore.api.problems import answer
from eegstore.service import studies, tallies
from eegstore.service.summaries import catch_up
from eegstore.wire.study import study_json, tally_json

router = APIRouter(tags=["studies"])


@router.get("/studies")
async def listing(database: Store, patient_id: str | None = None) -> Response:
    """Studies, of one patient or of all, by patient and start.

    Each recording has its `offset`, the second of study time at which it starts. Study time
    counts from the start of the earliest recording. A recording without study_id or without
    start_time is a study of its own, named by its recording_id.
    """
    found = await studies.listed(database, patient_id)
    response = answer(200, {"studies": [study_json(info) for info in found.infos]})
    if found.due:
        response.background = BackgroundTask(catch_up, database, found.due)
    return response


@router.get("/studies/{patient_id}/{study_id}")
async def info(patient_id: str, study_id: str, database: Store) -> Response:
    """One study and what is stored of it, with its seizures by day and by hour.

    Hours are those of the local clock; each says how many of its seconds are stored.
    """
    found = await studies.info(database, patient_id, study_id)
    counted = await tallies.seizures(database, found.study)
    response = answer(200, study_json(found) | tally_json(counted.tally))
    if counted.due:
        response.background = BackgroundTask(catch_up, database, counted.due)
    return response

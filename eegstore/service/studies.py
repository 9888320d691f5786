"""Studies: what there is, the clock of one, and what is stored on it."""

from collections.abc import Sequence
from typing import NamedTuple

from eegstore.errors import InvalidDataError, NotFoundError
from eegstore.service import recordings
from eegstore.service.summaries import Gathered
from eegstore.signal.spans import Spans
from eegstore.store import summary_loose
from eegstore.store.database import Database, raw
from eegstore.study import Study, StudyInfo, studies_of, study_infos, study_named


class Listed(NamedTuple):
    """Studies, and the recordings that roll-ups are due for (`summaries.build`)."""

    infos: list[StudyInfo]
    due: list[tuple[str, str]]


async def listed(database: Database, patient_id: str | None = None) -> Listed:
    """Studies of one patient, or of all, and what is stored of them now."""
    found = await recordings.listed(database, patient_id)
    return Listed(study_infos(found.infos), found.due)


async def info(database: Database, patient_id: str, study_id: str) -> StudyInfo:
    """One study and what is stored of it now.

    Raises
    ------
    NotFoundError
    """
    for found in (await listed(database, patient_id)).infos:
        if found.study.study_id == study_id:
            return found
    raise NotFoundError(f"no study {study_id!r} of patient {patient_id!r}")


async def declared(database: Database, patient_id: str, study_id: str) -> Study:
    """The recordings of a study and their places on its clock.

    Raises
    ------
    NotFoundError
    """
    return study_named(await recordings.of_patient(database, patient_id), study_id)


async def around(database: Database, patient_id: str, recording_id: str) -> Study:
    """The study that a recording belongs to.

    Raises
    ------
    NotFoundError
    """
    await recordings.declared(database, patient_id, recording_id)
    found = studies_of(await recordings.of_patient(database, patient_id))
    return next(study for study in found if recording_id in study.recording_ids)


async def asked(
    database: Database, patient_id: str, study_id: str | None, recording_id: str | None
) -> Study:
    """The study that a question names, or the one of the recording that it names.

    Raises
    ------
    NotFoundError
    InvalidDataError
        It names both or neither.
    """
    if study_id is not None and recording_id is None:
        return await declared(database, patient_id, study_id)
    if recording_id is not None and study_id is None:
        return await around(database, patient_id, recording_id)
    raise not_one(study_id)


def not_one(study_id: str | None) -> InvalidDataError:
    """The error where a study and a recording are named, or neither is."""
    given = "both" if study_id is not None else "neither"
    return InvalidDataError(f"{given} of study_id and recording_id are given; it must be one")


class Stored(NamedTuple):
    """The stored seconds of each recording, and those that roll-ups are due for."""

    spans: dict[str, Spans]  # by recording_id
    due: list[tuple[str, str]]


async def stored(
    database: Database, study: Study, recording_ids: Sequence[str] | None = None
) -> Stored:
    """Which seconds of the recordings of a study, or of these of them, are stored."""
    found: dict[str, Spans] = {}
    due = []
    async with database.snapshot() as connection:
        driver = await raw(connection)
        for recording_id in study.recording_ids if recording_ids is None else recording_ids:
            spans, loose = await summary_loose.spans(driver, study.patient_id, recording_id)
            found[recording_id] = spans
            if Gathered(loose=loose).due:
                due.append((study.patient_id, recording_id))
    return Stored(found, due)

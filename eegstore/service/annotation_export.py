"""The annotations of a study or a recording as a file."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from eegstore import wire
from eegstore.annotation_export import Format, Row, write
from eegstore.model import Recording
from eegstore.review import Entry
from eegstore.service import annotations, studies
from eegstore.service.recordings import declared
from eegstore.store.database import Database
from eegstore.study import Part, Study

_ACCEPTED = ("proposed", "confirmed")


async def exported(
    database: Database,
    patient_id: str,
    kind: Format,
    *,
    study_id: str | None = None,
    recording_id: str | None = None,
    statuses: Sequence[str] | None = None,
) -> bytes:
    """What holds now of a study, in study time, or of a recording, in seconds from its start.

    Parameters
    ----------
    statuses : sequence of str, optional
        Only with one of these. By default CSV has all, and a column that says which; the others,
        in which every line is taken for an event, leave out what was rejected.

    Raises
    ------
    NotFoundError
    InvalidDataError
        Both a study and a recording are named, or neither.
    """
    study = await studies.asked(database, patient_id, study_id, recording_id)
    first = study.first
    if recording_id is not None:
        first = (await declared(database, patient_id, recording_id)).recording
        study = Study(patient_id, recording_id, (Part(first, Fraction(0)),))
    said = await annotations.standing(database, study, statuses=_wanted(kind, statuses))
    named = replace(first, recording_id=study.study_id)
    return await asyncio.to_thread(_written, kind, named, study, said)


def _wanted(kind: Format, statuses: Sequence[str] | None) -> Sequence[str] | None:
    return _ACCEPTED if statuses is None and kind is not Format.CSV else statuses


def _written(kind: Format, recording: Recording, study: Study, said: Sequence[Entry]) -> bytes:
    labels = {}
    for part in study.parts:
        channels = part.recording.channels
        plain = [channel.label.strip() for channel in channels]
        labels[part.recording.recording_id] = plain, wire.unique_labels(channels)
    rows = []
    for entry in said:
        plain, unique = labels[entry.recording_id]
        of = entry.annotation.channels
        exact = study.offset(entry.recording_id) + Fraction(repr(entry.annotation.onset))
        rows.append(
            Row(
                entry.annotation, float(exact), entry.recording_id,
                tuple(plain[row] for row in of), tuple(unique[row] for row in of),
                entry.created_at,
            )
        )  # fmt: skip
    return write(kind, recording, rows)

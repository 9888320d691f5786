"""What is said about recordings: add once, read what holds now."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from eegstore.errors import ConflictError, InvalidDataError, NotFoundError
from eegstore.model import Annotation, check_id
from eegstore.review import MAX_NAME, Entry, in_order
from eegstore.service import studies
from eegstore.service.recordings import declared
from eegstore.service.uuids import uuid_of
from eegstore.store import annotations as annotation_table
from eegstore.store.database import Connection, Database, Row
from eegstore.study import Study

MAX_DESCRIPTION = 10_000  # [character]
_FEW = 500  # put together in a few milliseconds


async def add(
    database: Database, patient_id: str, recording_id: str, annotations: Sequence[Annotation]
) -> list[tuple[Annotation, bool]]:
    """Store annotations; each comes back with its id, and whether it is new.

    Raises
    ------
    NotFoundError
        No such recording, or nothing to supersede.
    ConflictError
        The id is taken by another annotation, or what it supersedes is superseded already;
        nothing is stored.
    InvalidDataError
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    checked = [_checked(annotation, len(recording.channels)) for annotation in annotations]
    named = {annotation.annotation_id: annotation for annotation in checked}
    for annotation in checked:
        if named[annotation.annotation_id] != annotation:
            raise ConflictError(
                f"annotation {annotation.annotation_id} comes twice, with different content"
            )
    async with database.begin() as connection:
        return await add_in(connection, patient_id, recording_id, checked)


async def add_in(
    connection: Connection,
    patient_id: str,
    recording_id: str,
    annotations: Sequence[Annotation],
) -> list[tuple[Annotation, bool]]:
    """`add` within a transaction; every annotation has an id."""
    if not annotations:
        return []
    older = [a.supersedes for a in annotations if a.supersedes is not None]
    if older:
        there = await annotation_table.by_id(connection, patient_id, older)
        for annotation_id in older:
            row = there.get(annotation_id)
            if row is None or row["recording_id"] != recording_id:
                raise NotFoundError(f"no annotation {annotation_id} of {recording_id!r}")
    rows = [_values(patient_id, recording_id, annotation) for annotation in annotations]
    new = await annotation_table.add(connection, rows)
    known = [row["annotation_id"] for row in rows if row["annotation_id"] not in new]
    stored = await annotation_table.by_id(connection, patient_id, known) if known else {}
    for annotation in annotations:
        assert annotation.annotation_id is not None
        if annotation.annotation_id in new:
            continue
        row = stored.get(annotation.annotation_id)
        if row is None:
            raise await _superseded(connection, patient_id, annotation)
        if row["recording_id"] != recording_id or _annotation(row) != annotation:
            raise ConflictError(
                f"annotation {annotation.annotation_id} exists with other content; "
                "an edit is a new annotation that supersedes it"
            )
    return [(annotation, annotation.annotation_id in new) for annotation in annotations]


async def of_recording(
    database: Database,
    patient_id: str,
    recording_id: str,
    start: float | None = None,
    stop: float | None = None,
) -> list[Annotation]:
    """What holds now, by onset; with a span, what touches it.

    Raises
    ------
    NotFoundError
    """
    await declared(database, patient_id, recording_id)
    async with database.begin() as connection:
        return await of_recording_in(connection, patient_id, recording_id, start, stop)


async def of_recording_in(
    connection: Connection,
    patient_id: str,
    recording_id: str,
    start: float | None = None,
    stop: float | None = None,
) -> list[Annotation]:
    """`of_recording` within a transaction."""
    rows = await annotation_table.of_recording(connection, patient_id, recording_id, start, stop)
    return [_annotation(row) for row in rows]


async def standing(
    database: Database,
    study: Study,
    recording_ids: Sequence[str] | None = None,
    start: float | None = None,
    stop: float | None = None,
    statuses: Sequence[str] | None = None,
) -> list[Entry]:
    """What holds now of the recordings of a study, by onset.

    Parameters
    ----------
    recording_ids : sequence of str, optional
        Only of these.
    start, stop : float, optional
        What touches that span [s of study time].
    statuses : sequence of str, optional
        Only with one of these; default all, the rejected ones too.
    """
    offsets = {
        part.recording.recording_id: float(part.offset)
        for part in study.parts
        if recording_ids is None or part.recording.recording_id in recording_ids
    }
    async with database.reading() as driver:
        rows = await annotation_table.standing(
            driver, study.patient_id, list(offsets.items()), start, stop, statuses
        )
    if len(rows) <= _FEW:
        return [_entry(row, offsets) for row in rows]
    return await asyncio.to_thread(lambda: [_entry(row, offsets) for row in rows])


async def history(database: Database, patient_id: str, annotation_id: str) -> list[Entry]:
    """All versions of an annotation, each after the one that it supersedes.

    Raises
    ------
    NotFoundError
    """
    check_id("patient_id", patient_id)
    name = uuid_of("annotation_id", annotation_id)
    assert name is not None
    async with database.reading() as driver:
        rows = await annotation_table.history(driver, patient_id, name)
    if not rows:
        raise NotFoundError(f"no annotation {name} of patient {patient_id!r}")
    recording_id = rows[0][0]
    study = await studies.around(database, patient_id, recording_id)
    offsets = {recording_id: float(study.offset(recording_id))}
    return in_order(_entry(row, offsets) for row in rows)


async def _superseded(
    connection: Connection, patient_id: str, annotation: Annotation
) -> ConflictError:
    """What has happened to the annotation that another one was to supersede."""
    older = annotation.supersedes
    assert older is not None
    (row,) = await annotation_table.successors(connection, patient_id, [older])
    return ConflictError(
        f"annotation {older} is superseded already: {row['author'] or 'somebody'} made it "
        f"{row['description'][:80]!r} from {row['onset']:g} s, {row['status']}, at "
        f"{row['created_at']:%Y-%m-%d %H:%M:%S} UTC (annotation {row['annotation_id']}); "
        "nothing was changed"
    )


def _checked(annotation: Annotation, n_channels: int) -> Annotation:
    if len(annotation.description) > MAX_DESCRIPTION:
        raise InvalidDataError(
            f"description has {len(annotation.description)} characters; at most {MAX_DESCRIPTION}"
        )
    for name, text in (("author", annotation.author), ("source", annotation.source)):
        if text is not None and len(text) > MAX_NAME:
            raise InvalidDataError(f"{name} has {len(text)} characters; at most {MAX_NAME}")
    for row in annotation.channels:
        if not 0 <= row < n_channels:
            raise InvalidDataError(f"channel {row} is not in 0 .. {n_channels - 1}")
    if len(set(annotation.channels)) < len(annotation.channels):
        twice = Counter(annotation.channels).most_common(1)[0][0]
        raise InvalidDataError(f"channel {twice} is named more than once")
    return replace(
        annotation,
        annotation_id=uuid_of("annotation_id", annotation.annotation_id) or str(uuid.uuid4()),
        supersedes=uuid_of("supersedes", annotation.supersedes),
    )


def _values(patient_id: str, recording_id: str, annotation: Annotation) -> dict[str, Any]:
    return {
        "patient_id": patient_id,
        "recording_id": recording_id,
        "annotation_id": annotation.annotation_id,
        "onset": annotation.onset,
        "duration": annotation.duration,
        "description": annotation.description,
        "channels": list(annotation.channels),
        "source": annotation.source,
        "status": annotation.status,
        "author": annotation.author,
        "supersedes": annotation.supersedes,
    }


def _entry(row: tuple[Any, ...], offsets: Mapping[str, float]) -> Entry:
    recording_id, onset, duration, description, channels, *rest, created_at = row
    annotation = Annotation(onset, duration, description, tuple(channels), *rest)
    return Entry(annotation, recording_id, offsets[recording_id] + onset, created_at)


def _annotation(row: Row) -> Annotation:
    return Annotation(
        row["onset"], row["duration"], row["description"], tuple(row["channels"]),
        row["annotation_id"], row["source"], row["status"], row["author"], row["supersedes"],
    )  # fmt: skip

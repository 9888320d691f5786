"""Statements about annotations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from eegstore.store.driver import Raw
from eegstore.store.tables import AnnotationRow

_COLUMNS = [
    AnnotationRow.annotation_id, AnnotationRow.onset, AnnotationRow.duration,
    AnnotationRow.description, AnnotationRow.channels, AnnotationRow.source,
    AnnotationRow.status, AnnotationRow.author, AnnotationRow.supersedes,
]  # fmt: skip


async def add(connection: AsyncConnection, rows: list[dict[str, Any]]) -> set[str]:
    """Insert the annotations whose id is not taken; returns the ids that are new."""
    result = await connection.execute(
        insert(AnnotationRow).on_conflict_do_nothing().returning(AnnotationRow.annotation_id), rows
    )
    return set(result.scalars())


async def by_id(
    connection: AsyncConnection, patient_id: str, annotation_ids: list[str]
) -> dict[str, RowMapping]:
    """Stored annotations by id, each with its recording_id."""
    result = await connection.execute(
        select(AnnotationRow.recording_id, *_COLUMNS).where(
            AnnotationRow.patient_id == patient_id,
            AnnotationRow.annotation_id.in_(annotation_ids),
        )
    )
    return {row["annotation_id"]: row for row in result.mappings()}


async def successors(
    connection: AsyncConnection, patient_id: str, annotation_ids: list[str]
) -> list[RowMapping]:
    """The annotations that supersede these, each with when it was added."""
    result = await connection.execute(
        select(AnnotationRow.created_at, *_COLUMNS).where(
            AnnotationRow.patient_id == patient_id, AnnotationRow.supersedes.in_(annotation_ids)
        )
    )
    return list(result.mappings())


async def of_recording(
    connection: AsyncConnection,
    patient_id: str,
    recording_id: str,
    start: float | None = None,
    stop: float | None = None,
) -> list[RowMapping]:
    """What holds now (superseded ones left out), by onset; with a span, what touches it."""
    newer = aliased(AnnotationRow)
    query = select(*_COLUMNS).where(
        AnnotationRow.patient_id == patient_id,
        AnnotationRow.recording_id == recording_id,
        ~exists().where(
            newer.patient_id == AnnotationRow.patient_id,
            newer.supersedes == AnnotationRow.annotation_id,
        ),
    )
    if stop is not None:
        query = query.where(AnnotationRow.onset < stop)
    if start is not None:
        end = AnnotationRow.onset + func.coalesce(AnnotationRow.duration, 0.0)
        query = query.where(or_(AnnotationRow.onset >= start, end > start))
    result = await connection.execute(
        query.order_by(AnnotationRow.onset, AnnotationRow.annotation_id)
    )
    return list(result.mappings())


_FIELDS = """a.recording_id, a.onset, a.duration, a.description, a.channels,
       a.annotation_id::text, a.source, a.status, a.author, a.supersedes::text, a.created_at"""

_STANDING = f"""
SELECT {_FIELDS}
FROM unnest(%(ids)s::text[], %(offsets)s::float8[]) AS p (recording_id, starts)
JOIN annotation a ON a.patient_id = %(patient)s AND a.recording_id = p.recording_id
WHERE (%(stop)s::float8 IS NULL OR p.starts + a.onset < %(stop)s)
  AND (%(start)s::float8 IS NULL OR p.starts + a.onset >= %(start)s
       OR p.starts + a.onset + coalesce(a.duration, 0) > %(start)s)
  AND (%(statuses)s::text[] IS NULL OR a.status = ANY(%(statuses)s))
  AND NOT EXISTS (SELECT FROM annotation n
                  WHERE n.patient_id = a.patient_id AND n.supersedes = a.annotation_id)
ORDER BY p.starts + a.onset, a.annotation_id
""".encode()

_HISTORY = f"""
WITH RECURSIVE back AS (
    SELECT a.annotation_id, a.supersedes FROM annotation a
    WHERE a.patient_id = %(patient)s AND a.annotation_id = %(id)s
    UNION
    SELECT a.annotation_id, a.supersedes FROM annotation a
    JOIN back b ON a.annotation_id = b.supersedes WHERE a.patient_id = %(patient)s
), versions AS (
    SELECT annotation_id FROM back
    UNION
    SELECT a.annotation_id FROM annotation a
    JOIN versions v ON a.supersedes = v.annotation_id WHERE a.patient_id = %(patient)s
)
SELECT {_FIELDS} FROM annotation a
WHERE a.patient_id = %(patient)s AND a.annotation_id IN (SELECT annotation_id FROM versions)
""".encode()


async def standing(
    connection: Raw,
    patient_id: str,
    recordings: Sequence[tuple[str, float]],
    start: float | None = None,
    stop: float | None = None,
    statuses: Sequence[str] | None = None,
) -> list[tuple[Any, ...]]:
    """What holds now of some recordings, by onset; with a span, what touches it.

    Parameters
    ----------
    recordings : sequence of (recording_id, float)
        With what to add to their onsets to have them on the clock of the span [s].
    """
    values = {
        "patient": patient_id,
        "ids": [recording_id for recording_id, _ in recordings],
        "offsets": [offset for _, offset in recordings],
        "start": start,
        "stop": stop,
        "statuses": None if statuses is None else list(statuses),
    }
    cursor = await connection.execute(_STANDING, values, binary=True)
    return await cursor.fetchall()


async def history(connection: Raw, patient_id: str, annotation_id: str) -> list[tuple[Any, ...]]:
    """All versions of an annotation: what it supersedes, and what supersedes it."""
    values = {"patient": patient_id, "id": UUID(annotation_id)}
    cursor = await connection.execute(_HISTORY, values, binary=True)
    return await cursor.fetchall()

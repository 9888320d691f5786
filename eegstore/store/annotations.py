"""Statements about annotations."""

from typing import Any

from sqlalchemy import RowMapping, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

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


async def of_recording(
    connection: AsyncConnection,
    patient_id: str,
    recording_id: str,
    start: float | None = None,
    stop: float | None = None,
) -> list[RowMapping]:
    """What holds now (superseded ones left out), by onset; with a span, what touches it."""
    newer = (
        select(AnnotationRow.supersedes)
        .where(AnnotationRow.patient_id == patient_id, AnnotationRow.supersedes.is_not(None))
    )  # fmt: skip
    query = select(*_COLUMNS).where(
        AnnotationRow.patient_id == patient_id,
        AnnotationRow.recording_id == recording_id,
        AnnotationRow.annotation_id.not_in(newer),
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

"""Statements about imported files: all of them that is not samples."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from eegstore.store.tables import OriginalPartRow, OriginalRow


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Insert what is known of an imported file."""
    await connection.execute(insert(OriginalRow).values(values))


async def add_part(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Insert the annotation signals of some of its records."""
    await connection.execute(insert(OriginalPartRow).values(values))


async def find(
    connection: AsyncConnection, patient_id: str, recording_id: str
) -> RowMapping | None:
    """What is known of the file that a recording was imported from, or None."""
    table = OriginalRow.__table__
    result = await connection.execute(
        select(table).where(
            OriginalRow.patient_id == patient_id, OriginalRow.recording_id == recording_id
        )
    )
    return result.mappings().first()


async def parts(
    connection: AsyncConnection, patient_id: str, recording_id: str
) -> AsyncIterator[RowMapping]:
    """Its parts, by record, one at a time."""
    query = select(
        OriginalPartRow.first_record, OriginalPartRow.stop_record, OriginalPartRow.annotation_bytes
    ).where(OriginalPartRow.patient_id == patient_id, OriginalPartRow.recording_id == recording_id)
    at = 0
    while True:
        result = await connection.execute(
            query.where(OriginalPartRow.first_record >= at)
            .order_by(OriginalPartRow.first_record).limit(1)
        )  # fmt: skip
        row = result.mappings().first()
        if row is None:
            return
        yield row
        at = row["stop_record"]

"""Statements about recordings: declare, find, list, close."""

from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from eegstore.store.tables import ClosingRow, IdentityRow, RecordingRow

_COLUMNS = (
    "patient_id", "recording_id", "study_id", "start_time", "zone", "utc_offset", "device",
    "sample_type", "channels", "channels_sha256",
)  # fmt: skip

_LIST = """
SELECT r.*, coalesce(c.n_seconds, 0) AS n_seconds, coalesce(c.n_samples, 0) AS n_samples,
       coalesce(c.stored_bytes, 0) AS stored_bytes, c.last_second,
       (SELECT substring(l.blob FROM 1 FOR 1048576) FROM chunk l
        WHERE l.patient_id = r.patient_id AND l.recording_id = r.recording_id
          AND l.second = c.last_second) AS last_head,
       EXISTS (SELECT FROM closing e WHERE e.patient_id = r.patient_id
               AND e.recording_id = r.recording_id) AS closed
FROM recording r LEFT JOIN LATERAL (
    SELECT count(*) AS n_seconds, sum(k.n_samples)::bigint AS n_samples,
           sum(octet_length(k.blob))::bigint AS stored_bytes, max(k.second) AS last_second
    FROM chunk k WHERE k.patient_id = r.patient_id AND k.recording_id = r.recording_id
) AS c ON true
{where} ORDER BY r.patient_id, r.start_time NULLS LAST, r.recording_id
"""


async def declare(connection: AsyncConnection, values: dict[str, Any]) -> bool:
    """Insert a recording unless its key is taken; returns whether it is new."""
    result = await connection.execute(
        insert(RecordingRow).values(values).on_conflict_do_nothing()
        .returning(RecordingRow.recording_id)
    )  # fmt: skip
    return result.first() is not None


async def find(
    connection: AsyncConnection, patient_id: str, recording_id: str
) -> RowMapping | None:
    """The declaration, or None."""
    columns = [getattr(RecordingRow, name) for name in _COLUMNS]
    result = await connection.execute(
        select(*columns).where(
            RecordingRow.patient_id == patient_id, RecordingRow.recording_id == recording_id
        )
    )
    return result.mappings().first()


async def of_patient(connection: AsyncConnection, patient_id: str) -> list[RowMapping]:
    """All declarations of a patient, without what is stored of them."""
    columns = [getattr(RecordingRow, name) for name in _COLUMNS]
    result = await connection.execute(
        select(*columns).where(RecordingRow.patient_id == patient_id)
        .order_by(RecordingRow.start_time)
    )  # fmt: skip
    return list(result.mappings())


async def listing(
    connection: AsyncConnection, patient_id: str | None, recording_id: str | None = None
) -> list[RowMapping]:
    """Declarations with what is stored of them now, by patient and start."""
    where, values = [], {}
    if patient_id is not None:
        where.append("r.patient_id = :patient_id")
        values["patient_id"] = patient_id
    if recording_id is not None:
        where.append("r.recording_id = :recording_id")
        values["recording_id"] = recording_id
    clause = "WHERE " + " AND ".join(where) if where else ""
    result = await connection.execute(text(_LIST.format(where=clause)), values)
    return list(result.mappings())


async def patients(connection: AsyncConnection) -> list[str]:
    """All patient ids, ascending."""
    result = await connection.execute(
        select(RecordingRow.patient_id).distinct().order_by(RecordingRow.patient_id)
    )
    return list(result.scalars())


async def lock(connection: AsyncConnection, patient_id: str, recording_id: str) -> None:
    """Keep all others from writing this recording until this transaction ends."""
    key = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    await connection.execute(key, {"key": f"{patient_id}/{recording_id}"})


async def wait_for_locks(connection: AsyncConnection) -> None:
    """Let this transaction wait for locks as long as it takes."""
    await connection.execute(text("SET LOCAL lock_timeout = 0"))


async def close(
    connection: AsyncConnection, patient_id: str, recording_id: str, n_seconds: int
) -> bool:
    """Mark a recording as finished; returns False when it was already."""
    result = await connection.execute(
        insert(ClosingRow)
        .values(patient_id=patient_id, recording_id=recording_id, n_seconds=n_seconds)
        .on_conflict_do_nothing().returning(ClosingRow.recording_id)
    )  # fmt: skip
    return result.first() is not None


async def closed_at(connection: AsyncConnection, patient_id: str, recording_id: str) -> int | None:
    """How many seconds a closed recording has; None while it is open."""
    result = await connection.execute(
        select(ClosingRow.n_seconds).where(
            ClosingRow.patient_id == patient_id, ClosingRow.recording_id == recording_id
        )
    )
    return result.scalar()


async def identify(connection: AsyncConnection, patient_id: str, fields: dict[str, str]) -> None:
    """Note who a pseudonym is, where nothing is known yet."""
    await connection.execute(
        insert(IdentityRow).values(patient_id=patient_id, **fields).on_conflict_do_nothing()
    )


_ON_DISK = """
SELECT coalesce(pg_total_relation_size('chunk')::numeric
       * sum(octet_length(blob)) FILTER (WHERE patient_id = :patient_id
                                         AND recording_id = :recording_id)
       / sum(octet_length(blob)), 0)::bigint
FROM chunk
"""


async def bytes_on_disk(connection: AsyncConnection, patient_id: str, recording_id: str) -> int:
    """A recording's share of the chunk table with its index and TOAST [byte]."""
    ids = {"patient_id": patient_id, "recording_id": recording_id}
    result = await connection.execute(text(_ON_DISK), ids)
    return int(result.scalar_one())

"""Statements about recordings: declare, find, list, close."""

from typing import Any

from sqlalchemy import Label, RowMapping, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from eegstore.store.driver import Raw
from eegstore.store.summary_loose import FINEST, HOUR, LOOSE, WORTH_AN_HOUR
from eegstore.store.tables import ClosingRow, IdentityRow, RecordingRow

SEIZURE = r"^\s*(seizure|seiz|sz)\M"
"""How the description of a seizure begins, in any case; "no seizure" does not."""

_COLUMNS = (
    "patient_id", "recording_id", "study_id", "start_time", "zone", "utc_offset", "device",
    "sample_type", "channels", "channels_sha256",
)  # fmt: skip

_EDITION: Label[str] = literal_column("recording.xmin::text").label("edition")
_EDITION_OF = b"SELECT xmin::text FROM recording WHERE patient_id = %b AND recording_id = %b"

_OF = "{0}.patient_id = r.patient_id AND {0}.recording_id = r.recording_id"

# What roll-ups speak of, and the seconds of which none does, looked for span by span: planned
# as a join of spans and seconds, every second would be read.
_LIST = f"""
SELECT r.*, coalesce(s.n_seconds, 0) + coalesce(k.n_seconds, 0) AS n_seconds,
       coalesce(s.n_samples, 0) + coalesce(k.n_samples, 0) AS n_samples,
       coalesce(s.stored_bytes, 0) + coalesce(k.stored_bytes, 0) AS stored_bytes,
       coalesce(k.due, false) AS due, l.last_second,
       (SELECT substring(c.blob FROM 1 FOR 1048576) FROM chunk c
        WHERE {_OF.format("c")} AND c.second = l.last_second) AS last_head,
       EXISTS (SELECT FROM closing e WHERE {_OF.format("e")}) AS closed,
       (SELECT count(*) FROM annotation a
        WHERE {_OF.format("a")} AND a.status <> 'rejected' AND a.description ~* '{SEIZURE}'
          AND NOT EXISTS (SELECT FROM annotation n WHERE n.patient_id = a.patient_id
                          AND n.supersedes = a.annotation_id)) AS n_seizures
FROM recording r
LEFT JOIN LATERAL (
    SELECT sum(t.n_seconds)::bigint AS n_seconds, sum(t.n_samples)::bigint AS n_samples,
           sum(t.stored_bytes)::bigint AS stored_bytes
    FROM summary_envelope t WHERE {_OF.format("t")} AND t.bucket = {FINEST}
) AS s ON true
LEFT JOIN LATERAL (
    SELECT sum(h.n_seconds)::bigint AS n_seconds, sum(h.n_samples)::bigint AS n_samples,
           sum(h.stored_bytes)::bigint AS stored_bytes,
           bool_or(h.n_seconds >= {WORTH_AN_HOUR}) AS due
    FROM (SELECT p.patient_id, p.hour, sum(p.n_seconds) AS n_seconds,
                 sum(p.n_samples) AS n_samples, sum(p.stored_bytes) AS stored_bytes
          FROM ({LOOSE.format(of_s=_OF.format("s"), of_q=_OF.format("q"))}) AS u
          CROSS JOIN LATERAL (
              SELECT c.patient_id, c.second / {HOUR} AS hour, count(*) AS n_seconds,
                     sum(c.n_samples) AS n_samples, sum(octet_length(c.blob)) AS stored_bytes
              FROM chunk c
              WHERE {_OF.format("c")} AND c.second >= u.start AND c.second < u.stop
              GROUP BY c.patient_id, 2) AS p
          GROUP BY p.patient_id, p.hour) AS h
) AS k ON true
LEFT JOIN LATERAL (
    SELECT max(c.second) AS last_second FROM chunk c WHERE {_OF.format("c")}
) AS l ON true
{{where}} ORDER BY r.patient_id, r.start_time NULLS LAST, r.recording_id
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
    """The declaration and its `edition`, or None."""
    columns = [getattr(RecordingRow, name) for name in _COLUMNS]
    result = await connection.execute(
        select(*columns, _EDITION).where(
            RecordingRow.patient_id == patient_id, RecordingRow.recording_id == recording_id
        )
    )
    return result.mappings().first()


async def edition(connection: Raw, patient_id: str, recording_id: str) -> str | None:
    """What is another one when a declaration was changed by an archivist; None: there is none."""
    cursor = await connection.execute(
        _EDITION_OF, (patient_id, recording_id), prepare=True, binary=True
    )
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def of_patient(
    connection: AsyncConnection, patient_id: str, recording_ids: list[str]
) -> list[RowMapping]:
    """These declarations of a patient, without what is stored of them."""
    columns = [getattr(RecordingRow, name) for name in _COLUMNS]
    result = await connection.execute(
        select(*columns, _EDITION).where(
            RecordingRow.patient_id == patient_id, RecordingRow.recording_id.in_(recording_ids)
        )
    )
    return list(result.mappings())


async def editions_of_patient(connection: AsyncConnection, patient_id: str) -> dict[str, str]:
    """The `edition` of all recordings of a patient, by start: less to read than channel tables."""
    result = await connection.execute(
        select(RecordingRow.recording_id, _EDITION).where(RecordingRow.patient_id == patient_id)
        .order_by(RecordingRow.start_time, RecordingRow.recording_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in result}


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

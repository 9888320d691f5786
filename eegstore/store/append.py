"""Appending chunks and log entries: of any recordings at once, in few statements.

A transaction that stores chunks first enters their recordings (`enter`, `enter_waiting`), then
inserts, looks up what was there already, and logs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from eegstore.store.database import Raw

Key = tuple[str, str]
"""patient_id and recording_id."""

Place = tuple[str, str, int]
"""patient_id, recording_id and second."""

_LOCK = "pg_{}advisory_xact_lock_shared(hashtextextended(k.patient_id || '/' || k.recording_id, 0))"
_KEYS = "FROM unnest(%b::text[], %b::text[]) AS k (patient_id, recording_id)"
_TRY = f"SELECT k.patient_id, k.recording_id, {_LOCK.format('try_')} {_KEYS}".encode()
_WAIT = f"SELECT k.patient_id, k.recording_id, {_LOCK.format('')} IS NOT NULL {_KEYS}".encode()
_STATE = f"""
SELECT r.patient_id, r.recording_id, r.channels_sha256,
       EXISTS (SELECT FROM closing c WHERE c.patient_id = r.patient_id
               AND c.recording_id = r.recording_id)
{_KEYS} JOIN recording r ON r.patient_id = k.patient_id AND r.recording_id = k.recording_id
""".encode()
_INSERT = b"""
INSERT INTO chunk (patient_id, recording_id, second, n_samples, device_time,
                   content_sha256, blob_sha256, envelope, blob)
SELECT t.patient_id, t.recording_id, t.second, t.n_samples, t.device_time,
       t.content, t.blob_sha, t.envelope, t.blob
FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::timestamptz[],
            %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[])
     AS t (patient_id, recording_id, second, n_samples, device_time,
           content, blob_sha, envelope, blob)
ON CONFLICT (patient_id, recording_id, second) DO NOTHING
RETURNING patient_id, recording_id, second
"""
_DIGESTS = b"""
SELECT c.patient_id, c.recording_id, c.second, c.content_sha256
FROM unnest(%b::text[], %b::text[], %b::bigint[]) AS k (patient_id, recording_id, second)
JOIN chunk c ON c.patient_id = k.patient_id AND c.recording_id = k.recording_id
             AND c.second = k.second
"""
_LOG = b"""
INSERT INTO ingestion_log (patient_id, recording_id, chunk_start_sec, chunk_end_sec,
                           num_samples, checksum, outcome)
SELECT t.patient_id, t.recording_id, t.start, t.stop, t.n_samples, t.checksum, t.outcome
FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bytea[],
            %b::text[])
     AS t (patient_id, recording_id, start, stop, n_samples, checksum, outcome)
"""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A row of the chunk table: the blob and the metadata in columns beside it."""

    second: int
    n_samples: int
    content_sha256: bytes
    blob_sha256: bytes
    envelope: bytes
    blob: bytes


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An ingestion event over the seconds [start, stop)."""

    start: int
    stop: int
    n_samples: int
    checksum: bytes
    outcome: str


class State(NamedTuple):
    """What a recording is like now."""

    channels_sha256: bytes
    closed: bool


class NewChunk(NamedTuple):
    """A chunk on its way in."""

    key: Key
    chunk: StoredChunk
    device_time: datetime | None  # aware


async def enter(
    connection: Raw, keys: Sequence[Key], *, wait: bool = False
) -> dict[Key, State | None]:
    """Keep closing and importing out of these recordings until the transaction ends.

    Writers do not wait for each other.

    Parameters
    ----------
    wait : bool
        Wait for a transaction that has locked a recording (`recordings.lock`). Without it
        nothing is waited for, so that many may be entered at once.

    Returns
    -------
    dict
        State by key; None for a recording that is not declared. One that is locked by another
        transaction is missing.
    """
    columns = [list(column) for column in zip(*keys, strict=True)]
    async with connection.pipeline():
        locks = await connection.execute(_WAIT if wait else _TRY, columns, binary=True)
        # A statement of its own: it sees what those who held the lock have committed.
        states = await connection.execute(_STATE, columns, binary=True)
    got = [(patient, recording) for patient, recording, free in await locks.fetchall() if free]
    found = {(row[0], row[1]): State(row[2], row[3]) for row in await states.fetchall()}
    return {key: found.get(key) for key in got}


async def insert(connection: Raw, rows: Iterable[NewChunk]) -> set[Place]:
    """Insert the chunks that are not there; returns the places of those that are new."""
    # In one order for all: else two transactions could wait for each other's rows for ever.
    rows = sorted(rows, key=lambda row: (row.key, row.chunk.second))
    chunks = [row.chunk for row in rows]
    cursor = await connection.execute(
        _INSERT,
        (
            [row.key[0] for row in rows], [row.key[1] for row in rows],
            [c.second for c in chunks], [c.n_samples for c in chunks],
            [row.device_time for row in rows],
            [c.content_sha256 for c in chunks], [c.blob_sha256 for c in chunks],
            [c.envelope for c in chunks], [c.blob for c in chunks],
        ),
        binary=True,
    )  # fmt: skip
    return set(await cursor.fetchall())


async def digests(connection: Raw, places: Iterable[Place]) -> dict[Place, bytes]:
    """content_sha256 of those of `places` that are stored."""
    columns = [list(column) for column in zip(*places, strict=True)]
    if not columns:
        return {}
    cursor = await connection.execute(_DIGESTS, columns, binary=True)
    return {(row[0], row[1], row[2]): row[3] for row in await cursor.fetchall()}


async def log(connection: Raw, entries: Sequence[tuple[Key, LogEntry]]) -> None:
    """Append ingestion events to the log, in this order."""
    await connection.execute(
        _LOG,
        (
            [key[0] for key, _ in entries], [key[1] for key, _ in entries],
            [e.start for _, e in entries], [e.stop for _, e in entries],
            [e.n_samples for _, e in entries], [e.checksum for _, e in entries],
            [e.outcome for _, e in entries],
        ),
    )  # fmt: skip


def blames_a_row(error: Exception) -> bool:
    """Whether a statement failed for what one of its rows is or waits for.

    Else the database itself cannot serve, and the same again would fail again.
    """
    state = getattr(error.__cause__, "sqlstate", None)
    return state is not None and not state.startswith(("08", "25", "53", "57", "58", "XX"))

"""The two hot statements, write chunks and read chunks, in binary; and what they lean on."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from eegstore.store.database import Raw

_INSERT = b"""
INSERT INTO chunk (patient_id, recording_id, second, n_samples, device_time,
                   content_sha256, blob_sha256, envelope, blob)
SELECT %b, %b, t.second, t.n_samples, %b::timestamptz, t.content, t.blob_sha, t.envelope, t.blob
FROM unnest(%b::bigint[], %b::bigint[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[])
     AS t (second, n_samples, content, blob_sha, envelope, blob)
ON CONFLICT (patient_id, recording_id, second) DO NOTHING
RETURNING second
"""
_SHARE = b"SELECT pg_advisory_xact_lock_shared(hashtextextended(%b, 0))"
_STATE = b"""
SELECT r.channels_sha256, EXISTS (SELECT FROM closing c WHERE c.patient_id = r.patient_id
                                  AND c.recording_id = r.recording_id)
FROM recording r WHERE r.patient_id = %b AND r.recording_id = %b
"""
_DIGESTS = b"""
SELECT second, content_sha256 FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second = ANY(%b::bigint[])
"""
_LOG = b"""
INSERT INTO ingestion_log (patient_id, recording_id, chunk_start_sec, chunk_end_sec,
                           num_samples, checksum, outcome)
SELECT %b, %b, t.start, t.stop, t.n_samples, t.checksum, t.outcome
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bytea[], %b::text[])
     AS t (start, stop, n_samples, checksum, outcome)
"""
_BLOBS = b"""
SELECT second, blob FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
ORDER BY second
"""
_WHOLE = b"""
SELECT second, n_samples, content_sha256, blob_sha256, envelope, blob FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
ORDER BY second
"""
_HEADS = b"""
SELECT second, substring(blob FROM 1 FOR 4096) FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
ORDER BY second
"""
_ENVELOPES = b"""
SELECT second, envelope FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
ORDER BY second
"""
_SPANS = b"""
SELECT min(second), max(second) + 1
FROM (SELECT second, second - row_number() OVER (ORDER BY second) AS island FROM chunk
      WHERE patient_id = %b AND recording_id = %b) AS t
GROUP BY island ORDER BY 1
"""
_PIECES = b"""
SELECT min(second), max(second) + 1
FROM (SELECT second, (row_number() OVER (ORDER BY second) - 1) / %b::bigint AS piece FROM chunk
      WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
     ) AS t
GROUP BY piece ORDER BY 1
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


async def join_writers(connection: Raw, patient_id: str, recording_id: str) -> None:
    """Wait for a transaction that has locked the recording (`recordings.lock`); writers do
    not wait for each other."""
    await connection.execute(_SHARE, (f"{patient_id}/{recording_id}",))


async def state(connection: Raw, patient_id: str, recording_id: str) -> tuple[bytes, bool] | None:
    """Digest of the channel table as it is stored now, and whether the recording is closed."""
    cursor = await connection.execute(_STATE, (patient_id, recording_id), binary=True)
    row = await cursor.fetchone()
    return None if row is None else (bytes(row[0]), bool(row[1]))


async def insert(
    connection: Raw,
    patient_id: str,
    recording_id: str,
    chunks: Sequence[StoredChunk],
    device_time: datetime | None = None,
) -> set[int]:
    """Insert the chunks that are not there; returns the seconds that are new."""
    # In one order for all: else two requests could wait for each other's rows for ever.
    chunks = sorted(chunks, key=lambda chunk: chunk.second)
    cursor = await connection.execute(
        _INSERT,
        (
            patient_id, recording_id, device_time,
            [c.second for c in chunks], [c.n_samples for c in chunks],
            [c.content_sha256 for c in chunks], [c.blob_sha256 for c in chunks],
            [c.envelope for c in chunks], [c.blob for c in chunks],
        ),
        binary=True,
    )  # fmt: skip
    return {second for (second,) in await cursor.fetchall()}


async def digests(
    connection: Raw, patient_id: str, recording_id: str, seconds: Sequence[int]
) -> dict[int, bytes]:
    """content_sha256 of those of `seconds` that are stored."""
    cursor = await connection.execute(
        _DIGESTS, (patient_id, recording_id, list(seconds)), binary=True
    )
    return {second: bytes(digest) for second, digest in await cursor.fetchall()}


async def log(
    connection: Raw, patient_id: str, recording_id: str, entries: Sequence[LogEntry]
) -> None:
    """Append ingestion events to the log."""
    await connection.execute(
        _LOG,
        (
            patient_id, recording_id,
            [e.start for e in entries], [e.stop for e in entries],
            [e.n_samples for e in entries], [e.checksum for e in entries],
            [e.outcome for e in entries],
        ),
    )  # fmt: skip


async def blobs(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> list[tuple[int, bytes]]:
    """(second, blob) of the stored seconds in [start, stop), ascending."""
    cursor = await connection.execute(
        _BLOBS, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    return await cursor.fetchall()


async def heads(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> list[tuple[int, bytes]]:
    """(second, the blob's header or more), as `blobs`."""
    cursor = await connection.execute(
        _HEADS, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    rows = await cursor.fetchall()
    for index, (second, head) in enumerate(rows):
        if int.from_bytes(head[5:9], "little") > len(head):
            rows[index] = (await blobs(connection, patient_id, recording_id, second, second + 1))[0]
    return rows


async def envelopes(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> list[tuple[int, bytes]]:
    """(second, envelope) of the stored seconds in [start, stop), ascending."""
    cursor = await connection.execute(
        _ENVELOPES, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    return await cursor.fetchall()


async def whole(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> list[StoredChunk]:
    """The stored seconds in [start, stop) with all that stands beside the blob."""
    cursor = await connection.execute(
        _WHOLE, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    return [StoredChunk(*row) for row in await cursor.fetchall()]


async def spans(connection: Raw, patient_id: str, recording_id: str) -> list[tuple[int, int]]:
    """The stored seconds as half-open spans, ascending."""
    cursor = await connection.execute(_SPANS, (patient_id, recording_id), binary=True)
    return await cursor.fetchall()


async def in_portions(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int, size: int = 120
) -> AsyncIterator[list[tuple[int, bytes]]]:
    """`blobs` in portions of `size` stored seconds, so that memory stays bounded."""
    for first, last in await pieces(connection, patient_id, recording_id, start, stop, size):
        yield await blobs(connection, patient_id, recording_id, first, last)


async def heads_in_portions(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int, size: int = 1000
) -> AsyncIterator[list[tuple[int, bytes]]]:
    """`heads` in portions of `size` stored seconds."""
    for first, last in await pieces(connection, patient_id, recording_id, start, stop, size):
        yield await heads(connection, patient_id, recording_id, first, last)


async def pieces(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int, size: int
) -> list[tuple[int, int]]:
    """Spans that hold `size` stored seconds each, the last one maybe fewer; gaps lie within."""
    cursor = await connection.execute(
        _PIECES, (size, patient_id, recording_id, start, stop), binary=True
    )
    return await cursor.fetchall()

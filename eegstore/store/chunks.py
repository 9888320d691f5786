"""The chunks of one recording: read in binary, and written (see `eegstore.store.append`)."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from eegstore.store import append
from eegstore.store.append import LogEntry, NewChunk, StoredChunk
from eegstore.store.database import Raw
from eegstore.store.prepared import BIGINT, BYTES, TEXT, Prepared, number

__all__ = ["LogEntry", "StoredChunk", "ask_blobs_but", "blobs", "blobs_but", "digests",
           "envelopes", "heads", "heads_in_portions", "in_portions", "insert", "log", "pieces",
           "spans", "whole"]  # fmt: skip

_BLOBS = b"""
SELECT second, blob FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
ORDER BY second
"""
# There are no more rows than the limit; but it tells the planner that there are few, so that it
# plans once and not, for a third of the time of the trip, with every execution.
_BLOBS_BUT = Prepared(
    b"eegstore_blobs_but",
    b"""
SELECT second, blob_sha256,
       CASE WHEN blob_sha256 <> substring($1 FROM 1 + (32 * least(second - $4, 100000))::int FOR 32)
            THEN blob END
FROM chunk
WHERE patient_id = $2 AND recording_id = $3 AND second >= $4 AND second < $5
ORDER BY second LIMIT $5 - $4
""",
    (BYTES, TEXT, TEXT, BIGINT, BIGINT),
)
_UNKNOWN = bytes(32)
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


async def insert(
    connection: Raw, patient_id: str, recording_id: str, chunks: Sequence[StoredChunk]
) -> set[int]:
    """Insert the chunks that are not there; returns the seconds that are new."""
    key = (patient_id, recording_id)
    new = await append.insert(connection, [NewChunk(key, chunk, None) for chunk in chunks])
    return {second for _, _, second in new}


async def digests(
    connection: Raw, patient_id: str, recording_id: str, seconds: Iterable[int]
) -> dict[int, bytes]:
    """content_sha256 of those of `seconds` that are stored."""
    places = [(patient_id, recording_id, second) for second in seconds]
    found = await append.digests(connection, places)
    return {second: digest for (_, _, second), digest in found.items()}


async def log(
    connection: Raw, patient_id: str, recording_id: str, entries: Sequence[LogEntry]
) -> None:
    """Append ingestion events to the log."""
    await append.log(connection, [((patient_id, recording_id), entry) for entry in entries])


async def blobs(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> list[tuple[int, bytes]]:
    """(second, blob) of the stored seconds in [start, stop), ascending."""
    cursor = await connection.execute(
        _BLOBS, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    return await cursor.fetchall()


async def ask_blobs_but(
    connection: Raw,
    patient_id: str,
    recording_id: str,
    start: int,
    stop: int,
    known: Mapping[int, bytes],
) -> None:
    """Ask for the stored seconds in [start, stop), but not for blobs whose digest is `known`.

    `blobs_but` is the answer, and the next thing to do on the connection, which is one for
    reading (`Database.reading`). The database looks for them meanwhile.
    """
    digests = [known.get(second, _UNKNOWN) for second in range(start, stop)] if known else []
    await _BLOBS_BUT.send(
        connection, b"".join(digests), patient_id.encode(), recording_id.encode(),
        number(start), number(stop),
    )  # fmt: skip


async def blobs_but(connection: Raw) -> list[tuple[int, bytes, bytes | None]]:
    """(second, blob_sha256, blob) as asked for, ascending; of what is known the blob is None."""
    found = await _BLOBS_BUT.answer(connection)
    get = found.get_value
    return [
        (int.from_bytes(get(row, 0) or b"", "big", signed=True), get(row, 1) or b"", get(row, 2))
        for row in range(found.ntuples)
    ]


async def heads(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> list[tuple[int, bytes]]:
    """(second, the blob's header or more), as `blobs`."""
    cursor = await connection.execute(
        _HEADS, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    rows = await cursor.fetchall()
    for index, (second, head) in enumerate(rows):
        if head[:1] == b"E" and int.from_bytes(head[5:9], "little") > len(head):
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

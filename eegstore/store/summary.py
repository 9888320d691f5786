"""Statements about roll-ups. Nothing here decides about data: that, the chunk table does."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from eegstore.signal.rollup import Tile, span_of
from eegstore.signal.spans import union
from eegstore.store.database import Raw

_AT_ONCE = 4096  # rows, so that others are served in between
_PORTION = 16 << 20  # [byte]
_MANY = 32  # spans asked for one by one

_HEAD = "bucket, start, n_seconds, n_samples, stored_bytes, missing_start, missing_stop"
_TILES = f"""
SELECT {_HEAD}, envelope FROM summary_envelope
WHERE patient_id = %b AND recording_id = %b AND bucket = %b::bigint
  AND start >= %b::bigint AND start < %b::bigint ORDER BY start LIMIT %b::bigint
""".encode()
_HEADS = f"""
SELECT {_HEAD}, ''::bytea FROM summary_envelope
WHERE patient_id = %b AND recording_id = %b ORDER BY bucket, start
""".encode()
# Once made, a roll-up must not outlive a second that the archivist removes meanwhile: he
# takes the first of these locks alone. The second keeps two from doing the same work.
_ENTER = b"""
SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%b, 0))
   AND pg_try_advisory_xact_lock(hashtextextended(%b, 0))
"""
_PUT = f"""
INSERT INTO summary_envelope AS old (patient_id, recording_id, {_HEAD}, envelope)
VALUES (%b, %b, %b::bigint, %b::bigint, %b::bigint, %b::bigint, %b::bigint, %b::bigint[],
        %b::bigint[], %b::bytea)
ON CONFLICT (patient_id, recording_id, bucket, start) DO UPDATE SET
    n_seconds = EXCLUDED.n_seconds, n_samples = EXCLUDED.n_samples,
    stored_bytes = EXCLUDED.stored_bytes, missing_start = EXCLUDED.missing_start,
    missing_stop = EXCLUDED.missing_stop, envelope = EXCLUDED.envelope, built_at = now()
WHERE old.n_seconds < EXCLUDED.n_seconds
""".encode()
_FORGET = b"DELETE FROM summary_envelope WHERE patient_id = %b AND recording_id = %b"


async def tiles(
    connection: Raw,
    patient_id: str,
    recording_id: str,
    bucket: int,
    spans: Sequence[tuple[int, int]],
    size: int,
) -> AsyncIterator[list[Tile]]:
    """The roll-ups of a level that touch some spans, and maybe others, in portions.

    Parameters
    ----------
    size : int
        Of one with all its buckets [byte].
    """
    long = span_of(bucket)
    wanted = union((start // long * long, -(-stop // long) * long) for start, stop in spans)
    if len(wanted) > _MANY:
        wanted = [(wanted[0][0], wanted[-1][1])]
    limit = max(1, min(_AT_ONCE, _PORTION // max(size, 1)))
    for start, stop in wanted:
        while start < stop:
            cursor = await connection.execute(
                _TILES, (patient_id, recording_id, bucket, start, stop, limit),
                prepare=True, binary=True,
            )  # fmt: skip
            rows = await cursor.fetchall()
            if rows:
                yield [_tile(row) for row in rows]
            if len(rows) < limit:
                break
            start = rows[-1][1] + 1


async def heads(connection: Raw, patient_id: str, recording_id: str) -> list[Tile]:
    """All roll-ups of a recording, without their envelopes, by level and start."""
    cursor = await connection.execute(_HEADS, (patient_id, recording_id), binary=True)
    return [_tile(row) for row in await cursor.fetchall()]


async def enter(connection: Raw, patient_id: str, recording_id: str, what: str = "summary") -> bool:
    """Whether this transaction may make roll-ups: else somebody does, or must not be passed."""
    key = f"{patient_id}/{recording_id}"
    cursor = await connection.execute(_ENTER, (key, f"{key}/{what}"), binary=True)
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def put(connection: Raw, patient_id: str, recording_id: str, tile: Tile) -> None:
    """Store a roll-up, unless one is there that speaks for as many seconds."""
    await connection.execute(
        _PUT,
        (
            patient_id, recording_id, tile.bucket, tile.start, tile.n_seconds, tile.n_samples,
            tile.stored_bytes, [start for start, _ in tile.missing],
            [stop for _, stop in tile.missing], tile.envelope,
        ),
        prepare=True,
    )  # fmt: skip


async def forget(connection: Raw, patient_id: str, recording_id: str) -> None:
    """Remove all roll-ups of a recording."""
    await connection.execute(_FORGET, (patient_id, recording_id))


def _tile(row: Any) -> Tile:
    missing = list(zip(row[5], row[6], strict=True))
    return Tile(row[0], row[1], row[2], row[3], row[4], missing, bytes(row[7]))

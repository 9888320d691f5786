"""Reading the ingestion log: all that came in, or what has come since."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from eegstore.store.append import Key
from eegstore.store.chunks import LogEntry
from eegstore.store.database import Raw

_PAGE = 5000
_STORED = b"""
SELECT id, chunk_start_sec, chunk_end_sec, num_samples, checksum, outcome FROM ingestion_log
WHERE patient_id = %b AND recording_id = %b AND id > %b::bigint
  AND outcome IN ('stored', 'imported')
ORDER BY id LIMIT %b::bigint
"""
_SINCE = b"""
SELECT k.patient_id, k.recording_id, r.recording_id IS NOT NULL,
       EXISTS (SELECT FROM closing c WHERE c.patient_id = k.patient_id
               AND c.recording_id = k.recording_id),
       coalesce(l.ids, '{}'), coalesce(l.starts, '{}'), coalesce(l.stops, '{}')
FROM unnest(%b::text[], %b::text[], %b::bigint[]) AS k (patient_id, recording_id, last)
LEFT JOIN recording r ON r.patient_id = k.patient_id AND r.recording_id = k.recording_id
LEFT JOIN LATERAL (
    SELECT array_agg(g.id ORDER BY g.id) AS ids,
           array_agg(g.chunk_start_sec ORDER BY g.id) AS starts,
           array_agg(g.chunk_end_sec ORDER BY g.id) AS stops
    FROM ingestion_log g
    WHERE g.patient_id = k.patient_id AND g.recording_id = k.recording_id
      AND g.outcome IN ('stored', 'imported')
      AND g.id > coalesce(k.last, (
          SELECT o.id FROM ingestion_log o
          WHERE o.patient_id = k.patient_id AND o.recording_id = k.recording_id
          ORDER BY o.id DESC OFFSET %b::bigint LIMIT 1), 0)
) AS l ON true
"""


class Since(NamedTuple):
    """What the log has of a recording after an entry, and what the recording is like then."""

    declared: bool
    closed: bool
    ids: list[int]  # ascending
    spans: list[tuple[int, int]]  # of the same entries


async def stored(connection: Raw, patient_id: str, recording_id: str) -> AsyncIterator[LogEntry]:
    """Every event that brought seconds in, in the order of the log."""
    last = 0
    while True:
        cursor = await connection.execute(
            _STORED, (patient_id, recording_id, last, _PAGE), binary=True
        )
        rows = await cursor.fetchall()
        for row in rows:
            yield LogEntry(row[1], row[2], row[3], bytes(row[4]), row[5])
        if len(rows) < _PAGE:
            return
        last = rows[-1][0]


async def since(
    connection: Raw, lasts: Sequence[tuple[Key, int | None]], n_latest: int
) -> dict[Key, Since]:
    """The events that brought seconds in after entry `last`; the latest `n_latest` for None."""
    keys = [key for key, _ in lasts]
    cursor = await connection.execute(
        _SINCE,
        ([key[0] for key in keys], [key[1] for key in keys], [last for _, last in lasts], n_latest),
        binary=True,
    )
    return {
        (row[0], row[1]): Since(row[2], row[3], row[4], list(zip(row[5], row[6], strict=True)))
        for row in await cursor.fetchall()
    }

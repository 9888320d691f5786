"""Reading the ingestion log."""

from collections.abc import AsyncIterator

from eegstore.store.chunks import LogEntry
from eegstore.store.database import Raw

_PAGE = 5000
_STORED = b"""
SELECT id, chunk_start_sec, chunk_end_sec, num_samples, checksum, outcome FROM ingestion_log
WHERE patient_id = %b AND recording_id = %b AND id > %b::bigint
  AND outcome IN ('stored', 'imported')
ORDER BY id LIMIT %b::bigint
"""


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

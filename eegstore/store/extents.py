"""How far recordings reach: one statement, quick enough for every page."""

from collections.abc import Sequence
from typing import NamedTuple

from eegstore.store.database import Raw

_OF = "{0}.patient_id = r.patient_id AND {0}.recording_id = r.recording_id"
_EXTENTS = f"""
SELECT r.recording_id, r.xmin::text, k.stop, k.closed
FROM recording r LEFT JOIN LATERAL (
    SELECT (SELECT max(c.second) + 1 FROM chunk c WHERE {_OF.format("c")}) AS stop,
           EXISTS (SELECT FROM closing e WHERE {_OF.format("e")}) AS closed
    WHERE NOT r.recording_id = ANY (%b::text[])
) AS k ON true
WHERE r.patient_id = %b ORDER BY r.recording_id
""".encode()
_STOP = b"SELECT max(second) + 1 FROM chunk WHERE patient_id = %b AND recording_id = %b"


class Extent(NamedTuple):
    """How far a recording reaches now."""

    recording_id: str
    edition: str  # of its declaration, see `recordings.edition`
    stop: int | None  # [s], the second after the last; None when nothing is stored, or not asked
    closed: bool | None  # None when not asked


async def extents(connection: Raw, patient_id: str, known: Sequence[str]) -> list[Extent]:
    """All recordings of a patient, and how far those reach that are not `known`."""
    cursor = await connection.execute(
        _EXTENTS, (list(known), patient_id), prepare=True, binary=True
    )
    return [Extent(*row) for row in await cursor.fetchall()]


async def stop_of(connection: Raw, patient_id: str, recording_id: str) -> int | None:
    """The second after the last that is stored [s]; None when none is."""
    cursor = await connection.execute(_STOP, (patient_id, recording_id), prepare=True, binary=True)
    row = await cursor.fetchone()
    stop: int | None = None if row is None else row[0]
    return stop

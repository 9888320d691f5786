"""Statements about what was looked at."""

from collections.abc import Sequence
from typing import Any

from eegstore.store.driver import Raw

_ADD = b"""
INSERT INTO review (patient_id, review_id, recording_id, author, montage, lff, hff, notch,
                    start_sec, stop_sec)
VALUES (%(patient_id)s, %(review_id)s::text::uuid, %(recording_id)s, %(author)s, %(montage)s,
        %(lff)s, %(hff)s, %(notch)s, %(start_sec)s::bigint[], %(stop_sec)s::bigint[])
ON CONFLICT (patient_id, review_id) DO NOTHING
"""
_FIELDS = """recording_id, start_sec, stop_sec, montage, lff, hff, notch, author, review_id::text,
             reviewed_at"""
_ONE = f"""
SELECT {_FIELDS} FROM review WHERE patient_id = %b AND review_id = %b::text::uuid
""".encode()
_OF = f"""
SELECT {_FIELDS} FROM review
WHERE patient_id = %b AND recording_id = ANY(%b::text[])
  AND (%b::text[] IS NULL OR author = ANY(%b::text[]))
ORDER BY reviewed_at, review_id
""".encode()


async def add(connection: Raw, values: dict[str, Any]) -> bool:
    """Insert a review unless its id is taken; returns whether it is new."""
    cursor = await connection.execute(_ADD, values, binary=True)
    return cursor.rowcount == 1


async def by_id(connection: Raw, patient_id: str, review_id: str) -> tuple[Any, ...] | None:
    """A review, or None."""
    cursor = await connection.execute(_ONE, (patient_id, review_id), binary=True)
    return await cursor.fetchone()


async def of_recordings(
    connection: Raw,
    patient_id: str,
    recording_ids: Sequence[str],
    authors: Sequence[str] | None = None,
) -> list[tuple[Any, ...]]:
    """The reviews of some recordings, by time; only by some authors, where these are named."""
    named = None if authors is None else list(authors)
    values = (patient_id, list(recording_ids), named, named)
    cursor = await connection.execute(_OF, values, binary=True)
    return await cursor.fetchall()

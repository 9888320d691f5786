"""Statements about codec parameters: load by digest, find the latest, add."""

from collections.abc import Iterable

from eegstore.store.database import Raw

_LOAD = b"""
SELECT parameters_sha256, parameters FROM codec_parameters
WHERE patient_id = %b AND parameters_sha256 = ANY(%b::bytea[])
"""
_LATEST = b"""
SELECT parameters FROM codec_parameters WHERE patient_id = %b AND recording_id = %b
ORDER BY created_at DESC LIMIT 1
"""
_ADD = b"""
INSERT INTO codec_parameters (patient_id, parameters_sha256, recording_id, parameters)
VALUES (%b, %b, %b, %b) ON CONFLICT (patient_id, parameters_sha256) DO NOTHING
"""


async def load(connection: Raw, patient_id: str, digests: Iterable[bytes]) -> dict[bytes, bytes]:
    """Parameters of a patient's recordings by digest; those that are there."""
    cursor = await connection.execute(_LOAD, (patient_id, list(digests)), binary=True)
    return {bytes(digest): bytes(packed) for digest, packed in await cursor.fetchall()}


async def latest(connection: Raw, patient_id: str, recording_id: str) -> bytes | None:
    """The parameters that were last made for a recording, or None."""
    cursor = await connection.execute(_LATEST, (patient_id, recording_id), binary=True)
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])


async def add(
    connection: Raw, patient_id: str, recording_id: str, digest: bytes, packed: bytes
) -> None:
    """Add parameters unless the patient has them."""
    await connection.execute(_ADD, (patient_id, digest, recording_id, packed))

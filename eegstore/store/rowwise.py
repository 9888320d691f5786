"""What a row per sample costs: the layout that eegstore does not use, measured."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TABLE = """CREATE TEMP TABLE sample (
    id bigserial PRIMARY KEY, patient_id text NOT NULL, recording_id text NOT NULL,
    channel text NOT NULL, "timestamp" timestamptz NOT NULL, value double precision NOT NULL
) ON COMMIT DROP"""
_INDEX = 'CREATE INDEX ON sample (patient_id, recording_id, channel, "timestamp")'
_FILL = """INSERT INTO sample (patient_id, recording_id, channel, "timestamp", value)
SELECT :patient_id, :recording_id, 'FP1-F' || channel, now() + sample * interval '3906 us',
       random() FROM generate_series(1, 23) AS channel, generate_series(1, 2560) AS sample"""


async def bytes_per_sample(
    connection: AsyncConnection, patient_id: str, recording_id: str
) -> float:
    """Bytes on disk per sample, rows and indexes, over 10 s of 23 channels at 256 Hz.

    Nothing of it stays.
    """
    ids = {"patient_id": patient_id, "recording_id": recording_id}
    await connection.execute(text(_TABLE))
    await connection.execute(text(_INDEX))
    await connection.execute(text(_FILL), ids)
    found = await connection.execute(text("SELECT pg_total_relation_size('sample')"))
    return float(found.scalar_one()) / (23 * 2560)

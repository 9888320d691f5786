"""Statements about spectral bins. What is stored there, the chunk table decides."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from eegstore.signal.spans import Spans
from eegstore.store.database import Raw

_AT_ONCE = 64  # hours, of which one line is 60 kB

_HEAD = "start, processing, n_seconds, missing_start, missing_stop"
_OF = "patient_id = %b AND recording_id = %b"
_HEADS = f"SELECT {_HEAD}, ''::bytea, ''::bytea FROM summary_spectrum WHERE {_OF} ORDER BY start"
_WHOLE = f"SELECT {_HEAD}, bins, minutes FROM summary_spectrum WHERE {_OF} AND start = %b::bigint"
# Bytes that are not compressed are read from where they are asked for: one line of many.
_LINE = """
SELECT start, missing_start, missing_stop,
       substring({what} FROM (octet_length({what}) / %b::int * %b::int + 1)
                 FOR octet_length({what}) / %b::int)
FROM summary_spectrum
WHERE patient_id = %b AND recording_id = %b AND processing = %b
  AND start >= %b::bigint AND start < %b::bigint ORDER BY start LIMIT %b::bigint
"""
_LINES = {what: _LINE.format(what=what).encode() for what in ("bins", "minutes")}
_PUT = f"""
INSERT INTO summary_spectrum AS old (patient_id, recording_id, {_HEAD}, bins, minutes)
VALUES (%b, %b, %b::bigint, %b, %b::bigint, %b::bigint[], %b::bigint[], %b::bytea, %b::bytea)
ON CONFLICT (patient_id, recording_id, start) DO UPDATE SET
    processing = EXCLUDED.processing, n_seconds = EXCLUDED.n_seconds,
    missing_start = EXCLUDED.missing_start, missing_stop = EXCLUDED.missing_stop,
    bins = EXCLUDED.bins, minutes = EXCLUDED.minutes, built_at = now()
""".encode()
_FORGET = f"DELETE FROM summary_spectrum WHERE {_OF}".encode()
_COUNTS = f"""
SELECT second / 3600 * 3600, count(*) FROM chunk WHERE {_OF} GROUP BY 1 ORDER BY 1
""".encode()


class Stored(NamedTuple):
    """A row: an hour as it is stored."""

    start: int
    processing: str
    n_seconds: int
    missing: Spans
    bins: bytes
    minutes: bytes

    @property
    def head(self) -> tuple[int, str, int, Spans]:
        """All but the bytes."""
        return self[:4]


class Line(NamedTuple):
    """One line of an hour."""

    start: int
    missing: Spans
    data: bytes


async def line(
    connection: Raw,
    patient_id: str,
    recording_id: str,
    processing: str,
    place: tuple[int, int],
    what: str,
    span: tuple[int, int],
) -> AsyncIterator[list[Line]]:
    """One line of the hours that begin in a span [s], in portions.

    Parameters
    ----------
    place : (int, int)
        Which line, of how many.
    what : str
        "bins" or "minutes".
    """
    at, n_lines = place
    start, stop = span
    while start < stop:
        cursor = await connection.execute(
            _LINES[what],
            (n_lines, at, n_lines, patient_id, recording_id, processing, start, stop, _AT_ONCE),
            prepare=True, binary=True,
        )  # fmt: skip
        rows = await cursor.fetchall()
        if rows:
            yield [Line(row[0], _spans(row[1], row[2]), bytes(row[3])) for row in rows]
        if len(rows) < _AT_ONCE:
            break
        start = rows[-1][0] + 1


async def heads(connection: Raw, patient_id: str, recording_id: str) -> list[Stored]:
    """All hours of a recording, without their bytes."""
    cursor = await connection.execute(_HEADS.encode(), (patient_id, recording_id), binary=True)
    return [_stored(row) for row in await cursor.fetchall()]


async def whole(connection: Raw, patient_id: str, recording_id: str, start: int) -> Stored | None:
    """An hour."""
    cursor = await connection.execute(
        _WHOLE.encode(), (patient_id, recording_id, start), binary=True
    )
    row = await cursor.fetchone()
    return None if row is None else _stored(row)


async def put(connection: Raw, patient_id: str, recording_id: str, hour: Stored) -> None:
    """Store an hour, in place of the one that is there."""
    await connection.execute(
        _PUT,
        (
            patient_id, recording_id, hour.start, hour.processing, hour.n_seconds,
            [start for start, _ in hour.missing], [stop for _, stop in hour.missing],
            hour.bins, hour.minutes,
        ),
    )  # fmt: skip


async def forget(connection: Raw, patient_id: str, recording_id: str) -> None:
    """Remove all hours of a recording."""
    await connection.execute(_FORGET, (patient_id, recording_id))


async def counts(connection: Raw, patient_id: str, recording_id: str) -> dict[int, int]:
    """How many seconds are stored of each hour, by its start."""
    cursor = await connection.execute(_COUNTS, (patient_id, recording_id), binary=True)
    return dict(await cursor.fetchall())


def _stored(row: tuple[int, str, int, list[int], list[int], bytes, bytes]) -> Stored:
    return Stored(*row[:3], _spans(row[3], row[4]), bytes(row[5]), bytes(row[6]))


def _spans(starts: list[int], stops: list[int]) -> Spans:
    return list(zip(starts, stops, strict=True))

"""The seconds of which roll-ups do not speak, and which roll-ups that makes worth making."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.signal.rollup import LEVELS, WORTH, span_of
from eegstore.signal.spans import Spans, spans_of, union
from eegstore.store import summary
from eegstore.store.database import Raw

FINEST = LEVELS[0]
HOUR = span_of(FINEST)
_AT_ONCE = 4096  # rows, so that others are served in between
_PORTION = 16 << 20  # [byte]
_FEW = 600  # [s]; shorter spans are asked for together

LOOSE = f"""
SELECT g.patient_id, g.start, g.stop FROM (
    SELECT t.patient_id, t.start + {HOUR} AS start,
           coalesce(lead(t.start) OVER (PARTITION BY t.patient_id ORDER BY t.start),
                    9223372036854775807) AS stop
    FROM (SELECT s.patient_id, s.start FROM summary_envelope s
          WHERE {{of_s}} AND s.bucket = {FINEST}
          UNION ALL
          SELECT q.patient_id, -{HOUR}::bigint FROM recording q WHERE {{of_q}}) AS t) AS g
WHERE g.start < g.stop
UNION ALL
SELECT s.patient_id, m.start, m.stop
FROM summary_envelope s, unnest(s.missing_start, s.missing_stop) AS m (start, stop)
WHERE {{of_s}} AND s.bucket = {FINEST}
"""
"""The spans of a recording of which no roll-up of the finest level speaks. `of_s` and `of_q`
say of which recording the rows of s and q are."""
WORTH_AN_HOUR = HOUR // WORTH  # [s]
_THIS = "{0}.patient_id = %b AND {0}.recording_id = %b"
_THESE = LOOSE.format(of_s=_THIS.format("s"), of_q=_THIS.format("q"))
# OFFSET 0 keeps the planner from joining spans with all seconds: span by span is far less.
_LOOSE_SECONDS = f"""
SELECT c.second FROM ({_THESE}) AS u
CROSS JOIN LATERAL (SELECT c.second FROM chunk c WHERE {_THIS.format("c")}
                    AND c.second >= u.start AND c.second < u.stop OFFSET 0) AS c
ORDER BY 1
""".encode()
_DUE_HOURS = f"""
SELECT c.hour * {HOUR} FROM ({_THESE}) AS u
CROSS JOIN LATERAL (
    SELECT c.second / {HOUR} AS hour, count(*) AS n FROM chunk c
    WHERE {_THIS.format("c")} AND c.second >= u.start AND c.second < u.stop GROUP BY 1) AS c
GROUP BY c.hour HAVING sum(c.n) >= {WORTH_AN_HOUR} ORDER BY 1
""".encode()
# Joined by the server, thousands of small rows arrive in half the time.
_JOINED = "SELECT string_agg(int8send(c.second), ''), string_agg(c.envelope, ''){sums} FROM"
_SUMS = ", sum(c.n_samples)::bigint, sum(octet_length(c.blob))::bigint"
_RANGE = f"""
{_JOINED} (SELECT * FROM chunk WHERE patient_id = %b AND recording_id = %b
           AND second >= %b::bigint AND second < %b::bigint ORDER BY second LIMIT %b::bigint) AS c
"""
_RANGES = f"""
{_JOINED} unnest(%b::bigint[], %b::bigint[]) AS r (start, stop)
CROSS JOIN LATERAL (SELECT * FROM chunk WHERE patient_id = %b AND recording_id = %b
                    AND second >= r.start AND second < r.stop OFFSET 0) AS c
"""
_ONE = {sums: _RANGE.format(sums=_SUMS if sums else "").encode() for sums in (False, True)}
_SOME = {sums: _RANGES.format(sums=_SUMS if sums else "").encode() for sums in (False, True)}
_STORED = b"""
SELECT second FROM chunk
WHERE patient_id = %b AND recording_id = %b AND second >= %b::bigint AND second < %b::bigint
ORDER BY second
"""
_DUE = b"""
SELECT f.start FROM (
    SELECT start / %b::bigint * %b::bigint AS start, sum(n_seconds) AS n_seconds
    FROM summary_envelope
    WHERE patient_id = %b AND recording_id = %b AND bucket = %b::bigint GROUP BY 1) AS f
LEFT JOIN summary_envelope t ON t.patient_id = %b AND t.recording_id = %b
    AND t.bucket = %b::bigint AND t.start = f.start
WHERE f.n_seconds - coalesce(t.n_seconds, 0) >= %b::bigint ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Seconds:
    """Single seconds, put together."""

    second: NDArray[np.int64]  # (n,), ascending
    envelopes: bytes  # of all, in this order
    n_samples: int  # of all; 0 when not asked for
    stored_bytes: int  # of all; 0 when not asked for


async def seconds(
    connection: Raw,
    patient_id: str,
    recording_id: str,
    spans: Sequence[tuple[int, int]],
    size: int,
    *,
    sums: bool = False,
) -> AsyncIterator[Seconds]:
    """The stored seconds of some spans with what roll-ups are made of, in portions.

    Parameters
    ----------
    size : int
        Of one envelope [byte].
    sums : bool
        Whether to count samples and bytes too.
    """
    key = (patient_id, recording_id)
    limit = max(1, min(_AT_ONCE, _PORTION // max(size, 1)))
    short: Spans = []
    for start, stop in spans:
        if stop - start <= min(_FEW, limit):
            short.append((start, stop))
            continue
        while start < stop:
            found = await _asked(connection, _ONE[sums], (*key, start, stop, limit), size)
            if len(found.second):
                yield found
            if len(found.second) < limit:
                break
            start = int(found.second[-1]) + 1
    while short:
        count, total = 0, 0
        while count < len(short) and total + short[count][1] - short[count][0] <= limit:
            total += short[count][1] - short[count][0]
            count += 1
        portion, short = short[:count], short[count:]
        starts, stops = [list(side) for side in zip(*portion, strict=True)]
        found = await _asked(connection, _SOME[sums], (starts, stops, *key), size)
        if len(found.second):
            yield found


async def stored(
    connection: Raw, patient_id: str, recording_id: str, start: int, stop: int
) -> Spans:
    """Which seconds in [start, stop) are stored."""
    cursor = await connection.execute(
        _STORED, (patient_id, recording_id, start, stop), prepare=True, binary=True
    )
    return spans_of(np.array([second for (second,) in await cursor.fetchall()], np.int64))


async def spans(connection: Raw, patient_id: str, recording_id: str) -> tuple[Spans, Counter[int]]:
    """Which seconds are stored, and of how many no roll-up speaks, by hour.

    Both statements must see the same state.
    """
    key = (patient_id, recording_id)
    tiles = [tile for tile in await summary.heads(connection, *key) if tile.bucket == FINEST]
    cursor = await connection.execute(_LOOSE_SECONDS, key * 4, binary=True)
    loose = np.array([second for (second,) in await cursor.fetchall()], np.int64)
    covered = [span for tile in tiles for span in tile.covered]
    return union(covered + spans_of(loose)), hours_of(loose)


def hours_of(seconds: NDArray[np.int64]) -> Counter[int]:
    """How many of these seconds lie in each hour."""
    hours, counts = np.unique(seconds // HOUR, return_counts=True)
    return Counter(dict(zip(hours.tolist(), counts.tolist(), strict=True)))


async def due(connection: Raw, patient_id: str, recording_id: str, bucket: int) -> list[int]:
    """Where the roll-ups of a level start that are worth being made, or made anew."""
    key = (patient_id, recording_id)
    if bucket == FINEST:
        cursor = await connection.execute(_DUE_HOURS, key * 4, binary=True)
    else:
        finer, long = LEVELS[LEVELS.index(bucket) - 1], span_of(bucket)
        values = (long, long, *key, finer, *key, bucket, long // WORTH)
        cursor = await connection.execute(_DUE, values, binary=True)
    return [start for (start,) in await cursor.fetchall()]


async def _asked(connection: Raw, statement: bytes, values: tuple[Any, ...], size: int) -> Seconds:
    cursor = await connection.execute(statement, values, prepare=True, binary=True)
    row = await cursor.fetchone()
    assert row is not None
    second, envelopes = np.frombuffer(row[0] or b"", ">i8").astype(np.int64), row[1] or b""
    if (np.diff(second) < 0).any() and len(envelopes) == size * len(second):
        order = np.argsort(second)
        table = np.frombuffer(envelopes, f"V{size}")[order]
        second, envelopes = second[order], table.tobytes()
    n_samples, stored_bytes = row[2:] or (0, 0)
    return Seconds(second, envelopes, n_samples or 0, stored_bytes or 0)

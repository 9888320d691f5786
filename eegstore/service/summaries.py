"""Roll-ups: read through them, make those that are due, check them.

Reading never waits for a roll-up to be made. It takes the coarsest that fit, for the seconds
they do not speak of the finer ones, and for the rest the envelopes of single seconds. Who has
read many of those has `build` called afterwards, so that the next reader finds a roll-up.
Ingesting does nothing.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import EegStoreError
from eegstore.model import Digital, Recording
from eegstore.service.recordings import declared
from eegstore.signal.envelope import split_envelopes
from eegstore.signal.rollup import BUCKETS, LEVELS, Columns, Tile, buckets_of, tile_of
from eegstore.signal.spans import Spans, common, minus, spans_of, union
from eegstore.store import summary, summary_loose
from eegstore.store.database import Database, Raw, raw

_IN_THREAD = 200_000  # values; folding them takes a millisecond

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gathered:
    """What was read, beside the columns that it filled."""

    seconds: Spans = field(default_factory=list)  # that are stored
    n_samples: int = 0  # when asked for
    stored_bytes: int = 0  # when asked for
    loose: Counter[int] = field(default_factory=Counter)  # single seconds read, by hour

    @property
    def due(self) -> bool:
        """Whether a roll-up is worth being made."""
        return max(self.loose.values(), default=0) >= summary_loose.WORTH_AN_HOUR


async def gather(
    driver: Raw,
    recording: Recording,
    columns: Columns,
    levels: Sequence[int] = (),
    *,
    rows: Sequence[int] | None = None,
    spans: Spans | None = None,
    sums: bool = False,
) -> Gathered:
    """Fill columns from the roll-ups of some levels and from single seconds.

    Parameters
    ----------
    columns : Columns
        No bucket of the `levels` may reach over one of its edges.
    levels : sequence of int
        Seconds in a bucket.
    rows : sequence of int, optional
        Rows of the channel table, those of the columns; default all.
    spans : list of (int, int), optional
        Seconds wanted; default all between the edges.
    sums : bool
        Whether to count samples and bytes too, of tiles that lie between the edges.
    """
    key = (recording.patient_id, recording.recording_id)
    n_channels = len(recording.channels)
    size = 2 * n_channels * recording.sample_type.dtype.itemsize
    found = Gathered()
    wanted = [(int(columns.edges[0]), int(columns.edges[-1]))] if spans is None else spans
    there: Spans = []

    async def add(starts: NDArray[np.int64], limits: Digital) -> None:
        picked = limits if rows is None else limits[:, rows]
        if picked.size > _IN_THREAD:
            await asyncio.to_thread(columns.add, starts, picked)
        else:
            columns.add(starts, picked)

    for bucket in sorted(levels, reverse=True):
        covered: Spans = []
        async for tiles in summary.tiles(driver, *key, bucket, wanted, size * BUCKETS):
            parts = [tile.limits(recording.sample_type, n_channels) for tile in tiles]
            starts = [
                buckets_of(bucket, tile.start)[: len(part)]
                for tile, part in zip(tiles, parts, strict=True)
            ]
            await add(np.concatenate(starts), np.concatenate(parts))
            for tile in tiles:
                covered += tile.covered
                found.n_samples += tile.n_samples
                found.stored_bytes += tile.stored_bytes
        got = common(wanted, covered)
        there += got
        wanted = minus(wanted, got)
    async for some in summary_loose.seconds(driver, *key, wanted, size, sums=sums):
        limits = split_envelopes(
            some.envelopes, len(some.second), recording.sample_type, n_channels
        )
        await add(some.second, limits)
        there += spans_of(some.second)
        found.n_samples += some.n_samples
        found.stored_bytes += some.stored_bytes
        found.loose.update(summary_loose.hours_of(some.second))
    found.seconds = union(there)
    return found


async def build(database: Database, patient_id: str, recording_id: str) -> int:
    """Make the roll-ups of a recording that are due; returns how many.

    Many may do so at once, also while seconds arrive: each roll-up says what it speaks for.

    Raises
    ------
    NotFoundError
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    made = 0
    for bucket in LEVELS:
        async with database.begin() as connection:
            starts = await summary_loose.due(
                await raw(connection), patient_id, recording_id, bucket
            )
        for start in starts:
            # A transaction for each: closing and archiving wait for no more than one.
            async with database.begin() as connection:
                driver = await raw(connection)
                if not await summary.enter(driver, patient_id, recording_id):
                    return made
                tile = await _made(driver, recording, bucket, start)
                await summary.put(driver, patient_id, recording_id, tile)
                made += 1
    return made


async def rebuild(database: Database, patient_id: str, recording_id: str) -> int:
    """Make all roll-ups of a recording anew; returns how many.

    Raises
    ------
    NotFoundError
    """
    await declared(database, patient_id, recording_id)
    async with database.begin() as connection:
        await summary.forget(await raw(connection), patient_id, recording_id)
    return await build(database, patient_id, recording_id)


async def catch_up(database: Database, keys: Iterable[tuple[str, str]]) -> None:
    """`build` for some recordings, where nobody waits for it: what fails is made later."""
    for key in keys:
        try:
            await build(database, *key)
        except EegStoreError as error:
            log.info("no roll-ups of %s: %s", key[1], error)


async def check(driver: Raw, recording: Recording) -> list[str]:
    """What is wrong with the roll-ups of a recording, measured by its single seconds."""
    faults = []
    key = (recording.patient_id, recording.recording_id)
    for head in await summary.heads(driver, *key):
        name = f"roll-up of {head.bucket} s from {head.start} s"
        if head.bucket not in LEVELS or head.start % (BUCKETS * head.bucket):
            faults.append(f"{name}: there can be none")
            continue
        async for (tile,) in summary.tiles(
            driver, *key, head.bucket, [(head.start, head.start + 1)], 0
        ):
            faults += [f"{name}: {fault}" for fault in await _faults(driver, recording, tile)]
    return faults


async def _made(driver: Raw, recording: Recording, bucket: int, start: int) -> Tile:
    finer = tuple(level for level in LEVELS if level < bucket)
    columns = _columns(recording, bucket, start)
    found = await gather(driver, recording, columns, finer, sums=True)
    return tile_of(bucket, start, columns, found.seconds, found.n_samples, found.stored_bytes)


async def _faults(driver: Raw, recording: Recording, tile: Tile) -> list[str]:
    """How a roll-up differs from one of the seconds that it says it speaks for."""
    columns = _columns(recording, tile.bucket, tile.start)
    found = await gather(driver, recording, columns, spans=tile.covered, sums=True)
    right = tile_of(
        tile.bucket, tile.start, columns, found.seconds, found.n_samples, found.stored_bytes
    )
    faults = []
    lost = minus(tile.covered, found.seconds)
    if lost:
        faults.append(f"it speaks for second {lost[0][0]}, which is not stored")
    elif tile.missing != right.missing:
        faults.append("the spans that it misses are not ascending, apart and within it")
    for name in ("n_seconds", "n_samples", "stored_bytes"):
        stated, computed = getattr(tile, name), getattr(right, name)
        if stated != computed:
            faults.append(f"{name} is {stated}, not {computed}")
    if tile.envelope != right.envelope:
        faults.append("the envelope is not that of its seconds")
    return faults


def _columns(recording: Recording, bucket: int, start: int) -> Columns:
    edges = buckets_of(bucket, start)
    return Columns(edges, len(recording.channels), recording.sample_type)

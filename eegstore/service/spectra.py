"""Spectral bins: computed from stored seconds, kept by the hour, checked.

Reading never waits for an hour to be made, and ingesting does nothing: who has found seconds of
which none speaks has `build` called afterwards. An hour takes a second to compute, far too long to
keep the archivist waiting; so it is computed without a lock, and stored only if the seconds that
it is made of are still what they were.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eegstore import codec
from eegstore.errors import EegStoreError
from eegstore.model import Recording
from eegstore.picks import pick
from eegstore.service.parameters import Kept, named
from eegstore.service.recordings import declared
from eegstore.signal.spans import Spans, minus
from eegstore.signal.spectral import (
    HOUR,
    MINUTE,
    MINUTES,
    Hour,
    Piece,
    Table,
    bins_of,
    hour_of,
    table_of,
)
from eegstore.signal.trends import N_BINS
from eegstore.store import chunks as chunk_table
from eegstore.store import spectra, summary, summary_loose
from eegstore.store.database import Database, Raw, raw
from eegstore.store.spectra import Stored
from eegstore.window import assemble_batches

_PORTION = 600  # [s] computed at a time
_AT_ONCE = 1_500_000  # values

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Builder:
    """One recording at a time, so that pages are served beside it."""

    one: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    busy: set[tuple[str, str]] = field(default_factory=set)


async def computed(
    driver: Raw, recording: Recording, seconds: Spans, kept: Kept
) -> AsyncIterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Those of some seconds that are stored, and their bins (n_lines, n, 16), in portions."""
    table = table_of(recording.channels)
    key = (recording.patient_id, recording.recording_id)
    a_second = float(sum(recording.channels[row].sfreq for row in table.rows))
    longest = max(1, min(_PORTION, int(_AT_ONCE / max(a_second, 1))))
    for start, stop in _portions(seconds, longest):
        stored = await chunk_table.blobs(driver, *key, start, stop)
        shared = await named(driver, key[0], [blob for _, blob in stored], kept)
        yield await asyncio.to_thread(_bins, recording, table, stored, shared, seconds)


async def build(database: Database, patient_id: str, recording_id: str) -> int:
    """Make the hours of a recording that do not speak of all that is stored; returns how many.

    Raises
    ------
    NotFoundError
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    table, key = table_of(recording.channels), (patient_id, recording_id)
    if not table.rows:
        return 0
    async with database.reading() as driver:
        there = await spectra.counts(driver, *key)
        heads = {head.start: head for head in await spectra.heads(driver, *key)}
    made = 0
    for start, count in there.items():
        head = heads.get(start)
        if head is None or head.processing != table.processing or head.n_seconds < count:
            made += await _make(database, recording, table, start)
    return made


async def rebuild(database: Database, patient_id: str, recording_id: str) -> int:
    """Make all hours of a recording anew; returns how many.

    Raises
    ------
    NotFoundError
    """
    await declared(database, patient_id, recording_id)
    async with database.begin() as connection:
        await spectra.forget(await raw(connection), patient_id, recording_id)
    return await build(database, patient_id, recording_id)


async def catch_up(database: Database, keys: Iterable[tuple[str, str]]) -> None:
    """`build` for some recordings, where nobody waits for it: what fails is made later."""
    if database.builder is None:
        database.builder = Builder()
    builder: Builder = database.builder
    for key in keys:
        if key in builder.busy:
            continue
        builder.busy.add(key)
        try:
            async with builder.one:
                await build(database, *key)
        except EegStoreError as error:
            log.info("no spectral bins of %s: %s", key[1], error)
        finally:
            builder.busy.discard(key)


async def _make(database: Database, recording: Recording, table: Table, start: int) -> bool:
    key = (recording.patient_id, recording.recording_id)
    span = (start, start + HOUR)
    async with database.reading() as driver:
        old = await spectra.whole(driver, *key, start)
        before = None if old is None or old.processing != table.processing else hour_in(table, old)
        stored = await summary_loose.stored(driver, *key, *span)
        new = minus(stored, [] if before is None else before.covered)
        digests = await _digests(driver, key, new)
        parts = [part async for part in computed(driver, recording, new, {})]
    if not parts:
        return False
    seconds = np.concatenate([part[0] for part in parts])
    bins = np.concatenate([part[1] for part in parts], axis=1)
    hour = await asyncio.to_thread(hour_of, table, start, before, seconds, bins)
    async with database.begin() as connection:
        driver = await raw(connection)
        if not await summary.enter(driver, *key, "spectrum"):
            return False
        now = await spectra.heads(driver, *key)
        head = next((one.head for one in now if one.start == start), None)
        if head != (None if old is None else old.head):
            return False
        if await _digests(driver, key, new) != digests:
            return False
        await spectra.put(driver, *key, _stored(hour))
    return True


async def _digests(driver: Raw, key: tuple[str, str], spans: Spans) -> dict[int, bytes]:
    seconds = [second for start, stop in spans for second in range(start, stop)]
    return await chunk_table.digests(driver, *key, seconds) if seconds else {}


def _portions(spans: Spans, longest: int) -> list[tuple[int, int]]:
    """Stretches of at most so many seconds that hold all spans."""
    made: list[tuple[int, int]] = []
    for start, stop in spans:
        while start < stop:
            if made and start < made[-1][0] + longest:
                end = min(stop, made[-1][0] + longest)
                made[-1] = (made[-1][0], end)
            else:
                end = min(stop, start + longest)
                made.append((start, end))
            start = end
    return made


def _bins(
    recording: Recording,
    table: Table,
    stored: Sequence[tuple[int, bytes]],
    shared: codec.Shared,
    wanted: Spans,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    seconds = np.array([second for second, _ in stored], np.int64)
    if not len(seconds):
        return seconds, np.empty((table.n_lines, 0, N_BINS), np.uint8)
    batches = codec.decode_batches([blob for _, blob in stored], seconds.tolist(), shared)
    start, stop = Fraction(int(seconds[0])), Fraction(int(seconds[-1]) + 1)
    window = assemble_batches(pick(recording, table.rows), start, stop, batches)
    pieces = [
        Piece(block.sfreq, [table.rows[member] for member in block.rows], block.first_sample,
              window.physical(block, np.float64))
        for block in window.blocks
    ]  # fmt: skip
    edges = np.array(wanted, np.int64)
    at = np.searchsorted(edges[:, 0], seconds, side="right") - 1
    seconds = seconds[(at >= 0) & (seconds < edges[at, 1])]
    return seconds, bins_of(table, pieces, seconds)


def hour_in(table: Table, stored: Stored) -> Hour | None:
    """An hour from its stored form; None when it is of another form."""
    n_seconds, rest = divmod(len(stored.bins), table.n_lines * N_BINS)
    n_minutes, more = divmod(len(stored.minutes), table.n_lines * MINUTES.itemsize)
    if rest or more or n_seconds > HOUR or n_seconds != n_minutes * MINUTE:
        return None
    bins = np.frombuffer(stored.bins, np.uint8).reshape(table.n_lines, n_seconds, N_BINS)
    minutes = np.frombuffer(stored.minutes, MINUTES).reshape(table.n_lines, n_minutes)
    return Hour(*stored.head, bins, minutes)


def _stored(hour: Hour) -> Stored:
    return Stored(
        hour.start, hour.processing, hour.n_seconds, hour.missing, hour.bins.tobytes(),
        hour.minutes.tobytes(),
    )  # fmt: skip

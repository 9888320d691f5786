"""Codec parameters: found for blobs that name them, fitted for recordings as they grow."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eegstore import codec
from eegstore.codec import Parameters, Shared
from eegstore.errors import EegStoreError
from eegstore.store import chunks as chunk_table
from eegstore.store import parameters
from eegstore.store.database import Database, Raw, raw

FIRST_FIT = 32  # [s] after which a live recording is fitted
FIT_EVERY = 3600  # [s] after which it is fitted again: people sleep, electrodes dry
REST = 9.0  # times as long as a fit took nothing is fitted: when many recordings begin at once,
# ingestion keeps nine tenths of a core
REST_AGAIN = 49.0  # likewise, what has parameters already: an upload of days would be fitted
# each few seconds, and those of some hours ago are nearly as good
_LOOKED_AT = codec.MAX_CHUNKS
_LEAST = 8  # seconds that are alike
_KEPT = 4096

Kept = dict[bytes, Parameters]


async def named(driver: Raw, patient_id: str, blobs: Iterable[bytes], kept: Kept) -> Shared:
    """The parameters that blobs of a patient name, those in `kept` and those it now keeps.

    Raises
    ------
    CodecError
        A blob has no header, or what is stored under a digest is none.
    """
    missing = codec.parameters_named(blobs) - kept.keys()
    if missing:
        if len(kept) > _KEPT:
            kept.clear()
        for digest, packed in (await parameters.load(driver, patient_id, missing)).items():
            kept[digest] = codec.unpack(packed)
    return kept


async def add(driver: Raw, patient_id: str, recording_id: str, fitted: Parameters) -> None:
    """Store parameters, so that blobs may name them once the transaction has committed."""
    await parameters.add(driver, patient_id, recording_id, fitted.sha256, fitted.packed)


@dataclass(slots=True)
class _Growing:
    """What is known of a recording that grows."""

    current: Parameters | None = None
    n_seconds: int = 0  # stored by this process
    stop: int = 0  # behind the last of them
    next_fit: int = FIRST_FIT
    busy: bool = False


class Learner:
    """Fits parameters to live recordings beside the ingestion, one at a time.

    It looks at what is stored, so it keeps no samples. Several processes may each fit their
    own: a blob names those that it was encoded with.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._growing: dict[tuple[str, str], _Growing] = {}
        self._one = asyncio.Semaphore(1)
        self._again = asyncio.Semaphore(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def current(self, key: tuple[str, str]) -> Parameters | None:
        """The parameters to encode with now; None while there are none."""
        found = self._growing.get(key)
        if found is None:
            if len(self._growing) >= _KEPT:
                self._growing.pop(next(iter(self._growing)))
            found = self._growing[key] = _Growing()
            self._start(key, found, learn=False)
        return found.current

    def stored(self, key: tuple[str, str], seconds: Sequence[int]) -> None:
        """Take note of seconds that are stored now."""
        found = self._growing.get(key)
        if found is None:
            return
        found.n_seconds += len(seconds)
        found.stop = max(seconds) + 1
        if found.n_seconds >= found.next_fit and not found.busy:
            self._start(key, found, learn=True)

    async def close(self) -> None:
        """End what is under way; nothing is lost by it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, key: tuple[str, str], found: _Growing, *, learn: bool) -> None:
        found.busy = True
        work = self._learn(key, found) if learn else self._recall(key, found)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _recall(self, key: tuple[str, str], found: _Growing) -> None:
        try:
            async with self._database.begin() as connection:
                packed = await parameters.latest(await raw(connection), *key)
            if packed is not None:
                found.current = codec.unpack(packed)
                found.next_fit = FIT_EVERY
        except EegStoreError:
            self._growing.pop(key, None)  # asked again with the next second
        finally:
            found.busy = False

    async def _learn(self, key: tuple[str, str], found: _Growing) -> None:
        try:
            if found.current is None:
                await self._fit(key, found)
            else:
                async with self._again:
                    took = await self._fit(key, found)
                    await asyncio.sleep((REST_AGAIN - REST) * took)
            found.next_fit = found.n_seconds + FIT_EVERY
        except EegStoreError:
            found.next_fit = found.n_seconds + FIRST_FIT
        finally:
            found.busy = False

    async def _fit(self, key: tuple[str, str], found: _Growing) -> float:
        """Fit a recording to its latest minutes; returns what it took [s of a core]."""
        async with self._one:
            async with self._database.begin() as connection:
                driver = await raw(connection)
                start = max(0, found.stop - 600)
                blobs = await chunk_table.blobs(driver, *key, start, found.stop)
                kept = await named(driver, key[0], [blob for _, blob in blobs], {})
            fitted, took = await asyncio.to_thread(_fitted, blobs, kept)
            if fitted is not None:
                async with self._database.begin() as connection:
                    await add(await raw(connection), *key, fitted)
                found.current = fitted
            await asyncio.sleep(REST * took)
        return took


def learner_of(database: Database) -> Learner:
    """The learner of a database, made when first asked for."""
    if database.learner is None:
        database.learner = Learner(database)
    learner: Learner = database.learner
    return learner


def _fitted(blobs: Sequence[tuple[int, bytes]], kept: Shared) -> tuple[Parameters | None, float]:
    """Parameters, where there can be some, and what they took [s of a core]."""
    begun = time.thread_time()
    looked_at = blobs[:: -(-len(blobs) // _LOOKED_AT)] if blobs else []
    chunks = codec.decode([blob for _, blob in looked_at], [s for s, _ in looked_at], kept)
    return codec.fit(chunks, FIT_EVERY, _LEAST), time.thread_time() - begun

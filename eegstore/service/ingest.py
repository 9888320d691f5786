"""The way in: check, encode, store, log, and only then acknowledge."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from eegstore import codec
from eegstore.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    StoreUnavailableError,
)
from eegstore.integrity import content_sha256
from eegstore.model import Chunk, Recording, SampleType
from eegstore.service.recordings import Declared, unknown
from eegstore.signal.envelope import envelope
from eegstore.store import chunks as chunk_table
from eegstore.store.chunks import LogEntry, StoredChunk
from eegstore.store.database import Database, raw
from eegstore.timebase import n_samples

MAX_SECOND = 10**9  # 31 years
MAX_RUNS = 65_536  # in one second, over all channels
_IN_THREAD = 20_000  # samples; encoding 6,000 takes half a millisecond

STORED, DUPLICATE, CONFLICT = "stored", "duplicate", "conflict"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a second: stored, duplicate (the same is there), conflict (other is)."""

    second: int
    outcome: str
    content_sha256: str


async def store(
    database: Database,
    declared: Declared,
    chunks: Sequence[Chunk],
    device_time: datetime | None = None,
) -> list[Outcome]:
    """Store seconds durably; one that conflicts does not fail its neighbours.

    Returns only after the commit: what is reported as stored or duplicate is on disk.

    Raises
    ------
    InvalidDataError
        A chunk does not fit the declaration; nothing is stored.
    ConflictError
        The recording is closed and has not these seconds; nothing is stored.
    """
    recording = declared.recording
    seconds = [chunk.second for chunk in chunks]
    if len(set(seconds)) != len(seconds):
        twice = next(second for second in seconds if seconds.count(second) > 1)
        raise InvalidDataError(f"second {twice} comes twice in one request")
    if sum(chunk.samples.size for chunk in chunks) > _IN_THREAD:
        prepared = await asyncio.to_thread(prepare, declared, chunks)
    else:
        prepared = prepare(declared, chunks)
    key = (recording.patient_id, recording.recording_id)
    try:
        async with database.begin() as connection:
            driver = await raw(connection)
            await chunk_table.join_writers(driver, *key)
            found = await chunk_table.state(driver, *key)
            if found is None:
                raise unknown(*key)
            if found[0] != declared.channels_sha256:
                database.declared.pop(key, None)
                raise StoreUnavailableError(
                    f"recording {key[1]!r} was declared anew by an archivist; send again"
                )
            new = await chunk_table.insert(driver, *key, prepared, device_time)
            if new and found[1]:
                raise ConflictError(
                    f"recording {key[1]!r} is closed; second {min(new)} is not in it"
                )
            known = [second for second in seconds if second not in new]
            there = await chunk_table.digests(driver, *key, known) if known else {}
            outcomes = [_outcome(chunk, new, there) for chunk in prepared]
            await chunk_table.log(
                driver, *key,
                [
                    LogEntry(c.second, c.second + 1, c.n_samples, c.content_sha256, o.outcome)
                    for c, o in zip(prepared, outcomes, strict=True)
                ],
            )  # fmt: skip
    except NotFoundError:
        database.declared.pop(key, None)
        raise
    return outcomes


def prepare(declared: Declared, chunks: Sequence[Chunk]) -> list[StoredChunk]:
    """Rows for the chunk table.

    Raises
    ------
    InvalidDataError
        Names the second, the channel and the limit.
    """
    prepared = []
    for chunk in chunks:
        check(declared.recording, chunk)
        blob = codec.encode(chunk)
        prepared.append(
            StoredChunk(
                chunk.second,
                chunk.samples.size,
                content_sha256(declared.channels_sha256, chunk),
                hashlib.sha256(blob).digest(),
                envelope(chunk),
                blob,
            )
        )
    return prepared


def check(recording: Recording, chunk: Chunk) -> None:
    """Raise InvalidDataError unless `chunk` can be a second of `recording`."""
    second = chunk.second
    if not 0 <= second <= MAX_SECOND:
        raise InvalidDataError(f"second {second} is not in 0 .. {MAX_SECOND}")
    if len(chunk.runs) != len(recording.channels):
        raise InvalidDataError(
            f"second {second}: {len(chunk.runs)} channels; recording "
            f"{recording.recording_id!r} has {len(recording.channels)}"
        )
    n_runs = sum(map(len, chunk.runs))
    if n_runs > MAX_RUNS:
        raise InvalidDataError(f"second {second}: {n_runs} runs; at most {MAX_RUNS}")
    total = 0
    for channel, runs in zip(recording.channels, chunk.runs, strict=True):
        limit = n_samples(second, channel.sfreq)
        end = -1
        for first, count in runs:
            if count < 1 or first < 0 or first + count > limit:
                raise InvalidDataError(
                    f"second {second}, channel {channel.label!r}: run of {count} samples from "
                    f"{first} does not lie in the {limit} samples of this second"
                )
            if first <= end:
                raise InvalidDataError(
                    f"second {second}, channel {channel.label!r}: run from {first} does not "
                    f"stand apart from the one before, which ends at {end}"
                )
            end = first + count
            total += count
    if total == 0:
        raise InvalidDataError(f"second {second} has no samples; leave it out")
    if total != chunk.samples.size:
        raise InvalidDataError(
            f"second {second}: its runs hold {total} samples, {chunk.samples.size} came"
        )
    if recording.sample_type is SampleType.FLOAT32 and not np.isfinite(chunk.samples).all():
        at = int(np.flatnonzero(~np.isfinite(chunk.samples))[0])
        raise InvalidDataError(
            f"second {second}: sample {at} is {chunk.samples[at]}; a missing sample is left "
            "out of the runs, not sent as NaN"
        )


def _outcome(chunk: StoredChunk, new: set[int], there: dict[int, bytes]) -> Outcome:
    if chunk.second in new:
        outcome = STORED
    else:
        outcome = DUPLICATE if there.get(chunk.second) == chunk.content_sha256 else CONFLICT
    return Outcome(chunk.second, outcome, chunk.content_sha256.hex())

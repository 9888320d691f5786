"""From chunks to rows of the chunk table: check, encode, digest."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from eegstore import codec
from eegstore.codec import Parameters
from eegstore.errors import InvalidDataError
from eegstore.integrity import content_sha256
from eegstore.model import Chunk, Recording, Runs, SampleType
from eegstore.service.recordings import Declared
from eegstore.signal.envelope import envelopes
from eegstore.store.append import StoredChunk
from eegstore.timebase import n_samples, runs_by_second

MAX_SECOND = 10**9  # 31 years
MAX_RUNS = 65_536  # in one second, over all channels
_AT_ONCE = 64  # seconds, so that they stay in the cache


class Work(NamedTuple):
    """A checked second that waits to be encoded, with parameters where there are some.

    With `fast` it is encoded in the shortest time, not the fewest bytes.
    """

    declared: Declared
    chunk: Chunk
    parameters: Parameters | None
    fast: bool = False


def prepare(
    declared: Declared, chunks: Sequence[Chunk], parameters: Parameters | None = None
) -> list[StoredChunk]:
    """Rows for the chunk table, encoded with `parameters` where there are some.

    Raises
    ------
    InvalidDataError
        Names the second, the channel and the limit.
    """
    check_all(declared.recording, chunks)
    return rows([Work(declared, chunk, parameters) for chunk in chunks])


def rows(work: Sequence[Work]) -> list[StoredChunk]:
    """Rows for the chunk table, in this order; seconds that are alike are worked on together."""
    blobs = _encoded(work)
    alike: dict[tuple[Runs, np.dtype[Any]], list[int]] = {}
    for index, (_, chunk, *_) in enumerate(work):
        alike.setdefault((chunk.runs, chunk.samples.dtype), []).append(index)
    made: dict[int, StoredChunk] = {}
    for (runs, _), members in alike.items():
        packed = codec.runs_to_bytes(runs)
        counts = [sum(count for _, count in channel) for channel in runs]
        for at in range(0, len(members), _AT_ONCE):
            part = members[at : at + _AT_ONCE]
            limits = envelopes(np.stack([work[index].chunk.samples for index in part]), counts)
            for index, envelope in zip(part, limits, strict=True):
                declared, chunk, *_ = work[index]
                made[index] = StoredChunk(
                    chunk.second,
                    chunk.samples.size,
                    content_sha256(declared.channels_sha256, chunk, packed),
                    hashlib.sha256(blobs[index]).digest(),
                    envelope,
                    blobs[index],
                )
    return [made[index] for index in range(len(work))]


def _encoded(work: Sequence[Work]) -> list[bytes]:
    """The blobs; seconds that share their parameters are encoded together."""
    blobs = [b""] * len(work)
    shared: dict[tuple[int, bool], list[int]] = {}
    for index, one in enumerate(work):
        shared.setdefault((id(one.parameters), one.fast), []).append(index)
    for members in shared.values():
        chunks = [work[index].chunk for index in members]
        first = work[members[0]]
        made = codec.encode_all(chunks, first.parameters, fast=first.fast)
        for index, blob in zip(members, made, strict=True):
            blobs[index] = blob
    return blobs


def check_all(recording: Recording, chunks: Sequence[Chunk]) -> None:
    """`check` all chunks of a recording."""
    full = runs_by_second(recording.channels)
    for chunk in chunks:
        _check(recording, chunk, full)


def check(recording: Recording, chunk: Chunk) -> None:
    """Raise InvalidDataError unless `chunk` can be a second of `recording`."""
    check_all(recording, [chunk])


def _check(recording: Recording, chunk: Chunk, full: Callable[[int], Runs]) -> None:
    second = chunk.second
    if not 0 <= second <= MAX_SECOND:
        raise InvalidDataError(f"second {second} is not in 0 .. {MAX_SECOND}")
    if chunk.runs != full(second):
        _check_runs(recording, chunk)
    total = sum([count for runs in chunk.runs for _, count in runs])
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


def _check_runs(recording: Recording, chunk: Chunk) -> None:
    second = chunk.second
    if len(chunk.runs) != len(recording.channels):
        raise InvalidDataError(
            f"second {second}: {len(chunk.runs)} channels; recording "
            f"{recording.recording_id!r} has {len(recording.channels)}"
        )
    n_runs = sum(map(len, chunk.runs))
    if n_runs > MAX_RUNS:
        raise InvalidDataError(f"second {second}: {n_runs} runs; at most {MAX_RUNS}")
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

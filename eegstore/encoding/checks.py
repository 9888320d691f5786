"""What can be a second of a recording."""

from collections.abc import Callable, Sequence

import numpy as np

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Recording, Runs, SampleType
from eegstore.timebase import n_samples, runs_by_second

MAX_SECOND = 10**9  # 31 years
MAX_RUNS = 65_536  # in one second, over all channels


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

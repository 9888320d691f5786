"""What is stored of seconds: blobs, digests, envelopes.

What is here is pure, so it can be done anywhere: ``python -m eegstore.encoding`` does it with a
file in a process of its own.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from eegstore import codec
from eegstore.codec import Parameters
from eegstore.integrity import content_sha256
from eegstore.model import Chunk, Runs
from eegstore.signal.envelope import envelopes

_AT_ONCE = 64  # seconds, so that they stay in the cache


class Plain(NamedTuple):
    """A checked second that waits to be encoded, with parameters where there are some.

    With `fast` it is encoded in the shortest time, not the fewest bytes.
    """

    channels_sha256: bytes  # digest of its channel table
    chunk: Chunk
    parameters: Parameters | None
    fast: bool = False


class Encoded(NamedTuple):
    """A second as it is stored."""

    content_sha256: bytes
    blob_sha256: bytes
    envelope: bytes
    blob: bytes


def encoded(work: Sequence[Plain]) -> list[Encoded]:
    """Seconds of any recordings, in this order; those that are alike are worked on together."""
    blobs = _blobs(work)
    alike: dict[tuple[Runs, np.dtype[Any]], list[int]] = {}
    for index, (_, chunk, *_) in enumerate(work):
        alike.setdefault((chunk.runs, chunk.samples.dtype), []).append(index)
    made: dict[int, Encoded] = {}
    for (runs, _), members in alike.items():
        packed = codec.runs_to_bytes(runs)
        counts = [sum(count for _, count in channel) for channel in runs]
        for at in range(0, len(members), _AT_ONCE):
            part = members[at : at + _AT_ONCE]
            limits = envelopes(np.stack([work[index].chunk.samples for index in part]), counts)
            for index, envelope in zip(part, limits, strict=True):
                table, chunk, *_ = work[index]
                made[index] = Encoded(
                    content_sha256(table, chunk, packed),
                    hashlib.sha256(blobs[index]).digest(),
                    envelope,
                    blobs[index],
                )
    return [made[index] for index in range(len(work))]


def _blobs(work: Sequence[Plain]) -> list[bytes]:
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

"""The envelope of a chunk: per channel the smallest and the largest sample.

It stands beside the blob, so that a whole day is drawn without decoding one, and a spike
of one sample survives every zoom.
"""

from collections.abc import Sequence

import numpy as np

from eegstore.model import Chunk, Digital, SampleType


def envelope(chunk: Chunk) -> bytes:
    """Min and max per channel, ``(n_channels, 2)`` in the sample type, little-endian.

    A channel without samples has min > max.
    """
    counts = np.array([sum(count for _, count in channel) for channel in chunk.runs], np.int64)
    dtype = chunk.samples.dtype.newbyteorder("<")
    limits = np.empty((len(counts), 2), dtype)
    limits[:] = _nothing(dtype)
    there = counts > 0
    if there.any():
        starts = (np.cumsum(counts) - counts)[there]
        limits[there, 0] = np.minimum.reduceat(chunk.samples, starts)
        limits[there, 1] = np.maximum.reduceat(chunk.samples, starts)
    return limits.tobytes()


def read_envelopes(envelopes: Sequence[bytes], sample_type: SampleType, n_channels: int) -> Digital:
    """Many envelopes as one array, ``(n_envelopes, n_channels, 2)``."""
    return np.frombuffer(b"".join(envelopes), sample_type.dtype).reshape(-1, n_channels, 2)


def _nothing(dtype: np.dtype) -> tuple[float, float]:
    if dtype.kind == "f":
        return np.inf, -np.inf
    limits = np.iinfo(dtype)
    return limits.max, limits.min

"""The envelope of a chunk: per channel the smallest and the largest sample.

It stands beside the blob, so that a whole day is drawn without decoding one, and a spike
of one sample survives every zoom.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Digital, SampleType


def envelope(chunk: Chunk) -> bytes:
    """Min and max per channel, ``(n_channels, 2)`` in the sample type, little-endian.

    A channel without samples has min > max.
    """
    counts = [sum(count for _, count in channel) for channel in chunk.runs]
    return envelopes(chunk.samples[np.newaxis], counts)[0]


def envelopes(samples: Digital, counts: Sequence[int]) -> list[bytes]:
    """The `envelope` of each of some seconds, ``(n_seconds, n_samples)``, alike in shape.

    Parameters
    ----------
    counts : sequence of int
        Samples per channel.
    """
    per_channel = np.array(counts, np.int64)
    limits = no_samples((len(samples), len(counts)), samples.dtype.newbyteorder("<"))
    there = per_channel > 0
    if there.any():
        starts = (np.cumsum(per_channel) - per_channel)[there]
        limits[:, there, 0] = np.minimum.reduceat(samples, starts, axis=1)
        limits[:, there, 1] = np.maximum.reduceat(samples, starts, axis=1)
    return [of_second.tobytes() for of_second in limits]


def read_envelopes(envelopes: Sequence[bytes], sample_type: SampleType, n_channels: int) -> Digital:
    """Many envelopes as one array, ``(n_envelopes, n_channels, 2)``.

    Raises
    ------
    InvalidDataError
        They are not of so many channels of this type.
    """
    return split_envelopes(b"".join(envelopes), len(envelopes), sample_type, n_channels)


def split_envelopes(
    joined: bytes, n_envelopes: int, sample_type: SampleType, n_channels: int
) -> Digital:
    """`read_envelopes` of envelopes that stand one behind the other."""
    size = 2 * n_channels * sample_type.dtype.itemsize
    if len(joined) != size * n_envelopes:
        raise InvalidDataError(
            f"{n_envelopes} envelopes have {len(joined)} bytes; those of {n_channels} channels "
            f"in {sample_type} have {size * n_envelopes}"
        )
    return np.frombuffer(joined, sample_type.dtype).reshape(n_envelopes, n_channels, 2)


def no_samples(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Digital:
    """Limits of so many channels without samples, ``(*shape, 2)``.

    They are neutral: the least of many minima is that of those with samples.
    """
    limits = np.empty((*shape, 2), dtype)
    limits[..., 0], limits[..., 1] = (
        (np.inf, -np.inf) if dtype.kind == "f" else (np.iinfo(dtype).max, np.iinfo(dtype).min)
    )
    return limits


def limits_between(
    digital: Digital, present: NDArray[np.bool_] | None, edges: NDArray[np.int64]
) -> Digital:
    """Min and max of the samples between ascending edges, ``(n_rows, n_columns, 2)``.

    Parameters
    ----------
    digital : ndarray, (n_rows, n_samples)
    present : ndarray of bool, (n_rows, n_samples), or None
        Which samples exist; None when all do.
    edges : ndarray, (n_columns + 1,)
        Sample indices, within 0 .. n_samples; two that are equal make an empty column.
    """
    limits = no_samples((len(digital), len(edges) - 1), digital.dtype)
    there = edges[:-1] < edges[1:]
    if not there.any():
        return limits
    cut = digital[:, : edges[-1]]
    low = high = cut
    if present is not None:
        absent = ~present[:, : edges[-1]]
        (least, most) = no_samples((), digital.dtype)
        low, high = np.where(absent, least, cut), np.where(absent, most, cut)
    starts = edges[:-1][there]
    limits[:, there, 0] = np.minimum.reduceat(low, starts, axis=1)
    limits[:, there, 1] = np.maximum.reduceat(high, starts, axis=1)
    return limits

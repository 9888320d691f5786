"""More samples than pixels: the smallest and the largest of each pixel, so peaks stay."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PER_PIXEL = 3  # samples; up to this many are all drawn: 10 s of 256 Hz on a laptop's screen


def samples_per_point(n_samples: int, pixels: int) -> int:
    """How many samples share a pixel; 1 when all are drawn."""
    if pixels <= 0 or n_samples <= PER_PIXEL * pixels:
        return 1
    return -(-n_samples // pixels)


def reduce(
    times: NDArray[Any], values: NDArray[Any], factor: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of every `factor` samples the smallest and the largest, in the order they came.

    What is left are samples that exist, at their own times.

    Parameters
    ----------
    times : ndarray, (n_samples,)
        [s]
    values : ndarray of float, (n_rows, n_samples)
        NaN in gaps; a stretch of nothing but NaN stays NaN.

    Returns
    -------
    times, values : ndarray, (n_rows, n_points)
        As they were, but with a time for each row, when `factor` is 1.
    """
    n_rows, n_samples = values.shape
    if factor <= 1 or n_samples == 0:
        return np.broadcast_to(times, values.shape), values
    n_bins = -(-n_samples // factor)
    padded = np.full((n_rows, n_bins * factor), np.nan, values.dtype)
    padded[:, :n_samples] = values
    bins = padded.reshape(n_rows, n_bins, factor)
    low = np.where(np.isnan(bins), np.inf, bins).argmin(axis=2)
    high = np.where(np.isnan(bins), -np.inf, bins).argmax(axis=2)
    picked = np.stack([np.minimum(low, high), np.maximum(low, high)], axis=2)
    picked += factor * np.arange(n_bins)[None, :, None]
    index = np.minimum(picked, n_samples - 1).reshape(n_rows, 2 * n_bins)
    return times[index], np.take_along_axis(values, index, axis=1)

"""What a whole study shows at a glance: power in bins of frequency, second by second.

Every second stands for itself: its samples about their mean, a Hann window, and the mean power
density of each bin. A second that lacks a sample has none. What drifts shows in the lowest bins:
100 uV/s are 23 dB at 1 Hz, 10 dB at 2 Hz and -2 dB at 3 Hz. Two trends are drawn from it: the
spectrogram of a study, and its amplitude, the root mean square of 2 to 13 Hz (1.5 to 13.5 Hz).
That is no aEEG: nothing is rectified, weighted or smoothed.

Stored form: one byte for each bin, ``(n_channels, 16)`` for a second, ``(n_seconds,
n_channels, 16)`` for several, C order. A byte b below 255 is ``b / 2 - 30`` dB re 1 uV^2/Hz,
255 is no value. 23 channels take 368 bytes a second.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import scipy  # whose parts load on first use: most commands never need them
from numpy.typing import NDArray

EDGES = (
    0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 9.5, 11.5, 13.5, 16.5, 20.5, 25.5, 30.5, 45.5, 70.5,
)  # fmt: skip
"""Of the bins [Hz]; bin b holds ``EDGES[b] <= f < EDGES[b + 1]``. Whole Hz lie in the middle."""

N_BINS = len(EDGES) - 1
NOTHING = 255
LOWEST, STEP = -30.0, 0.5  # [dB]
AMPLITUDE_BINS = slice(1, 10)

_WIDTHS = np.diff(EDGES)


def powers(data: NDArray[Any], sfreq: float) -> NDArray[np.float64]:
    """Mean power density in the bins.

    Parameters
    ----------
    data : ndarray of float, (..., n_samples)
        One second of each [uV]; NaN where a sample is missing.
    sfreq : float
        [Hz]

    Returns
    -------
    ndarray, (..., 16)
        [uV^2/Hz]; NaN for a second that lacks samples, and for bins beyond half of `sfreq`.
    """
    values = np.asarray(data, np.float64)
    n_samples = values.shape[-1]
    result = np.full((*values.shape[:-1], N_BINS), np.nan)
    if n_samples < 4 or values.size == 0:
        return result
    missing = np.asarray(~np.isfinite(values).all(axis=-1))
    if missing.any():
        values = np.where(missing[..., None], 0.0, values)
    window = scipy.signal.get_window("hann", n_samples)
    about_mean = values - values.mean(axis=-1, keepdims=True)
    lines = np.fft.rfft(about_mean * window, axis=-1)
    density = (lines.real**2 + lines.imag**2) * (2 / (sfreq * (window @ window)))
    frequencies = np.fft.rfftfreq(n_samples, 1 / sfreq)
    edges = np.searchsorted(frequencies[frequencies < sfreq / 2], EDGES)
    for index, (lo, hi) in enumerate(pairwise(edges.tolist())):
        if lo < hi:
            result[..., index] = density[..., lo:hi].mean(axis=-1)
    result[missing] = np.nan
    return result


def packed(power: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Power densities [uV^2/Hz] as they are stored, of the same shape."""
    level = 10 * np.log10(np.maximum(np.where(np.isnan(power), 1.0, power), 1e-30))
    code = np.clip(np.rint((level - LOWEST) / STEP), 0, NOTHING - 1)
    return np.where(np.isnan(power), NOTHING, code).astype(np.uint8)


def unpacked(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Power densities [uV^2/Hz] from their stored form, NaN where there is none."""
    level = codes.astype(np.float64) * STEP + LOWEST
    return np.where(codes == NOTHING, np.nan, 10 ** (level / 10))


def amplitude(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square of 2 to 13 Hz [uV].

    Parameters
    ----------
    power : ndarray, (..., 16)
        [uV^2/Hz]; a channel too slow for all these bins has no amplitude.
    """
    inside = power[..., AMPLITUDE_BINS] * _WIDTHS[AMPLITUDE_BINS]
    result: NDArray[np.float64] = np.sqrt(inside.sum(axis=-1))
    return result


def column_means(power: NDArray[np.float64], first_second: int, per_column: int) -> NDArray[Any]:
    """Mean power of several seconds, of those that have a value.

    Columns hold the seconds ``c * per_column <= s < (c + 1) * per_column`` from recording
    start.

    Parameters
    ----------
    power : ndarray, (n_seconds, ...)

    Returns
    -------
    ndarray, (n_columns, ...)
        NaN where no second has a value.
    """
    columns = _columns(power, first_second, per_column)
    count = np.isfinite(columns).sum(axis=1)
    total = np.where(np.isfinite(columns), columns, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def column_ranges(values: NDArray[np.float64], first_second: int, per_column: int) -> NDArray[Any]:
    """Least, middle and largest of several seconds, for a trend drawn as a band with a line.

    Parameters
    ----------
    values : ndarray, (n_seconds, ...)

    Returns
    -------
    ndarray, (3, n_columns, ...)
        NaN where no second has a value.
    """
    columns = np.sort(_columns(values, first_second, per_column), axis=1)  # NaN comes last
    count = np.isfinite(columns).sum(axis=1, keepdims=True)
    last = np.maximum(count - 1, 0)
    picked = [np.zeros_like(last), last // 2, last]
    return np.stack([np.take_along_axis(columns, at, axis=1)[:, 0] for at in picked])


def _columns(values: NDArray[np.float64], first_second: int, per_column: int) -> NDArray[Any]:
    """(n_columns, per_column, ...), filled up with NaN at both ends."""
    lead = first_second % per_column
    n_columns = -(-(lead + len(values)) // per_column)
    filled = np.full((n_columns * per_column, *values.shape[1:]), np.nan)
    filled[lead : lead + len(values)] = values
    return filled.reshape(n_columns, per_column, *values.shape[1:])

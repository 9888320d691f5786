"""Spectra of a page and of a selection: spectrogram, amplitude spectrum.

All are one-sided, of Hann windows with the trend removed; scipy.signal does the work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # whose parts load on first use: most commands never need them
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.spans import runs

UP_TO = 70.0  # [Hz]
WINDOW = 1.0  # [s], so that lines are 1 Hz apart
STEPS = 8  # in a window: neighbours overlap by 7/8
FLOOR = 1e-4  # [uV^2/Hz], of what is silent; -40 dB


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Power density over time and frequency."""

    times: NDArray[np.float64]  # (n_times,), middles of the windows [s] from recording start
    frequencies: NDArray[np.float64]  # (n_frequencies,) [Hz]
    decibels: NDArray[np.float64]  # (n_frequencies, n_times) [dB re 1 uV^2/Hz], NaN in gaps


def spectrogram(
    data: NDArray[Any],
    sfreq: float,
    first_sample: int = 0,
    *,
    window: float = WINDOW,
    up_to: float = UP_TO,
) -> Spectrogram:
    """The spectrogram of one trace, of whole windows only.

    Windows begin at multiples of the step, counted from recording start, so that pages that
    overlap agree. To reach the ends of a page, read half a window more on either side.

    Parameters
    ----------
    data : ndarray of float, (n_samples,)
        [uV]; a window that holds a NaN is NaN.
    sfreq : float
        [Hz]
    first_sample : int
        Index of the first one from recording start.
    window : float
        [s]
    up_to : float
        Highest frequency [Hz]; half of `sfreq` if that is lower.

    Raises
    ------
    InvalidDataError
        A window of fewer than two samples.
    """
    length = round(window * sfreq)
    if length < 2:
        raise InvalidDataError(
            f"a window of {window:g} s has {length} samples at {sfreq:g} Hz; at least 2"
        )
    step = max(1, length // STEPS)
    begin = -first_sample % step
    values = np.where(np.isfinite(data), data, np.nan)[begin:].astype(np.float64)
    frequencies = np.asarray(np.fft.rfftfreq(length, 1 / sfreq), np.float64)
    kept = frequencies <= up_to
    if len(values) < length:
        nothing = np.empty((int(kept.sum()), 0))
        return Spectrogram(np.empty(0), frequencies[kept], nothing)
    _, middles, power = scipy.signal.spectrogram(
        values, sfreq, "hann", length, length - step, detrend="constant", scaling="density"
    )
    times = middles + (first_sample + begin) / sfreq
    return Spectrogram(times, frequencies[kept], decibels(power[kept]))


def averaged(
    found: Sequence[tuple[float, Spectrogram]], start: float, step: float, n_times: int
) -> Spectrogram:
    """Several spectrograms as one: the mean power of each column of time.

    Parameters
    ----------
    found : sequence of (float, Spectrogram)
        Each with the time at which its recording starts [s].
    start, step : float
        Where the first column begins, and how long columns are [s].

    Returns
    -------
    Spectrogram
        Its times are the middles of the columns. NaN where no window has its middle.
    """
    frequencies = max((one.frequencies for _, one in found), key=len, default=np.empty(0))
    total, count = np.zeros((2, len(frequencies), n_times))
    for offset, one in found:
        column = np.floor((one.times + offset - start) / step + 1e-6).astype(np.int64)
        inside = (column >= 0) & (column < n_times)
        if not inside.any():
            continue
        column, power = column[inside], 10 ** (one.decibels[:, inside] / 10)
        firsts = np.flatnonzero(np.diff(column, prepend=-1))
        at, there = column[firsts], np.isfinite(power)
        total[: len(power), at] += np.add.reduceat(np.where(there, power, 0.0), firsts, axis=1)
        count[: len(power), at] += np.add.reduceat(there, firsts, axis=1, dtype=np.float64)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    times = start + step * (np.arange(n_times) + 0.5)
    return Spectrogram(np.asarray(times, np.float64), frequencies, decibels(mean))


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power density [uV^2/Hz] in dB re 1 uV^2/Hz; NaN stays NaN, silence is -40 dB."""
    result: NDArray[np.float64] = 10 * np.log10(np.maximum(power, FLOOR))
    return result


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The amplitude spectrum of a selection."""

    frequencies: NDArray[np.float64]  # (n_frequencies,) [Hz]
    amplitudes: NDArray[np.float64]  # (n_frequencies,) [uV]: a sine of 50 uV has 50 at its line
    start: int  # samples of the selection that were used: its longest stretch without a gap
    stop: int

    @property
    def peak(self) -> float:
        """The frequency [Hz] of the highest line; 0 Hz is not looked at."""
        return float(self.frequencies[1 + int(self.amplitudes[1:].argmax())])


def amplitude_spectrum(data: NDArray[Any], sfreq: float, *, up_to: float = UP_TO) -> Spectrum:
    """The amplitudes of a selection, from its longest stretch without a gap.

    Parameters
    ----------
    data : ndarray of float, (n_samples,)
        [uV], NaN in gaps.
    sfreq : float
        [Hz]

    Raises
    ------
    InvalidDataError
        No four samples in a row.
    """
    start, stop = max(runs(np.isfinite(data)), key=lambda run: run[1] - run[0], default=(0, 0))
    if stop - start < 4:
        raise InvalidDataError(f"a spectrum of {stop - start} samples without a gap; at least 4")
    part = np.asarray(data[start:stop], np.float64)
    frequencies, power = scipy.signal.periodogram(
        part, sfreq, "hann", detrend="linear", scaling="spectrum"
    )
    kept = frequencies <= max(up_to, frequencies[1])
    return Spectrum(frequencies[kept], np.sqrt(2 * power[kept]), start, stop)

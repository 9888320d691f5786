"""Noise that is the same whenever it is asked for, endless and without seams.

Two kinds. `ColoredNoise` filters white noise that belongs to numbered blocks; a block
also hears the end of the block before it, so the filter never starts anew. `wander` is a
cubic B-spline through random knots, for what changes over seconds and minutes.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Array = NDArray[np.float64]
Density = Callable[[Array], Array]
"""Power over frequency [Hz], up to a factor."""

BLOCK = 10  # [s]
_MEMORY = 6  # [s], length of the filters
_PAGE = 64  # knots drawn at once
_KNOT_SD = 0.692  # of a B-spline whose knots have 1


def generator(seed: int, *key: int) -> np.random.Generator:
    """The random numbers of this `seed` and `key`."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def wander(seed: int, stream: int, times: Array, spacing: float, n_rows: int = 1) -> Array:
    """Smooth Gaussian noise of mean 0 and standard deviation 1, (n_rows, n_times).

    Parameters
    ----------
    stream : int
        Streams are independent of each other.
    times : ndarray, (n_times,)
        [s], ascending, from 0.
    spacing : float
        Between knots [s]; faster changes do not occur.
    """
    place = times / spacing
    whole = np.floor(place)
    u = place - whole
    index = whole.astype(np.int64)
    first = int(index[0])
    pages = range(first // _PAGE, (int(index[-1]) + 3) // _PAGE + 1)
    knots = np.concatenate([_knots(seed, stream, page, n_rows) for page in pages], axis=1)
    index -= pages[0] * _PAGE
    weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3)
    values: Array = sum(w * knots[:, index + i] for i, w in enumerate(weights)) / (6 * _KNOT_SD)
    return values


@lru_cache(maxsize=1024)
def _knots(seed: int, stream: int, page: int, n_rows: int) -> Array:
    return generator(seed, stream, page).standard_normal((n_rows, _PAGE))


@lru_cache(maxsize=8)
def _white(seed: int, stream: int, block: int, n_rows: int, n_samples: int) -> Array:
    return generator(seed, stream, block).standard_normal((n_rows, n_samples))


class ColoredNoise:
    """Independent rows of stationary noise, each of standard deviation 1.

    Parameters
    ----------
    stream : int
        Streams of one `seed` are independent of each other.
    sfreq : int
        [Hz]
    densities : list of (number of rows, density)
        The spectra of the rows.
    """

    def __init__(
        self, seed: int, stream: int, sfreq: int, densities: list[tuple[int, Density]]
    ) -> None:
        self._key = (seed, stream)
        self._n_samples = BLOCK * sfreq
        self._n_taps = _MEMORY * sfreq
        self._n_fft = (BLOCK + _MEMORY) * sfreq
        self._kind = np.repeat(range(len(densities)), [n for n, _ in densities])
        frequencies = fft.rfftfreq(self._n_fft, 1 / sfreq)
        amplitudes = np.array([np.sqrt(density(frequencies)) for _, density in densities])
        self._response = self._design(amplitudes)
        self._quadrature = self._design(-1j * amplitudes)

    def block(self, number: int) -> Array:
        """Block `number`, (n_rows, BLOCK * sfreq)."""
        return self._filter(self._spectrum(number), self._response)

    def analytic_block(self, number: int) -> NDArray[np.complex128]:
        """Block `number` and, as imaginary part, the same a quarter of a period later.

        The angle is the phase of what is rhythmic, the magnitude its envelope.
        """
        spectrum = self._spectrum(number)
        imaginary = self._filter(spectrum, self._quadrature)
        return self._filter(spectrum, self._response) + 1j * imaginary

    def _spectrum(self, number: int) -> NDArray[np.complex128]:
        shape = (len(self._kind), self._n_samples)
        before = _white(*self._key, number, *shape)[:, -(self._n_taps - 1) :]
        white = np.concatenate([before, _white(*self._key, number + 1, *shape)], axis=1)
        spectrum: NDArray[np.complex128] = fft.rfft(white, self._n_fft, axis=1)
        return spectrum

    def _filter(self, spectrum: NDArray[np.complex128], response: NDArray[np.complex128]) -> Array:
        filtered: Array = fft.irfft(spectrum * response[self._kind], self._n_fft, axis=1)
        return filtered[:, self._n_taps - 1 : self._n_taps - 1 + self._n_samples]

    def _design(self, amplitudes: NDArray[np.number]) -> NDArray[np.complex128]:
        """Frequency responses, (n, n_fft // 2 + 1), of filters of `_n_taps` taps."""
        taps = np.roll(fft.irfft(amplitudes, self._n_fft, axis=1), self._n_taps // 2, axis=1)
        taps = taps[:, : self._n_taps] * np.hanning(self._n_taps)
        taps /= np.linalg.norm(taps, axis=1, keepdims=True)
        response: NDArray[np.complex128] = fft.rfft(taps, self._n_fft, axis=1)
        return response

"""What a reader measures on the page: amplitudes of a selection, two cursors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError


@dataclass(frozen=True, slots=True)
class Amplitude:
    """A selection of one trace; values in the trace's unit, gaps left out."""

    low: float
    high: float
    mean: float
    rms: float  # about the mean
    n_samples: int  # that exist

    @property
    def peak_to_peak(self) -> float:
        """From the lowest to the highest sample."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Between:
    """From a first cursor to a second."""

    seconds: float
    difference: float  # in the trace's unit

    @property
    def hertz(self) -> float | None:
        """The frequency [Hz] of a wave of that length; None when both stand at one time."""
        return 1 / abs(self.seconds) if self.seconds else None


def amplitude(data: NDArray[Any]) -> Amplitude:
    """The amplitudes of a selection.

    Parameters
    ----------
    data : ndarray of float, (n_samples,)
        NaN in gaps.

    Raises
    ------
    InvalidDataError
        There is no sample in it.
    """
    there = np.asarray(data[np.isfinite(data)], np.float64)
    if there.size == 0:
        raise InvalidDataError(f"none of the {len(data)} samples selected exists")
    return Amplitude(
        float(there.min()), float(there.max()), float(there.mean()), float(there.std()), there.size
    )


def between(first: tuple[float, float], second: tuple[float, float]) -> Between:
    """Two cursors, each a time [s] and a value."""
    return Between(second[0] - first[0], second[1] - first[1])

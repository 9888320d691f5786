"""A whole recording or study at a glance: power by frequency, and amplitude, over time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegstore.signal.trends import LOWEST, NOTHING, STEP


@dataclass(frozen=True, slots=True)
class Trends:
    """Spectral bins and amplitude of a channel, or of a group of channels.

    Bins are those of `eegstore.signal.trends`, from its `EDGES` [Hz]; the amplitude is the root
    mean square of 2 to 13 Hz in each second, and of a group that of the mean power of its
    channels. It is no aEEG.
    """

    patient_id: str
    study_id: str | None
    recording_id: str | None  # None of a study
    group: str  # all, left, right, or the label of a channel
    start: int  # [s] on the timeline that was asked for
    unit: int  # [s], length of a column
    edges: tuple[float, ...]  # of the bins [Hz]
    complete: bool  # whether all that is stored is in it; else ask again later
    codes: NDArray[np.uint8]  # (n_bins, n_columns) mean power, as stored; 255 for none
    amplitude: NDArray[np.float32]  # (3, n_columns) least, middle, largest [uV], NaN for none

    @property
    def decibels(self) -> NDArray[np.float64]:
        """Mean power density [dB re 1 uV^2/Hz], (n_bins, n_columns), NaN for none."""
        return np.where(self.codes == NOTHING, np.nan, self.codes * STEP + LOWEST)

    @property
    def times(self) -> NDArray[np.float64]:
        """Where columns begin and end [s], ``(n_columns + 1,)``."""
        return self.start + self.unit * np.arange(self.codes.shape[1] + 1, dtype=np.float64)

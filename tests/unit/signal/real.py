"""Real recordings as arrays."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eegstore.edf import EdfFile
from eegstore.model import Recording
from eegstore.window import Window, assemble

LONG_BIPOLAR = "chbmit/chbmit_5min.edf"
REFERENTIAL = "edf/eeg_16ch_256hz.edf"


def load(
    data: Path, name: str, start: int = 0, stop: int | None = None
) -> tuple[Recording, Window]:
    """All channels of a shared file from `start` to `stop` [s]."""
    with EdfFile(data / name) as file:
        recording = file.recording("p", "r")
        stop = file.n_seconds if stop is None else stop
        chunks = list(file.chunks(start, stop))
    rows = range(len(recording.channels))
    return recording, assemble(recording, rows, Fraction(start), Fraction(stop), chunks)


def physical(window: Window) -> NDArray[np.float64]:
    """Values of a recording of one rate, (n_channels, n_samples), in each channel's unit."""
    (block,) = window.blocks
    return window.physical(block, np.float64)

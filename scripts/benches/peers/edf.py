"""The EDF file itself, through the three usual readers: opened once, read when asked."""

import warnings

import numpy as np
from numpy.typing import NDArray

from scripts.benches.peers.store import Store


class Pyedflib(Store):
    """pyedflib: `EdfReader.readSignal` for each channel."""

    def open(self) -> None:
        import pyedflib

        self._file = pyedflib.EdfReader(str(self.path))

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        rate = self.signal.sfreq
        rows = [
            self._file.readSignal(row, start * rate, (stop - start) * rate)
            for row in range(len(self.signal.recording.channels))
        ]
        return np.asarray(rows, np.float32)


class Edfio(Store):
    """edfio: read lazily, then `get_data_slice` for each signal."""

    def open(self) -> None:
        import edfio

        self._file = edfio.read_edf(self.path, lazy_load_data=True)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        rows = [one.get_data_slice(start, stop) for one in self._file.signals]
        return np.asarray(rows, np.float32)


class Mne(Store):
    """MNE-Python: `read_raw_edf` without preload, then `get_data`, which is in volts."""

    def open(self) -> None:
        import mne

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # two channels have one name
            self._raw = mne.io.read_raw_edf(self.path, preload=False, verbose="error")

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        rate = self.signal.sfreq
        volts = self._raw.get_data(start=start * rate, stop=stop * rate, verbose="error")
        return np.asarray(volts * 1e6, np.float32)

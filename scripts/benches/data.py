"""What is measured on: a recording of five minutes, tiled to any length."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Chunk, Recording

ROOT = Path(__file__).parents[2]
PATIENT = "bench"
BASE = 300  # [s]


def shared_data() -> Path | None:
    """The real recordings, where they are: EEGSTORE_TEST_DATA, else ../shared/data."""
    path = Path(os.environ.get("EEGSTORE_TEST_DATA", ROOT.parent / "shared" / "data"))
    return path if path.is_dir() else None


@dataclass(frozen=True)
class Signal:
    """A recording as an EDF file and as counts, cheap to hand to another process."""

    recording: Recording
    seconds: int
    edf: Path
    counts_file: Path  # int16 (n_channels, n_samples)

    @property
    def sfreq(self) -> int:
        """[Hz], of all channels."""
        return int(self.recording.channels[0].sfreq)

    @cached_property
    def counts(self) -> NDArray[np.int16]:
        """All samples, (n_channels, n_samples), read when touched."""
        counts: NDArray[np.int16] = np.load(self.counts_file, mmap_mode="r")
        return counts

    @cached_property
    def scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Gain [uV] and offset [uV] of the channels, (n_channels, 1) each."""
        channels = self.recording.channels
        gain = np.array([[c.gain] for c in channels], np.float32)
        return gain, np.array([[c.offset] for c in channels], np.float32)

    def physical(self, counts: NDArray[Any]) -> NDArray[np.float32]:
        """Counts of all channels as float32 [uV]."""
        gain, offset = self.scale
        values: NDArray[np.float32] = counts.astype(np.float32)
        values *= gain
        values += offset
        return values

    def wrong(self, values: NDArray[Any], start: int, stop: int) -> str | None:
        """What is wrong with `values` as an answer for [start, stop) s; None when right."""
        truth = self.physical(self.counts[:, start * self.sfreq : stop * self.sfreq])
        if values.shape != truth.shape:
            return f"shape {values.shape}, not {truth.shape}"
        worst = float(np.max(np.abs(values - truth)))
        return None if worst < 1e-2 else f"off by {worst:g} uV"


class Source:
    """The five minutes that everything is made of; imports late, since workers need none of it.

    Parameters
    ----------
    directory : Path
        Where files are made.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        shared = shared_data()
        real = shared / "chbmit" / "chbmit_5min.edf" if shared is not None else None
        if real is not None and real.is_file():
            from eegstore.edf import EdfFile

            with EdfFile(real) as file:
                self.recording = file.recording(PATIENT, "r")
                self.chunks = list(file.chunks(0, min(BASE, file.n_seconds)))
            self.label, self._stem = real.name, "chbmit"
            self.name = f"{real.name} (CHB-MIT, {self._shape})"
        else:
            from eegstore.signal.synthetic import SyntheticEeg

            eeg = SyntheticEeg()
            self.recording = eeg.recording(PATIENT, "r")
            self.chunks = list(eeg.chunks(0, BASE))
            self.label, self._stem = "synthetic EEG", "synthetic"
            self.name = f"the project's synthetic EEG ({self._shape}; no real recording is here)"

    @property
    def _shape(self) -> str:
        channels = self.recording.channels
        return f"{len(channels)} channels, {channels[0].sfreq} Hz, {len(self.chunks)} s"

    def tiled(self, seconds: int) -> Iterator[Chunk]:
        """The chunks of a recording of `seconds` [s], which share the samples of these."""
        for second in range(seconds):
            of = self.chunks[second % len(self.chunks)]
            yield Chunk(second, of.runs, of.samples)

    def named(self, recording_id: str) -> Recording:
        """The declaration, by another name."""
        return replace(self.recording, recording_id=recording_id)

    def edf(self, seconds: int) -> Path:
        """An EDF+ file of `seconds` [s]; made once."""
        path = self._directory / f"{self._stem}_{seconds}s.edf"
        if not path.exists():
            from eegstore.edf import write_edf

            write_edf(path, self.recording, self.tiled(seconds))
        return path

    def signal(self, seconds: int) -> Signal:
        """The tiled recording as a file and as counts; made once."""
        counts = self._directory / f"{seconds}s.npy"
        if not counts.exists():
            rows = len(self.recording.channels)
            tiles = [chunk.samples.reshape(rows, -1) for chunk in self.tiled(seconds)]
            np.save(counts, np.concatenate(tiles, axis=1))
        path = self.edf(seconds)
        return Signal(self.named(path.name), seconds, path, counts)

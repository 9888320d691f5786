"""What all stores have in common: they hold one recording and give windows of it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benches.data import Signal


class Store:
    """A store that holds a recording as files beneath `path`.

    Parameters
    ----------
    signal : Signal
        What it holds.
    path : Path
        Where; nothing is there before `build`.
    """

    def __init__(self, signal: Signal, path: Path) -> None:
        self.signal, self.path = signal, path
        if path.exists():
            self.open()

    def build(self) -> int:
        """Store the recording, open the store; returns its size on disk [byte]."""
        if not self.path.exists():
            self.write()
            self.open()
        return on_disk(self.path)

    def write(self) -> None:
        """Store the recording."""
        raise NotImplementedError

    def open(self) -> None:
        """Open what is stored, once."""

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        """Samples [first, stop) of all channels as counts, (n_channels, n_samples)."""
        raise NotImplementedError

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """[start, stop) s as float32 [uV], (n_channels, n_samples)."""
        rate = self.signal.sfreq
        return self.signal.physical(self.counts(start * rate, stop * rate))

    def wrong(self, start: int, stop: int) -> str | None:
        """What is wrong with an answer; None when it is right."""
        return self.signal.wrong(self.read(start, stop), start, stop)


def on_disk(path: Path) -> int:
    """What a file or everything in a directory takes on disk [byte]."""
    paths = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sum(os.lstat(each).st_blocks * 512 for each in paths if not each.is_dir())

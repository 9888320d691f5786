"""Where a simulated device takes its seconds from."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from eegstore.annotations import annotation_id_for
from eegstore.edf.read import EdfFile
from eegstore.model import Annotation, Chunk, Recording

if TYPE_CHECKING:  # brings scipy, which playing a file does not need
    from eegstore.signal.synthetic import SyntheticEeg

_AHEAD = 60  # seconds read at once [s]


class Source(Protocol):
    """A signal, second by second."""

    @property
    def recording(self) -> Recording:
        """What is recorded; the same at every start of the device."""

    @property
    def n_seconds(self) -> int | None:
        """Where the signal ends [s]; None when it does not."""

    def chunk(self, second: int) -> Chunk | None:
        """That second, or None when nothing was recorded in it (a gap, or after the end)."""

    def annotations(self, start: int, stop: int | None) -> Sequence[Annotation]:
        """Events with ``start <= onset < stop`` [s], or all from `start` on when `stop` is None.

        Events before 0 s belong to second 0.
        """


class EdfSource:
    """A file played as if it were recorded now. Use it as a context manager.

    Parameters
    ----------
    path : path-like
        An EDF, EDF+ or BDF file.
    recording_id : str, optional
        Default is the file's name with its extension.
    study_id : str, optional
        What ties the files of one admission.

    Raises
    ------
    EdfError
        When the file's header does not describe it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        patient_id: str,
        recording_id: str | None = None,
        study_id: str | None = None,
    ) -> None:
        self._file = EdfFile(Path(path))
        recording_id = recording_id or Path(path).name
        self.recording = self._file.recording(patient_id, recording_id, study_id)
        self.n_seconds: int | None = self._file.n_seconds
        self._annotations = [
            replace(
                a,
                annotation_id=a.annotation_id
                or annotation_id_for(
                    patient_id, recording_id, index, a.onset, a.duration, a.description
                ),
            )
            for index, a in enumerate(self._file.annotations)
        ]
        self._ahead: dict[int, Chunk] = {}
        self._read = range(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def chunk(self, second: int) -> Chunk | None:
        """That second of the file, or None in a gap and after the end."""
        if second not in self._read:
            self._read = range(second, second + _AHEAD)
            self._ahead = {c.second: c for c in self._file.chunks(second, second + _AHEAD)}
        return self._ahead.get(second)

    def annotations(self, start: int, stop: int | None) -> Sequence[Annotation]:
        """Annotations of the file, with the ids that an import would give them."""
        return [
            a
            for a in self._annotations
            if (start == 0 or a.onset >= start) and (stop is None or a.onset < stop)
        ]


class SyntheticSource:
    """A signal that is computed, for as long as it is wanted.

    Parameters
    ----------
    start_time : datetime, optional
        Local clock time at which it begins; a device that is started again needs the one of
        its first start (`DeviceBuffer.recording` knows it).
    n_seconds : int, optional
        Where it ends [s]; None goes on until the device is stopped.
    """

    def __init__(
        self,
        eeg: "SyntheticEeg",
        patient_id: str,
        recording_id: str,
        start_time: datetime | None = None,
        n_seconds: int | None = None,
    ) -> None:
        self._eeg, self.n_seconds = eeg, n_seconds
        self.recording = eeg.recording(patient_id, recording_id, start_time)

    def chunk(self, second: int) -> Chunk | None:
        """That second of the signal; None after its end."""
        if self.n_seconds is not None and second >= self.n_seconds:
            return None
        return self._eeg.chunk(second)

    def annotations(self, start: int, stop: int | None) -> Sequence[Annotation]:
        """The seizures that begin at ``start <= onset < stop`` [s]."""
        stop = self.n_seconds if stop is None else stop
        if stop is None or stop <= start:
            return ()
        return [a for a in self._eeg.annotations(start, stop) if start <= a.onset < stop]

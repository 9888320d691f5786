"""A study of two files with a hole between them, to be marked."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore import Annotation, Channel, Chunk, Client, Recording, SampleType
from eegstore.timebase import first_sample, full_runs

LABELS = ("EEG FP1-REF", "EEG F7-REF", "EEG T3-REF", "EEG T5-REF", "EEG O1-REF")
SINE = (10.0, 80.0)  # frequency [Hz] and amplitude [uV] of the first channel
SECOND = 90.5  # [s] at which the second file begins; the first lasts a minute
RATES = (Fraction(128), Fraction(100))


@dataclass(frozen=True)
class File:
    """One of the recordings, and where it lies."""

    recording: Recording
    offset: float  # [s]
    seconds: int

    @property
    def sfreq(self) -> int:
        return int(self.recording.channels[0].sfreq)

    def values(self, row: int) -> NDArray[np.float64]:
        """All samples of a channel [uV]."""
        channel = self.recording.channels[row]
        return self._counts(row) * channel.gain + channel.offset

    def chunk(self, second: int) -> Chunk:
        channels = self.recording.channels
        parts = [
            self._counts(row)[first_sample(second, one.sfreq) : first_sample(second + 1, one.sfreq)]
            for row, one in enumerate(channels)
        ]
        return Chunk(second, full_runs(channels, second), np.concatenate(parts))

    def _counts(self, row: int) -> NDArray[np.int16]:
        time = np.arange(self.seconds * self.sfreq) / self.sfreq
        channel = self.recording.channels[row]
        if row == 0:
            values = SINE[1] * np.sin(2 * np.pi * SINE[0] * time)
        else:
            values = np.random.default_rng(row).normal(0, 12, len(time))
        return np.rint((values - channel.offset) / channel.gain).astype("<i2")


def files(patient: str, study: str = "s") -> tuple[File, File]:
    """The two recordings."""
    made = []
    for name, start, rate, seconds in (
        ("a", datetime(2076, 11, 6, 22), RATES[0], 60),
        ("b", datetime(2076, 11, 6, 22, 1, 30, 500_000), RATES[1], 40),
    ):
        channels = (
            *(Channel(label, rate, "uV", -1000.0, 1000.0, -20000, 20000) for label in LABELS),
            Channel("EKG", rate, "uV", -5000.0, 5000.0, -20000, 20000),
        )
        recording = Recording(
            patient, f"{study}-{name}", channels, SampleType.INT16, study_id=study, start_time=start
        )
        made.append(File(recording, 0.0 if name == "a" else SECOND, seconds))
    return made[0], made[1]


def stored(client: Client, patient: str, study: str = "s") -> tuple[File, File]:
    """The same, in the store and closed."""
    pair = files(patient, study)
    for one in pair:
        client.declare(one.recording)
        client.send(one.recording, [one.chunk(k) for k in range(one.seconds)])
        client.close_recording(patient, one.recording.recording_id)
    return pair


def said(client: Client, file: File, *what: Any, **more: Any) -> Annotation:
    """Something said of one of them."""
    ids = file.recording.patient_id, file.recording.recording_id
    return client.annotate(*ids, Annotation(*what, **more))

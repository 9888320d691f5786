"""A study with holes: two files and the time between them, and a gap in the second."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eegstore import Channel, Chunk, Client, Recording, SampleType
from eegstore.timebase import full_runs

STUDY = "holed"
SFREQ = 160  # [Hz]
LENGTH = 200  # [s] of each file
SECOND = 300.5  # [s], where the second begins
GAP = (400.5, 440.5)  # [s of the study]
DURATION = SECOND + LENGTH
QUIET, LOUD = 10.0, 100.0  # [uV], the limits of noise
STORM = (100, 120)  # [s], when it is loud
BURST = (60, 64)  # [s], of the first channel
HUM = 10.0  # [Hz], of the burst
START = datetime(2076, 11, 6, 23, 58)
CHANNELS = tuple(
    Channel(label, Fraction(SFREQ), "uV", -3276.8, 3276.7, -32768, 32767)
    for label in ("F3-C3", "C3-P3", "F4-C4", "C4-P4")
)


@dataclass(frozen=True)
class Holed:
    """What was sent, of one patient."""

    patient: str

    @property
    def query(self) -> str:
        return f"?patient={self.patient}&study={STUDY}"


def send(client: Client, patient: str) -> Holed:
    """Send both files; row 0 has offsets of an electrode beside all else."""
    random = np.random.default_rng(5)
    for number in range(2):
        values = random.uniform(-QUIET, QUIET, (len(CHANNELS), LENGTH * SFREQ))
        if number == 0:
            values[:, STORM[0] * SFREQ : STORM[1] * SFREQ] *= LOUD / QUIET
            time = np.arange(BURST[0] * SFREQ, BURST[1] * SFREQ)
            values[0, time] += 80 * np.sin(2 * np.pi * HUM * time / SFREQ)
        values[0] += 1500
        start = START + timedelta(seconds=number * SECOND)
        recording = Recording(
            patient, f"file-{number}", CHANNELS, SampleType.INT16, start_time=start, study_id=STUDY
        )
        client.declare(recording)
        counts = np.rint((values - CHANNELS[0].offset) / CHANNELS[0].gain).astype("<i2")
        gap = range(int(GAP[0] - SECOND), int(GAP[1] - SECOND)) if number else range(0)
        seconds = [k for k in range(LENGTH) if k not in gap]
        client.send(recording, [_chunk(recording, counts, k) for k in seconds])
        client.close_recording(patient, recording.recording_id)
    return Holed(patient)


def _chunk(recording: Recording, counts: NDArray[np.int16], second: int) -> Chunk:
    part = counts[:, second * SFREQ : (second + 1) * SFREQ].ravel()
    return Chunk(second, full_runs(recording.channels, second), part)

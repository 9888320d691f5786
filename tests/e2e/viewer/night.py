"""A night of two files: 20 electrodes against one reference, with EKG and SpO2."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eegstore import Annotation, Channel, Chunk, Client, Recording, SampleType
from eegstore.model import Identity
from eegstore.timebase import full_runs

PATIENT, STUDY = "night-1", "admission"
SFREQ, LENGTH, HOLE = 128, 60, 30  # [Hz], [s] of each file and of the hole between them
START = datetime(2026, 10, 25, 2, 59)  # the clocks went back at 3
OFFSET = 7200  # [s]
ELECTRODES = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz", "C4", "T4", "T5", "P3", "P4",
    "T6", "O1", "O2", "A1", "A2",
)  # fmt: skip
MISSING = "Pz"
RAIL = (12.0, 12.5)  # [s], of T3
CHANNELS = (
    *(Channel(f"EEG {one}-REF", Fraction(SFREQ), "uV", -3276.8, 3276.7, -32768, 32767)
      for one in ELECTRODES),
    Channel("ECG", Fraction(SFREQ), "mV", -5.0, 5.0, -32768, 32767),
    Channel("SpO2", Fraction(1), "%", 0.0, 100.0, 0, 1000),
)  # fmt: skip


@dataclass(frozen=True)
class Night:
    """What was sent of it."""

    data: tuple[NDArray[np.int16], ...]  # of each file, (n_channels - 1, n_samples), counts

    @property
    def query(self) -> str:
        return f"?patient={PATIENT}&study={STUDY}"

    @property
    def duration(self) -> int:
        """[s]"""
        return 2 * LENGTH + HOLE

    def value(self, label: str, start: float, stop: float) -> NDArray[np.float64]:
        """What an electrode, or EKG, was from `start` to `stop` [s of the study], in uV."""
        row = ELECTRODES.index(label) if label in ELECTRODES else len(ELECTRODES)
        gain = CHANNELS[row].gain * (1000 if row == len(ELECTRODES) else 1)
        offset = CHANNELS[row].offset * (1000 if row == len(ELECTRODES) else 1)
        whole = np.full(self.duration * SFREQ, np.nan)
        for counts, at in zip(self.data, (0, LENGTH + HOLE), strict=True):
            whole[at * SFREQ : (at + LENGTH) * SFREQ] = counts[row] * gain + offset
        return whole[int(start * SFREQ) : int(stop * SFREQ)]


def _chunk(recording: Recording, counts: NDArray[np.int16], second: int) -> Chunk:
    part = counts[:, second * SFREQ : (second + 1) * SFREQ].ravel()
    samples = np.concatenate([part, np.array([950 + second % 20], "<i2")])
    return Chunk(second, full_runs(recording.channels, second), samples)


def send(client: Client) -> Night:
    """Send both files, with a seizure in the second, and say who the patient is."""
    random = np.random.default_rng(11)
    data = []
    for number in range(2):
        counts = random.integers(-500, 500, (len(CHANNELS) - 1, LENGTH * SFREQ)).astype("<i2")
        counts += np.arange(len(counts), dtype="<i2")[:, None] * 100  # offsets of electrodes
        if number == 0:
            lo, hi = (int(at * SFREQ) for at in RAIL)
            counts[ELECTRODES.index("T3"), lo:hi] = 32767
        start = START + timedelta(seconds=number * (LENGTH + HOLE), hours=-number)
        recording = Recording(
            PATIENT, f"part-{number}", CHANNELS, SampleType.INT16, start_time=start,
            zone="Europe/Berlin", utc_offset=OFFSET - 3600 * number, study_id=STUDY,
        )  # fmt: skip
        client.declare(recording)
        client.send(recording, [_chunk(recording, counts, second) for second in range(LENGTH)])
        if number == 1:
            client.annotate(PATIENT, recording.recording_id, Annotation(20.0, 15.0, "seizure"))
        client.close_recording(PATIENT, recording.recording_id)
        data.append(counts)
    client.identify(PATIENT, Identity("Muster, Erika", "1964-08-12"))
    return Night(tuple(data))

"""Recordings with electrodes, and what a page of them should show."""

from collections.abc import Collection, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.timebase import first_sample, full_runs

RATE = 128
CHAIN = ("Fp1", "F7", "T7", "P7", "O1", "Fp2", "F4", "C4")


def electrodes(
    labels: Sequence[str] = CHAIN, rate: int = RATE, slow: bool = True, **fields: object
) -> Recording:
    """Channels against one reference in steps of 0.1 uV, an EKG, and an SpO2 of 1 Hz."""
    channels = [
        Channel(f"EEG {label}-REF", Fraction(rate), "uV", -3200.0, 3200.0, -32000, 32000)
        for label in labels
    ]
    channels.append(Channel("EKG", Fraction(rate), "mV", -32.0, 32.0, -32000, 32000))
    if slow:
        channels.append(Channel("SpO2", Fraction(1), "%", 0.0, 100.0, 0, 1000))
    ids = {"patient_id": "p1", "recording_id": "r1"} | fields
    return Recording(channels=tuple(channels), sample_type=SampleType.INT16, **ids)  # type: ignore[arg-type]


def counts(recording: Recording, seconds: int, seed: int = 0) -> list[NDArray[np.int16]]:
    """Waves and noise of some 100 uV in every channel; SpO2 about 97."""
    random = np.random.default_rng(seed)
    made = []
    for row, channel in enumerate(recording.channels):
        time = np.arange(first_sample(seconds, channel.sfreq)) / float(channel.sfreq)
        if channel.unit == "%":
            made.append(np.full(len(time), 970, np.int16))
            continue
        values = 500 * np.sin(2 * np.pi * (3 + row) * time) + random.normal(0, 200, len(time))
        made.append(np.rint(values).astype(np.int16))
    return made


def physical(recording: Recording, signal: Sequence[NDArray[np.int16]]) -> NDArray[np.float64]:
    """Values of the channels of the first one's rate, (n_channels, n_samples)."""
    first = recording.channels[0].sfreq
    pairs = zip(recording.channels, signal, strict=True)
    return np.array([c.gain * s + c.offset for c, s in pairs if c.sfreq == first])


def seconds(
    recording: Recording, signal: Sequence[NDArray[np.int16]], which: Collection[int]
) -> list[Chunk]:
    """Whole seconds of a signal."""
    made = []
    for second in which:
        parts = [
            samples[first_sample(second, c.sfreq) : first_sample(second + 1, c.sfreq)]
            for c, samples in zip(recording.channels, signal, strict=True)
        ]
        runs = full_runs(recording.channels, second)
        made.append(Chunk(second, runs, np.concatenate(parts)))
    return made

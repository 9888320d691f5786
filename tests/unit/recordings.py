"""Makes recordings and chunks for tests."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.timebase import first_sample, full_runs, n_samples

RATES = [Fraction(256), Fraction(64, 5), Fraction(1, 30), Fraction(200000, 1001), Fraction(1)]


def make_recording(
    rates: Sequence[Fraction] = (Fraction(256),) * 3,
    sample_type: SampleType = SampleType.INT16,
    **fields: object,
) -> Recording:
    """A recording with channels C0, C1 ... of these rates, calibrated as CHB-MIT is."""
    channels = tuple(
        Channel(f"C{row}", rate, "uV", -800.0, 800.0, -2048, 2047)
        if sample_type is not SampleType.FLOAT32
        else Channel(f"C{row}", rate)
        for row, rate in enumerate(rates)
    )
    ids = {"patient_id": "p1", "recording_id": "r1"} | fields
    return Recording(channels=channels, sample_type=sample_type, **ids)  # type: ignore[arg-type]


def make_signal(recording: Recording, seconds: int, seed: int = 0) -> list[np.ndarray]:
    """Counts of every channel for `seconds` s: a random walk within 12 bits."""
    rng = np.random.default_rng(seed)
    signal = []
    for channel in recording.channels:
        walk = np.cumsum(rng.integers(-30, 31, first_sample(seconds, channel.sfreq)))
        signal.append((walk % 4000 - 2000).astype(recording.sample_type.dtype))
    return signal


def cut(recording: Recording, signal: Sequence[np.ndarray], second: int) -> Chunk:
    """Second `second` of a signal in which nothing is missing."""
    parts = []
    for channel, samples in zip(recording.channels, signal, strict=True):
        first = first_sample(second, channel.sfreq)
        parts.append(samples[first : first + n_samples(second, channel.sfreq)])
    return Chunk(second, full_runs(recording.channels, second), np.concatenate(parts))


def chunks_of(recording: Recording, signal: Sequence[np.ndarray], seconds: int) -> list[Chunk]:
    """The first `seconds` chunks of a signal."""
    return [cut(recording, signal, second) for second in range(seconds)]


@st.composite
def any_runs(draw: st.DrawFn, max_channels: int = 6) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Canonical runs of some channels: ascending, apart, none empty."""
    runs = []
    for _ in range(draw(st.integers(1, max_channels))):
        edges = sorted(draw(st.sets(st.integers(0, 300), max_size=6)))
        pairs = list(zip(edges[::2], edges[1::2], strict=False))
        runs.append(tuple((lo, hi - lo) for lo, hi in pairs))
    return tuple(runs)


@st.composite
def any_chunk(draw: st.DrawFn) -> Chunk:
    """Any chunk that can be encoded: any runs, any sample type, any bits."""
    runs = draw(any_runs())
    size = sum(count for channel in runs for _, count in channel)
    sample_type = draw(st.sampled_from(list(SampleType)))
    bits = draw(hnp.arrays(f"<u{sample_type.dtype.itemsize}", size))
    return Chunk(draw(st.integers(0, 10**6)), runs, bits.view(sample_type.dtype))

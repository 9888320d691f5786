"""The synthetic EEG is one signal however it is cut, and looks like EEG to a program."""

import math
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import SampleType
from eegstore.signal.synthetic import SyntheticEeg
from eegstore.signal.synthetic_background import Background
from eegstore.signal.synthetic_events import add_events
from eegstore.signal.synthetic_noise import BLOCK
from eegstore.signal.synthetic_scalp import LABELS
from eegstore.signal.synthetic_state import eyes_closed, sleep

SFREQ = 256
GAIN = 1600 / 4095  # [uV] of one count
Counts = NDArray[np.int16]
Values = NDArray[np.float64]


@pytest.fixture(scope="module")
def ten_minutes() -> Counts:
    return SyntheticEeg(0).digital(0, 600)


def rows(*labels: str) -> list[int]:
    return [LABELS.index(label) for label in labels]


def spectrum(values: Values) -> tuple[Values, Values]:
    """Frequencies [Hz] and power density [uV^2/Hz] of counts, (n_channels, n_frequencies)."""
    frequencies, power = signal.welch(values * GAIN, SFREQ, nperseg=4 * SFREQ, axis=-1)
    return frequencies, power


def band(values: Values, low: float, high: float) -> Values:
    frequencies, power = spectrum(values)
    inside: Values = power[..., (frequencies >= low) & (frequencies < high)].mean(axis=-1)
    return inside


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(100, 140), min_size=2, max_size=4), st.booleans())
def test_every_cut_gives_the_same_samples(
    ten_minutes: Counts, cuts: list[int], backwards: bool
) -> None:
    eeg = SyntheticEeg(0)
    cuts = sorted(cuts)
    spans = list(pairwise(cuts))
    for start, stop in reversed(spans) if backwards else spans:
        part = eeg.digital(start, stop)
        assert part.shape == (23, (stop - start) * SFREQ)
        assert np.array_equal(part, ten_minutes[:, start * SFREQ : stop * SFREQ])


def test_seeds_and_times_differ(ten_minutes: Counts) -> None:
    other = SyntheticEeg(1).digital(0, 10)
    blocks = [ten_minutes[:, :2560], other, ten_minutes[:, 2560:5120], ten_minutes[:, -2560:]]
    for i, one in enumerate(blocks):
        for two in blocks[:i]:
            for a, b in zip(one.astype(float), two.astype(float), strict=True):
                alike = signal.correlate(a, b, method="fft") / (a.std() * b.std() * len(a))
                assert np.abs(alike).max() < 0.6


def test_relations_between_channels_hold_in_counts(ten_minutes: Counts) -> None:
    counts = ten_minutes.astype(np.int32)
    assert np.array_equal(counts[LABELS.index("T8-P8")], counts[22])
    assert LABELS[22] == "T8-P8"
    assert np.array_equal(counts[LABELS.index("P7-T7")], -counts[LABELS.index("T7-P7")])
    for one, two in (((0, 4), (4, 8)), ((8, 12), (12, 16))):
        residue = counts[slice(*one)].sum(axis=0) - counts[slice(*two)].sum(axis=0)
        assert 2.5 < residue.std() < 4.6
        assert np.abs(residue).max() < 30


def test_the_spectrum_falls(ten_minutes: Counts) -> None:
    frequencies, power = spectrum(ten_minutes[:, : 110 * SFREQ].astype(float))
    fitted = ((frequencies >= 2) & (frequencies <= 40)) & ~((frequencies > 7) & (frequencies < 13))
    slopes = np.polyfit(np.log(frequencies[fitted]), np.log(power[:, fitted].T), 1)[0]
    assert np.all((slopes > -3.5) & (slopes < -1.0))


def test_alpha_is_posterior_and_goes_when_the_eyes_open() -> None:
    counts = SyntheticEeg(0, seizure_every=math.inf).digital(0, 600)
    seconds = counts.reshape(23, 600, SFREQ).astype(float)
    middle = np.arange(600.0) + 0.5
    awake, closed = sleep(0, middle) < 0.2, eyes_closed(0, middle)

    def alpha(which: NDArray[np.bool_]) -> Values:
        frequencies, power = signal.periodogram(seconds[:, which], SFREQ, window="hann")
        inside = power[..., (frequencies >= 9) & (frequencies <= 11)].mean(axis=(1, 2))
        beside = power[..., (frequencies >= 14) & (frequencies <= 20)].mean(axis=(1, 2))
        ratio: Values = np.log(inside / beside)
        return ratio

    shut, wide = alpha(awake & (closed > 0.9)), alpha(awake & (closed < 0.1))
    back, front = rows("P7-O1", "P3-O1", "P4-O2", "P8-O2"), rows("FP1-F7", "FP2-F8")
    assert shut[back].min() > shut[front].max() + 0.5
    assert np.all(shut[back] > wide[back] + 0.8)
    assert np.all(np.abs(shut[front] - wide[front]) < 0.6)


def test_alpha_waxes_and_wanes(ten_minutes: Counts) -> None:
    """A sine has an envelope that does not change; alpha's nearly vanishes at times."""
    narrow = signal.butter(2, [8, 12], "bandpass", fs=SFREQ, output="sos")
    trace = ten_minutes[LABELS.index("P8-O2"), 50 * SFREQ : 110 * SFREQ].astype(float)
    envelope = np.abs(signal.hilbert(signal.sosfiltfilt(narrow, trace)))
    assert envelope.std() / envelope.mean() > 0.35


def test_mains_and_muscle(ten_minutes: Counts) -> None:
    counts = ten_minutes[:, : 110 * SFREQ].astype(float)
    beside = (band(counts, 57, 59) + band(counts, 61, 63)) / 2
    assert np.median(band(counts, 59.75, 60.5) / beside) > 1.5
    fast = band(ten_minutes.astype(float), 70, 110)
    assert fast[rows("F7-T7", "F8-T8")].min() > 2 * fast[rows("CZ-PZ", "C3-P3")].max()


def test_blinks_are_frontal() -> None:
    """Where the frontal poles rise fast and together, the back of the head stays calm."""
    electrodes = np.zeros((21, 600 * SFREQ))
    add_events(electrodes, 0, 0, SFREQ)
    eyes_open = (eyes_closed(0, np.arange(600.0)) < 0.1).repeat(SFREQ)
    peaks, _ = signal.find_peaks(np.where(eyes_open, electrodes[0], 0), height=60)
    assert 10 < len(peaks) < 300
    assert np.all(electrodes[0, peaks] > 4 * np.abs(electrodes[4, peaks]))


def border_excess(counts: Counts, border: int) -> float:
    """How often a step over a border is among the largest 2 % of its channel's steps."""
    steps = np.abs(np.diff(counts.astype(np.int32), axis=1))
    large = steps > np.quantile(steps, 0.98, axis=1, keepdims=True)
    return float(large[:, border - 1 :: border].mean())


def test_there_are_no_seams_between_blocks() -> None:
    eegs = [SyntheticEeg(seed, seizure_every=math.inf) for seed in range(2)]
    seconds = 40 * BLOCK
    one, two = (eeg.digital(0, seconds) for eeg in eegs)
    assert border_excess(one, BLOCK * SFREQ) < 0.06
    assert border_excess(two, BLOCK * SFREQ) < 0.06
    blocks = [(one, two)[i % 2][:, i * 2560 : (i + 1) * 2560] for i in range(40)]
    assert border_excess(np.concatenate(blocks, axis=1), BLOCK * SFREQ) > 0.3


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_seizure_evolves(seed: int) -> None:
    """One temporal region first, at 5 to 7 Hz; everywhere at the end, at 2 to 3.5; then nothing."""
    eeg = SyntheticEeg(seed)
    ((start, stop),) = eeg.seizures(0, 300)
    counts = eeg.digital(0, 250).astype(float)

    def between(low: float, high: float) -> Values:
        return counts[:, round(low * SFREQ) : round(high * SFREQ)]

    def strongest(values: Values, low: float) -> float:
        frequencies, power = signal.welch(values, SFREQ, nperseg=4 * SFREQ, nfft=16 * SFREQ)
        power = power.sum(axis=0) * ((frequencies > low) & (frequencies < 15))
        return float(frequencies[power.argmax()])

    before, onset = between(start - 25, start), between(start + 2, start + 9)
    rise = band(onset, 5, 7.5) / band(before, 5, 7.5)
    left, right = rows("FP1-F7", "F7-T7", "T7-P7"), rows("FP2-F8", "F8-T8", "T8-P8")
    one, other = sorted((left, right), key=lambda side: -rise[side].mean())
    assert rise[one].mean() > 3
    assert rise[other].mean() < 0.7
    end, after = between(stop - 8, stop), between(stop + 0.5, stop + 4.5)
    growth = band(end, 2, 4) / band(before, 2, 4)
    assert growth[one].mean() > 8
    assert np.median(growth) > 2
    assert band(after, 2, 4)[one].sum() < 0.6 * band(end, 2, 4)[one].sum()
    assert 4.2 < strongest(onset[one], 3) < 7.5
    assert 2 < strongest(end[one], 1.7) < 3.5


def test_a_seizure_leaves_slow_waves_and_then_no_trace() -> None:
    eeg, calm = SyntheticEeg(1, seizure_every=1000), SyntheticEeg(1, seizure_every=math.inf)
    ((start, stop),) = eeg.seizures(0, 1000)
    assert 385 < start < 415
    assert np.array_equal(eeg.digital(360, 380), calm.digital(360, 380))
    assert np.array_equal(eeg.digital(800, 820), calm.digital(800, 820))
    after = slice(math.ceil(stop) + 12, math.ceil(stop) + 32)
    slow = [band(e.digital(after.start, after.stop).astype(float), 1, 4) for e in (eeg, calm)]
    assert np.median(slow[0] / slow[1]) > 1.5


def test_seizures_are_where_they_are_said_to_be() -> None:
    eeg = SyntheticEeg(4)
    found = eeg.seizures(0, 30_000)
    assert len(found) == 100
    assert 110 < found[0][0] < 130
    assert all(20 <= stop - start <= 60 for start, stop in found)
    assert all(one[1] + 60 < two[0] for one, two in pairwise(found))
    for start, stop in found[::20]:
        middle = (start + stop) / 2
        assert eeg.seizures(middle, middle + 0.1) == ((start, stop),)
        assert eeg.seizures(stop, stop + 20) == eeg.seizures(start - 20, start) == ()
        assert eeg.seizures(start - 1, start + 0.1) == ((start, stop),)
    assert SyntheticEeg(4, seizure_every=math.inf).seizures(0, 1e6) == ()
    eeg = SyntheticEeg(4, seizure_every=100)
    dense = eeg.seizures(0, 30_000)
    assert len(dense) == 300
    assert all(one[1] < two[0] for one, two in pairwise(dense))
    assert all(eeg.seizures(stop - 0.1, stop) == ((start, stop),) for start, stop in dense)


def test_annotations_are_the_seizures() -> None:
    first, second = SyntheticEeg(4).annotations(0, 900), SyntheticEeg(4).annotations(0, 900)
    assert first == second
    assert {a.source for a in first} == {"synthetic"}
    assert [(a.onset, a.onset + (a.duration or 0)) for a in first] == list(
        SyntheticEeg(4).seizures(0, 900)
    )
    assert first != SyntheticEeg(5).annotations(0, 900)


def test_counts_stay_in_the_declared_range(ten_minutes: Counts) -> None:
    outside = (ten_minutes < -2048) | (ten_minutes > 2047)
    assert outside.mean() < 1e-3
    assert np.abs(ten_minutes.astype(np.int32)).max() < 6000


def test_recording_and_chunks_fit_each_other() -> None:
    eeg = SyntheticEeg(0)
    start = datetime(2031, 5, 6, 7, 8, 9)
    recording = eeg.recording("p1", "made-1", start)
    assert (recording.patient_id, recording.recording_id) == ("p1", "made-1")
    assert (recording.start_time, recording.sample_type) == (start, SampleType.INT16)
    assert recording.channels == eeg.channels
    assert [c.label for c in eeg.channels] == list(LABELS)
    assert {(c.sfreq, c.digital_min, c.digital_max, c.unit) for c in eeg.channels} == {
        (Fraction(256), -2048, 2047, "uV")
    }
    assert eeg.channels[0].gain == pytest.approx(GAIN)
    chunks = list(eeg.chunks(8, 13))
    assert [chunk.second for chunk in chunks] == [8, 9, 10, 11, 12]
    for chunk in chunks:
        assert chunk.runs == (((0, 256),),) * 23
        assert chunk.samples.dtype == np.dtype("<i2")
        expected = eeg.digital(chunk.second, chunk.second + 1)
        assert np.array_equal(chunk.samples.reshape(23, 256), expected)


def test_what_is_handed_out_can_be_written_on() -> None:
    eeg = SyntheticEeg(0)
    eeg.digital(0, 1)[:] = 0
    eeg.digital(0, 10)[:] = 0
    assert eeg.digital(0, 10).any()


def test_another_rate() -> None:
    eeg = SyntheticEeg(0, sfreq=200)
    assert eeg.digital(9, 12).shape == (23, 600)
    assert np.array_equal(
        eeg.digital(9, 12)[:, 200:400], SyntheticEeg(0, sfreq=200).digital(10, 11)
    )
    electrodes, noise = Background(0, 200).block(0, [])
    assert electrodes.shape == noise.shape == (21, 2000)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seizure_every": 99.0}, "seizure_every is 99.0 s; at least 100"),
        ({"seizure_every": math.nan}, "seizure_every is nan s"),
        ({"sfreq": 100}, "sfreq is 100 Hz; allowed are 160 to 4096"),
    ],
)
def test_limits(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        SyntheticEeg(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 4)])
def test_impossible_spans(start: int, stop: int) -> None:
    with pytest.raises(SpanError, match=f"from {start} s to {stop} s"):
        SyntheticEeg(0).digital(start, stop)


def test_it_resembles_a_real_recording(shared_data: Path, ten_minutes: Counts) -> None:
    """Size per channel and spectrum, against five minutes of CHB-MIT."""
    pyedflib = pytest.importorskip("pyedflib")
    with pyedflib.EdfReader(str(shared_data / "chbmit" / "chbmit_5min.edf")) as file:
        assert tuple(file.getSignalLabels()) == LABELS
        real = np.array([file.readSignal(i, digital=True) for i in range(23)], np.float64)
    made = ten_minutes.astype(float)
    ratio = made.std(axis=1) / real.std(axis=1)
    assert np.all((ratio > 0.4) & (ratio < 2.0))
    assert 0.6 < np.median(ratio) < 1.2
    for low, high in ((0.5, 1), (1, 2), (2, 4), (4, 7), (8, 11), (12, 18), (18, 30), (30, 45)):
        decibel = 10 * np.log10(np.median(band(made, low, high) / band(real, low, high)))
        assert abs(decibel) < 9, (low, high)

"""A window is a slice of the whole recording, with its gaps."""

from dataclasses import dataclass
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import codec
from eegstore.errors import InvalidDataError
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.picks import pick
from eegstore.timebase import first_sample, n_samples
from eegstore.window import Window, assemble, assemble_batches
from tests.unit.recordings import RATES, chunks_of, make_recording, make_signal

SECONDS = 40  # long enough for a sample of 1/30 Hz to lie within


@dataclass
class Whole:
    """A recording in memory: its chunks, and what they hold on the sample counter."""

    recording: Recording
    chunks: list[Chunk]
    samples: list[np.ndarray]  # per channel, 0 where there is none
    present: list[np.ndarray]


@st.composite
def some_runs(draw: st.DrawFn, limit: int) -> tuple[tuple[int, int], ...]:
    """Runs within a second of `limit` samples: ascending, apart, none empty."""
    if draw(st.booleans()):
        return ((0, limit),) if limit else ()
    edges = sorted(draw(st.sets(st.integers(0, limit), max_size=6)))
    return tuple((lo, hi - lo) for lo, hi in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def some_recording(draw: st.DrawFn) -> Whole:
    """Any recording: mixed rates, missing seconds, runs of their own in every channel."""
    rates = draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=5))
    recording = make_recording(rates, draw(st.sampled_from(list(SampleType))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = recording.sample_type.dtype
    total = [first_sample(SECONDS, c.sfreq) for c in recording.channels]
    whole = Whole(
        recording, [], [np.zeros(n, dtype) for n in total], [np.zeros(n, bool) for n in total]
    )
    alike = draw(st.booleans())
    for second in sorted(draw(st.sets(st.integers(0, SECONDS - 1), max_size=6))):
        runs, parts = [], []
        same = draw(some_runs(min(n_samples(second, c.sfreq) for c in recording.channels)))
        for row, channel in enumerate(recording.channels):
            own = same if alike else draw(some_runs(n_samples(second, channel.sfreq)))
            base = first_sample(second, channel.sfreq)
            for first, count in own:
                part = rng.integers(-30000, 30000, count).astype(dtype)
                whole.samples[row][base + first : base + first + count] = part
                whole.present[row][base + first : base + first + count] = True
                parts.append(part)
            runs.append(own)
        if parts:
            whole.chunks.append(Chunk(second, tuple(runs), np.concatenate(parts)))
    return whole


def sliced(values: np.ndarray, sfreq: F, start: F, stop: F) -> np.ndarray:
    """The samples n with ``start <= n / sfreq < stop``, by asking every single one.

    What lies after the end of `values` is 0.
    """
    picked = [n for n in range(int(stop * sfreq) + 2) if start <= n / sfreq < stop]
    return np.array([values[n] if n < len(values) else 0 for n in picked], values.dtype)


spans = st.tuples(
    st.fractions(0, SECONDS + 2, max_denominator=999), st.fractions(0, 7, max_denominator=999)
).map(lambda t: (t[0], t[0] + t[1]))


@given(some_recording(), spans, st.data())
def test_a_window_equals_slicing_the_whole(
    whole: Whole, span: tuple[F, F], data: st.DataObject
) -> None:
    """For any span, rates, gaps, and any rows in any order."""
    rows = data.draw(st.permutations(range(len(whole.recording.channels))))
    rows = rows[: data.draw(st.integers(1, len(rows)))]
    start, stop = span
    touched = [c for c in whole.chunks if c.second + 1 > start and c.second < stop]
    if data.draw(st.booleans(), "one by one"):
        window = assemble(whole.recording, rows, start, stop, touched)
    else:
        blobs = codec.encode_all(touched)
        batches = codec.decode_batches(blobs, [chunk.second for chunk in touched])
        window = assemble_batches(pick(whole.recording, rows), start, stop, batches)

    assert (window.start, window.stop) == span
    assert [c.label for c in window.channels] == [f"C{row}" for row in rows]
    assert sorted(at for block in window.blocks for at in block.rows) == list(range(len(rows)))
    assert len({block.sfreq for block in window.blocks}) == len(window.blocks)
    for block in window.blocks:
        assert block.digital.dtype == whole.recording.sample_type.dtype
        times = [n / block.sfreq for n in range(int(stop * block.sfreq) + 2)]
        times = [time for time in times if start <= time < stop]
        np.testing.assert_allclose(block.times, np.array(times, float), rtol=1e-14)
        there = np.ones(block.digital.shape, bool) if block.present is None else block.present
        for at, row in enumerate(block.rows):
            source = rows[row]
            assert window.channels[row].sfreq == block.sfreq
            expected = sliced(whole.samples[source], block.sfreq, start, stop)
            exists = sliced(whole.present[source], block.sfreq, start, stop)
            np.testing.assert_array_equal(block.digital[at], expected)
            np.testing.assert_array_equal(there[at], exists)
        if block.present is not None:
            assert not block.present.all()
        if block.digital.shape[1]:
            assert block.first_sample / block.sfreq >= start
            assert (block.first_sample - 1) / block.sfreq < start


@given(some_recording(), spans)
def test_values_are_counts_times_gain_plus_offset_and_nan_in_gaps(
    whole: Whole, span: tuple[F, F]
) -> None:
    window = assemble(whole.recording, range(len(whole.samples)), *span, whole.chunks)
    for block in window.blocks:
        exact, narrow = window.physical(block, np.float64), window.physical(block)
        assert (exact.dtype, narrow.dtype) == (np.float64, np.float32)
        for at, row in enumerate(block.rows):
            channel = whole.recording.channels[row]
            gone = np.zeros(len(exact[at]), bool) if block.present is None else ~block.present[at]
            values = block.digital[at].astype(float) * channel.gain + channel.offset
            values[gone] = np.nan
            np.testing.assert_array_equal(exact[at], values)
            np.testing.assert_array_equal(narrow[at], values.astype(np.float32))


def window_of(rates: list[F], start: F = F(0), stop: F = F(2), **fields: Any) -> Window:
    recording = make_recording(rates, **fields)
    chunks = chunks_of(recording, make_signal(recording, 3), 3)
    return assemble(recording, range(len(rates)), start, stop, chunks)


@pytest.mark.parametrize("parts", [
    [range(6)], [[0, 2, 5], [1, 3, 4]], [range(3), range(3, 6)], [[3, 1, 2, 0], [5, 4]],
    [[0], [1, 2, 3], [4, 5]],
], ids=str)  # fmt: skip
@pytest.mark.parametrize("rows", [[0, 1, 2], [2, 0], [1]], ids=str)
def test_seconds_that_were_decoded_apart_are_one_window(
    parts: list[list[int]], rows: list[int]
) -> None:
    """As where some of them had been kept; also out of order, and at edges within a second."""
    recording = make_recording([F(64)] * 3)
    signal = make_signal(recording, 6)
    chunks = chunks_of(recording, signal, 6)
    batches = [
        codec.Batch(list(part), chunks[0].runs,
                    np.stack([chunks[k].samples.reshape(3, 64) for k in part], axis=1))
        for part in parts
    ]  # fmt: skip
    for start, stop in ((F(0), F(6)), (F(1, 3), F(6)), (F(0), F(21, 4)), (F(1, 2), F(11, 2))):
        window = assemble_batches(pick(recording, rows), start, stop, batches)
        assert window.blocks[0].present is None
        for at, row in enumerate(rows):
            expected = sliced(signal[row], F(64), start, stop)
            np.testing.assert_array_equal(window.digital[at], expected)


def test_one_rate_speaks_for_the_whole() -> None:
    window = window_of([F(256)] * 3, F(1, 2), F(5, 2))
    assert window.data.shape == window.digital.shape == (3, 512)
    assert window.data.dtype == np.float32
    assert (window.sfreq, window.times[0], window.times[-1]) == (256.0, 0.5, 2.5 - 1 / 256)
    assert window.blocks[0].present is None


def test_different_rates_are_blocks_in_the_order_they_first_occur() -> None:
    window = window_of([F(1), F(64, 5), F(1), F(256)])
    assert [(b.sfreq, b.rows, b.digital.shape) for b in window.blocks] == [
        (1, (0, 2), (2, 2)), (F(64, 5), (1,), (1, 26)), (256, (3,), (1, 512)),
    ]  # fmt: skip
    for speaks_for_all in ("data", "digital", "sfreq", "times"):
        with pytest.raises(InvalidDataError, match=r"3 sampling frequencies \(1, 12.8, 256 Hz\)"):
            getattr(window, speaks_for_all)


def test_a_window_without_chunks_is_all_gap() -> None:
    recording = make_recording([F(256)] * 2)
    window = assemble(recording, [0, 1], F(10), F(11), [])
    assert window.data.shape == (2, 256)
    assert np.isnan(window.data).all()
    assert not window.digital.any()


def test_a_float_recording_gives_its_values_unscaled() -> None:
    """Whatever ranges its channels carry."""
    channel = Channel("C", F(2), "uV", -800.0, 800.0, -2048, 2047)
    recording = Recording("p", "r", (channel,), SampleType.FLOAT32)
    chunk = Chunk(0, (((0, 2),),), np.array([0.25, -1e30], "<f4"))
    window = assemble(recording, [0], F(0), F(1), [chunk])
    assert window.data.tolist() == [[0.25, np.float32(-1e30)]]


def test_counts_of_24_bits_keep_their_last_bit_in_float64() -> None:
    channel = Channel("C", F(2), "uV", -8388608.0, 8388607.0, -8388608, 8388607)
    recording = Recording("p", "r", (channel,), SampleType.INT32)
    chunk = Chunk(0, (((0, 2),),), np.array([-8388607, 8388607], "<i4"))
    window = assemble(recording, [0], F(0), F(1), [chunk])
    assert window.physical(window.blocks[0], np.float64).tolist() == [[-8388607, 8388607]]


def test_inverted_polarity_turns_values_round() -> None:
    channel = Channel("C", F(2), "uV", 100.0, -100.0, -100, 100)
    recording = Recording("p", "r", (channel,), SampleType.INT16)
    chunk = Chunk(0, (((0, 2),),), np.array([-100, 50], "<i2"))
    assert assemble(recording, [0], F(0), F(1), [chunk]).data.tolist() == [[100, -50]]

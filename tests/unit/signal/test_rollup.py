"""What roll-ups and single seconds say together is what the samples say, however it came in."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Digital, SampleType
from eegstore.overview import grid_of
from eegstore.signal.envelope import envelope, no_samples, read_envelopes
from eegstore.signal.rollup import (
    BUCKETS,
    LEVELS,
    Columns,
    Tile,
    buckets_of,
    span_of,
    tile_of,
)
from eegstore.signal.spans import Spans, length, minus, spans_of

SFREQS = (4, 1)  # [Hz]; the third channel has a sample every 7 s


@dataclass(frozen=True)
class Signal:
    """Some seconds of a recording: what is stored, and where it stands in the recording."""

    sample_type: SampleType
    chunks: dict[int, Chunk]

    @property
    def seconds(self) -> list[int]:
        return sorted(self.chunks)

    def least_and_most(self, start: int, stop: int) -> Digital:
        """Of the samples of each channel in [start, stop), one by one."""
        limits = no_samples((3,), self.sample_type.dtype)
        for chunk in (c for second, c in self.chunks.items() if start <= second < stop):
            at = 0
            for row, runs in enumerate(chunk.runs):
                for _, count in runs:
                    for value in chunk.samples[at : at + count]:
                        limits[row] = min(limits[row, 0], value), max(limits[row, 1], value)
                    at += count
        return limits

    def fill(self, columns: Columns, seconds: list[int]) -> None:
        """Put single seconds into columns, in this order."""
        envelopes = [envelope(self.chunks[second]) for second in seconds]
        columns.add(np.array(seconds, np.int64), read_envelopes(envelopes, self.sample_type, 3))

    def tile(self, bucket: int, start: int, seconds: list[int]) -> Tile:
        """A roll-up of some of the seconds."""
        columns = Columns(buckets_of(bucket, start), 3, self.sample_type)
        self.fill(columns, seconds)
        inside = sorted(s for s in seconds if start <= s < start + span_of(bucket))
        spans = spans_of(np.array(inside, np.int64))
        return tile_of(bucket, start, columns, spans, len(inside), 10 * len(inside))


@st.composite
def signals(draw: st.DrawFn, most: int = 60) -> Signal:
    """Seconds in stretches with gaps, some of them partial, some channels without samples."""
    sample_type = draw(st.sampled_from(list(SampleType)))
    start = draw(st.sampled_from([0, 3571, 21_590, 86_399, 215_990]))
    seconds = draw(st.sets(st.integers(start, start + most), min_size=1, max_size=most))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    chunks = {}
    for second in seconds:
        runs = [((0, sfreq),) for sfreq in SFREQS] + [((0, 1),) if second % 7 == 0 else ()]
        if random.random() < 0.2:
            runs[0] = ((1, 2),) if random.random() < 0.5 else ()
            runs[1] = runs[1] if runs[0] or runs[2] else ((0, 1),)
        size = sum(count for channel in runs for _, count in channel)
        samples = random.normal(0, 1000, size).astype(sample_type.dtype)
        chunks[second] = Chunk(second, tuple(runs), samples)
    return Signal(sample_type, chunks)


@given(signals(), st.data())
def test_any_grid_of_seconds_in_any_order_is_the_decimated_signal(
    signal: Signal, data: st.DataObject
) -> None:
    """Also when some come twice."""
    first, last = signal.seconds[0], signal.seconds[-1] + 1
    start = data.draw(st.integers(max(0, first - 5), last))
    stop = data.draw(st.integers(start + 1, last + 5))
    px = data.draw(st.integers(1, stop - start))
    edges = grid_of(Fraction(start), Fraction(stop), px, 1).seconds
    assert len(edges) == px + 1
    columns = Columns(edges, 3, signal.sample_type)
    order = data.draw(st.permutations(signal.seconds))
    cut = data.draw(st.integers(0, len(order)))
    for part in (order[:cut], order[cut:], order[:3]):
        signal.fill(columns, part)
    for column in range(px):
        wanted = signal.least_and_most(int(edges[column]), int(edges[column + 1]))
        np.testing.assert_array_equal(columns.limits[column], wanted)


@given(signals(), st.sampled_from(LEVELS), st.data())
def test_roll_ups_and_the_seconds_that_they_miss_are_the_decimated_signal(
    signal: Signal, bucket: int, data: st.DataObject
) -> None:
    """A roll-up that was made before late seconds came says nothing wrong, and what it lacks."""
    known = data.draw(st.sets(st.sampled_from(signal.seconds)))
    tiles = [
        signal.tile(bucket, start, [s for s in sorted(known) if 0 <= s - start < span_of(bucket)])
        for start in sorted({s // span_of(bucket) * span_of(bucket) for s in known})
    ]
    start = Fraction(data.draw(st.integers(0, signal.seconds[-1])))
    stop = start + data.draw(st.integers(1, 2 * span_of(bucket)))
    px = data.draw(st.integers(1, 40))
    edges = grid_of(start, stop, px, bucket).seconds
    columns = Columns(edges, 3, signal.sample_type)
    covered: Spans = []
    for tile in data.draw(st.permutations(tiles)):
        limits = tile.limits(signal.sample_type, 3)
        columns.add(buckets_of(bucket, tile.start)[: len(limits)], limits)
        covered += tile.covered
        assert length(tile.covered) == tile.n_seconds == tile.stored_bytes / 10
    missed = [
        second for start, stop in minus([(0, 10**6)], sorted(covered))
        for second in range(start, stop) if second in signal.chunks
    ]  # fmt: skip
    assert sorted(known.union(missed)) == signal.seconds
    assert not known.intersection(missed)
    signal.fill(columns, missed)
    for column, (lo, hi) in enumerate(pairwise(edges)):
        wanted = signal.least_and_most(int(lo), int(hi))
        np.testing.assert_array_equal(columns.limits[column], wanted)


@given(signals(), st.sampled_from(LEVELS[1:]))
def test_a_roll_up_of_roll_ups_is_that_of_the_seconds(signal: Signal, bucket: int) -> None:
    start = signal.seconds[0] // span_of(bucket) * span_of(bucket)
    inside = [s for s in signal.seconds if s < start + span_of(bucket)]
    finer = LEVELS[LEVELS.index(bucket) - 1]
    columns = Columns(buckets_of(bucket, start), 3, signal.sample_type)
    seconds: Spans = []
    for at in range(start, start + span_of(bucket), span_of(finer)):
        tile = signal.tile(finer, at, [s for s in inside if at <= s < at + span_of(finer)])
        limits = tile.limits(signal.sample_type, 3)
        columns.add(buckets_of(finer, at)[: len(limits)], limits)
        seconds += tile.covered
    made = tile_of(bucket, start, columns, seconds, len(inside), 10 * len(inside))
    wanted = signal.tile(bucket, start, inside)
    assert replace(made, missing=[]) == replace(wanted, missing=[])
    assert made.covered == wanted.covered


@given(
    st.integers(0, 3599), st.integers(0, 3), st.integers(1, 600), st.sampled_from((1, *LEVELS[:2]))
)
def test_one_spike_of_one_sample_is_in_the_one_column_of_its_time(
    second: int, sample: int, px: int, bucket: int
) -> None:
    samples = np.zeros(4, "<i2")
    samples[sample] = 30_000
    signal = Signal(SampleType.INT16, {second: Chunk(second, (((0, 4),), (), ()), samples)})
    edges = grid_of(Fraction(0), Fraction(3600), px, bucket).seconds
    columns = Columns(edges, 3, SampleType.INT16)
    if bucket == 1:
        signal.fill(columns, [second])
    else:
        limits = signal.tile(bucket, 0, [second]).limits(SampleType.INT16, 3)
        columns.add(buckets_of(bucket, 0)[: len(limits)], limits)
    (at,) = np.flatnonzero(columns.limits[:, 0, 1] == 30_000)
    assert edges[at] <= second < edges[at + 1]


def test_levels_nest() -> None:
    """So no bucket reaches over an edge of a coarser one, or of a tile."""
    for finer, coarser in zip((1, *LEVELS), LEVELS, strict=False):
        assert coarser % finer == 0
        assert span_of(coarser) % span_of(finer) == 0


def test_buckets_after_the_last_second_take_no_bytes() -> None:
    signal = Signal(SampleType.INT16, {7: Chunk(7, (((0, 1),), (), ()), np.array([5], "<i2"))})
    tile = signal.tile(10, 0, [7])
    assert len(tile.envelope) == 3 * 2 * 2
    assert tile.missing == [(0, 7), (8, 3600)]
    assert signal.tile(10, 3600, []).envelope == b""
    assert signal.tile(10, 3600, []).limits(SampleType.INT16, 3).shape == (0, 3, 2)


@pytest.mark.parametrize("size", [11, 13, 12 * (BUCKETS + 1)])
def test_a_roll_up_of_another_size_is_refused(size: int) -> None:
    tile = Tile(10, 3600, 0, 0, 0, [], bytes(size))
    with pytest.raises(InvalidDataError, match=f"from 3600 s has {size} bytes"):
        tile.limits(SampleType.INT16, 3)

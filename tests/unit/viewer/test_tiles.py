"""Ten seconds at a time."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.model import Channel, Chunk, Recording, SampleType, Span
from eegstore.timebase import first_sample, full_runs
from eegstore.window import assemble
from viewer.tiles import TILE, Spans, extent, gaps, join, tiles, whole, within

RATES = (Fraction(16), Fraction(64, 5), Fraction(1, 30))  # 12.8 Hz: 13 or 12 samples a second
RECORDING = Recording(
    "p", "r", tuple(Channel(f"c{i}", RATES[i % 3]) for i in range(4)), SampleType.INT16
)
SECONDS = 50


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    edges = sorted(draw(st.sets(st.integers(0, SECONDS), max_size=8)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


def chunk(second: int) -> Chunk:
    runs = full_runs(RECORDING.channels, second)
    parts = [
        np.arange(first_sample(second, c.sfreq), first_sample(second + 1, c.sfreq))
        for c in RECORDING.channels
    ]
    return Chunk(second, runs, np.concatenate(parts).astype("<i2"))


def window(stored: Spans, start: int, stop: int) -> object:
    chunks = [chunk(k) for lo, hi in within(stored, start, stop) for k in range(lo, hi)]
    return assemble(RECORDING, range(4), Fraction(start), Fraction(stop), chunks)


@given(spans(), st.integers(0, SECONDS), st.integers(1, 30))
def test_a_page_joined_from_tiles_is_the_page(stored: Spans, start: int, length: int) -> None:
    needed = tiles(RECORDING, stored, start, start + length)
    parts = [window(stored, tile.start, tile.stop) for tile in needed]
    joined = join(RECORDING, parts, start, start + length)  # type: ignore[arg-type]
    direct = window(stored, start, start + length)
    for got, expected in zip(joined.blocks, direct.blocks, strict=True):  # type: ignore[attr-defined]
        assert (got.sfreq, got.rows, got.first_sample) == (
            expected.sfreq, expected.rows, expected.first_sample,
        )  # fmt: skip
        np.testing.assert_array_equal(joined.physical(got), direct.physical(expected))  # type: ignore[attr-defined]


@given(spans(), st.integers(0, SECONDS), st.integers(0, 30))
def test_what_is_stored_and_the_gaps_make_the_whole(stored: Spans, start: int, length: int) -> None:
    stop = start + length
    pieces = sorted(within(stored, start, stop) + gaps(stored, start, stop))
    covered = [second for lo, hi in pieces for second in range(lo, hi)]
    assert covered == list(range(start, stop))


def test_only_tiles_that_hold_something_are_asked_for() -> None:
    stored = ((0, 12), (40, 50))
    needed = tiles(RECORDING, stored, 5, 45)
    assert [(tile.start, tile.spans) for tile in needed] == [
        (0, ((0, 10),)), (10, ((10, 12),)), (40, ((40, 50),)),
    ]  # fmt: skip
    assert all(tile.stop - tile.start == TILE for tile in needed)


def test_a_tile_changes_when_more_is_stored_in_it_and_only_then() -> None:
    before = tiles(RECORDING, ((0, 15),), 0, 20)
    after = tiles(RECORDING, ((0, 17),), 0, 20)
    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(("stored", "end"), [((), 0), (((0, 4), (9, 31)), 31)])
def test_extent(stored: Spans, end: int) -> None:
    assert extent(stored) == end


def test_whole() -> None:
    assert whole([Span(Fraction(1), Fraction(3))]) == ((1, 3),)

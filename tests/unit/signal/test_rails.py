"""Counts at the ends of the range."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eegstore.model import Channel
from eegstore.signal.leads import Kind
from eegstore.signal.montage import Trace
from eegstore.signal.names import Side
from eegstore.signal.rails import Clip, clips, of_trace
from tests.unit.signal.real import load

CHANNEL = Channel("C3", Fraction(256), "uV", -800, 800, -5, 4)


@given(hnp.arrays(np.int16, st.integers(0, 40), elements=st.integers(-7, 6)), st.integers(0, 99))
def test_two_counts_in_a_row_at_one_rail_are_marked(counts: np.ndarray, first: int) -> None:  # type: ignore[type-arg]
    (found,) = clips([CHANNEL], counts[None, :], None, first)
    marked = np.zeros(len(counts), bool)
    for clip in found:
        marked[clip.start - first : clip.stop - first] = True
    for n, count in enumerate(counts):
        near = counts[max(n - 1, 0) : n + 2]
        expected = (count <= -5 and (near <= -5).sum() > 1) or (
            count >= 4 and (near >= 4).sum() > 1
        )
        assert marked[n] == expected
    assert found == sorted(found, key=lambda clip: clip.start)


def test_a_gap_ends_a_run_and_is_no_rail() -> None:
    counts = np.array([[4, 4, 4, 4, 0, 0]], np.int16)
    present = np.array([[True, False, True, True, True, True]])
    assert clips([CHANNEL], counts, present, 10) == [[Clip(12, 14)]]
    zero_is_lowest = Channel("C3", Fraction(256), "uV", 0, 100, 0, 100)
    assert clips([zero_is_lowest], counts, present & (counts > 0), 0) == [[]]


def test_a_range_upside_down_has_the_same_rails() -> None:
    inverted = Channel("C3", Fraction(256), "uV", -800, 800, 4, -5)
    counts = np.array([[0, 4, 9, 0, -5, -6, 0]], np.int32)
    assert clips([inverted], counts, None, 0) == [[Clip(1, 3), Clip(4, 6)]]


def test_floating_point_has_no_rails() -> None:
    assert clips([CHANNEL], np.full((1, 9), 100, np.float32), None, 0) == [[]]


def test_a_trace_is_at_the_rails_where_any_of_its_rows_is() -> None:
    trace = Trace("A-B", (3, 7), (1.0, -1.0), Kind.EEG, Side.NONE, Fraction(1), "uV")
    by_row = {3: [Clip(0, 4), Clip(20, 22)], 7: [Clip(3, 9), Clip(9, 11)], 8: [Clip(0, 99)]}
    assert of_trace(trace, by_row) == [Clip(0, 11), Clip(20, 22)]
    assert of_trace(trace, {}) == []


def test_real_recordings(shared_data: Path) -> None:
    """Samples that others wrote beyond their own range are marked; sound EEG has none."""
    recording, window = load(shared_data, "edf/out_of_declared_range_139ch.edf")
    (block,) = window.blocks
    found = clips(recording.channels, block.digital, block.present, 0)
    n_marked = sum(clip.stop - clip.start for row in found for clip in row)
    n_beyond = sum(
        int(((row <= c.digital_min) | (row >= c.digital_max)).sum())
        for row, c in zip(block.digital, recording.channels, strict=True)
    )
    assert 173_595 < n_marked <= n_beyond
    quiet, page = load(shared_data, "edf/eeg_16ch_256hz.edf")
    assert clips(quiet.channels, page.digital, None, 0) == [[]] * 16


def test_a_seizure_of_chbmit_reaches_the_rails(shared_data: Path) -> None:
    counts = np.load(shared_data / "chbmit" / "clips_10s" / "chb02_19_ictal.i16.npy")
    recording, _ = load(shared_data, "chbmit/chbmit_5min.edf", 0, 1)
    found = clips(recording.channels, counts, None, 0)
    marked = sum(clip.stop - clip.start for row in found for clip in row)
    at_rails = int(((counts <= -2048) | (counts >= 2047)).sum())
    assert 0 < marked <= at_rails


def test_of_a_reduced_trace_no_more_clips_than_columns() -> None:
    trace = Trace("x", (0,), (1.0,), Kind.EEG, Side.NONE, Fraction(256), "uV")
    clips = {0: [Clip(at, at + 2) for at in range(0, 1000, 4)]}
    assert len(of_trace(trace, clips)) == 250
    assert of_trace(trace, clips, 2) != of_trace(trace, clips, 3) == [Clip(0, 998)]

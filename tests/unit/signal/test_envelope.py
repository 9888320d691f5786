"""The envelope of a chunk holds the least and the greatest sample of every channel."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, SampleType
from eegstore.signal.envelope import envelope, limits_between, read_envelopes
from tests.unit.recordings import any_chunk


def kind(chunk: Chunk) -> SampleType:
    return SampleType(chunk.samples.dtype.name)


@given(any_chunk())
def test_the_envelope_is_min_and_max_of_every_channel(chunk: Chunk) -> None:
    """Runs do not matter; a channel without samples has min > max."""
    if kind(chunk) is SampleType.FLOAT32:
        np.nan_to_num(chunk.samples, copy=False)
    limits = read_envelopes([envelope(chunk)], kind(chunk), len(chunk.runs))
    assert limits.shape == (1, len(chunk.runs), 2)
    position = 0
    for (low, high), runs in zip(limits[0], chunk.runs, strict=True):
        count = sum(size for _, size in runs)
        part = chunk.samples[position : position + count]
        position += count
        assert (low > high) if not count else (low, high) == (part.min(), part.max())
    assert position == chunk.samples.size


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_one_spike_of_one_sample_is_seen(sample_type: SampleType) -> None:
    samples = np.zeros(3 * 256, sample_type.dtype)
    samples[256 + 77], samples[256 + 78] = 30000, -30000
    chunk = Chunk(0, (((0, 256),),) * 3, samples)
    limits = read_envelopes([envelope(chunk)], sample_type, 3)
    assert limits.tolist() == [[[0, 0], [-30000, 30000], [0, 0]]]


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_empty_channels_at_either_end_and_between(sample_type: SampleType) -> None:
    chunk = Chunk(0, ((), ((5, 2),), (), (), ((0, 1), (9, 1)), ()),
                  np.array([4, 3, -1, -2], sample_type.dtype))  # fmt: skip
    limits = read_envelopes([envelope(chunk)], sample_type, 6)[0]
    assert limits[[1, 4]].tolist() == [[3, 4], [-2, -1]]
    assert (limits[[0, 2, 3, 5], 0] > limits[[0, 2, 3, 5], 1]).all()


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_without_any_sample_all_channels_are_empty(sample_type: SampleType) -> None:
    """Such a limit is neutral: the least of many envelopes is that of those with samples."""
    nothing = Chunk(0, ((), ()), np.empty(0, sample_type.dtype))
    some = Chunk(1, (((0, 1),), ()), np.array([-7], sample_type.dtype))
    limits = read_envelopes([envelope(nothing), envelope(some)], sample_type, 2)
    assert (limits[0, :, 0] > limits[0, :, 1]).all()
    assert (limits[:, 0, 0].min(), limits[:, 0, 1].max()) == (-7, -7)
    assert limits[:, 1, 0].min() > limits[:, 1, 1].max()


def test_the_bytes_are_little_endian_pairs_in_channel_order() -> None:
    chunk = Chunk(0, (((0, 2),), ((0, 1),)), np.array([258, -1, 3], ">i2"))
    assert envelope(chunk).hex() == "ffff020103000300"


def test_many_envelopes_are_one_array() -> None:
    chunks = [Chunk(s, (((0, 2),),) * 2, np.arange(s, s + 4, dtype="<i4")) for s in range(5)]
    limits = read_envelopes([envelope(c) for c in chunks], SampleType.INT32, 2)
    assert limits.tolist() == [[[s, s + 1], [s + 2, s + 3]] for s in range(5)]
    assert read_envelopes([], SampleType.INT32, 2).shape == (0, 2, 2)


def test_envelopes_of_another_number_of_channels_are_refused() -> None:
    with pytest.raises(InvalidDataError, match=r"2 envelopes have 12 bytes; .* 2 channels"):
        read_envelopes([bytes(6), bytes(6)], SampleType.INT16, 2)


@given(st.integers(0, 40), st.sampled_from(list(SampleType)), st.data())
def test_limits_between_edges_are_those_of_the_samples_there(
    n_samples: int, sample_type: SampleType, data: st.DataObject
) -> None:
    """Some columns are empty, some samples lie outside of all, some are missing."""
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    digital = random.normal(0, 1000, (3, n_samples)).astype(sample_type.dtype)
    present = random.random((3, n_samples)) < 0.5 if data.draw(st.booleans()) else None
    edges = sorted(data.draw(st.lists(st.integers(0, n_samples), min_size=2, max_size=12)))
    limits = limits_between(digital, present, np.array(edges, np.int64))
    assert limits.shape == (3, len(edges) - 1, 2)
    for row in range(3):
        for column, (lo, hi) in enumerate(pairwise(edges)):
            there = digital[row, lo:hi]
            if present is not None:
                there = there[present[row, lo:hi]]
            low, high = limits[row, column]
            assert (low > high) if not there.size else (low, high) == (there.min(), there.max())

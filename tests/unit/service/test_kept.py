"""What was decoded lately is found again, and memory stays bounded."""

import hashlib
import weakref
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from eegstore import codec
from eegstore.codec import Batch
from eegstore.model import Chunk
from eegstore.service.kept import MAX_SECONDS, Kept, batches_of
from tests.unit.recordings import chunks_of, make_recording, make_signal

KEY = ("p1", "r1")


def decoded(rates: Sequence[int], n_seconds: int) -> tuple[list[Chunk], list[Batch]]:
    recording = make_recording([Fraction(rate) for rate in rates])
    chunks = chunks_of(recording, make_signal(recording, n_seconds), n_seconds)
    blobs = codec.encode_all(chunks, fast=True)  # all by one codec: they decode together
    return chunks, codec.decode_batches(blobs, range(n_seconds))


def digests(n_seconds: int) -> dict[int, bytes]:
    return {second: hashlib.sha256(b"%d" % second).digest() for second in range(n_seconds)}


@pytest.mark.parametrize("rates", [(256, 256), (256, 32)], ids=["one rate", "two rates"])
def test_kept_seconds_are_the_chunks_again(rates: Sequence[int]) -> None:
    chunks, batches = decoded(rates, 7)
    kept = Kept()
    kept.add(*KEY, batches, digests(7))
    found = kept.find(*KEY, 2, 9)
    assert {second: one.blob_sha256 for second, one in found.items()} == {
        second: digests(7)[second] for second in range(2, 7)
    }
    for chunk in (chunk for batch in batches_of(found) for chunk in batch.chunks()):
        assert chunk.runs == chunks[chunk.second].runs
        np.testing.assert_array_equal(chunk.samples, chunks[chunk.second].samples)
    assert kept.find("p1", "r2", 2, 9) == {}


def test_what_is_kept_cannot_be_changed() -> None:
    _, batches = decoded((256,), 2)
    kept = Kept()
    kept.add(*KEY, batches, digests(2))
    with pytest.raises(ValueError, match="read-only"):
        kept.find(*KEY, 0, 1)[0].samples[...] = 0


def test_the_least_recently_read_goes_first() -> None:
    _, batches = decoded((256, 256), 6)
    kept = Kept(4 * 2 * 256 * 2)
    kept.add(*KEY, batches[:1], digests(6))
    assert list(kept.find(*KEY, 0, 6)) == [2, 3, 4, 5]
    kept.find(*KEY, 2, 3)
    kept.add("p1", "r2", batches, digests(6))
    assert kept.find(*KEY, 0, 6) == {}
    assert len(kept.find("p1", "r2", 0, 6)) == 4


@pytest.mark.parametrize("rates", [(256, 256), (256, 32)], ids=["one rate", "two rates"])
def test_a_second_does_not_keep_those_that_were_decoded_with_it(rates: Sequence[int]) -> None:
    """They would not be counted: one second of a minute would hold a minute in memory."""
    _, batches = decoded(rates, 60)
    arrays = [batch.samples for batch in batches]
    memory = [weakref.ref(one if one.base is None else one.base) for one in arrays]
    size = sum(batch.samples.nbytes for batch in batches) // 60
    kept = Kept(size)
    kept.add(*KEY, batches, digests(60))
    del batches, arrays
    assert len(kept.find(*KEY, 0, 60)) == 1
    assert [one() for one in memory] == [None] * len(memory)


def test_the_same_second_again_takes_no_more_memory() -> None:
    _, batches = decoded((256, 256), 4)
    kept = Kept(4 * 2 * 256 * 2)
    for _ in range(5):
        kept.add(*KEY, batches, digests(4))
    assert len(kept.find(*KEY, 0, 4)) == 4


def test_long_reads_are_not_kept_and_push_nothing_out() -> None:
    _, batches = decoded((32,), MAX_SECONDS + 1)
    kept = Kept()
    kept.add(*KEY, batches, digests(MAX_SECONDS + 1))
    assert kept.find(*KEY, 0, MAX_SECONDS) == {}


def test_nothing_is_kept_where_nothing_may_be() -> None:
    _, batches = decoded((32,), 3)
    kept = Kept(0)
    kept.add(*KEY, batches, digests(3))
    assert kept.find(*KEY, 0, 3) == {}

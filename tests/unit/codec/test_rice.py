"""Codec 4: differences in Rice codes, for recordings without parameters."""

import zlib

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eegstore import codec
from eegstore.codec import leb128, rice, ricebits
from eegstore.codec.header import pack_short_header
from eegstore.errors import CodecError
from eegstore.model import Chunk, Runs, SampleType

COUNTS = st.lists(st.sampled_from([0, 1, 2, 3, 4, 17, 40]), min_size=1, max_size=9).filter(any)
HEADER_4 = pack_short_header(codec.RICE, SampleType.INT16, (((0, 4),),) * 2)


def full(counts: tuple[int, ...]) -> Runs:
    return tuple(((0, count),) if count else () for count in counts)


def survives(samples: NDArray[np.integer], counts: tuple[int, ...]) -> list[bytes]:
    payloads = rice.encode_all(samples, counts)
    back = rice.decode([memoryview(payload) for payload in payloads], counts, samples.dtype)
    assert back.dtype == samples.dtype
    np.testing.assert_array_equal(back, samples)
    return payloads


@given(st.sampled_from(["<i2", "<i4"]), COUNTS, st.data())
def test_every_array_survives(dtype: str, counts: list[int], data: st.DataObject) -> None:
    samples = data.draw(hnp.arrays(dtype, (2, sum(counts))))
    survives(samples, tuple(counts))


@given(
    st.sampled_from(["<i2", "<i4"]), COUNTS, st.integers(0, 10**6), st.integers(0, 31),
    st.integers(0, 31),
)  # fmt: skip
def test_signals_survive_together_and_alone(
    dtype: str, counts: list[int], seed: int, loud: int, zeros: int
) -> None:
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.normal(0, 2.0**loud, (3, sum(counts))), axis=1).astype(np.int64)
    walks[0] *= rng.random() < 0.5
    walks[1, :: rng.integers(1, 50)] += 1 << 20
    samples = (walks << zeros).astype(dtype)
    together = survives(samples, tuple(counts))
    assert together == [survives(row[None], tuple(counts))[0] for row in samples]


@pytest.mark.parametrize("dtype", ["<i2", "<i4"])
@pytest.mark.parametrize("fill", ["extremes", "lowest", "blocks", "noise", "spike", "steps"])
def test_extremes_survive(dtype: str, fill: str) -> None:
    limits, n = np.iinfo(dtype), 3 * 256
    rng = np.random.default_rng(1)
    samples = {
        "extremes": np.tile(np.array([limits.min, limits.max], dtype), n // 2),
        "lowest": np.full(n, limits.min, dtype),
        "blocks": np.repeat(np.array([limits.min, limits.max] * (n // 64), dtype), 32),
        "noise": rng.integers(limits.min, limits.max, n, dtype, endpoint=True),
        "spike": np.where(np.arange(n) == 300, limits.min, 0).astype(dtype),
        "steps": (rng.integers(0, 2, n) * (limits.max // 2 + 1)).astype(dtype),
    }[fill]
    survives(np.stack([samples, samples // 3]), (256,) * 3)


def test_each_channel_is_coded_in_the_way_that_suits_it() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(-99, 100, 256)
    walk = np.cumsum(np.cumsum(rng.integers(-9, 10, 256)))
    table = np.stack([noise, noise + rng.integers(-1, 2, 256), walk, walk * 0 + 5, noise * 16])
    (payload,) = survives(table.astype("<i2").reshape(1, -1), (256,) * 5)
    assert payload[0] == 0
    own = np.frombuffer(payload[1:6], np.uint8)
    assert (own >> 5 & 3).tolist() == [0, 0, 2, 1, 0]
    assert (own & 31).tolist()[3] == 31
    assert (own >> 7).tolist() == [0, 1, 0, 0, 1]
    assert list(payload[6:8]) == [1 << 5, 4]


def test_flat_lines_take_far_less_than_zstd_makes_of_them() -> None:
    level = np.random.default_rng(3).integers(-9, 10, 16)
    chunk = Chunk(0, full((256,) * 16), np.repeat(level * 100, 256).astype("<i2"))
    blob = codec.encode(chunk)
    assert codec.read_header(blob).codec == codec.RICE
    assert len(blob) < 0.7 * len(codec.compress(chunk.samples.tobytes()))
    same = Chunk(0, chunk.runs, np.full(4096, -613, "<i2"))
    assert len(codec.encode(same)) <= 34


def test_the_smallest_is_taken() -> None:
    rng = np.random.default_rng(4)
    walk = np.cumsum(np.rint(rng.normal(0, 9, 1000)))
    many = {
        codec.RICE: walk,
        codec.DIFFERENCES: np.cumsum(rng.integers(0, 2, 1000) * 997),
        codec.RAW: rng.choice(rng.integers(-3000, 3000, 20), 1000),
    }
    chunks = [Chunk(k, full((1000,)), x.astype("<i2")) for k, x in enumerate(many.values())]
    blobs = codec.encode_all(chunks)
    assert [codec.read_header(blob).codec for blob in blobs] == list(many)
    fast = codec.encode_all(chunks, fast=True)
    assert len(fast[0]) > len(blobs[0])
    assert fast[1:] == blobs[1:]
    back = codec.decode(blobs, [0, 1, 2])
    assert all((a.samples == b.samples).all() for a, b in zip(back, chunks, strict=True))


@pytest.mark.parametrize("flat", [False, True], ids=["plain", "in a frame"])
def test_whatever_is_damaged_is_refused(flat: bool) -> None:
    rng = np.random.default_rng(5)
    counts = (40,) * 3 + (1, 7) + (2,) * (40 if flat else 1)
    samples = np.cumsum(rng.integers(-40, 41, sum(counts))).astype("<i2")
    samples[50] += 9000
    chunk = Chunk(0, full(counts), samples * 0 + 3 if flat else samples)
    head = pack_short_header(codec.RICE, SampleType.INT16, chunk.runs)
    payload = rice.encode_all(chunk.samples[None], counts)[0]
    assert payload[0] == flat
    blob = head + payload
    for size in range(len(blob)):
        with pytest.raises(CodecError):
            codec.decode([blob[:size]], [0])
    with pytest.raises(CodecError):
        codec.decode([blob + b"\0"], [0])
    for at in range(len(blob)):
        for bit in range(8):
            bad = bytearray(blob)
            bad[at] ^= 1 << bit
            try:
                (back,) = codec.decode([bytes(bad)], [0])
            except CodecError:
                continue
            assert at < len(head) or (back.samples == chunk.samples).all()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "takes 2"),
        (b"\x80\x80\x01", "takes 4"),
        (b"\x1f\x1f\x00", "1 numbers where 2"),
        (b"\x1f\x1f\x00\xff\xff\x7f", "16 bits"),
        (b"\x1f\x1f\x00\x80\x80\x80\x80\x80\x01", "longer than 5 bytes"),
        (b"\x1f\x1f\x00\x00\x00", "1 bytes behind the last code"),
        (b"\x10\x1f\x00\x00", "more bits than it has"),
        (b"\x1f\x9f\x10\x00\x00", "more bits than it has"),
        (b"\x1f\x9f\x80\x00\x00", "more bits than it has"),
        (b"\x1f\x9f\x40\x00\x00\x00", "1 numbers where 2"),
        (b"\x1f\x9f\x40\x00\x00\x00\x00", "out of their range"),
        (b"\x1f\x9f\x40\x00\x00\x02\x80\x80\x04", "out of their range"),
        (b"\x9f\x1f\x20\x00\x00", "not before it"),
        (b"\x02\x1f\x00\x00", "low bits alone"),
        (b"\x00\x1f\x00\x00\xc0", "2 codes where 3"),
        (b"\x00\x1f\x00\x00" + bytes(3) + b"\x70", "at most 24"),
        (b"\x00\x1f\x00\x00" + bytes(3) + b"\xe0", "0 numbers where 1"),
        (b"\x0f\x1f\x00\x00" + bytes(6) + b"\x38", "does not fit into 16 bits"),
    ],
)
def test_what_is_no_body_says_why(body: bytes, message: str) -> None:
    plain = b"\0" + body + zlib.crc32(body).to_bytes(4, "little")
    frame = b"\1" + codec.compress(body)
    for payload in (plain, frame):
        with pytest.raises(CodecError, match=message):
            codec.decode([HEADER_4 + payload], [0])


@given(st.binary(max_size=60))
def test_any_body_decodes_or_raises_codec_error(body: bytes) -> None:
    payload = b"\0" + body + zlib.crc32(body).to_bytes(4, "little")
    try:
        (back,) = codec.decode([HEADER_4 + payload], [0])
    except CodecError:
        return
    assert back.samples.size == 8


def test_what_states_more_than_a_body_can_have_is_refused_before_memory_is_taken() -> None:
    frame = zstandard.ZstdCompressor().compress(bytes(256 << 20))
    with pytest.raises(CodecError, match="states 268435456 bytes; the limit is"):
        codec.decode([HEADER_4 + b"\1" + frame], [0])
    with pytest.raises(CodecError, match="damaged"):
        codec.decode([HEADER_4 + b"\2" + frame], [0])


def test_floats_and_no_samples_are_not_for_it() -> None:
    for head in (
        pack_short_header(codec.RICE, SampleType.FLOAT32, (((0, 4),),)),
        pack_short_header(codec.RICE, SampleType.INT16, ((), ())),
    ):
        with pytest.raises(CodecError, match="codec 4"):
            codec.decode([head + b"\0\0\0\0\0"], [0])


@given(hnp.arrays(np.uint32, st.integers(0, 30)), st.binary(max_size=3))
def test_numbers_end_where_they_end(numbers: NDArray[np.uint32], rest: bytes) -> None:
    packed = leb128.pack(numbers)
    back, length = leb128.unpack(np.frombuffer(packed + rest, np.uint8), len(numbers), 32)
    assert length == len(packed)
    np.testing.assert_array_equal(back, numbers)


def test_the_longest_codes_are_listed_and_no_others() -> None:
    numbers = np.array([0, 23, 24, 25, 1 << 31], np.uint32)
    sizes = np.array([2, 0, 3], np.intp)
    first, none, last = ricebits.write(numbers, np.zeros(5, np.uint8), sizes)
    assert (len(first), none) == (-(-25 // 8), b"")
    assert last.endswith(leb128.pack(np.array([0, 1, (1 << 31) - 24], np.uint32)))
    back = ricebits.read([np.frombuffer(last, np.uint8)], [np.zeros(3, np.uint8)], 32)
    np.testing.assert_array_equal(back, numbers[2:])

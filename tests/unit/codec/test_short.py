"""Codec 3: seconds of a few samples, in fewer bytes than a zstd frame of them takes."""

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from eegstore import codec
from eegstore.codec import short
from eegstore.codec.header import pack_short_header
from eegstore.errors import CodecError
from eegstore.model import Chunk, SampleType

SLOW = Chunk(3, (*(((0, 1),),) * 9, ()), np.array([237, 320, 220, 7, 0, 0, 0, 0, 0], "<i2"))
FULL = (((0, 4),),)


@given(
    st.sampled_from(["<i2", "<i4"]),
    st.lists(st.integers(0, 40), min_size=1, max_size=9).filter(any),
    st.randoms(use_true_random=False),
)
def test_every_number_survives(dtype: str, counts: list[int], random: object) -> None:
    limits = np.iinfo(dtype)
    drawn = [random.choice([limits.min, limits.max, 0, 1, -1, 300]) for _ in range(sum(counts))]  # type: ignore[attr-defined]
    samples = np.array(drawn, dtype)
    payload = memoryview(short.encode(samples, tuple(counts)))
    (back,) = short.decode([payload], tuple(counts), np.dtype(dtype))
    assert back.dtype == samples.dtype
    np.testing.assert_array_equal(back, samples)


def test_a_second_of_nine_samples_is_smaller_than_a_frame_of_them() -> None:
    blob = codec.encode(SLOW)
    assert codec.read_header(blob).codec == codec.SHORT
    assert len(blob) <= len(zstandard.ZstdCompressor(level=3).compress(SLOW.samples.tobytes())) + 2
    (back,) = codec.decode([blob], [3])
    assert back.runs == SLOW.runs
    np.testing.assert_array_equal(back.samples, SLOW.samples)


def test_a_ramp_is_coded_as_differences() -> None:
    samples = (np.arange(256) * 120 - 9000).astype("<i2")
    assert short.encode(samples, (256,))[0] == 2
    assert len(short.encode(samples, (256,))) < 270


def test_long_seconds_go_another_way() -> None:
    samples = np.zeros(short.MAX_SAMPLES + 1, "<i2")
    blob = codec.encode(Chunk(0, (((0, len(samples)),),), samples))
    assert codec.read_header(blob).codec != codec.SHORT


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "damaged"),
        (b"\x00\x01\x02\x03\x04", "damaged"),
        (b"\x00\x01\x02\x03", "3 numbers where 4"),
        (b"\x00\x01\x02\x03\x84", "3 numbers where 4"),
        (b"\x07\x01\x02\x03\x04", "order 7"),
        (b"\x00\x01\x02\x03\xff\xff\x7f", "16 bits"),
        (b"\x00\x01\x02\x03\x80\x80\x80\x80\x80\x01", "longer than 5 bytes"),
    ],
)
def test_what_is_no_payload_is_refused(payload: bytes, message: str) -> None:
    sound = payload + short.zlib.crc32(payload).to_bytes(4, "little")
    bad = payload if message == "damaged" else sound
    blob = pack_short_header(codec.SHORT, SampleType.INT16, FULL) + bad
    with pytest.raises(CodecError, match=message):
        codec.decode([blob], [0])


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"\xe2", "ends within 1 bytes"),
        (b"\xe2\x0c\x80\x80\x80\x00", "ends within 5 bytes"),
        (b"\xe2\x0c\x09\x01", "header of 12 bytes in a blob of 4"),
        (b"\xe2\x0f\x02\x01\x09\x01", "sample type 3"),
        (
            pack_short_header(codec.SHORT, SampleType.INT16, (((0, 513),),)) + b"x" * 9,
            "513 samples",
        ),
        (pack_short_header(codec.SHORT, SampleType.FLOAT32, FULL) + b"x" * 9, "codec 3"),
        (pack_short_header(9, SampleType.INT16, FULL) + b"x" * 9, "codec 9"),
    ],
)
def test_what_is_no_short_header_is_refused(blob: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        codec.decode([blob], [0])

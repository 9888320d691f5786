"""Laws of the codec: what goes in comes out, and anything else is a CodecError."""

import contextlib

import numpy as np
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from eegstore import codec
from eegstore.codec.header import pack_header
from eegstore.errors import CodecError
from eegstore.model import Chunk, SampleType
from eegstore.signal.synthetic import SyntheticEeg
from tests.unit.recordings import any_chunk, chunks_of, make_recording, make_signal


def same(a: Chunk, b: Chunk) -> bool:
    return (
        (a.second, a.runs, a.samples.dtype) == (b.second, b.runs, b.samples.dtype)
        and a.samples.tobytes() == b.samples.tobytes()
    )  # fmt: skip


@given(any_chunk())
def test_decode_undoes_encode(chunk: Chunk) -> None:
    (back,) = codec.decode([codec.encode(chunk)], [chunk.second])
    assert same(back, chunk)


@given(st.lists(any_chunk(), max_size=6))
def test_a_batch_decodes_as_its_chunks_do_alone(chunks: list[Chunk]) -> None:
    chunks = [Chunk(index, c.runs, c.samples) for index, c in enumerate(chunks)] * 2
    back = codec.decode([codec.encode(c) for c in chunks], [c.second for c in chunks])
    assert len(back) == len(chunks)
    assert all(map(same, back, chunks))


@pytest.mark.parametrize("sample_type", list(SampleType))
@pytest.mark.parametrize("fill", ["extremes", "zeros", "noise", "ramp"])
def test_extremes_survive(sample_type: SampleType, fill: str) -> None:
    dtype, n = sample_type.dtype, 256 * 4
    rng = np.random.default_rng(3)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    samples = {
        "extremes": np.tile(np.array([limits.min, limits.max], dtype), n // 2),
        "zeros": np.zeros(n, dtype),
        "noise": rng.integers(0, 256, n * dtype.itemsize, np.uint8).view(dtype),
        "ramp": (np.arange(n) * 7).astype(dtype),
    }[fill]
    chunk = Chunk(0, (((0, 256),),) * 4, samples)
    assert same(codec.decode([codec.encode(chunk)], [0])[0], chunk)


def test_float_bits_survive_nan_payloads_and_signed_zero() -> None:
    bits = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 0x7F800000, 1], "<u4")
    chunk = Chunk(0, (((0, 5),),), bits.view("<f4"))
    (back,) = codec.decode([codec.encode(chunk)], [0])
    assert (back.samples.view("<u4") == bits).all()


@given(st.binary(max_size=200))
@example(b"")
@example(b"EC\x01\x01\x00\xff\xff\xff\xff")
def test_any_bytes_decode_or_raise_codec_error(data: bytes) -> None:
    with contextlib.suppress(CodecError):
        codec.decode([data], [0])


@given(any_chunk(), st.data())
def test_a_damaged_blob_never_passes_for_another_second(chunk: Chunk, data: st.DataObject) -> None:
    blob = bytearray(codec.encode(chunk))
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= data.draw(st.integers(1, 255))
    try:
        (back,) = codec.decode([bytes(blob)], [chunk.second])
    except CodecError:
        return
    # Header, runs and orders are under no checksum of their own (the row's digest covers
    # them); what the zstd frame holds is.
    header = codec.read_header(bytes(blob))
    orders = -(-len(chunk.runs) // 4)
    assert at < header.length + orders or same(back, chunk)


@given(any_chunk(), st.data())
def test_a_shortened_blob_is_refused(chunk: Chunk, data: st.DataObject) -> None:
    blob = codec.encode(chunk)
    with pytest.raises(CodecError):
        codec.decode([blob[: data.draw(st.integers(0, len(blob) - 1))]], [0])


def test_a_frame_that_states_more_than_its_header_is_refused_before_memory_is_taken() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(256 << 20))
    assert len(bomb) < 32_000
    blob = pack_header(codec.RAW, SampleType.INT16, (((0, 256),),), None) + bomb
    with pytest.raises(CodecError, match="states 268435456 bytes; 512 are expected"):
        codec.decode([blob], [0])


def test_a_header_of_too_many_samples_is_refused() -> None:
    header = pack_header(codec.RAW, SampleType.INT16, (((0, 1 << 40),),) * 2, None)
    with pytest.raises(CodecError, match="at most 16777216"):
        codec.decode([header + b"x"], [0])


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"XX\x01\x00\x00\x0a\x00\x00\x00\x00", "begins with"),
        (b"EC\x09\x00\x00\x0a\x00\x00\x00\x00", "format 9 is unknown"),
        (b"EC\x01\x00\x05\x0a\x00\x00\x00\x00", "sample type 5"),
        (b"EC\x01\x00\x00\x0b\x00\x00\x00\x01\x80", "ends within a number"),
    ],
)
def test_errors_name_what_is_wrong(blob: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        codec.decode([blob], [0])


def test_the_error_names_the_second() -> None:
    recording = make_recording()
    blobs = [codec.encode(c) for c in chunks_of(recording, make_signal(recording, 3), 3)]
    blobs[1] = blobs[1][:-1]
    with pytest.raises(CodecError, match="second 11"):
        codec.decode(blobs, [10, 11, 12])


def test_eeg_takes_less_than_half_the_bytes_and_where_time_counts_hardly_more() -> None:
    chunk = SyntheticEeg().chunk(10)
    (blob,), (fast,) = codec.encode_all([chunk]), codec.encode_all([chunk], fast=True)
    assert codec.read_header(blob).codec == codec.RICE
    assert codec.read_header(fast).codec == codec.DIFFERENCES
    assert len(blob) < len(fast) < chunk.samples.nbytes / 2
    assert all(same(back, chunk) for back in codec.decode([blob, fast], [10, 10]))

"""Codec 2: blobs that share parameters."""

import contextlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eegstore import codec
from eegstore.codec.header import pack_header
from eegstore.codec.lifting import Lifting, fit, padded
from eegstore.codec.parameters import Parameters, unpack
from eegstore.codec.pyramid import join, part_sizes, split
from eegstore.edf import EdfFile
from eegstore.errors import CodecError
from eegstore.model import Chunk, SampleType
from eegstore.signal.synthetic import SyntheticEeg
from tests.unit.codec.test_codec import same

FULL = ((0, 256),)
N_CHANNELS = 6
RUNS = (FULL,) * N_CHANNELS


def smooth(n_chunks: int, dtype: str = "<i2", seed: int = 0, loud: float = 300.0) -> list[Chunk]:
    """Seconds of channels that depend on each other, as EEG does; the last repeats another."""
    rng = np.random.default_rng(seed)
    sources = np.cumsum(rng.normal(size=(4, n_chunks * 256)), axis=1)
    sources -= np.linspace(sources[:, :1], sources[:, -1:], n_chunks * 256, axis=1)[..., 0]
    mixed = rng.normal(size=(N_CHANNELS, 4)) @ sources * loud / 10 + rng.normal(
        size=(N_CHANNELS, n_chunks * 256)
    )
    mixed[-1] = mixed[0]
    limits = np.iinfo(dtype)
    table = np.clip(np.rint(mixed), limits.min, limits.max).astype(dtype)
    table = table.reshape(N_CHANNELS, n_chunks, 256)
    return [Chunk(k, RUNS, np.ascontiguousarray(table[:, k]).ravel()) for k in range(n_chunks)]


def fitted(chunks: list[Chunk], n_seconds: int = 10_000) -> Parameters:
    parameters = codec.fit(chunks, n_seconds)
    assert parameters is not None
    return unpack(parameters.packed)


def shared(parameters: Parameters) -> dict[bytes, Parameters]:
    return {parameters.sha256: parameters}


SMOOTH = smooth(20)
PARAMETERS = fitted(SMOOTH)
WIDE = smooth(20, "<i4", loud=3e5)
WIDE_PARAMETERS = fitted(WIDE)


def test_parameters_make_blobs_smaller_and_lose_nothing() -> None:
    blobs = codec.encode_all(SMOOTH, PARAMETERS)
    assert {codec.read_header(blob).codec for blob in blobs} == {codec.INTERPOLATED}
    assert sum(map(len, blobs)) < 0.9 * sum(len(codec.encode(chunk)) for chunk in SMOOTH)
    back = codec.decode(blobs, range(20), shared(PARAMETERS))
    assert all(map(same, back, SMOOTH))


def test_a_second_encoded_alone_is_the_same_blob() -> None:
    together = codec.encode_all(SMOOTH, PARAMETERS)
    assert [codec.encode(chunk, PARAMETERS) for chunk in SMOOTH] == together
    for chunk, blob in zip(SMOOTH, together, strict=True):
        (back,) = codec.decode([blob], [chunk.second], shared(PARAMETERS))
        assert same(back, chunk)


def test_24_bit_samples_survive() -> None:
    blobs = codec.encode_all(WIDE, WIDE_PARAMETERS)
    assert {codec.read_header(blob).codec for blob in blobs} == {codec.INTERPOLATED}
    assert all(map(same, codec.decode(blobs, range(20), shared(WIDE_PARAMETERS)), WIDE))


@settings(max_examples=50)
@given(hnp.arrays("<i2", (3, N_CHANNELS * 256)))
def test_any_samples_survive(table: NDArray[np.int16]) -> None:
    """Whatever the parameters were fitted to; those that are out of it escape."""
    chunks = [Chunk(k, RUNS, row) for k, row in enumerate(table)]
    payloads = codec.interpolated.encode(table, (256,) * N_CHANNELS, PARAMETERS)
    assert None not in payloads
    blobs = [
        pack_header(codec.INTERPOLATED, SampleType.INT16, RUNS, PARAMETERS.sha256) + (p or b"")
        for p in payloads
    ]
    assert all(map(same, codec.decode(blobs, range(3), shared(PARAMETERS)), chunks))
    again = codec.encode_all(chunks, PARAMETERS)
    assert all(map(same, codec.decode(again, range(3), shared(PARAMETERS)), chunks))


@pytest.mark.parametrize("dtype", ["<i2", "<i4"])
@pytest.mark.parametrize("fill", ["extremes", "blocks", "noise", "ramp", "one spike"])
def test_extremes_survive(dtype: str, fill: str) -> None:
    limits = np.iinfo(dtype)
    n = N_CHANNELS * 256
    rng = np.random.default_rng(1)
    spike = np.zeros(n, dtype)
    spike[700] = limits.min
    samples = {
        "extremes": np.tile(np.array([limits.min, limits.max], dtype), n // 2),
        "blocks": np.repeat(np.array([limits.min, limits.max] * (n // 128), dtype), 64),
        "noise": rng.integers(limits.min, limits.max, n, dtype, endpoint=True),
        "ramp": (np.arange(n) * 20 % 30_000).astype(dtype),
        "one spike": spike,
    }[fill]
    parameters = PARAMETERS if dtype == "<i2" else WIDE_PARAMETERS
    table = np.stack([samples, SMOOTH[0].samples.astype(dtype)])
    made = codec.interpolated.encode(table, (256,) * N_CHANNELS, parameters)
    kept = [(row, payload) for row, payload in zip(table, made, strict=True) if payload is not None]
    assert kept
    back = codec.interpolated.decode(
        [memoryview(p) for _, p in kept], (256,) * N_CHANNELS, np.dtype(dtype), parameters
    )
    assert (back.transpose(1, 0, 2).reshape(len(kept), -1) == [row for row, _ in kept]).all()
    chunk = Chunk(0, RUNS, samples)
    (again,) = codec.decode([codec.encode(chunk, parameters)], [0], shared(parameters))
    assert same(again, chunk)


def test_louder_and_quieter_seconds_decode_beside_the_others() -> None:
    chunks = [SMOOTH[0]]
    for k, factor in enumerate((16, 1, 4, 0, 8), 1):
        loud = np.clip(SMOOTH[k].samples.astype(int) * factor, -32768, 32767).astype("<i2")
        chunks.append(Chunk(k, RUNS, loud))
    blobs = codec.encode_all(chunks, PARAMETERS)
    assert all(map(same, codec.decode(blobs, range(6), shared(PARAMETERS)), chunks))


def test_mixed_rates_and_channels_without_parameters_share_a_blob() -> None:
    runs = (FULL, ((0, 13),), FULL, ((0, 128),), FULL, ((0, 128),), ())
    rng = np.random.default_rng(5)
    chunks = []
    walk = np.cumsum(rng.normal(0, 9, (5, 12 * 256)), axis=1)
    for k in range(12):
        at = slice(k * 256, k * 256 + 256)
        fast = walk[:3, at] + np.outer([16, -16, 16], walk[0, at])
        slow = walk[3:, at][:, ::2] + np.outer([-16, 16], walk[4, at][::2])
        parts = [fast[0], rng.normal(0, 9, 13), fast[1], slow[0], fast[2], slow[1]]
        chunks.append(Chunk(k, runs, np.rint(np.concatenate(parts)).astype("<i2")))
    parameters = fitted(chunks)
    assert [block.rows.size for block in parameters.blocks] == [3, 2]
    blobs = codec.encode_all(chunks, parameters)
    assert all(map(same, codec.decode(blobs, range(12), shared(parameters)), chunks))


def test_a_partial_second_is_coded_with_parameters_or_without() -> None:
    whole = SMOOTH[3].samples.reshape(N_CHANNELS, 256)
    even = Chunk(0, (((0, 100), (120, 33)),) * N_CHANNELS, np.ascontiguousarray(
        np.delete(whole, np.s_[100:120], axis=1)[:, :133]).ravel())  # fmt: skip
    odd = Chunk(1, (((0, 255),), *RUNS[1:]), whole.ravel()[1:])
    blobs = codec.encode_all([even, odd], PARAMETERS)
    assert codec.read_header(blobs[0]).codec == codec.INTERPOLATED
    assert codec.read_header(blobs[1]).codec != codec.INTERPOLATED
    assert all(map(same, codec.decode(blobs, [0, 1], shared(PARAMETERS)), [even, odd]))


def test_parameters_that_are_not_there_are_named() -> None:
    blob = codec.encode(SMOOTH[0], PARAMETERS)
    name = PARAMETERS.sha256.hex()[:16]
    with pytest.raises(CodecError, match=f"second 4: parameters {name}"):
        codec.decode([blob], [4])


@settings(max_examples=300)
@given(st.integers(0), st.integers(1, 255))
def test_a_damaged_blob_decodes_or_raises_codec_error(at: int, change: int) -> None:
    blob = bytearray(codec.encode(SMOOTH[7], PARAMETERS))
    blob[at % len(blob)] ^= change
    with contextlib.suppress(CodecError):
        codec.decode([bytes(blob)], [7], shared(PARAMETERS))


@given(st.binary(max_size=200))
def test_any_payload_decodes_or_raises_codec_error(payload: bytes) -> None:
    blob = pack_header(codec.INTERPOLATED, SampleType.INT16, RUNS, PARAMETERS.sha256) + payload
    with contextlib.suppress(CodecError):
        codec.decode([blob], [0], shared(PARAMETERS))


def test_packed_parameters_say_the_same() -> None:
    again = unpack(PARAMETERS.packed)
    assert again.sha256 == PARAMETERS.sha256
    assert Parameters(again.blocks).packed == PARAMETERS.packed
    assert codec.encode_all(SMOOTH, again) == codec.encode_all(SMOOTH, PARAMETERS)


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_words_are_parameters_or_a_codec_error(words: bytes) -> None:
    with contextlib.suppress(CodecError):
        unpack(b"EP\x01" + codec.compress(words))


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (b"EP", "at least 3 bytes"),
        (b"XX\x01abc", "begin with"),
        (b"EP\x02abc", "begin with"),
        (b"EP\x01abc", "damaged"),
        (b"EP\x01" + codec.compress(b"abc"), "16-bit words"),
        (b"EP\x01" + codec.compress(b"\x01\x00"), "end after 1 words"),
        (b"EP\x01" + codec.compress(b"\xff\xff"), "blocks is -1"),
        (b"EP\x01" + codec.compress(b"\x00\x00\x00\x00"), "go on for 1 words"),
    ],
)
def test_parameters_that_are_none_say_why(packed: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        unpack(packed)


def test_without_gain_there_are_no_parameters() -> None:
    rng = np.random.default_rng(2)
    noise = [Chunk(k, RUNS, rng.integers(-32768, 32768, 1536).astype("<i2")) for k in range(12)]
    assert codec.fit(noise, 12) is None
    assert codec.fit([], 100_000) is None
    floats = [replace(chunk, samples=chunk.samples.astype("<f4")) for chunk in SMOOTH]
    assert codec.fit(floats, 100_000) is None


def test_a_file_of_five_seconds_has_parameters_where_they_pay_for_themselves() -> None:
    short = SMOOTH[:5]
    parameters = fitted(short, len(short))
    size = sum(map(len, codec.encode_all(short, parameters))) + len(parameters.packed)
    assert size < sum(map(len, codec.encode_all(short)))
    assert codec.fit(short[:1], 100_000) is None
    assert codec.fit(short, 100_000, least=6) is None


@given(st.integers(1, 70), st.integers(0, 10**6))
def test_lifting_is_undone(n_channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(n_channels, n_channels))
    lifting = fit(mix @ mix.T + 0.02 * np.eye(n_channels))
    rows = np.zeros((padded(n_channels), 40))
    rows[:n_channels] = np.rint(mix @ rng.normal(0, 50, (n_channels, 40)))
    before = rows.copy()
    lifting.forward(rows)
    assert (rows[n_channels:] == 0).all()
    single = rows.astype(np.float32)
    largest = float(np.abs(rows).max())
    lifting.backward(rows)
    assert (rows == before).all()
    if lifting.exact_in_float32(largest):
        lifting.backward(single)
        assert (single == before).all()


def test_float32_is_not_trusted_with_what_it_cannot_hold() -> None:
    """The negative control of `exact_in_float32`: beyond it float32 goes wrong."""
    weights = np.full((1, 3, 3), 127 / 64, np.float32)
    lifting = Lifting((weights,), np.zeros((3, 3, 2), np.float32))
    exact = np.arange(1, 7, dtype=np.float64).reshape(6, 1) * 3_333_333
    single = exact.astype(np.float32)
    assert not lifting.exact_in_float32(float(exact.max()))
    lifting.backward(exact)
    lifting.backward(single)
    assert (single != exact).any()


@given(
    hnp.arrays("<i2", st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(32, 70))),
    st.integers(1, 2),
    st.integers(1, 2),
    st.integers(1, 3),
)
def test_splitting_is_undone(
    samples: NDArray[np.int16], n_levels: int, order: int, pairs: int
) -> None:
    taps = [np.full((pairs, 1, 1, 1), np.floor(128 / pairs) / 128)] * n_levels
    parts = split(samples.astype(np.float64), taps, order)
    assert tuple(part.shape[-1] for part in parts) == part_sizes(samples.shape[-1], n_levels)
    out = np.empty(samples.shape, np.int16)
    join(parts, taps, order, out)
    assert (out == samples).all()


def test_real_eeg_is_a_third_of_its_size(shared_data: Path) -> None:
    """Ahead of FLAC (2.81) and pcodec (2.94) on the same seconds, each decodable alone."""
    with EdfFile(shared_data / "chbmit" / "chbmit_5min.edf") as file:
        chunks = list(file.chunks(0, file.n_seconds))
    parameters = fitted(chunks[::5], len(chunks))
    blobs = codec.encode_all(chunks, parameters)
    size = sum(map(len, blobs)) + len(parameters.packed)
    assert sum(chunk.samples.nbytes for chunk in chunks) / size > 3.45
    back = codec.decode(blobs, range(len(blobs)), shared(parameters))
    assert all(map(same, back, chunks))


def test_synthetic_eeg_is_coded_with_parameters() -> None:
    eeg = SyntheticEeg()
    chunks = [eeg.chunk(second) for second in range(16)]
    parameters = fitted(chunks, 600)
    assert len(parameters.blocks[0].rows) == 23
    assert Fraction(256) == eeg.recording("p", "r").channels[0].sfreq
    blobs = codec.encode_all(chunks, parameters)
    assert sum(map(len, blobs)) < 0.95 * sum(len(codec.encode(chunk)) for chunk in chunks)


@pytest.mark.parametrize(("others", "limit"), [("loud", 1.1), ("silent", 1.01)])
def test_seconds_that_are_not_like_most_do_not_spoil_the_fit(others: str, limit: float) -> None:
    """Movement now and then, or a box that hangs unplugged for half of the night."""
    eeg, movement = smooth(40), smooth(40, seed=1, loud=9000.0)
    silence = np.zeros_like(eeg[0].samples)
    if others == "loud":
        mixed = [movement[k] if k % 10 == 3 else chunk for k, chunk in enumerate(eeg)]
    else:
        mixed = [replace(chunk, samples=silence) if chunk.second % 2 else chunk for chunk in eeg]
    alike = [chunk for chunk, other in zip(eeg, mixed, strict=True) if chunk is other]
    alone = sum(map(len, codec.encode_all(alike, fitted(alike))))
    assert sum(map(len, codec.encode_all(alike, fitted(mixed)))) < limit * alone


def test_a_channel_that_was_loud_may_be_silent() -> None:
    """As a trigger of 24 bits: its low bits go beyond those that its residuals then have."""
    rng = np.random.default_rng(3)
    tables = [chunk.samples.reshape(N_CHANNELS, -1) for chunk in smooth(20, "<i4")]
    for table in tables:
        table[0] = rng.integers(-(1 << 23), 1 << 23, table.shape[1])
    parameters = fitted([Chunk(k, RUNS, table.ravel()) for k, table in enumerate(tables)])
    assert parameters.blocks[0].shifts.max() > 16
    for table in tables:
        table[0] = 0
    chunks = [Chunk(k, RUNS, table.ravel()) for k, table in enumerate(tables)]
    blobs = codec.encode_all(chunks, parameters)
    assert {codec.read_header(blob).codec for blob in blobs} == {codec.INTERPOLATED}
    for chunk, again in zip(
        chunks, codec.decode(blobs, range(20), shared(parameters)), strict=True
    ):
        np.testing.assert_array_equal(again.samples, chunk.samples)

"""Digests say what a second is, whatever holds it, and one root speaks for many."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields, replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import codec
from eegstore.codec import differences
from eegstore.codec.header import pack_header
from eegstore.integrity import channels_sha256, content_sha256, merkle_root
from eegstore.model import Channel, Chunk, SampleType
from tests.unit.recordings import any_chunk, cut, make_recording, make_signal

TABLE = bytes(range(32))
# Leaves and roots by size as published with the first logs that RFC 6962 describes.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1 as it is written: MTH over the largest power of two below n, and the rest."""
    n = len(leaves)
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_merkle_roots_that_are_known(size: int) -> None:
    assert merkle_root([bytes.fromhex(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(71))
def test_merkle_root_is_that_of_the_definition(size: int) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]
    assert merkle_root(leaves) == mth(leaves)


def test_a_root_is_changed_by_order_and_by_repetition() -> None:
    """A tree that doubles its odd leaf cannot tell three from four."""
    a, b, c = (bytes([n]) * 32 for n in range(3))
    roots = [merkle_root(x) for x in ([a, b, c], [b, a, c], [a, b, c, c], [a, b], [c, b, a])]
    assert len(set(roots)) == len(roots)


def test_a_content_digest_is_what_its_docstring_says() -> None:
    chunk = Chunk(2996, (((0, 2),), ((0, 2),), ((1, 1),)), np.array([1, -1, 2, -2, 300], "<i2"))
    said = [
        b"eegstore second 1\0", TABLE, bytes.fromhex("b40b000000000000"),
        bytes([2, 2, 1, 0, 2, 1, 1, 1, 1]),  # two groups: 2 channels of [0, 2), 1 of [1, 2)
        bytes.fromhex("0100ffff0200feff2c01"),
    ]  # fmt: skip
    assert content_sha256(TABLE, chunk) == hashlib.sha256(b"".join(said)).digest()


def test_the_content_digest_does_not_depend_on_the_codec() -> None:
    recording = make_recording()
    chunk = cut(recording, make_signal(recording, 1), 0)
    counts = tuple(count for ((_, count),) in chunk.runs)
    blobs = [
        pack_header(codec.RAW, SampleType.INT16, chunk.runs, None)
        + codec.compress(chunk.samples.tobytes()),
        pack_header(codec.DIFFERENCES, SampleType.INT16, chunk.runs, None)
        + differences.encode(chunk.samples, counts),
    ]
    assert blobs[0] != blobs[1]
    digests = {content_sha256(TABLE, codec.decode([blob], [0])[0]) for blob in blobs}
    assert digests == {content_sha256(TABLE, chunk)}


@given(any_chunk())
def test_the_content_digest_survives_the_codec_and_the_byte_order(chunk: Chunk) -> None:
    digest = content_sha256(TABLE, chunk)
    (back,) = codec.decode([codec.encode(chunk)], [chunk.second])
    assert content_sha256(TABLE, back) == digest
    big = chunk.samples.astype(chunk.samples.dtype.newbyteorder(">"))
    if big.dtype.kind == "i":
        assert content_sha256(TABLE, replace(chunk, samples=big)) == digest


@given(any_chunk(), st.data())
def test_any_change_changes_the_content_digest(chunk: Chunk, data: st.DataObject) -> None:
    """One bit of one sample, the second, where the samples lie, the channel table."""
    digests = {content_sha256(TABLE, chunk)}
    changed = [
        replace(chunk, second=chunk.second + 1),
        replace(chunk, runs=(*chunk.runs, ())),
        replace(chunk, samples=np.append(chunk.samples, chunk.samples.dtype.type(0))),
    ]
    if chunk.samples.size:
        bits = chunk.samples.copy().view(np.uint8)
        bits[data.draw(st.integers(0, bits.size - 1))] ^= 1 << data.draw(st.integers(0, 7))
        changed.append(replace(chunk, samples=bits.view(chunk.samples.dtype)))
        row = next(row for row, runs in enumerate(chunk.runs) if runs)
        moved = tuple((first + 1, count) for first, count in chunk.runs[row])
        changed.append(replace(chunk, runs=(*chunk.runs[:row], moved, *chunk.runs[row + 1 :])))
    digests.update(content_sha256(TABLE, other) for other in changed)
    digests.add(content_sha256(TABLE[:-1] + b"\xff", chunk))
    assert len(digests) == len(changed) + 2


def test_runs_that_touch_are_told_from_one_run() -> None:
    """So what is stored must be canonical; `service.ingest.check` sees to it."""
    samples = np.zeros(4, "<i2")
    one, two = Chunk(0, (((0, 4),),), samples), Chunk(0, (((0, 2), (2, 2)),), samples)
    assert content_sha256(TABLE, one) != content_sha256(TABLE, two)


OTHER = Channel("D", F(512, 3), "mV", -801.0, 801.0, -2049, 2048, "cup", "HP:0.1Hz")


def test_the_channel_digest_covers_every_field_the_order_and_the_type() -> None:
    first, *rest = make_recording().channels
    tables = [(first, *rest), (*rest, first), (first,), (first, first, *rest), ()]
    tables += [
        (replace(first, **{field.name: getattr(OTHER, field.name)}), *rest)
        for field in fields(Channel)
    ]
    digests = {channels_sha256(table, kind) for table in tables for kind in SampleType}
    assert len(digests) == 3 * len(tables)


def test_texts_cannot_move_from_one_field_to_the_next() -> None:
    a = Channel("A", F(1), transducer="x", prefiltering="y")
    b = Channel("A", F(1), transducer='x","y', prefiltering="")
    assert channels_sha256([a], SampleType.INT16) != channels_sha256([b], SampleType.INT16)


def test_the_channel_digest_is_the_same_for_ever() -> None:
    """It is stored; another digest for the same table would make old recordings faulty."""
    channel = Channel("EEG Fpz-Cz", F(200000, 1001), "µV", -0.1, 1e-300, -5, 6, "Ag", "LP:75Hz")
    text = (
        'eegstore channels 1\0["int16",[["EEG Fpz-Cz","200000/1001","\\u00b5V","-0.1","1e-300",'
        '-5,6,"Ag","LP:75Hz"]]]'
    )
    digest = hashlib.sha256(text.encode()).digest()
    assert channels_sha256([channel], SampleType.INT16) == digest

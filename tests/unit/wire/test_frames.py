"""Frames carry chunks in and windows out, bit for bit; any other bytes are refused."""

import struct
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction as F
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Recording, SampleType
from eegstore.window import Window, assemble
from eegstore.wire import (
    MAX_CHUNKS,
    cut_chunks,
    pack_chunks,
    pack_window,
    unpack_chunks,
    unpack_window,
)
from tests.unit.recordings import any_runs, chunks_of, make_recording, make_signal

RATES = [F(256), F(64, 5), F(1, 30)]


def same_chunks(a: list[Chunk], b: list[Chunk]) -> bool:
    return [(c.second, c.runs, c.samples.dtype, c.samples.tobytes()) for c in a] == [
        (c.second, c.runs, c.samples.dtype, c.samples.tobytes()) for c in b
    ]


@st.composite
def some_chunks(draw: st.DrawFn) -> tuple[Recording, list[Chunk]]:
    """A recording and chunks of it, some complete, some with any runs."""
    recording = make_recording(RATES, draw(st.sampled_from(list(SampleType))))
    chunks = chunks_of(recording, make_signal(recording, 3), 3)
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    for at in range(3):
        if draw(st.booleans()):
            runs = draw(any_runs(3).filter(lambda runs: len(runs) == 3))
            count = sum(count for channel in runs for _, count in channel)
            samples = rng.integers(-9, 9, count).astype(recording.sample_type.dtype)
            chunks[at] = Chunk(draw(st.integers(0, 10**6)), runs, samples)
    return recording, chunks


@given(some_chunks(), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_chunks_come_back_as_they_went(
    sent: tuple[Recording, list[Chunk]], device_time: datetime | None
) -> None:
    recording, chunks = sent
    if device_time is not None and not 1 < device_time.year < 9999:
        device_time = None
    frame = unpack_chunks(pack_chunks(recording, chunks, device_time))
    assert (frame.patient_id, frame.recording_id) == ("p1", "r1")
    assert (frame.sample_type, frame.device_time) == (recording.sample_type, device_time)
    assert same_chunks(cut_chunks(frame, recording), chunks)


def test_a_frame_is_laid_out_as_documented() -> None:
    """Length, header, samples: what a device without this library can write."""
    recording = make_recording([F(2), F(1)])
    header = (
        b'{"patient_id":"p1","recording_id":"r1","sample_type":"int16","chunks":'
        b'[{"second":7},{"second":8,"runs":[[[1,1]],[]]}]}'
    )
    body = struct.pack("<I", len(header)) + header + bytes.fromhex("0100ffff02010500")
    chunks = cut_chunks(unpack_chunks(body), recording)
    assert [(c.second, c.runs, c.samples.tolist()) for c in chunks] == [
        (7, (((0, 2),), ((0, 1),)), [1, -1, 258]), (8, (((1, 1),), ()), [5]),
    ]  # fmt: skip
    assert pack_chunks(recording, chunks) == body


def frame_of(header: Any, payload: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else orjson.dumps(header)
    return struct.pack("<I", len(text)) + text + payload


GOOD = {"patient_id": "p1", "recording_id": "r1", "sample_type": "int16", "chunks": [{"second": 0}]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "begins with 4 bytes of header length; got 0"),
        (b"\x01\0\0", "got 3"),
        (b"\x05\0\0\0{}", "states a header of 5 bytes; .* 2 are there"),
        (b"\xff\xff\xff\xff{}", "header of 4294967295 bytes; at most 4194304"),
        (frame_of(b"{"), "header of the frame is not JSON"),
        (frame_of(b'{"a":NaN}'), "is not JSON"),
        (frame_of([]), "header of the frame is list; it must be a JSON object"),
        (frame_of({}), "chunks is NoneType; it must be a JSON array"),
        (frame_of(GOOD | {"chunks": []}), f"0 chunks in one frame; allowed are 1 to {MAX_CHUNKS}"),
        (frame_of(GOOD | {"chunks": [{"second": 1}] * 3601}), "3601 chunks in one frame"),
        (frame_of(GOOD | {"chunks": [7]}), "chunk is int"),
        (frame_of(GOOD | {"chunks": [{}]}), "second is None; it must be an integer"),
        (frame_of(GOOD | {"chunks": [{"second": 1.5}]}), "second is 1.5"),
        (frame_of(GOOD | {"chunks": [{"second": True}]}), "second is True"),
        (frame_of(GOOD | {"chunks": [{"second": 0, "runs": 3}]}), "runs is int"),
        (frame_of(GOOD | {"chunks": [{"second": 0, "runs": [3]}]}), "runs of a channel is int"),
        (frame_of(GOOD | {"chunks": [{"second": 0, "runs": [[[0]]]}]}), "is not a pair"),
        (frame_of(GOOD | {"chunks": [{"second": 0, "runs": [[["0", 1]]]}]}), "first sample"),
        (frame_of(GOOD | {"chunks": [{"second": 0, "runs": [[[0, -1]]]}]}), "number below 0"),
        (frame_of(GOOD | {"chunks": [{"second": 0, "runs": [[[-1, 1]]]}]}), "number below 0"),
        (frame_of(GOOD | {"sample_type": "int8"}), "sample_type 'int8' is not one of int16"),
        (frame_of(GOOD | {"sample_type": []}), "sample_type"),
        (frame_of(GOOD | {"device_time": "noon"}), "device_time 'noon'"),
    ],
)
def test_a_frame_that_is_none_is_refused_and_says_why(body: bytes, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        unpack_chunks(body)


@pytest.mark.parametrize(
    ("stated", "payload", "message"),
    [
        ({"second": 0}, bytes(5), "second 0: its runs need 6 bytes, the body has 5 left"),
        ({"second": 0}, bytes(7), "the body has 7 bytes of samples, its chunks need 6"),
        ({"second": 0, "runs": [[[0, 10**18]]]}, bytes(6), "its runs need 2000000000000000000"),
    ],
)
def test_samples_that_are_not_as_stated_are_refused(
    stated: dict[str, Any], payload: bytes, message: str
) -> None:
    frame = unpack_chunks(frame_of(GOOD | {"chunks": [stated]}, payload))
    with pytest.raises(InvalidDataError, match=message):
        cut_chunks(frame, make_recording([F(2), F(1)]))


def test_another_sample_type_than_declared_is_refused() -> None:
    frame = unpack_chunks(frame_of(GOOD | {"sample_type": "int32"}, bytes(12)))
    with pytest.raises(InvalidDataError, match="int32; recording 'r1' is declared as int16"):
        cut_chunks(frame, make_recording([F(2), F(1)]))


@st.composite
def some_window(draw: st.DrawFn) -> Window:
    """A window with gaps or without, of any type, maybe empty."""
    recording, chunks = draw(some_chunks())
    chunks = [c for c in chunks_of(recording, make_signal(recording, 3), 3) if draw(st.booleans())]
    for at, chunk in enumerate(chunks):
        if draw(st.booleans()):
            counts = [sum(n for _, n in runs) for runs in chunk.runs]
            samples = chunk.samples[: sum(counts[:2])]
            chunks[at] = replace(chunk, runs=(*chunk.runs[:2], ()), samples=samples)
    rows = draw(st.permutations([0, 1, 2]))[: draw(st.integers(0, 3))]
    start = draw(st.fractions(0, 3, max_denominator=99))
    return assemble(recording, rows, start, start + draw(st.sampled_from([0, F(1, 7), 2])), chunks)


def equal(a: Window, b: Window) -> bool:
    said = ("patient_id", "recording_id", "start", "stop", "channels", "sample_type")
    return all(getattr(a, name) == getattr(b, name) for name in said) and [
        (x.sfreq, x.rows, x.first_sample, x.digital.tolist(), x.digital.dtype,
         None if x.present is None else x.present.tolist())
        for x in a.blocks
    ] == [
        (x.sfreq, x.rows, x.first_sample, x.digital.tolist(), x.digital.dtype,
         None if x.present is None else x.present.tolist())
        for x in b.blocks
    ]  # fmt: skip


@given(some_window())
def test_a_window_comes_back_as_it_went(window: Window) -> None:
    assert equal(unpack_window(pack_window(window)), window)


@given(some_window())
def test_a_physical_window_carries_the_values_and_the_gaps(window: Window) -> None:
    back = unpack_window(pack_window(window, physical=True))
    assert back.sample_type is SampleType.FLOAT32
    for sent, got in zip(window.blocks, back.blocks, strict=True):
        np.testing.assert_array_equal(back.physical(got), window.physical(sent))


def test_only_samples_that_exist_are_sent() -> None:
    recording = make_recording([F(256)] * 2)
    chunks = chunks_of(recording, make_signal(recording, 3), 3)
    whole = assemble(recording, [0, 1], F(0), F(3), chunks)
    gap = assemble(recording, [0, 1], F(0), F(3), [chunks[0], chunks[2]])
    assert 2 * 256 * 2 <= len(pack_window(whole)) - len(pack_window(gap)) + 60 < 2 * 256 * 2 + 120


RECORDING = make_recording(RATES)
SENT = chunks_of(RECORDING, make_signal(RECORDING, 3), 3)
BODIES = {
    "chunks": pack_chunks(RECORDING, SENT),
    "window": pack_window(assemble(RECORDING, [0, 2, 1], F(1, 2), F(5, 2), SENT[:2])),
}
KINDS = pytest.mark.parametrize("kind", list(BODIES))


def read(kind: str, body: bytes) -> None:
    """What is done with a frame once it is there."""
    if kind == "chunks":
        cut_chunks(unpack_chunks(body), RECORDING)
    else:
        window = unpack_window(body)
        for block in window.blocks:
            assert window.physical(block).shape == (len(block.rows), block.times.size)


@KINDS
@given(data=st.binary(max_size=80))
@example(data=b"\x02\0\0\0{}")
def test_any_bytes_are_read_or_refused(kind: str, data: bytes) -> None:
    with suppress(InvalidDataError):
        read(kind, data)


@KINDS
@given(data=st.data())
def test_a_frame_cut_short_or_too_long_is_refused(kind: str, data: st.DataObject) -> None:
    body = BODIES[kind]
    with pytest.raises(InvalidDataError):
        read(kind, body[: data.draw(st.integers(0, len(body) - 1))])
    with pytest.raises(InvalidDataError):
        read(kind, body + bytes(data.draw(st.integers(1, 9))))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-9, 1e9)
    | st.sampled_from(["", "x", "1/0", "1e9", "int32"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["second", "runs", "rows", "sfreq"]), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [at] if at else []
    if isinstance(value, dict | list):
        for key, item in inner:
            found += paths(item, (*at, key)) if isinstance(item, dict | list) else [(*at, key)]
    return found


def header_of(body: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", body)
    return orjson.loads(body[4 : 4 + length]), body[4 + length :]


@KINDS
@settings(max_examples=300)
@given(data=st.data())
def test_a_header_that_lies_is_refused_or_harmless(kind: str, data: st.DataObject) -> None:
    """Any value of the header replaced by any other, or removed."""
    header, payload = header_of(BODIES[kind])
    *way, last = data.draw(st.sampled_from(paths(header)))
    holder: Any = header
    for key in way:
        holder = holder[key]
    if data.draw(st.booleans()):
        del holder[last]
    else:
        holder[last] = data.draw(values)
    with suppress(InvalidDataError):
        read(kind, frame_of(header, payload))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_samples": 10**13}, "a block of 1 x 10000000000000; at most 268435456"),
        ({"n_samples": 10**13, "runs": [[]]}, "a block of 1 x 10000000000000; at most"),
        ({"n_samples": -1}, "a block of 1 x -1"),
        ({"rows": []}, "are not the channels of 256 Hz"),
        ({"rows": [1]}, "are not the channels of 256 Hz"),
        ({"rows": [9]}, "describes no window"),
        ({"sfreq": "1e999999999"}, "describes no window"),
        ({"sfreq": "256/0"}, "describes no window"),
        ({"runs": [[], [[0, 1]]]}, "describes no window"),
    ],
)
def test_a_window_that_states_what_it_does_not_hold_is_refused(
    changed: dict[str, Any], message: str
) -> None:
    """And no memory is taken for it."""
    header, payload = header_of(BODIES["window"])
    header["blocks"][0] |= changed
    with pytest.raises(InvalidDataError, match=message):
        unpack_window(frame_of(header, payload))

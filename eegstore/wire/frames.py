"""Samples in frames.

A frame carries samples in either direction::

    bytes    field
    0-3      H, length of the header, uint32 little-endian
    4-4+H    header, JSON, UTF-8
    rest     samples, little-endian, nothing between them

Chunks going in: the header is ``{"patient_id", "recording_id", "sample_type", "chunks":
[{"second", "runs"}, ...]}`` and optionally ``"device_time"``; the samples follow chunk
after chunk, channel after channel, run after run. `runs` is a list of ``[first, count]``
per channel, first counted from the second's first sample, and left out when nothing is
missing.

A window coming out: ``{"patient_id", "recording_id", "start", "stop", "sample_type",
"channels", "blocks": [{"sfreq", "rows", "first_sample", "n_samples", "runs"}, ...]}``;
`runs` per row as above, counted from the block's first column, or null when nothing is
missing. Only samples that exist are sent.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Digital, Recording, Runs, SampleType
from eegstore.picks import Calibration
from eegstore.timebase import full_runs, parse_clock, runs_by_second
from eegstore.window import Block, Window
from eegstore.wire.metadata import (
    array,
    channels_from_json,
    dump,
    integer,
    load,
    object_,
    sample_type_named,
    shown,
)

MEDIA_TYPE = "application/octet-stream"
MAX_HEADER = 4 << 20  # [byte]
MAX_CHUNKS = 3600  # in one frame
MAX_RUNS = 65_536  # in one second
MAX_VALUES = 1 << 28  # in one block of a window


class ChunkFrame(NamedTuple):
    """A frame of chunks, its header read and its samples not yet cut."""

    patient_id: str
    recording_id: str
    sample_type: SampleType
    device_time: datetime | None
    chunks: list[tuple[int, Runs | None]]
    payload: memoryview


def pack_chunks(
    recording: Recording, chunks: Sequence[Chunk], device_time: datetime | None = None
) -> bytes:
    """The frame that carries `chunks` of `recording`."""
    listed = []
    for chunk in chunks:
        full = chunk.runs == full_runs(recording.channels, chunk.second)
        listed.append({"second": chunk.second} if full else _with_runs(chunk))
    header: dict[str, Any] = {
        "patient_id": recording.patient_id,
        "recording_id": recording.recording_id,
        "sample_type": recording.sample_type,
        "chunks": listed,
    }
    if device_time is not None:
        header["device_time"] = device_time
    return pack_frame(header, (chunk.samples for chunk in chunks))


def unpack_chunks(body: bytes) -> ChunkFrame:
    """The header of a frame of chunks, checked, and its samples as they came.

    Raises
    ------
    InvalidDataError
        Names the field and the limit.
    """
    header, payload = unpack_frame(body)
    listed = array(header.get("chunks"), "chunks")
    if not 1 <= len(listed) <= MAX_CHUNKS:
        raise InvalidDataError(f"{len(listed)} chunks in one frame; allowed are 1 to {MAX_CHUNKS}")
    chunks = []
    for item in listed:
        item = object_(item, "chunk")
        runs = item.get("runs")
        chunks.append(
            (integer(item.get("second"), "second"), None if runs is None else _runs(runs))
        )
    device_time = header.get("device_time")
    return ChunkFrame(
        str(header.get("patient_id")),
        str(header.get("recording_id")),
        sample_type_named(header.get("sample_type")),
        None if device_time is None else parse_clock(str(device_time), "device_time"),
        chunks,
        payload,
    )


def cut_chunks(frame: ChunkFrame, recording: Recording) -> list[Chunk]:
    """The chunks of a frame, by the channel table of the recording they belong to.

    Raises
    ------
    InvalidDataError
        When sample type, channels or length do not fit the declaration.
    """
    if frame.sample_type is not recording.sample_type:
        raise InvalidDataError(
            f"sample_type is {frame.sample_type}; recording {recording.recording_id!r} "
            f"is declared as {recording.sample_type}"
        )
    dtype = recording.sample_type.dtype
    full = runs_by_second(recording.channels)
    chunks, position = [], 0
    for second, stated in frame.chunks:
        runs = full(second) if stated is None else stated
        size = sum(count for channel in runs for _, count in channel) * dtype.itemsize
        if not 0 <= size <= len(frame.payload) - position:
            raise InvalidDataError(
                f"second {second}: its runs need {size} bytes, the body has "
                f"{len(frame.payload) - position} left"
            )
        samples = np.frombuffer(frame.payload[position : position + size], dtype)
        chunks.append(Chunk(second, runs, samples))
        position += size
    if position != len(frame.payload):
        raise InvalidDataError(
            f"the body has {len(frame.payload)} bytes of samples, its chunks need {position}"
        )
    return chunks


def pack_window(window: Window, physical: bool = False) -> bytes:
    """The frame that carries a window: samples as stored, or float32 in the channel's unit."""
    header = {
        "patient_id": window.patient_id,
        "recording_id": window.recording_id,
        "start": window.start,
        "stop": window.stop,
        "sample_type": SampleType.FLOAT32 if physical else window.sample_type,
        "channels": window.channels,
        "blocks": [
            {
                "sfreq": block.sfreq,
                "rows": block.rows,
                "first_sample": block.first_sample,
                "n_samples": block.digital.shape[1],
                "runs": None if block.present is None else _runs_of(block.present),
            }
            for block in window.blocks
        ],
    }
    arrays: list[NDArray[Any]] = []
    for block in window.blocks:
        values = window.physical(block) if physical else block.digital
        arrays.append(values if block.present is None else values[block.present])
    return pack_frame(header, arrays)


def unpack_window(body: bytes) -> Window:
    """The window in a frame that `pack_window` made.

    Raises
    ------
    InvalidDataError
        When the frame is cut short or says what it does not hold.
    """
    header, payload = unpack_frame(body)
    with describing("window"):
        return _window(header, payload)


@contextmanager
def describing(what: str) -> Iterator[None]:
    """A block that takes a header for that of a `what`, or says that it is none."""
    try:
        yield
    except InvalidDataError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise InvalidDataError(f"the header describes no {what}: {error!r}") from None


def _window(header: dict[str, Any], payload: memoryview) -> Window:
    channels = channels_from_json(header["channels"])
    sample_type = sample_type_named(header["sample_type"])
    dtype = sample_type.dtype
    blocks, position = [], 0
    for stated in array(header["blocks"], "blocks"):
        sfreq, rows = _rational(stated["sfreq"]), _rows(stated["rows"])
        if {channels[row].sfreq for row in rows} != {sfreq}:
            raise InvalidDataError(f"rows {rows} are not the channels of {sfreq} Hz")
        shape = (len(rows), integer(stated["n_samples"], "n_samples"))
        if not 0 <= shape[0] * shape[1] <= MAX_VALUES:
            raise InvalidDataError(f"a block of {shape[0]} x {shape[1]}; at most {MAX_VALUES}")
        present = None if stated["runs"] is None else _present(stated["runs"], shape)
        count = shape[0] * shape[1] if present is None else int(present.sum())
        size = count * dtype.itemsize
        if position + size > len(payload):
            raise InvalidDataError(f"the window needs {position + size} bytes, got {len(payload)}")
        values = np.frombuffer(payload[position : position + size], dtype)
        position += size
        if present is None:
            digital: Digital = values.reshape(shape)
        else:
            digital = np.zeros(shape, dtype)
            digital[present] = values
        first = integer(stated["first_sample"], "first_sample")
        blocks.append(Block(sfreq, rows, first, digital, present))
    if position != len(payload):
        raise InvalidDataError(f"the window needs {position} bytes, got {len(payload)}")
    return Window(
        str(header["patient_id"]), str(header["recording_id"]), _rational(header["start"]),
        _rational(header["stop"]), channels, sample_type, tuple(blocks), Calibration(channels),
    )  # fmt: skip


def _rows(stated: Any) -> tuple[int, ...]:
    return tuple([integer(row, "row") for row in array(stated, "rows")])


def pack_frame(header: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> bytes:
    """A frame of this header with the bytes of these arrays behind it."""
    head = dump(header)
    return b"".join([struct.pack("<I", len(head)), head, *(a.tobytes() for a in arrays)])


def unpack_frame(body: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header of a frame and what stands behind it; InvalidDataError when it is none."""
    view = memoryview(body)
    if len(view) < 4:
        raise InvalidDataError(f"a frame begins with 4 bytes of header length; got {len(view)}")
    (length,) = struct.unpack_from("<I", view)
    if length > min(MAX_HEADER, len(view) - 4):
        raise InvalidDataError(
            f"the frame states a header of {length} bytes; at most {MAX_HEADER}, and "
            f"{len(view) - 4} are there"
        )
    header = load(view[4 : 4 + length], "header of the frame")
    return object_(header, "header of the frame"), view[4 + length :]


def _with_runs(chunk: Chunk) -> dict[str, Any]:
    return {"second": chunk.second, "runs": chunk.runs}


def _runs(value: Any) -> Runs:
    n_runs = sum(len(channel) for channel in array(value, "runs") if isinstance(channel, list))
    if n_runs > MAX_RUNS:
        raise InvalidDataError(f"{n_runs} runs in one second; at most {MAX_RUNS}")
    return tuple(
        tuple(_pair(run) for run in array(channel, "runs of a channel"))
        for channel in array(value, "runs")
    )


def _pair(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidDataError(f"run {shown(value)} is not a pair [first, count]")
    first = integer(value[0], "first sample of a run")
    count = integer(value[1], "count of a run")
    if first < 0 or count < 0:
        raise InvalidDataError(f"run {value!r} has a number below 0")
    return first, count


def _rational(text: Any) -> Fraction:
    """A Fraction from its own string. Not from a decimal, which may ask for any memory."""
    numerator, _, denominator = str(text).partition("/")
    return Fraction(int(numerator), int(denominator or 1))


def _runs_of(present: NDArray[np.bool_]) -> list[list[list[int]]]:
    edges = np.diff(present.astype(np.int8), axis=1, prepend=0, append=0)
    return [
        [
            [int(lo), int(hi - lo)]
            for lo, hi in zip(np.flatnonzero(row == 1), np.flatnonzero(row == -1), strict=True)
        ]
        for row in edges
    ]


def _present(runs: list[list[list[int]]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    present = np.zeros(shape, np.bool_)
    for row, channel in enumerate(runs):
        for first, count in channel:
            present[row, first : first + count] = True
    return present

"""Overviews on their way out.

The frame is laid out as those of `eegstore.wire.frames`. Its header is ``{"patient_id",
"recording_id", "study_id", "start", "unit", "n_units", "n_columns", "bucket", "sample_type",
"channels"}``, of recording_id and study_id one null; column i of n_columns begins at ``start +
unit * (i * n_units // n_columns)`` seconds and ends where the next begins; `start` and `unit`
are fractions as strings. Behind it stand min and max in `sample_type`, ``(n_channels,
n_columns, 2)``, min > max where there is no sample (float32 in the channel's unit: NaN), and
how many stored seconds touch each column, uint32 ``(n_columns,)``.
"""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import SampleType
from eegstore.overview import Grid, Overview
from eegstore.timebase import exact
from eegstore.wire.frames import describing, pack_frame, unpack_frame
from eegstore.wire.metadata import channels_from_json, dump, integer, sample_type_named
from eegstore.wire.values import Clock, unique_labels

MAX_COLUMNS = 10_000


def pack_overview(overview: Overview, physical: bool = False) -> bytes:
    """The frame that carries an overview: counts as stored, or float32 in the channel's unit."""
    grid = overview.grid
    header = {
        "patient_id": overview.patient_id,
        "recording_id": overview.recording_id,
        "study_id": overview.study_id,
        "start": grid.start,
        "unit": grid.unit,
        "n_units": grid.n_units,
        "n_columns": grid.n_columns,
        "bucket": overview.bucket,
        "sample_type": SampleType.FLOAT32 if physical else overview.sample_type,
        "channels": overview.channels,
    }
    limits = overview.data if physical else overview.digital
    return pack_frame(header, [limits, overview.n_seconds.astype("<u4")])


def unpack_overview(body: bytes) -> Overview:
    """The overview in a frame that `pack_overview` made of counts as stored.

    Raises
    ------
    InvalidDataError
        When the frame is cut short or says what it does not hold.
    """
    header, payload = unpack_frame(body)
    with describing("overview"):
        return _overview(header, payload)


def overview_json(overview: Overview, clock: Clock | None = None) -> bytes:
    """An overview as arrays of min and max per channel in its unit, null in gaps.

    `start_time` is what `clock`, which tells it of a second, shows at the first edge.
    """
    start = overview.grid.start
    second = start.numerator // start.denominator
    within = timedelta(microseconds=round((start - second) * 1_000_000))
    counts = overview.sample_type is not SampleType.FLOAT32
    values: NDArray[Any] = overview.physical(np.float64 if counts else np.float32)
    return dump(
        {
            "patient_id": overview.patient_id,
            "recording_id": overview.recording_id,
            "study_id": overview.study_id,
            "start": float(overview.grid.start),
            "end": float(overview.grid.stop),
            "start_time": None if clock is None else clock(second) + within,
            "bucket": overview.bucket,
            "edges": overview.edges,
            "n_seconds": overview.n_seconds,
            "channels": unique_labels(overview.channels),
            "unit": [channel.unit for channel in overview.channels],
            "sfreq": [channel.sfreq for channel in overview.channels],
            "min": np.ascontiguousarray(values[..., 0]),
            "max": np.ascontiguousarray(values[..., 1]),
        }
    )


def _overview(header: dict[str, Any], payload: memoryview) -> Overview:
    channels = channels_from_json(header["channels"])
    sample_type = sample_type_named(header["sample_type"])
    n_units, n_columns = (integer(header[name], name) for name in ("n_units", "n_columns"))
    if not 1 <= n_columns <= min(n_units, MAX_COLUMNS):
        raise InvalidDataError(
            f"{n_columns} columns of {n_units} units; allowed are 1 to {MAX_COLUMNS}"
        )
    grid = Grid(_seconds(header["start"]), _seconds(header["unit"]), n_units, n_columns)
    shape = (len(channels), n_columns, 2)
    size = 2 * len(channels) * n_columns * sample_type.dtype.itemsize
    if len(payload) != size + 4 * n_columns:
        raise InvalidDataError(
            f"the overview needs {size + 4 * n_columns} bytes, got {len(payload)}"
        )
    return Overview(
        str(header["patient_id"]), _text(header["recording_id"]), channels, sample_type, grid,
        integer(header["bucket"], "bucket"),
        np.frombuffer(payload[:size], sample_type.dtype).reshape(shape),
        np.frombuffer(payload[size:], "<u4").astype(np.int64), _text(header.get("study_id")),
    )  # fmt: skip


def _text(said: Any) -> str | None:
    return None if said is None else str(said)


def _seconds(text: Any) -> Fraction:
    return exact(str(text))

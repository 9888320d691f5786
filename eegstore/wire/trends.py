"""Trends as frames and as JSON.

The frame (see `eegstore.wire.frames`) has the header ``{"patient_id", "study_id",
"recording_id", "group", "start", "unit", "n_columns", "edges", "lowest", "db_step",
"complete"}``. Column i is of ``start + i * unit`` to ``start + (i + 1) * unit`` seconds, bin b
of ``edges[b]`` to ``edges[b + 1]`` Hz. Behind it stand uint8 ``(n_bins, n_columns)``: code c is
``lowest + c * db_step`` dB re 1 uV^2/Hz, 255 is none; and float32 ``(3, n_columns)``: the least,
middle and largest amplitude of the column's seconds [uV], NaN is none.
"""

from typing import Any

import numpy as np

from eegstore.errors import InvalidDataError
from eegstore.signal.trends import LOWEST, STEP
from eegstore.trends import Trends
from eegstore.wire.frames import MAX_VALUES, describing, pack_frame, unpack_frame
from eegstore.wire.metadata import dump, integer


def pack_trends(trends: Trends) -> bytes:
    """The frame that carries trends."""
    header = _head(trends) | {"lowest": LOWEST, "db_step": STEP}
    return pack_frame(header, [trends.codes, trends.amplitude.astype("<f4", copy=False)])


def unpack_trends(body: bytes) -> Trends:
    """The trends in a frame that `pack_trends` made.

    Raises
    ------
    InvalidDataError
        When the frame is cut short or says what it does not hold.
    """
    header, payload = unpack_frame(body)
    with describing("trends"):
        edges = tuple(float(edge) for edge in header["edges"])
        shape = (len(edges) - 1, integer(header["n_columns"], "n_columns"))
        size = shape[0] * shape[1]
        if min(shape) < 0 or size > MAX_VALUES or len(payload) != size + 12 * shape[1]:
            raise InvalidDataError(
                f"trends of {shape[0]} x {shape[1]} need {size + 12 * shape[1]} bytes, got "
                f"{len(payload)}"
            )
        names = ("study_id", "recording_id")
        study_id, recording_id = (
            None if header[name] is None else str(header[name]) for name in names
        )
        return Trends(
            str(header["patient_id"]), study_id, recording_id, str(header["group"]),
            integer(header["start"], "start"), integer(header["unit"], "unit"), edges,
            bool(header["complete"]), np.frombuffer(payload[:size], np.uint8).reshape(shape),
            np.frombuffer(payload[size:], "<f4").reshape(3, shape[1]),
        )  # fmt: skip


def trends_json(trends: Trends) -> bytes:
    """Trends as rows of numbers, null for none."""
    rows = {"decibels": trends.decibels, "amplitude": trends.amplitude}
    return dump(_head(trends) | rows)


def _head(trends: Trends) -> dict[str, Any]:
    return {
        "patient_id": trends.patient_id,
        "study_id": trends.study_id,
        "recording_id": trends.recording_id,
        "group": trends.group,
        "start": trends.start,
        "unit": trends.unit,
        "n_columns": trends.codes.shape[1],
        "edges": trends.edges,
        "complete": trends.complete,
    }

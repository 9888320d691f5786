"""Trends come out of a frame as they went in; others are refused."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from eegstore.errors import InvalidDataError
from eegstore.signal.trends import EDGES, N_BINS
from eegstore.trends import Trends
from eegstore.wire.trends import pack_trends, trends_json, unpack_trends

CODES = np.arange(3 * N_BINS, dtype=np.uint8).reshape(N_BINS, 3)
CODES[0, 1] = 255
SIZES = np.array([[1, np.nan, 3], [2, np.nan, 4], [5, np.nan, 6]], np.float32)
MADE = Trends("p", "s", None, "left", 120, 60, EDGES, False, CODES, SIZES)
BODY = pack_trends(MADE)


def header() -> dict[str, Any]:
    (size,) = struct.unpack_from("<I", BODY)
    said: dict[str, Any] = json.loads(BODY[4 : 4 + size])
    return said


def changed(**fields: Any) -> bytes:
    (size,) = struct.unpack_from("<I", BODY)
    head = json.dumps(header() | fields).encode()
    return struct.pack("<I", len(head)) + head + BODY[4 + size :]


def test_what_goes_into_a_frame_comes_out() -> None:
    found = unpack_trends(BODY)
    for name in ("patient_id", "study_id", "recording_id", "group", "start", "unit", "edges",
                 "complete"):  # fmt: skip
        assert getattr(found, name) == getattr(MADE, name)
    np.testing.assert_array_equal(found.codes, CODES)
    np.testing.assert_array_equal(found.amplitude, SIZES)
    assert found.times.tolist() == [120, 180, 240, 300]
    assert found.decibels[0, 0] == -30
    assert np.isnan(found.decibels[0, 1])


def test_the_frame_is_as_documented() -> None:
    assert header() == {
        "patient_id": "p", "study_id": "s", "recording_id": None, "group": "left", "start": 120,
        "unit": 60, "n_columns": 3, "edges": list(EDGES), "lowest": -30, "db_step": 0.5,
        "complete": False,
    }  # fmt: skip
    assert BODY.endswith(CODES.tobytes() + SIZES.tobytes())


def test_json_has_nulls() -> None:
    said = json.loads(trends_json(MADE))
    assert said["amplitude"][0] == [1, None, 3]
    assert said["decibels"][0] == [-30, None, -29]
    assert said["complete"] is False


@pytest.mark.parametrize(
    "body",
    [b"", BODY[:-1], BODY + b"\0", changed(edges=[1, 2]), changed(n_columns=-3),
     changed(edges=None), changed(start=None), changed(complete=1, unit=1.5),
     changed(unit="x")],
)  # fmt: skip
def test_what_is_no_trend_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidDataError):
        unpack_trends(body)

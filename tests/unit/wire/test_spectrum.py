"""Spectrograms come out of a frame as they went in, to half a decibel; others are refused."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from eegstore.errors import InvalidDataError
from eegstore.signal.spectrum import Spectrogram
from eegstore.wire.spectrum import pack_spectrogram, spectrogram_json, unpack_spectrogram

LEVELS = np.array([[-40, np.nan, 3.3], [86.9, 200, -99]])
MADE = Spectrogram(np.array([10.25, 10.75, 11.25]), np.array([0.0, 0.5]), LEVELS)
NAMED = {"patient_id": "p", "trace": "C3"}
BODY = pack_spectrogram(MADE, 10.0, 0.5, NAMED)


def test_what_goes_into_a_frame_comes_out() -> None:
    found = unpack_spectrogram(BODY)
    np.testing.assert_array_equal(found.times, MADE.times)
    np.testing.assert_array_equal(found.frequencies, MADE.frequencies)
    right = np.clip(LEVELS, -40, 87)
    np.testing.assert_array_equal(np.isnan(found.decibels), np.isnan(right))
    assert np.nanmax(np.abs(found.decibels - right)) <= 0.25


def test_the_frame_is_as_documented() -> None:
    (size,) = struct.unpack_from("<I", BODY)
    assert json.loads(BODY[4 : 4 + size]) == NAMED | {
        "start": 10, "step": 0.5, "n_times": 3, "n_frequencies": 2, "frequency_step": 0.5,
        "lowest": -40, "db_step": 0.5,
    }  # fmt: skip
    assert list(BODY[4 + size :]) == [0, 255, 87, 254, 254, 0]


def test_json_has_nulls() -> None:
    said = json.loads(spectrogram_json(MADE, 10.0, 0.5, NAMED))
    assert said["decibels"][0] == [-40, None, 3.3]
    assert (said["times"], said["trace"]) == ([10.25, 10.75, 11.25], "C3")


def changed(**fields: Any) -> bytes:
    (size,) = struct.unpack_from("<I", BODY)
    head = json.dumps(json.loads(BODY[4 : 4 + size]) | fields).encode()
    return struct.pack("<I", len(head)) + head + BODY[4 + size :]


@pytest.mark.parametrize(
    "body",
    [b"", BODY[:-1], BODY + b"\0", changed(n_times=-3, n_frequencies=-2), changed(start=None),
     changed(n_times="x"), changed(db_step=[])],
)  # fmt: skip
def test_what_is_no_spectrogram_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidDataError):
        unpack_spectrogram(body)

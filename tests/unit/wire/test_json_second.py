"""Which seconds JSON can carry, and what stands in them; reading them is the service's part."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction as F

import numpy as np
import pytest

from eegstore.errors import InvalidDataError
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.wire.second import fits_json, json_second
from tests.unit.recordings import cut, make_recording, make_signal

RECORDING = make_recording([F(4), F(2)])
CHUNK = cut(RECORDING, make_signal(RECORDING, 3), 2)


def test_a_second_carries_values_and_their_calibration() -> None:
    second = json_second(RECORDING, CHUNK)
    samples = second.pop("samples")
    gain = 1600 / 4095
    for row, counts in enumerate((CHUNK.samples[:4], CHUNK.samples[4:])):
        assert samples[row] == pytest.approx(counts * gain + (-800 + 2048 * gain), rel=1e-12)
    calibration = {
        "physical_min": -800.0, "physical_max": 800.0, "digital_min": -2048, "digital_max": 2047,
        "unit": "uV", "transducer": "", "prefiltering": "",
    }  # fmt: skip
    assert second == {
        "patient_id": "p1", "recording_id": "r1", "start": 2, "end": 3, "channels": ["C0", "C1"],
        "sfreq": ["4", "2"], "calibration": [calibration] * 2,
    }  # fmt: skip


def test_what_is_known_of_the_recording_comes_along() -> None:
    known = {"zone": "Europe/Berlin", "study_id": "s", "device": "Amp"}
    recording = replace(
        RECORDING, start_time=datetime(2026, 10, 25, 2, 30), utc_offset=3600, **known
    )
    second = json_second(recording, CHUNK)
    assert {name: second[name] for name in known} == known
    assert second["start_time"] == "2026-10-25T02:30:00+01:00"
    local = json_second(replace(recording, zone=None, utc_offset=None), CHUNK)
    assert local["start_time"] == "2026-10-25T02:30:00"


def test_float_values_go_as_they_are_and_without_calibration() -> None:
    recording = make_recording([F(2)], SampleType.FLOAT32)
    chunk = Chunk(0, (((0, 2),),), np.array([0.1, -1e30], "<f4"))
    second = json_second(recording, chunk)
    assert "calibration" not in second
    assert second["samples"][0].tolist() == [float(np.float32(0.1)), float(np.float32(-1e30))]


FLAT = Channel("flat", F(2), "uV", 5.0, 5.0, -1, 1)
FLOAT = make_recording([F(2)], SampleType.FLOAT32)


@pytest.mark.parametrize(
    ("recording", "chunk"),
    [
        (RECORDING, replace(CHUNK, runs=(((0, 4),), ()), samples=CHUNK.samples[:4])),
        (RECORDING, replace(CHUNK, runs=(((0, 3),), ((0, 2),)), samples=CHUNK.samples[:5])),
        (Recording("p", "r", (FLAT,), SampleType.INT16), Chunk(0, (((0, 2),),), np.zeros(2, "i2"))),
        (FLOAT, Chunk(0, (((0, 2),),), np.array([1, np.nan], "<f4"))),
        (FLOAT, Chunk(0, (((0, 2),),), np.array([-np.inf, 1], "<f4"))),
    ],
    ids=["missing channel", "missing sample", "gain of 0", "NaN", "infinity"],
)
def test_what_json_cannot_tell_is_refused(recording: Recording, chunk: Chunk) -> None:
    assert not fits_json(recording, chunk)
    with pytest.raises(InvalidDataError, match=f"^second {chunk.second} .*send it as a frame"):
        json_second(recording, chunk)


def test_what_json_can_tell_fits() -> None:
    assert fits_json(RECORDING, CHUNK)
    assert fits_json(FLOAT, Chunk(0, (((0, 2),),), np.array([1, 2], "<f4")))

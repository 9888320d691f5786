"""What the header and the integers of EDF cannot hold is refused, or rounded when allowed."""

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.edf.fields import numeral
from eegstore.errors import EdfError
from eegstore.model import Channel, Chunk, SampleType
from tests.unit.edf.files import (
    export,
    read,
    simple,
)
from tests.unit.recordings import make_recording


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.edf"


def test_int32_into_edf_loses_only_when_allowed(out: Path) -> None:
    fitting = Channel("small", F(4), "uV", -100.0, 100.0, -2048, 2047)
    wide = Channel("wide", F(4), "uV", -262144.0, 262143.0, -8388608, 8388607)
    recording = replace(make_recording([]), channels=(fitting, wide), sample_type=SampleType.INT32)
    samples = np.array([-2048, 2047, 0, 40000, -8388608, 8388607, 0, 12345], "<i4")
    chunk = Chunk(0, (((0, 4),),) * 2, samples)
    with pytest.raises(EdfError, match=r"int32, EDF has 16 bits.*lossy=True"):
        export(out, recording, [chunk], bdf=False)
    export(out, recording, [chunk], bdf=False, lossy=True)
    back, (found,), _ = read(out)
    assert back.channels[0] == fitting
    assert found.samples[:4].tolist() == [-2048, 2047, 0, 32767]
    values = found.samples[4:] * back.channels[1].gain + back.channels[1].offset
    np.testing.assert_allclose(
        values, samples[4:] * wide.gain + wide.offset, atol=back.channels[1].gain
    )
    export(out, recording, [chunk], bdf=False, lossy=True, ranges=[(-2048, 40000), (0, 50000)])
    back, (found,), _ = read(out)
    near = found.samples[4:] * back.channels[1].gain + back.channels[1].offset
    assert abs(near[3] - (12345 * wide.gain + wide.offset)) < 0.02
    assert abs(near[0] - wide.offset) < 0.02  # clipped


def test_float32_needs_ranges_and_leave_to_lose(out: Path) -> None:
    recording = make_recording([F(4)], SampleType.FLOAT32)
    samples = np.array([-1.5, 0.25, 1e-3, 77.125], "<f4")
    chunk = Chunk(0, (((0, 4),),), samples)
    with pytest.raises(EdfError, match="float32"):
        export(out, recording, [chunk])
    with pytest.raises(EdfError, match="ranges"):
        export(out, recording, [chunk], lossy=True)
    with pytest.raises(EdfError, match="2 ranges for 1 channels"):
        export(out, recording, [chunk], lossy=True, ranges=[(0, 1)] * 2)
    for bits, bdf in ((16, False), (24, True)):
        export(out, recording, [chunk], lossy=True, ranges=[(-1.5, 77.125)], bdf=bdf)
        back, (found,), _ = read(out)
        channel = back.channels[0]
        values = found.samples * channel.gain + channel.offset
        np.testing.assert_allclose(values, samples, atol=79 / 2**bits)
    bad = replace(chunk, samples=np.array([1, np.nan, 2, 3], "<f4"))
    with pytest.raises(EdfError, match="NaN"):
        export(out, recording, [bad], lossy=True, ranges=[(0.0, 3.0)])


def test_a_calibration_that_8_characters_cannot_hold_is_refused_or_rounded(out: Path) -> None:
    recording, chunks = simple()
    odd = replace(recording.channels[0], physical_max=800.123456789)
    recording = replace(recording, channels=(odd, *recording.channels[1:]))
    with pytest.raises(EdfError, match=r"'C0': physical_max 800\.123456789 .* writes 800\.1235"):
        export(out, recording, chunks)
    export(out, recording, chunks, lossy=True)
    assert read(out)[0].channels[0].physical_max == 800.1235


def test_a_text_that_does_not_fit_is_refused_or_shortened(out: Path) -> None:
    recording, chunks = simple()
    odd = replace(recording.channels[0], label="a label of 20 letters", unit="µV")
    recording = replace(recording, channels=(odd, *recording.channels[1:]))
    with pytest.raises(EdfError, match=r"label 'a label of 20 letters' .* 16 characters"):
        export(out, recording, chunks)
    export(out, recording, chunks, lossy=True)
    assert read(out)[0].channels[0].label == "a label of 20 le"
    assert read(out)[0].channels[0].unit == "uV"


def test_2_1_3_5_the_digital_range_is_written_upwards(out: Path) -> None:
    recording, chunks = simple()
    down = replace(recording.channels[0], digital_min=100, digital_max=-100)
    flat = replace(recording.channels[1], physical_min=1.0, physical_max=1.0)
    export(out, replace(recording, channels=(down, *recording.channels[1:])), chunks)
    back = read(out)[0].channels[0]
    assert (back.digital_min, back.digital_max, back.gain) == (-100, 100, down.gain)
    with pytest.raises(EdfError, match=r"'C1': physical_min and physical_max are both 1\.0"):
        export(out, replace(recording, channels=(down, flat, recording.channels[2])), chunks)


@given(st.floats(-1e300, 1e300))
def test_numerals_have_8_characters_and_are_rounded_as_asked(value: float) -> None:
    down, near, up = (numeral(value, r) for r in (ROUND_FLOOR, "ROUND_HALF_EVEN", ROUND_CEILING))
    assert max(len(down), len(near), len(up)) <= 8
    assert float(down) <= value <= float(up)
    assert float(near) == pytest.approx(value, rel=0.5, abs=1e-323)


@given(st.integers(-9_999_999, 99_999_999), st.integers(0, 6))
def test_a_number_that_8_characters_hold_is_written_exactly(digits: int, places: int) -> None:
    text = f"{digits / 10**places:.{places}f}"
    if len(text) <= 8:
        assert float(numeral(float(text))) == float(text)

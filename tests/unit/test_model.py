"""The words refuse what cannot be stored, and say which value and which limit."""

import re
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from fractions import Fraction as F
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import (
    MAX_CHANNELS,
    MAX_SAMPLES,
    MAX_SFREQ,
    Annotation,
    Channel,
    Recording,
    SampleType,
    Span,
    check_id,
)
from tests.unit.recordings import make_recording


@pytest.mark.parametrize("value", ["a", "7", "chb01_03.edf", "A.b_c-d@e+f", "x" * 128])
def test_ids_that_are_taken(value: str) -> None:
    assert check_id("patient_id", value) == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "has 0 characters; allowed are 1 to 128"),
        ("x" * 129, "has 129 characters; allowed are 1 to 128"),
        ("a/b", "character '/' at position 1"),
        (".hidden", "character '.' at position 0"),
        ("-rf", "character '-' at position 0"),
        ("Müller", "character 'ü' at position 1"),
        ("a\n", r"character '\n' at position 1"),
        ("a b", "character ' ' at position 1"),
        ("p\0", r"character '\x00' at position 1"),
        ("٣", "character '٣' at position 0"),
    ],
)
def test_ids_that_are_refused_name_the_character_or_the_length(value: str, message: str) -> None:
    with pytest.raises(InvalidDataError, match=re.escape(message)):
        check_id("patient_id", value)


@given(st.text(max_size=140))
def test_an_id_is_returned_or_refused_and_what_is_returned_needs_no_quoting(value: str) -> None:
    try:
        assert check_id("recording_id", value) == value
    except InvalidDataError:
        return
    assert value.isascii()
    assert 1 <= len(value) <= 128
    assert not set(value) - set("._@+-") - set(map(chr, range(48, 123)))
    assert value[0].isalnum()


@pytest.mark.parametrize("field", ["patient_id", "recording_id", "study_id"])
def test_every_id_of_a_recording_is_checked(field: str) -> None:
    with pytest.raises(InvalidDataError, match=f"^{field}: character '/'"):
        replace(make_recording(), **{field: "a/b"})


def test_sample_types_are_little_endian() -> None:
    assert [t.dtype.str for t in SampleType] == ["<i2", "<i4", "<f4"]


def test_gain_and_offset_take_the_digital_range_to_the_physical_one() -> None:
    channel = Channel("C", F(256), "uV", -800.0, 800.0, -2048, 2047)
    assert channel.gain == 1600 / 4095
    assert channel.digital_min * channel.gain + channel.offset == pytest.approx(-800)
    assert channel.digital_max * channel.gain + channel.offset == pytest.approx(800)


def test_inverted_polarity_and_no_calibration() -> None:
    inverted = Channel("C", F(1), "uV", 100.0, -100.0, -10, 10)
    assert (inverted.gain, inverted.offset) == (-10.0, 0.0)
    plain = Channel("C", F(1))
    assert (plain.gain, plain.offset) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sfreq": F(0)}, "sfreq 0 Hz is not in"),
        ({"sfreq": F(-256)}, "sfreq -256 Hz"),
        ({"sfreq": MAX_SFREQ + F(1, 3)}, "sfreq 3000001/3 Hz is not in"),
        ({"digital_min": 5, "digital_max": 5}, "digital_min and digital_max are both 5"),
        ({"physical_min": float("nan")}, "physical range nan .. 1.0 is not finite"),
        ({"physical_max": float("inf")}, "is not finite"),
    ],
)
def test_channels_that_mean_nothing_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDataError, match="channel 'C': .*" + re.escape(message)):
        replace(Channel("C", F(256)), **changed)


@pytest.mark.parametrize("field", ["digital_min", "digital_max"])
def test_digital_limits_are_32_bit(field: str) -> None:
    for most in (-(1 << 31), (1 << 31) - 1):
        assert getattr(replace(Channel("C", F(1)), **{field: most}), field) == most
    for beyond in (-(1 << 31) - 1, 1 << 31):
        with pytest.raises(InvalidDataError, match="does not fit into 32 bits"):
            replace(Channel("C", F(1)), **{field: beyond})


def test_a_physical_range_too_wide_for_float64_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="too wide for float64"):
        Channel("C", F(1), physical_min=-1.7e308, physical_max=1.7e308)


def test_one_physical_limit_is_one_value() -> None:
    """An integer and -0.0 are equal to a float and 0.0, and print as these."""
    channel = Channel("C", F(1), physical_min=-0.0, physical_max=800)
    assert (repr(channel.physical_min), repr(channel.physical_max)) == ("0.0", "800.0")


def test_values_tell_counts_only_where_a_count_is_more_than_their_last_digits() -> None:
    assert Channel("C", F(1), "uV", -800.0, 800.0, -2048, 2047).tells_counts
    assert Channel("C", F(1)).tells_counts
    assert not Channel("C", F(1), physical_min=5.0, physical_max=5.0).tells_counts
    assert not Channel("C", F(1), "uV", 1e15, 1e15 + 1, -32768, 32767).tells_counts


def test_equal_physical_limits_are_taken_because_real_files_have_them() -> None:
    assert Channel("C", F(1), physical_min=3.0, physical_max=3.0).gain == 0


def test_a_recording_has_bounds() -> None:
    one = Channel("C", F(MAX_SFREQ))
    most = (one,) * (MAX_SAMPLES // MAX_SFREQ)
    assert Recording("p", "r", most, SampleType.INT16).channels == most
    with pytest.raises(InvalidDataError, match=f"samples a second .* at most {MAX_SAMPLES}"):
        Recording("p", "r", (*most, one), SampleType.INT16)
    few = (Channel("C", F(1)),) * (MAX_CHANNELS + 1)
    with pytest.raises(InvalidDataError, match=f"{MAX_CHANNELS + 1} channels"):
        Recording("p", "r", few, SampleType.INT16)
    assert Recording("p", "r", few[1:], SampleType.INT16)


def test_start_time_carries_no_zone() -> None:
    with pytest.raises(InvalidDataError, match="without a zone"):
        make_recording(start_time=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_span_may_be_empty_but_not_turned_round() -> None:
    assert Span(F(1), F(1)).stop == 1
    with pytest.raises(SpanError, match=r"stops at 1.0 s before it starts at 2.5 s"):
        Span(F(5, 2), F(1))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"onset": float("nan")}, "onset nan"),
        ({"onset": float("-inf")}, "onset -inf"),
        ({"duration": -0.1}, "duration -0.1"),
        ({"duration": float("nan")}, "duration nan"),
        ({"duration": float("inf")}, "duration inf"),
        ({"onset": 1e13}, "at most 1e+12 s"),
        ({"duration": 1e13}, "at most 1e+12 s"),
        ({"status": "maybe"}, "status 'maybe' is not one of proposed, confirmed, rejected"),
    ],
)
def test_annotations_that_mean_nothing_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDataError, match=re.escape(message)):
        replace(Annotation(1.0, 2.0, "seizure"), **changed)


def test_words_do_not_change_once_said() -> None:
    with pytest.raises(FrozenInstanceError):
        make_recording().patient_id = "other"  # type: ignore[misc]

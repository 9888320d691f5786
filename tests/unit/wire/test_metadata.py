"""Metadata as JSON: what is left out has a meaning, what makes no sense is refused."""

import json
from dataclasses import replace
from datetime import datetime
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import Annotation, Channel, Recording, SampleType
from eegstore.wire import (
    annotation_from_json,
    dump,
    fraction,
    integer,
    load,
    recording_from_json,
)
from tests.unit.recordings import RATES, make_recording

IDS = {"patient_id": "p1", "recording_id": "r1"}
PLAIN = {"label": "C3", "sfreq": 256}
INT16 = {"physical_min": -800, "physical_max": 800, "digital_min": -2048, "digital_max": 2047}


def declared(*channels: dict[str, Any], **fields: Any) -> Recording:
    return recording_from_json(IDS | {"channels": list(channels or [PLAIN])} | fields)


def test_a_recording_comes_back_as_it_went() -> None:
    recording = make_recording(
        RATES, start_time=datetime(2026, 10, 25, 2, 30), zone="Europe/Berlin", utc_offset=3600,
        study_id="s", device="Amp 3",
    )  # fmt: skip
    assert recording_from_json(load(dump(recording))) == recording
    assert recording_from_json(json.loads(dump(recording))) == recording


def test_a_channel_without_ranges_is_uncalibrated_and_stored_as_float32() -> None:
    recording = declared()
    assert recording.sample_type is SampleType.FLOAT32
    assert recording.channels == (Channel("C3", F(256), "uV", -1.0, 1.0, -1, 1),)
    assert (recording.start_time, recording.zone, recording.utc_offset) == (None, None, None)


@pytest.mark.parametrize(
    ("digital", "sample_type"),
    [
        ((-2048, 2047), SampleType.INT16),
        ((-32768, 32767), SampleType.INT16),
        ((-32769, 0), SampleType.INT32),
        ((0, 32768), SampleType.INT32),
        ((-8388608, 8388607), SampleType.INT32),
        ((-8388608.0, 8388607.0), SampleType.INT32),
        ((-2048.0, 2047.0), SampleType.INT16),
    ],
)
def test_the_digital_ranges_decide_the_sample_type(
    digital: tuple[float, float], sample_type: SampleType
) -> None:
    limits = {"digital_min": digital[0], "digital_max": digital[1]}
    recording = declared(PLAIN | INT16, PLAIN | INT16 | limits)
    assert recording.sample_type is sample_type
    assert declared(PLAIN | INT16 | limits, sample_type="int32").sample_type is SampleType.INT32


@pytest.mark.parametrize(
    ("sfreq", "value"),
    [(256, F(256)), (12.8, F(64, 5)), ("12.8", F(64, 5)), ("200000/1001", F(200000, 1001)),
     ("1/30", F(1, 30)), (0.1, F(1, 10))],
)  # fmt: skip
def test_a_rate_is_a_number_or_an_exact_fraction(sfreq: Any, value: F) -> None:
    """A JSON number means its decimal digits, not the nearest binary fraction."""
    assert declared(PLAIN | {"sfreq": sfreq}).channels[0].sfreq == value


@pytest.mark.parametrize(
    ("said", "start_time", "utc_offset"),
    [
        ({}, datetime(2026, 10, 25, 12), None),
        ({"zone": "Europe/Berlin"}, datetime(2026, 10, 25, 12), 3600),
        ({"utc_offset": -18000}, datetime(2026, 10, 25, 12), -18000),
        ({"zone": "Europe/Berlin", "utc_offset": 3600}, datetime(2026, 10, 25, 12), 3600),
        ({"start_time": "2026-10-25T12:00:00+02:00"}, datetime(2026, 10, 25, 12), 7200),
        (
            {"start_time": "2026-10-25T02:30:00+02:00", "zone": "Europe/Berlin"},
            datetime(2026, 10, 25, 2, 30), 7200,
        ),
        (
            {"start_time": "2026-10-25T02:30:00", "zone": "Europe/Berlin", "utc_offset": 3600},
            datetime(2026, 10, 25, 2, 30), 3600,
        ),
    ],
)  # fmt: skip
def test_start_is_local_time_and_its_offset(
    said: dict[str, Any], start_time: datetime, utc_offset: int | None
) -> None:
    recording = declared(**({"start_time": "2026-10-25T12:00:00"} | said))
    assert (recording.start_time, recording.utc_offset) == (start_time, utc_offset)
    assert recording.zone == said.get("zone")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "recording is list; it must be a JSON object"),
        ({}, "channels is NoneType; it must be a JSON array"),
        ({"channels": [3]}, "channel is int; it must be a JSON object"),
        ({"channels": [{"label": "C3"}]}, "sfreq of 'C3' is None"),
        ({"channels": [{"label": "C3", "sfreq": True}]}, "sfreq of 'C3' is True"),
        ({"channels": [{"label": "C3", "sfreq": "fast"}]}, "sfreq of 'C3' is 'fast'"),
        ({"channels": [{"label": "C3", "sfreq": "1e999999999"}]}, "sfreq of 'C3'"),
        ({"channels": [{"label": "C3", "sfreq": 0}]}, "channels.0: channel 'C3': sfreq 0 Hz"),
        ({"channels": [{"sfreq": 1}]}, r"channels\.0\.label"),
        ({"channels": [PLAIN | {"label": 7}]}, r"channels\.0\.label"),
        ({"channels": [PLAIN | {"digital_min": 0.5}]}, r"channels\.0\.digital_min"),
        ({"channels": [PLAIN | {"physical_min": "low"}]}, r"channels\.0\.physical_min"),
        ({"channels": [PLAIN | {"digital_min": 1e30}]}, "digital"),
        ({"channels": [PLAIN], "sample_type": "int8"}, "sample_type"),
        ({"channels": [PLAIN], "patient_id": "a/b"}, "patient_id: character '/'"),
        ({"channels": [PLAIN], "patient_id": 7}, "patient_id"),
        ({"channels": [PLAIN], "recording_id": None}, "recording_id"),
        ({"channels": [PLAIN], "study_id": ""}, "study_id has 0 characters"),
        ({"channels": [PLAIN], "start_time": "noon"}, "start_time 'noon' is neither"),
        ({"channels": [PLAIN], "start_time": 3}, "start_time '3'"),
        ({"channels": [PLAIN], "zone": "Mars/Olympus"}, "'Mars/Olympus' is not an IANA"),
        ({"channels": [PLAIN], "utc_offset": 86400}, "utc_offset"),
        ({"channels": [PLAIN], "utc_offset": 1.5}, "utc_offset is 1.5"),
        ({"channels": [PLAIN], "utc_offset": 10**12, "start_time": "2026-01-01"}, "utc_offset"),
        (
            {"channels": [PLAIN], "start_time": "2026-10-25T02:30:00", "zone": "Europe/Berlin"},
            "comes twice",
        ),
        (
            {"channels": [PLAIN], "start_time": "2026-01-01T00:00:00+02:00",
             "zone": "Europe/Berlin"},
            "has an offset that Europe/Berlin has not then",
        ),
        (
            {"channels": [PLAIN], "start_time": "2026-01-01T00:00:00", "utc_offset": 7200,
             "zone": "Europe/Berlin"},
            "has an offset that Europe/Berlin has not then",
        ),
    ],
)  # fmt: skip
def test_a_declaration_that_makes_no_sense_is_refused(value: Any, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        recording_from_json(IDS | value if isinstance(value, dict) else value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)  # fmt: skip
FIELDS = [*IDS, "study_id", "start_time", "zone", "utc_offset", "device", "sample_type", "channels"]
OF_CHANNEL = [*PLAIN, *INT16, "unit", "transducer", "prefiltering"]


@given(
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=2),
    st.dictionaries(st.sampled_from(OF_CHANNEL), json_values, max_size=2),
)
def test_any_json_is_a_recording_that_can_be_kept_or_is_refused(
    fields: dict[str, Any], of_channel: dict[str, Any]
) -> None:
    try:
        recording = recording_from_json(IDS | {"channels": [PLAIN | of_channel]} | fields)
    except InvalidDataError:
        return
    assert recording_from_json(load(dump(recording))) == recording


def test_an_annotation_comes_back_as_it_went_and_has_defaults() -> None:
    annotation = Annotation(
        12.5, None, "Anfall", (0, 2), "6d9d4f0a-3a52-5c0e-9d39-0f6f5f0b7c11", "edf", "proposed",
        "anna", "0d9d4f0a-3a52-5c0e-9d39-0f6f5f0b7c11",
    )  # fmt: skip
    assert annotation_from_json(load(dump(annotation))) == annotation
    said = {"onset": 1, "duration": 2, "description": "seizure", "patient_id": "p", "extra": [1]}
    assert annotation_from_json(said) == Annotation(1.0, 2.0, "seizure")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"onset": "soon"}, r"annotation\.onset"),
        ({"onset": None}, r"annotation\.onset"),
        ({"duration": -1}, "annotation: duration -1.0 s is not a number >= 0"),
        ({"description": 5}, r"annotation\.description"),
        ({"channels": [0.5]}, r"annotation\.channels\.0"),
        ({"channels": "C3"}, r"annotation\.channels"),
        ({"status": "maybe"}, "status 'maybe' is not one of"),
    ],
)
def test_an_annotation_that_makes_no_sense_is_refused(
    changed: dict[str, Any], message: str
) -> None:
    good = {"onset": 1, "duration": 2, "description": "seizure"}
    with pytest.raises(InvalidDataError, match=message):
        annotation_from_json(good | changed)
    with pytest.raises(InvalidDataError, match="annotation is list; it must be a JSON object"):
        annotation_from_json([good])


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"1e999"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidDataError, match=r"^body is not JSON"):
        load(body)


def test_json_is_written_from_arrays_and_fractions() -> None:
    assert (
        dump({"a": np.array([1.5, np.nan], "f4"), "f": F(1, 30)}) == b'{"a":[1.5,null],"f":"1/30"}'
    )


@given(st.fractions(0, 10**6, max_denominator=10**6))
def test_a_fraction_is_read_from_its_own_text(value: F) -> None:
    assert fraction(str(value), "sfreq") == value


@pytest.mark.parametrize("value", [None, True, [], {}, "x", "1e100", 10**40])
def test_what_is_no_fraction_is_refused_in_few_words(value: Any) -> None:
    with pytest.raises(InvalidDataError, match=r"^start is .* must be a number") as e:
        fraction(value, "start")
    assert len(str(e.value)) < 120


def test_integers_may_be_written_with_a_point_and_nothing_else() -> None:
    assert [integer(v, "n") for v in (7, 7.0, -0.0)] == [7, 7, 0]
    for value in (7.5, "7", True, None, [7]):
        with pytest.raises(InvalidDataError, match=r"n is .*; it must be an integer"):
            integer(value, "n")


def test_a_stored_recording_may_have_a_start_that_its_zone_has_twice() -> None:
    """Its offset says which it is, and reading it again must not ask anew."""
    recording = replace(
        make_recording(), start_time=datetime(2026, 10, 25, 2, 30), zone="Europe/Berlin",
        utc_offset=7200,
    )  # fmt: skip
    assert recording_from_json(load(dump(recording))) == recording
    with pytest.raises(InvalidDataError, match="comes twice"):
        recording_from_json(load(dump(replace(recording, utc_offset=None))))


def test_a_clock_time_out_of_the_calendar_is_refused() -> None:
    with pytest.raises(SpanError, match="years 2 to 9998"):
        declared(start_time="0001-01-01T00:00:00", zone="Europe/Berlin")

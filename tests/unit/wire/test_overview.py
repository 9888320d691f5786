"""Overviews come out of a frame as they went in; what is no overview is refused."""

import json
import struct
from datetime import datetime, timedelta
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from eegstore.model import Channel, SampleType
from eegstore.overview import Grid, Overview
from eegstore.wire.overview import overview_json, pack_overview, unpack_overview


def make(
    sample_type: SampleType = SampleType.INT16, n_columns: int = 3, start: F = F(0), seed: int = 0
) -> Overview:
    """Two channels of one label, one of them without samples in column 1."""
    counts = np.random.default_rng(seed).integers(-2000, 2000, (2, n_columns, 2))
    counts.sort(axis=-1)
    counts[1, 1 % n_columns] = 5, -5
    channels = tuple(Channel("T8-P8", F(256, n), "uV", -800.0, 800.0, -2048, 2047) for n in (1, 3))
    return Overview(
        "p1", "r1", channels, sample_type, Grid(start, F(5, 2), 2 * n_columns, n_columns), 60,
        counts.astype(sample_type.dtype), np.arange(n_columns, dtype=np.int64),
    )  # fmt: skip


def changed(body: bytes, **fields: Any) -> bytes:
    """The frame with other fields in its header."""
    (size,) = struct.unpack_from("<I", body)
    header = json.loads(body[4 : 4 + size]) | fields
    head = json.dumps({k: v for k, v in header.items() if v is not ...}).encode()
    return struct.pack("<I", len(head)) + head + body[4 + size :]


def same(one: Overview, other: Overview) -> bool:
    fields = ("patient_id", "recording_id", "channels", "sample_type", "grid", "bucket")
    return (
        all(getattr(one, name) == getattr(other, name) for name in fields)
        and one.digital.dtype == other.digital.dtype
        and np.array_equal(one.digital, other.digital)
        and np.array_equal(one.n_seconds, other.n_seconds)
    )


@given(
    st.sampled_from(list(SampleType)), st.integers(1, 20),
    st.fractions(0, 10**9, max_denominator=10**9),
)  # fmt: skip
def test_what_goes_into_a_frame_comes_out(
    sample_type: SampleType, n_columns: int, start: F
) -> None:
    made = make(sample_type, n_columns, start)
    assert same(unpack_overview(pack_overview(made)), made)


def test_the_frame_is_laid_out_as_described() -> None:
    """For who reads it without this package."""
    made = make(n_columns=4, start=F(1, 3))
    body = pack_overview(made)
    (size,) = struct.unpack_from("<I", body)
    header = json.loads(body[4 : 4 + size])
    assert (header["start"], header["unit"], header["bucket"]) == ("1/3", "5/2", 60)
    start, unit = (float(F(header[name])) for name in ("start", "unit"))
    n_units, n_columns = header["n_units"], header["n_columns"]
    edges = [start + unit * (i * n_units // n_columns) for i in range(n_columns + 1)]
    assert made.edges == pytest.approx(edges)
    limits = np.frombuffer(body[4 + size : -4 * n_columns], "<i2").reshape(2, n_columns, 2)
    assert (limits == made.digital).all()
    assert (np.frombuffer(body[-4 * n_columns :], "<u4") == made.n_seconds).all()


def test_a_physical_frame_holds_values_and_nan() -> None:
    made = make()
    body = pack_overview(made, physical=True)
    (size,) = struct.unpack_from("<I", body)
    limits = np.frombuffer(body[4 + size : -12], "<f4").reshape(2, 3, 2)
    np.testing.assert_array_equal(limits, made.data)
    assert np.isnan(limits[1, 1]).all()
    assert not np.isnan(limits[0]).any()


def test_json_has_null_where_there_is_no_sample() -> None:
    made = make(start=F(7, 2))
    found = json.loads(overview_json(made))
    assert found["channels"] == ["T8-P8-0", "T8-P8-1"]
    assert found["edges"] == [3.5, 8.5, 13.5, 18.5]
    assert (found["start"], found["end"], found["start_time"]) == (3.5, 18.5, None)
    assert found["n_seconds"] == [0, 1, 2]
    assert (found["min"][1][1], found["max"][1][1]) == (None, None)
    for row, channel in enumerate(made.channels):
        for side, name in enumerate(("min", "max")):
            values = [value for value in found[name][row] if value is not None]
            counts = [made.digital[row, n, side] for n in range(3) if (row, n) != (1, 1)]
            assert values == [count * channel.gain + channel.offset for count in counts]


def test_json_of_floats_has_no_more_digits_than_float32() -> None:
    made = make(SampleType.FLOAT32)
    made.digital[0, 0] = np.float32(0.1), np.float32(0.2)
    assert b'"min":[[0.1,' in overview_json(made)


def test_json_tells_the_clock_at_the_first_edge() -> None:
    begin = datetime(2026, 11, 22, 8)
    found = json.loads(overview_json(make(start=F(7, 2)), lambda s: begin + timedelta(seconds=s)))
    assert found["start_time"] == "2026-11-22T08:00:03.500000"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"n_columns": 0}, "0 columns"),
        ({"n_columns": 7}, "7 columns of 6 units"),
        ({"n_columns": 10_001, "n_units": 10**6}, "1 to 10000"),
        ({"n_columns": 2}, "needs 24 bytes, got 36"),
        ({"n_units": "x"}, "n_units is 'x'"),
        ({"start": "1e999999"}, "1e999999"),
        ({"unit": ...}, "unit"),
        ({"bucket": None}, "bucket is None"),
        ({"sample_type": "int64"}, "int64"),
        ({"channels": 5}, "channels"),
    ],
)
def test_a_header_that_describes_no_overview_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidDataError) as raised:
        unpack_overview(changed(pack_overview(make()), **fields))
    assert named in str(raised.value)


@given(st.integers(0, 1000))
def test_a_frame_that_is_cut_short_is_refused(length: int) -> None:
    body = pack_overview(make())
    with pytest.raises(InvalidDataError):
        unpack_overview(body[: min(length, len(body) - 1)])

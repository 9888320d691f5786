"""Pages come out of a frame as they went in, rounded to their scale; others are refused."""

import json
import struct
from dataclasses import replace
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from eegstore.page import Page, PageBlock, PageTrace, Stretch
from eegstore.signal.leads import Kind
from eegstore.signal.montage import Unavailable
from eegstore.signal.names import Side
from eegstore.wire.page import pack_page, page_json, unpack_page


def trace(label: str, block: int, sfreq: F) -> PageTrace:
    return PageTrace(
        label, "uV", Kind.EEG, Side.LEFT, 1.41, "#ff0000", sfreq, (0, 2), block,
        ((3.5, 4.25),), 1.0, None, 50.0,
    )  # fmt: skip


def make(values: list[list[float]], slow: list[float]) -> Page:
    """Two fast traces and a slow one."""
    fast = np.array(values, np.float32).reshape(2, -1)
    blocks = (
        PageBlock(F(256), 4, (0, 2), np.arange(fast.shape[1], dtype=np.float32) / 64, fast),
        PageBlock(F(1, 30), 1, (1,), np.arange(len(slow), dtype=np.float32),
                  np.array([slow], np.float32)),
    )  # fmt: skip
    traces = (trace("Fp1-F7", 0, F(256)), trace("SpO2", 1, F(1, 30)), trace("C3", 0, F(256)))
    return Page(
        "p1", "s1", None, F(10, 3), F(40, 3), (Stretch("r1", 0.5, 7.25), Stretch("r2", 8, 9)),
        ((0.5, 1.0), (2.0, 7.25)), traces, (Unavailable("Fz-Cz", "no channel has Cz", ("Cz",)),),
        ("F7-T7 may be inverted",), blocks, "v1",
    )  # fmt: skip


PAGE = make([[0, -1, np.nan, 5000], [1e-3, 2e-3, -3e-3, 0]], [97, np.nan])
NUMBERS = st.one_of(st.floats(-1e7, 1e7, width=32), st.just(np.nan))


def same(one: Page, other: Page) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("patient_id", "study_id", "recording_id", "start", "stop", "recordings",
                     "spans", "traces", "unavailable", "suspects", "version")
    )  # fmt: skip


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=20), st.lists(NUMBERS, max_size=5))
def test_what_goes_into_a_frame_comes_out(
    pairs: list[tuple[float, float]], slow: list[float]
) -> None:
    made = make([[one for one, _ in pairs], [other for _, other in pairs]], slow)
    found = unpack_page(pack_page(made))
    assert same(found, made)
    for one, other in zip(found.blocks, made.blocks, strict=True):
        assert (one.sfreq, one.per_column, one.traces) == (
            other.sfreq, other.per_column, other.traces
        )  # fmt: skip
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(np.isnan(one.values), np.isnan(other.values))
        for line, right in zip(one.values, other.values, strict=True):
            there = np.isfinite(right)
            largest = np.abs(right[there]).max(initial=0)
            assert np.abs(line - right)[there].max(initial=0) <= largest / 65_000 + 1e-30


def test_the_frame_is_as_documented() -> None:
    body = pack_page(PAGE)
    (size,) = struct.unpack_from("<I", body)
    header = json.loads(body[4 : 4 + size])
    assert (header["start"], header["end"], header["study_id"]) == ("10/3", "40/3", "s1")
    assert header["recordings"][0] == {"recording_id": "r1", "start": 0.5, "stop": 7.25}
    first = header["traces"][0]
    assert {**first, "scale": None} == {
        "label": "Fp1-F7", "unit": "uV", "kind": "eeg", "side": "left", "noise": 1.41,
        "color": "#ff0000", "sfreq": "256", "rows": [0, 2], "block": 0, "clips": [[3.5, 4.25]],
        "lff": 1.0, "hff": None, "notch": 50.0, "scale": None,
    }  # fmt: skip
    assert header["unavailable"] == [
        {"label": "Fz-Cz", "reason": "no channel has Cz", "missing": ["Cz"]}
    ]
    assert header["blocks"] == [
        {"sfreq": "256", "n_points": 4, "per_column": 4, "traces": [0, 2]},
        {"sfreq": "1/30", "n_points": 2, "per_column": 1, "traces": [1]},
    ]
    payload = body[4 + size :]
    times = np.frombuffer(payload[:16], "<f4")
    codes = np.frombuffer(payload[16:32], "<i2").reshape(2, 4)
    assert times.tolist() == [0, 1 / 64, 2 / 64, 3 / 64]
    assert codes[0].tolist() == [0, -7, -32768, 32767]
    assert codes[1, 2] == -32767
    assert first["scale"] == pytest.approx(5000 / 32767)


def test_json_has_a_line_for_each_trace() -> None:
    said = json.loads(page_json(PAGE))
    assert (said["start"], said["end"]) == (float(F(10, 3)), float(F(40, 3)))
    assert [line["values"] for line in said["traces"]] == [
        [0, -1, None, 5000], [97, None], [0.001, 0.002, -0.003, 0]
    ]  # fmt: skip
    assert said["traces"][1]["times"] == [float(F(10, 3)), float(F(10, 3)) + 1]
    assert said["traces"][0]["per_column"] == 4
    assert "blocks" not in said


def test_a_trace_by_its_label() -> None:
    times, values = PAGE.trace("C3")
    np.testing.assert_array_equal(values, PAGE.blocks[0].values[1])
    np.testing.assert_array_equal(times, PAGE.blocks[0].times)
    twice = replace(PAGE, traces=(PAGE.traces[0], *PAGE.traces[:2]))
    with pytest.raises(InvalidDataError, match="2 traces are called 'Fp1-F7'"):
        twice.trace("Fp1-F7")


def changed(body: bytes, **fields: Any) -> bytes:
    """The frame with other fields in its header."""
    (size,) = struct.unpack_from("<I", body)
    header = json.loads(body[4 : 4 + size]) | fields
    head = json.dumps({k: v for k, v in header.items() if v is not ...}).encode()
    return struct.pack("<I", len(head)) + head + body[4 + size :]


BODY = pack_page(PAGE)
BLOCK = {"sfreq": "256", "n_points": 4, "per_column": 4, "traces": [0, 2]}


@pytest.mark.parametrize(
    "body",
    [
        b"", BODY[:-1], BODY + b"\0", changed(BODY, traces=...), changed(BODY, blocks=None),
        changed(BODY, traces=[]), changed(BODY, spans=[1]), changed(BODY, start="1e999999999"),
        changed(BODY, blocks=[BLOCK | {"n_points": -1}]),
        changed(BODY, blocks=[BLOCK | {"n_points": 1 << 40}]),
        changed(BODY, blocks=[BLOCK | {"traces": [0, 7]}]),
        changed(BODY, blocks=[BLOCK | {"traces": [0, "x"]}]),
        changed(BODY, recordings=[{"recording_id": "r1"}]),
    ],
)  # fmt: skip
def test_what_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidDataError):
        unpack_page(body)

"""Windows as JSON: every sample that exists, and none that does not."""

import json
import warnings
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.model import Channel, Recording, SampleType
from eegstore.timebase import clock_at
from eegstore.window import Window, assemble
from eegstore.wire import columns_json, rows_json, unique_labels
from tests.unit.recordings import chunks_of, make_recording, make_signal

RATES = [F(256), F(64, 5), F(256), F(1, 30)]
START = datetime(2026, 12, 31, 23, 59, 58, 250_001)


def clock(second: int) -> datetime:
    return START + timedelta(seconds=second)


def window_of(
    seconds: list[int], start: F = F(0), stop: F = F(4), sample_type: SampleType = SampleType.INT16
) -> Window:
    """A window of four channels of which only `seconds` are stored."""
    recording = make_recording(RATES, sample_type)
    chunks = chunks_of(recording, make_signal(recording, 4), 4)
    return assemble(recording, range(4), start, stop, [c for c in chunks if c.second in seconds])


windows = st.builds(
    window_of,
    st.lists(st.integers(0, 3), max_size=4),
    st.fractions(0, 2, max_denominator=99),
    st.fractions(2, 4, max_denominator=99),
    st.sampled_from(list(SampleType)),
)


def dtype_of(window: Window) -> type[np.floating[Any]]:
    """Counts need float64 to be found again; a source of float32 has no more digits."""
    return np.float32 if window.sample_type is SampleType.FLOAT32 else np.float64


def expected(window: Window) -> dict[str, list[tuple[F, float]]]:
    """(time, value) of the samples that exist, by label, as Python says them."""
    found = {}
    for block in window.blocks:
        values = window.physical(block, dtype_of(window))
        for at, row in enumerate(block.rows):
            there = np.flatnonzero(~np.isnan(values[at])).tolist()
            found[window.channels[row].label] = [
                ((block.first_sample + n) / block.sfreq, float(values[at, n])) for n in there
            ]
    return found


@given(windows)
def test_rows_are_the_samples_that_exist(window: Window) -> None:
    """In a gap there is no entry."""
    rows = json.loads(rows_json(window))
    wanted = expected(window)
    assert set(rows) == set(wanted)
    for label, samples in wanted.items():
        assert [set(entry) for entry in rows[label]] == [{"timestamp", "value"}] * len(samples)
        assert [entry["timestamp"] for entry in rows[label]] == pytest.approx(
            [float(time) for time, _ in samples], rel=1e-15
        )
        dtype = dtype_of(window)
        assert [dtype(entry["value"]) for entry in rows[label]] == [value for _, value in samples]


def test_counts_are_found_again_from_their_values() -> None:
    """By the calibration, with next to nothing left over."""
    window = window_of([0, 1, 2, 3])
    (block, *_) = window.blocks
    column = json.loads(columns_json(window))["samples"][0]
    channel = window.channels[0]
    counts = (np.array(column) - channel.offset) / channel.gain
    assert np.abs(counts - block.digital[0]).max() < 1e-9


def test_rows_come_in_channel_order() -> None:
    assert list(json.loads(rows_json(window_of([0, 1])))) == ["C0", "C1", "C2", "C3"]


@given(windows)
def test_rows_at_clock_time_are_local_iso(window: Window) -> None:
    """To the nearest microsecond; over the end of a day, a month, a year."""
    rows = json.loads(rows_json(window, clock))
    for label, samples in expected(window).items():
        wanted = [START + timedelta(microseconds=round(time * 1_000_000)) for time, _ in samples]
        assert [datetime.fromisoformat(entry["timestamp"]) for entry in rows[label]] == wanted


def test_a_clock_timestamp_as_it_is_written() -> None:
    (first, *_) = json.loads(rows_json(window_of([1], F(3, 2)), clock))["C0"]
    assert first["timestamp"] == "2026-12-31T23:59:59.750001"


def test_timestamps_in_a_clock_change_night_carry_the_offset_of_their_moment() -> None:
    """02:59:59 summer time is followed by 02:00:00 winter time."""
    recording = replace(
        make_recording([F(2)]), start_time=datetime(2026, 10, 25, 2, 59, 59),
        zone="Europe/Berlin", utc_offset=7200,
    )  # fmt: skip
    chunks = chunks_of(recording, make_signal(recording, 2), 2)
    window = assemble(recording, [0], F(1, 2), F(2), chunks)
    rows = json.loads(rows_json(window, lambda second: clock_at(recording, second)))
    assert [entry["timestamp"] for entry in rows["C0"]] == [
        "2026-10-25T02:59:59.500000+02:00", "2026-10-25T02:00:00.000000+01:00",
        "2026-10-25T02:00:00.500000+01:00",
    ]  # fmt: skip
    columns = json.loads(columns_json(window, lambda second: clock_at(recording, second)))
    assert columns["start_time"] == "2026-10-25T02:59:59.500000+02:00"


@given(windows)
def test_columns_have_null_in_gaps(window: Window) -> None:
    body = json.loads(columns_json(window))
    assert (body["patient_id"], body["recording_id"]) == ("p1", "r1")
    assert (body["start"], body["end"]) == (float(window.start), float(window.stop))
    assert body["start_time"] is None
    assert body["channels"] == ["C0", "C1", "C2", "C3"]
    assert body["unit"] == ["uV"] * 4
    assert [F(text) for text in body["sfreq"]] == RATES
    wanted = expected(window)
    for block in window.blocks:
        for row in block.rows:
            column = body["samples"][row]
            assert len(column) == block.digital.shape[1]
            assert body["first_sample_time"][row] == float(block.first_sample / block.sfreq)
            there = [
                ((block.first_sample + n) / block.sfreq, value)
                for n, value in enumerate(column)
                if value is not None
            ]
            samples = wanted[f"C{row}"]
            assert [time for time, _ in there] == [time for time, _ in samples]
            dtype = dtype_of(window)
            assert [dtype(value) for _, value in there] == [value for _, value in samples]


def test_columns_say_the_clock_time_of_their_start() -> None:
    body = json.loads(columns_json(window_of([1], F(3, 2)), clock))
    assert body["start_time"] == "2026-12-31T23:59:59.750001"


def test_24_bit_counts_keep_all_their_digits() -> None:
    """float32 would round 8388607.5 away."""
    channel = Channel("C", F(2), "uV", -8388607.5, 8388607.5, -8388608, 8388607)
    recording = Recording("p", "r", (channel,), SampleType.INT32)
    chunk = chunks_of(recording, [np.array([8388607, -8388608], "<i4")], 1)
    window = assemble(recording, [0], F(0), F(1), chunk)
    assert [e["value"] for e in json.loads(rows_json(window))["C"]] == [8388607.5, -8388607.5]
    assert json.loads(columns_json(window))["samples"] == [[8388607.5, -8388607.5]]


def test_an_empty_window_is_valid_json() -> None:
    window = window_of([], F(1, 1000), F(2, 1000))
    assert json.loads(rows_json(window)) == {"C0": [], "C1": [], "C2": [], "C3": []}
    assert json.loads(columns_json(window))["samples"] == [[], [], [], []]
    none = assemble(make_recording(), [], F(0), F(1), [])
    assert json.loads(rows_json(none)) == {}
    assert json.loads(columns_json(none))["samples"] == []


def labelled(*labels: str) -> list[Channel]:
    return [Channel(label, F(2)) for label in labels]


def test_labels_that_occur_twice_are_numbered_and_none_is_lost() -> None:
    recording = Recording("p", "r", tuple(labelled("T8-P8", 'a"\\\n', "T8-P8")), SampleType.INT16)
    chunk = chunks_of(recording, [np.array([n, n], "<i2") for n in range(3)], 1)
    rows = json.loads(rows_json(assemble(recording, [0, 1, 2], F(0), F(1), chunk)))
    assert {label: entries[0]["value"] for label, entries in rows.items()} == {
        "T8-P8-0": 0, 'a"\\\n': 1, "T8-P8-1": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    "labels",
    [
        ["FP1-F7", "T8-P8", "C3-P3", "T8-P8"],
        ["x"] * 12,
        ["a", "b", "a", "c", "b", "a"],
        ["only", "once"],
    ],
)
def test_labels_are_made_unique_as_mne_does(labels: list[str]) -> None:
    import mne

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # MNE tells of the repetition
        names = mne.create_info(labels, 256.0).ch_names
    assert unique_labels(labelled(*labels)) == names


@given(st.lists(st.sampled_from(["a", "b", "a-0", "a-1", "a-0-0", ""]), max_size=9))
def test_unique_labels_are_unique_and_keep_those_that_are(labels: list[str]) -> None:
    unique = unique_labels(labelled(*labels))
    assert len(set(unique)) == len(labels)
    for label, name in zip(labels, unique, strict=True):
        assert name == label if labels.count(label) == 1 else name.startswith(f"{label}-")

"""Windows out of the API equal slices of what went in, in every shape and by any clock."""

import struct
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from eegstore import Client
from eegstore.errors import InvalidDataError, SpanError, TooLargeError
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.picks import rates
from eegstore.timebase import first_sample, n_samples
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live

LABELS = ("T8-P8", "EKG", "T8-P8", "SaO2")
UNIQUE = ["T8-P8-0", "EKG", "T8-P8-1", "SaO2"]
RATES = (Fraction(64), Fraction(64, 5), Fraction(64), Fraction(1, 4))
SECONDS = 12
GAP = (4, 7)  # [s]
PIECE = (9, 16, 40)  # second, first sample, samples of the two 64-Hz channels in it

SPANS = [
    ("0", "1"), ("0", "12"), ("3", "4"), ("3", "5"), ("4", "7"), ("5", "6"), ("6", "8"),
    ("2.5", "9.25"), ("3.999", "7.001"), ("0", "1/64"), ("1/128", "1/64"), ("9", "10"),
    ("8.75", "9.5"), ("11.5", "20"), ("12", "13"), ("100000", "100001"), ("1/3", "22/7"),
]  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """A recording and, per channel, all its samples; NaN where there is none."""

    recording: Recording
    values: list[NDArray[np.float64]]  # [count]

    def slices(self, start: str, end: str) -> list[NDArray[np.float64]]:
        """What ``start <= n / sfreq < end`` holds of every channel, NaN after the end."""
        found = []
        for channel, row in zip(self.recording.channels, self.values, strict=True):
            lo, hi = (first_sample(Fraction(at), channel.sfreq) for at in (start, end))
            wanted = np.full(hi - lo, np.nan)
            part = row[lo:hi]
            wanted[: len(part)] = part
            found.append(wanted)
        return found

    def physical(self, start: str, end: str) -> list[NDArray[np.float32]]:
        """The same in each channel's unit."""
        pairs = zip(self.recording.channels, self.slices(start, end), strict=True)
        return [(row * c.gain + c.offset).astype(np.float32) for c, row in pairs]


@pytest.fixture(scope="module")
def stored(eeg: Client) -> Stored:
    """Four channels of three rates; seconds 4, 5, 6 are missing, and most of second 9."""
    channels = tuple(
        Channel(label, rate, "uV", -800.0, 800.0, -2048, 2047)
        for label, rate in zip(LABELS, RATES, strict=True)
    )
    recording = Recording(
        new_patient(), "r1", channels, SampleType.INT16, datetime(2026, 11, 22, 8, 0, 0, 250_000)
    )
    random = np.random.default_rng(5)
    values = [
        random.integers(-2000, 2000, first_sample(SECONDS, rate)).astype(float) for rate in RATES
    ]
    chunks = []
    for second in range(SECONDS):
        runs: list[tuple[tuple[int, int], ...]] = []
        for row, rate in zip(values, RATES, strict=True):
            base, count = first_sample(second, rate), n_samples(second, rate)
            kept = ((0, count),) if count else ()
            if GAP[0] <= second < GAP[1]:
                kept = ()
            elif second == PIECE[0]:
                kept = (PIECE[1:],) if rate == 64 else ()
            missing = np.ones(count, bool)
            for first, size in kept:
                missing[first : first + size] = False
            row[base : base + count][missing] = np.nan
            runs.append(kept)
        parts = [
            row[first_sample(second, rate) :][first : first + size]
            for row, rate, kept in zip(values, RATES, runs, strict=True)
            for first, size in kept
        ]
        if parts:
            chunks.append(Chunk(second, tuple(runs), np.concatenate(parts).astype("<i2")))
    eeg.declare(recording)
    eeg.send(recording, chunks)
    return Stored(recording, values)


def asked(stored: Stored, start: str, end: str, **more: Any) -> dict[str, Any]:
    ids = {"patient_id": stored.recording.patient_id, "recording_id": "r1"}
    return ids | {"start": start, "end": end} | more


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_array_equal(np.array(found, np.float32), np.array(wanted, np.float32))


@pytest.mark.parametrize(("start", "end"), SPANS)
def test_rows_have_an_entry_for_every_sample_that_exists(
    api: httpx.Client, stored: Stored, start: str, end: str
) -> None:
    answer = api.get("/eeg", params=asked(stored, start, end))
    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == UNIQUE
    rows = zip(UNIQUE, RATES, stored.physical(start, end), strict=True)
    for label, rate, wanted in rows:
        there = np.flatnonzero(~np.isnan(wanted))
        first = first_sample(Fraction(start), rate)
        assert all(set(entry) == {"timestamp", "value"} for entry in found[label])
        times = [float((first + int(at)) / rate) for at in there]
        assert [entry["timestamp"] for entry in found[label]] == pytest.approx(times, abs=1e-9)
        same([entry["value"] for entry in found[label]], wanted[there])


@pytest.mark.parametrize(("start", "end"), SPANS)
def test_columns_have_null_where_there_is_no_sample(
    api: httpx.Client, stored: Stored, start: str, end: str
) -> None:
    found = api.get("/eeg", params=asked(stored, start, end, layout="columns")).json()
    assert found["channels"] == UNIQUE
    assert found["unit"] == ["uV"] * 4
    assert found["sfreq"] == ["64", "64/5", "64", "1/4"]
    assert (found["start"], found["end"]) == (float(Fraction(start)), float(Fraction(end)))
    assert found["first_sample_time"] == [
        float(first_sample(Fraction(start), rate) / rate) for rate in RATES
    ]
    for got, wanted in zip(found["samples"], stored.physical(start, end), strict=True):
        assert [value is None for value in got] == np.isnan(wanted).tolist()
        same([np.nan if value is None else value for value in got], wanted)


@pytest.mark.parametrize("values", ["digital", "physical"])
@pytest.mark.parametrize(("start", "end"), SPANS)
def test_frames_hold_the_samples_that_exist(
    api: httpx.Client, stored: Stored, start: str, end: str, values: str
) -> None:
    answer = api.get(
        "/eeg",
        params=asked(stored, start, end, values=values),
        headers={"Accept": "application/octet-stream"},
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    (length,) = struct.unpack("<I", answer.content[:4])
    header = orjson.loads(answer.content[4 : 4 + length])
    physical = values == "physical"
    assert header["sample_type"] == ("float32" if physical else "int16")
    assert [channel["label"] for channel in header["channels"]] == list(LABELS)
    assert header["channels"][0]["physical_min"] == -800
    samples = np.frombuffer(answer.content[4 + length :], "<f4" if physical else "<i2")
    rows = stored.physical(start, end) if physical else stored.slices(start, end)
    at = 0
    for block in header["blocks"]:
        assert block["first_sample"] == first_sample(Fraction(start), Fraction(block["sfreq"]))
        for row, source in enumerate(block["rows"]):
            assert block["n_samples"] == len(rows[source])
            runs = [[0, block["n_samples"]]] if block["runs"] is None else block["runs"][row]
            present = np.zeros(block["n_samples"], bool)
            for first, count in runs:
                present[first : first + count] = True
            assert present.tolist() == (~np.isnan(rows[source])).tolist()
            same(samples[at : at + present.sum()], rows[source][present])
            at += present.sum()
    assert at == samples.size


@pytest.mark.parametrize(("start", "end"), SPANS)
def test_client_windows(eeg: Client, stored: Stored, start: str, end: str) -> None:
    key = (stored.recording.patient_id, stored.recording.recording_id)
    window = eeg.window(*key, Fraction(start), Fraction(end))
    wanted = stored.physical(start, end)
    assert [block.sfreq for block in window.blocks] == list(rates(stored.recording.channels))
    for block in window.blocks:
        for row, values in zip(block.rows, window.physical(block), strict=True):
            same(values, wanted[row])
    picked = eeg.window(*key, start, end, ["T8-P8-1", "T8-P8-0"])
    same(picked.data, [wanted[2], wanted[0]])


@pytest.mark.parametrize(
    ("channels", "named"),
    [
        (["T8-P8"], "'T8-P8' stands for T8-P8-0, T8-P8-1"),
        (["Cz"], "no channel 'Cz' in 'r1'; it has T8-P8-0, EKG, T8-P8-1, SaO2"),
        (["EKG", "EKG"], "'EKG' is asked for twice"),
        ([""], "no channel ''"),
    ],
)
def test_channels_that_do_not_tell_which(
    eeg: Client, stored: Stored, channels: list[str], named: str
) -> None:
    with pytest.raises(InvalidDataError, match=named):
        eeg.window(stored.recording.patient_id, "r1", 0, 1, channels)


def test_a_window_carries_so_much_and_no_more(eeg: Client, stored: Stored) -> None:
    key = (stored.recording.patient_id, "r1")
    assert eeg.window(*key, 0, 3600, "EKG").data.shape == (1, 46080)
    with pytest.raises(TooLargeError, match=r"a window of 3600\.5 s is too long; at most 3600 s"):
        eeg.window(*key, 0, 3600.5, "EKG")


def test_json_carries_less_than_a_frame(api: httpx.Client, eeg: Client) -> None:
    channels = tuple(Channel(f"C{row}", Fraction(1000)) for row in range(30))
    recording = Recording(new_patient(), "wide", channels, SampleType.FLOAT32)
    eeg.declare(recording)
    ids = {"patient_id": recording.patient_id, "recording_id": "wide", "start": "0", "end": "67"}
    answer = api.get("/eeg", params=ids)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "a window of 2010000 values is too large; at most 2000000"
    assert eeg.window(recording.patient_id, "wide", 0, 67).data.shape == (30, 67000)


def test_clock_times(api: httpx.Client, eeg: Client, stored: Stored) -> None:
    """The recording starts at 08:00:00.25, so 08:00:03 is 2.75 s."""
    clock = {"start": "2026-11-22T08:00:03", "end": "2026-11-22T08:00:03.500"}
    ids = {"patient_id": stored.recording.patient_id}
    wanted = stored.physical("2.75", "3.25")
    for params in (ids | {"recording_id": "r1"}, ids):
        found = api.get("/eeg", params=params | clock).json()
        same([entry["value"] for entry in found["T8-P8-0"]], wanted[0])
        assert found["T8-P8-0"][0]["timestamp"] == "2026-11-22T08:00:03.000000"
        assert found["EKG"][1]["timestamp"] == "2026-11-22T08:00:03.140625"
    columns = api.get("/eeg", params=ids | clock | {"layout": "columns"}).json()
    assert columns["recording_id"] == "r1"
    assert columns["start_time"] == "2026-11-22T08:00:03"
    window = eeg.window(
        stored.recording.patient_id, "r1", datetime(2026, 11, 22, 8, 0, 3), clock["end"], "EKG"
    )
    same(window.data, [wanted[1]])


def test_a_clock_time_picks_the_recording(api: httpx.Client, eeg: Client) -> None:
    patient = new_patient()
    recording = Recording(
        patient, "first", (Channel("C", Fraction(4)),), SampleType.FLOAT32,
        datetime(2026, 11, 22, 8),
    )  # fmt: skip
    later = replace(recording, recording_id="second", start_time=datetime(2026, 11, 22, 8, 0, 2))
    unknown = replace(recording, recording_id="unknown", start_time=None)
    for declared in (recording, later, unknown):
        eeg.declare(declared)
        eeg.send(declared, [Chunk(k, (((0, 4),),), np.full(4, k, "<f4")) for k in range(3)])

    def ask(start: str, end: str, **more: str) -> httpx.Response:
        clock = {"start": f"2026-11-22T{start}", "end": f"2026-11-22T{end}"}
        return api.get("/eeg", params={"patient_id": patient, "layout": "columns"} | clock | more)

    assert ask("08:00:00", "08:00:02").json()["recording_id"] == "first"
    assert ask("08:00:03", "08:00:09").json()["recording_id"] == "second"
    both = ask("08:00:01", "08:00:03")
    assert both.status_code == 422
    assert "matches 2 recordings (first, second); name one" in both.json()["detail"]
    none = ask("09:00:00", "09:00:01")
    assert none.status_code == 404
    assert patient in none.json()["detail"]
    silent = ask("08:00:00", "08:00:01", recording_id="unknown")
    assert silent.status_code == 422
    assert silent.json()["detail"] == "recording 'unknown' has no start_time; ask in seconds"
    seconds = api.get("/eeg", params={"patient_id": patient, "start": 0, "end": 1})
    assert seconds.status_code == 422
    assert "ISO 8601" in seconds.json()["detail"]
    nobody = api.get("/eeg", params={"patient_id": new_patient(), "start": "2026-11-22T08:00:00",
                                     "end": "2026-11-22T08:00:01"})  # fmt: skip
    assert nobody.status_code == 404


def test_the_repeated_hour_needs_an_offset(eeg: Client) -> None:
    """Clocks in Berlin went from 03:00 summer time back to 02:00 on 2026-10-25."""
    recording = Recording(
        new_patient(), "night", (Channel("C", Fraction(1)),), SampleType.FLOAT32,
        datetime(2026, 10, 25, 1, 59, 50), "Europe/Berlin", 7200,
    )  # fmt: skip
    eeg.declare(recording)
    chunks = [Chunk(k, (((0, 1),),), np.array([k], "<f4")) for k in (5, 15, 3615)]
    eeg.send(recording, chunks)
    key = (recording.patient_id, "night")
    for offset, second in (("+02:00", 15), ("+01:00", 3615)):
        start, stop = (f"2026-10-25T02:00:0{at}{offset}" for at in (5, 6))
        assert eeg.window(*key, start, stop).data.tolist() == [[second]]
    before = eeg.window(*key, "2026-10-25T01:59:55", "2026-10-25T01:59:56")
    assert before.data.tolist() == [[5]]
    with pytest.raises(SpanError, match=r"02:00:05 comes twice in Europe/Berlin.*give its offset"):
        eeg.window(*key, "2026-10-25T02:00:05", "2026-10-25T02:00:06")


def test_an_offset_whose_plus_was_not_encoded(live: Live, eeg: Client) -> None:
    recording = Recording(
        new_patient(), "r", (Channel("C", Fraction(1)),), SampleType.FLOAT32,
        datetime(2026, 11, 22, 8), None, 3600,
    )  # fmt: skip
    eeg.declare(recording)
    eeg.send(recording, [Chunk(2, (((0, 1),),), np.array([2], "<f4"))])
    query = f"patient_id={recording.patient_id}&recording_id=r&layout=columns"
    span = "start=2026-11-22T07:00:02+00:00&end=2026-11-22T09:00:03+02:00"
    answer = httpx.get(f"{live.url}/eeg?{query}&{span}", headers=live.headers)
    assert answer.json()["samples"] == [[2.0]]

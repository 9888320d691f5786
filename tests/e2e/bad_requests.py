"""Requests that no API should take, each with what the refusal has to name."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import numpy as np

from eegstore.model import Chunk, Recording
from tests.e2e.asking import (
    FRAME,
    calibration,
    chunk_frame,
    declaration,
    frame,
    place,
    second,
)
from tests.unit.recordings import chunks_of, make_signal

JSON = {"Content-Type": "application/json"}
ZERO = 2048 * 1600 / 4095 - 800  # [uV], count 0
REST = [ZERO] * 3
RAW = {"physical_min": -1.0, "physical_max": 1.0, "digital_min": -1, "digital_max": 1}


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


Make = Callable[[Recording], Ask]


@dataclass(frozen=True)
class Bad:
    """A request, made for a recording of two channels of 4 Hz that has seconds 0 and 1."""

    name: str
    status: int
    named: tuple[str, ...]  # in the detail: the value and the limit
    make: Make


def _post(body: object, path: str = "/ingest") -> Ask:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Ask("POST", path, text, JSON)


def _chunk(recording: Recording) -> Chunk:
    return chunks_of(recording, make_signal(recording, 5), 5)[4]


def _second(**more: Any) -> Make:
    return lambda r: _post(second(r, _chunk(r), **more))


def _undeclared(**more: Any) -> Make:
    fields = {"recording_id": "new", "sfreq": "4"}
    return lambda r: _post(second(r, _chunk(r), **(fields | more)))


def _sample(value: object) -> Make:
    return _second(samples=[[value, *REST], [ZERO, *REST]])


def _literal(text: str) -> Make:
    def make(recording: Recording) -> Ask:
        samples = [["X", *REST], [ZERO, *REST]]
        body = json.dumps(second(recording, _chunk(recording), samples=samples))
        return _post(body.replace('"X"', text).encode())

    return make


def _frame(*chunks: dict[str, Any], samples: int = 16, **more: Any) -> Make:
    """A frame with these chunks and so many bytes of samples."""

    def make(recording: Recording) -> Ask:
        header = {
            "patient_id": recording.patient_id, "recording_id": recording.recording_id,
            "sample_type": "int16", "chunks": list(chunks),
        }  # fmt: skip
        return Ask("POST", "/ingest", frame(header | more, bytes(samples)), FRAME)

    return make


def _runs(*channels: list[list[int]], samples: int = 16) -> Make:
    return _frame({"second": 4, "runs": list(channels)}, samples=samples)


def _lie(length: int) -> Make:
    return lambda r: Ask("POST", "/ingest", frame({"patient_id": "p"}, bytes(16), length), FRAME)


def _body(body: bytes, kind: str = "application/json") -> Make:
    return lambda r: Ask("POST", "/ingest", body, {"Content-Type": kind})


def _window(start: str, end: str, **more: str) -> Make:
    def make(recording: Recording) -> Ask:
        ids = {"patient_id": recording.patient_id, "recording_id": recording.recording_id}
        return Ask("GET", "/eeg", params=ids | {"start": start, "end": end} | more)

    return make


def _declare(recording_id: str = "new", patient_id: str | None = None, **more: Any) -> Make:
    def make(recording: Recording) -> Ask:
        body = json.dumps(declaration(recording) | more).encode()
        patient = recording.patient_id if patient_id is None else patient_id
        path = f"/recordings/{quote(patient, safe='')}/{quote(recording_id, safe='')}"
        return Ask("PUT", path, body, JSON)

    return make


def _channel(**more: Any) -> Make:
    return _declare(channels=[{"label": "A", "sfreq": "4"} | RAW | more])


def _annotate(**more: Any) -> Make:
    def make(recording: Recording) -> Ask:
        ids = {"patient_id": recording.patient_id, "recording_id": recording.recording_id}
        return _post(ids | {"onset": 1, "duration": 1, "description": "x"} | more, "/annotations")

    return make


def _get(path: str, **params: str) -> Make:
    return lambda r: Ask("GET", path, params={"patient_id": r.patient_id} | params)


def _close(n_seconds: object) -> Make:
    return lambda r: _post({"n_seconds": n_seconds}, f"{place(r)}/close")


def _other_second(recording: Recording) -> Ask:
    chunk = replace(_chunk(recording), second=0)
    return Ask("POST", "/ingest", chunk_frame(recording, [chunk]), FRAME)


def _unknown_recording(recording: Recording) -> Ask:
    strange = replace(recording, recording_id="nowhere")
    return Ask("POST", "/ingest", chunk_frame(strange, [_chunk(recording)]), FRAME)


def _without_calibration_of_one(recording: Recording) -> Ask:
    body = second(recording, _chunk(recording), calibration=calibration(recording)[:1])
    return _post(body | {"recording_id": "new", "sfreq": "4"})


def _nan_frame(recording: Recording) -> Ask:
    body = frame(
        {"patient_id": recording.patient_id, "recording_id": "float", "sample_type": "float32",
         "chunks": [{"second": 1}]},
        np.array([1, np.nan, 3, 4], "<f4").tobytes(),
    )  # fmt: skip
    return Ask("POST", "/ingest", body, FRAME)


FULL: dict[str, Any] = {"second": 4}
ALL = [[0, 4]]  # the runs of a complete channel

JSON_SECONDS = [
    Bad("missing channel", 422, ("missing 'C1'",), _second(channels=["C0"], samples=[[0.0] * 4])),
    Bad("unknown channel", 422, ("missing 'C1'",), _second(channels=["C0", "Cz"])),
    Bad("channels in another order", 422, ("another order",), _second(channels=["C1", "C0"])),
    Bad("fewer rows", 422, ("2 channels", "1 rows"), _second(samples=[[0.0] * 4])),
    Bad("wrong length", 422, ("'C0'", "3 samples", "there are 4"),
        _second(samples=[[0.0] * 3, [0.0] * 4])),
    Bad("empty row", 422, ("'C0'", "0 samples", "there are 4"), _second(samples=[[], [0.0] * 4])),
    Bad("row is no array", 422, ("'C0'", "JSON array"), _second(samples=[5, [0.0] * 4])),
    Bad("NaN", 422, ("not JSON", "column"), _literal("NaN")),
    Bad("Infinity", 422, ("not JSON", "column"), _literal("-Infinity")),
    Bad("number beyond float64", 422, ("not JSON", "column"), _literal("1e999")),
    Bad("null sample", 422, ("'C0'", "None", "not a number"), _sample(None)),
    Bad("string sample", 422, ("'C0'", "'1.0'", "not a number"), _sample("1.0")),
    Bad("boolean sample", 422, ("'C0'", "True", "not a number"), _sample(True)),
    Bad("array sample", 422, ("'C0'", "[1]", "not a number"), _sample([1])),
    Bad("object sample", 422, ("'C0'", "{}", "not a number"), _sample({})),
    Bad("huge integer sample", 422, ("1e+30", "int16", "32767"), _literal("1" + "0" * 30)),
    Bad("off the grid", 422, ("0.3", "off the grid", "at most 0.02"), _sample(0.3)),
    Bad("outside int16", 422, ("count 34816", "int16", "32767"), _sample(13603.51648351648)),
    Bad("end before start", 422, ("end 3", "start 4"), _second(end=3)),
    Bad("end at start", 422, ("end 4", "start 4"), _second(end=4)),
    Bad("two seconds", 422, ("start 4 to end 6", "at most to 5"), _second(end=6)),
    Bad("over a whole second", 422, ("4.5", "at most to 5"), _second(start=4.5, end=5.5)),
    Bad("negative second", 422, ("second -1", "0 .. 1000000000"), _second(start=-1, end=0)),
    Bad("second too far", 422, ("second 1000000001", "0 .. 1000000000"),
        _second(start=10**9 + 1, end=10**9 + 2)),
    Bad("start is null", 422, ("start is None",), _second(start=None)),
    Bad("start is inf", 422, ("start is 'inf'",), _second(start="inf")),
    Bad("start is endless", 422, ("start is '1e999999'",), _second(start="1e999999")),
    Bad("start is an object", 422, ("start is a JSON object",), _second(start={})),
    Bad("sfreq differs", 422, ("sfreq 8", "declared is 4"), _second(sfreq="8")),
    Bad("sfreq of too few", 422, ("sfreq has 1 values for 2 channels",), _second(sfreq=["4"])),
    Bad("sfreq of too few, undeclared", 422, ("sfreq has 1 values for 2 channels",),
        _undeclared(sfreq=["4"])),
    Bad("sfreq is no integer", 422, ("sfreq", "'x'"), _undeclared(sfreq="x")),
    Bad("calibration differs", 422, ("'C0'", "physical_min -1.0", "-800"),
        _second(calibration=[RAW, RAW])),
    Bad("calibration of one", 422, ("1 entries for 2",), _without_calibration_of_one),
    Bad("calibration lacks a field", 422, ("physical_max is None",),
        _undeclared(calibration=[{"physical_min": 1}] * 2)),
    Bad("patient_id is no string", 422, ("patient_id is 5",), _second(patient_id=5)),
    Bad("patient_id is an array", 422, ("is a JSON array",), _second(patient_id=[0] * 99)),
    Bad("no recording_id", 422, ("recording_id is None",), _second(recording_id=None)),
    Bad("device_time", 422, ("device_time 'noon'",), _second(device_time="noon")),
    Bad("5000 channels", 422, ("5000 channels", "at most 4096"),
        _undeclared(channels=["A"] * 5000, samples=[[0.0] * 4] * 5000)),
    Bad("no channels", 422, ("no samples",), _undeclared(channels=[], samples=[])),
    Bad("no float32", 422, ("1e+39", "float32"),
        _undeclared(samples=[[1e39, 0.0, 0.0, 0.0], [0.0] * 4])),
    Bad("zone is a number", 422, ("zone '7'",), _undeclared(zone=7, start_time="2026-01-01")),
    Bad("not JSON", 422, ("not JSON",), _body(b"{")),
    Bad("nothing", 422, ("not JSON", "empty"), _body(b"")),
    Bad("array", 422, ("body is list",), _body(b"[]")),
    Bad("not UTF-8", 422, ("not JSON", "UTF-8"), _body(b'{"patient_id": "\xff"}')),
    Bad("half a surrogate pair", 422, ("not JSON",), _body(b'{"patient_id": "\\ud800"}')),
    Bad("deep array", 422, ("depth limit",), _body(b"[" * 100_000 + b"]" * 100_000)),
    Bad("deep object", 422, ("depth limit",), _body(b'{"a":' * 5000 + b"1" + b"}" * 5000)),
    Bad("wrong content type", 422, ("'text/csv'", "application/json"), _body(b"1,2", "text/csv")),
]  # fmt: skip

FRAMES = [
    Bad("other samples", 409, ("second 0", "other samples"), _other_second),
    Bad("unknown recording", 404, ("'nowhere'",), _unknown_recording),
    Bad("shorter than its length", 422, ("4 bytes of header length", "got 3"),
        _body(b"abc", "application/octet-stream")),
    Bad("header length 2**32 - 1", 422, ("4294967295", "at most 4194304"), _lie(0xFFFFFFFF)),
    Bad("header length past the end", 422, ("a header of 100 bytes", "35 are there"), _lie(100)),
    Bad("header length 5", 422, ("header of the frame is not JSON",), _lie(5)),
    Bad("header length 0", 422, ("header of the frame is not JSON",), _lie(0)),
    Bad("header is an array", 422, ("header of the frame is list",),
        _body(frame(b"[]"), "application/octet-stream")),
    Bad("no chunks", 422, ("0 chunks", "1 to 3600"), _frame(samples=0)),
    Bad("3601 chunks", 422, ("3601 chunks", "1 to 3600"), _frame(*[FULL] * 3601)),
    Bad("chunks is a number", 422, ("chunks is int",), _frame(chunks=5)),
    Bad("second twice", 422, ("second 4 comes twice",), _frame(FULL, FULL, samples=32)),
    Bad("second is a string", 422, ("second is '4'",), _frame({"second": "4"})),
    Bad("second is 4.5", 422, ("second is 4.5",), _frame({"second": 4.5})),
    Bad("second is negative", 422, ("second -1", "0 .. 1000000000"), _frame({"second": -1})),
    Bad("second is 10**300", 422, ("0 .. 1000000000",), _frame({"second": 1e300})),
    Bad("too few bytes", 422, ("need 16 bytes", "15 left"), _frame(FULL, samples=15)),
    Bad("too many bytes", 422, ("17 bytes", "need 16"), _frame(FULL, samples=17)),
    Bad("sample type", 422, ("int32", "int16"), _frame(FULL, sample_type="int32", samples=32)),
    Bad("no sample type", 422, ("'int64'", "int16, int32, float32"),
        _frame(FULL, sample_type="int64")),
    Bad("device_time", 422, ("device_time '5'",), _frame(FULL, device_time=5)),
    Bad("outside the second", 422, ("'C0'", "4 samples from 1", "the 4 samples"),
        _runs([[1, 4]], ALL)),
    Bad("overlapping", 422, ("'C0'", "run from 1", "ends at 2"),
        _runs([[0, 2], [1, 2]], ALL)),
    Bad("touching", 422, ("'C0'", "run from 2", "ends at 2"), _runs([[0, 2], [2, 2]], ALL)),
    Bad("descending", 422, ("'C1'", "run from 0"), _runs(ALL, [[2, 2], [0, 2]])),
    Bad("empty run", 422, ("'C1'", "run of 0 samples"), _runs(ALL, [[0, 0]], samples=8)),
    Bad("negative first", 422, ("[-1, 4]", "below 0"), _runs([[-1, 4]], ALL)),
    Bad("negative count", 422, ("[2, -1]", "below 0"), _runs(ALL, [[2, -1]], samples=6)),
    Bad("fewer than no samples", 422, ("[0, -1]", "below 0"), _runs([[0, -1]], [], samples=3)),
    Bad("endless count", 422, ("3 left",), _runs([[0, 10**30]], ALL, samples=3)),
    Bad("endless first", 422, ("'C0'", "the 4 samples"), _runs([[10**18, 4]], ALL)),
    Bad("no samples at all", 422, ("second 4 has no samples",), _runs([], [], samples=0)),
    Bad("runs of three channels", 422, ("3 channels", "has 2"), _runs(ALL, ALL, ALL, samples=24)),
    Bad("run of three numbers", 422, ("run a JSON array", "[first, count]"),
        _runs([[0, 4, 0]], ALL)),
    Bad("runs are numbers", 422, ("runs of a channel is int",), _frame(FULL | {"runs": [4, 4]})),
    Bad("NaN in float32", 422, ("sample 1 is nan",), _nan_frame),
]  # fmt: skip

DECLARATIONS = [
    Bad("5000 channels", 422, ("5000 channels", "at most 4096"),
        _declare(channels=[{"label": "A", "sfreq": "4"}] * 5000)),
    Bad("too many samples", 422, ("2e+07", "at most 16777216"),
        _declare(channels=[{"label": "A", "sfreq": "1000000"}] * 20)),
    Bad("no channels", 422, ("channels is NoneType",), _declare(channels=None)),
    Bad("sfreq 0", 422, ("sfreq 0 Hz", "(0, 1000000]"), _channel(sfreq=0)),
    Bad("sfreq -4", 422, ("sfreq -4 Hz", "(0, 1000000]"), _channel(sfreq=-4)),
    Bad("sfreq 1e99", 422, ("(0, 1000000]",), _channel(sfreq="1e99")),
    Bad("sfreq 1e999999", 422, ("'1e999999'",), _channel(sfreq="1e999999")),
    Bad("sfreq 1/0", 422, ("'1/0'",), _channel(sfreq="1/0")),
    Bad("no sfreq", 422, ("sfreq of 'A' is None",), _channel(sfreq=None)),
    Bad("empty digital range", 422, ("both 1",), _channel(digital_min=1)),
    Bad("digital range beyond 32 bits", 422, ("-1 .. 2147483648", "32 bits"),
        _channel(digital_max=1 << 31)),
    Bad("digital range of 400 digits", 422, ("digital range", "32 bits"),
        _channel(digital_max="9" * 400)),
    Bad("physical range beyond float64", 422, ("-1e+308 .. 1e+308", "too wide"),
        _channel(physical_min=-1e308, physical_max=1e308)),
    Bad("physical range is inf", 422, ("inf", "not finite"), _channel(physical_max="inf")),
    Bad("label is a number", 422, ("label", "string"), _channel(label=5)),
    Bad("label too long", 422, ("label of channel 0 has 129", "at most 128"),
        _channel(label="x" * 129)),
    Bad("unit too long", 422, ("unit of channel 0 has 129", "at most 128"),
        _channel(unit="x" * 129)),
    Bad("transducer too long", 422, ("transducer of channel 0 has 1001", "at most 1000"),
        _channel(transducer="x" * 1001)),
    Bad("prefiltering too long", 422, ("prefiltering of channel 0 has 1001", "at most 1000"),
        _channel(prefiltering="x" * 1001)),
    Bad("device too long", 422, ("device has 1001", "at most 1000"), _declare(device="x" * 1001)),
    Bad("NUL in a label", 422, ("U+0000",), _channel(label="A\0")),
    Bad("NUL in the device", 422, ("U+0000",), _declare(device="A\0")),
    Bad("sample type", 422, ("sample_type", "float32"), _declare(sample_type="int64")),
    Bad("start_time", 422, ("start_time 'yesterday'",), _declare(start_time="yesterday")),
    Bad("start before the calendar", 422, ("'0001-01-01T00:00:00+14:00'",),
        _declare(start_time="0001-01-01T00:00:00+14:00")),
    Bad("start after the calendar", 422, ("9901-01-01", "years 2 to 9900"),
        _declare(start_time="9901-01-01")),
    Bad("zone", 422, ("zone 'Mars/Phobos'",), _declare(zone="Mars/Phobos")),
    Bad("zone is a path", 422, ("zone '../../etc/passwd'",), _declare(zone="../../etc/passwd")),
    Bad("zone is a list", 422, ("zone",), _declare(zone=["UTC"], start_time="2026-01-01")),
    Bad("offset that the zone has not", 422, ("+05:00", "Europe/Berlin"),
        _declare(zone="Europe/Berlin", start_time="2026-01-01T00:00:00+05:00")),
    Bad("time that the zone skips", 422, ("2026-03-29T02:30:00", "does not exist"),
        _declare(zone="Europe/Berlin", start_time="2026-03-29T02:30:00")),
    Bad("offset of a day", 422, ("utc_offset is 86400 s", "lie within"),
        _declare(utc_offset=86_400, start_time="2026-01-01")),
    Bad("offset without a start", 422, ("utc_offset is 1000000000000 s", "lie within"),
        _declare(utc_offset=10**12)),
    Bad("offset is 1e300", 422, ("utc_offset is 1e+300 s",), _declare(utc_offset=1e300)),
    Bad("offset is a string", 422, ("utc_offset is '+01:00'",), _declare(utc_offset="+01:00")),
    Bad("study_id", 422, ("study_id", "' '"), _declare(study_id="a b")),
    Bad("space in an id", 422, ("' '", "position 1"), _declare("a b")),
    Bad("NUL in an id", 422, (r"'\x00'", "position 1"), _declare("a\0")),
    Bad("unicode in an id", 422, ("'ü'", "position 1"), _declare(patient_id="Müller")),
    Bad("129 characters", 422, ("129 characters", "1 to 128"), _declare(patient_id="x" * 129)),
    Bad("slash in an id", 404, ("no such route",), _declare("a/b")),
    Bad("path in an id", 404, ("no such route",), _declare("../../etc")),
    Bad("dot in front", 422, ("'.'", "position 0"), _declare(".hidden")),
]  # fmt: skip

QUESTIONS = [
    Bad("end before start", 422, ("end 1 s", "start 5 s"), _window("5", "1")),
    Bad("end at start", 422, ("end 1 s", "start 1 s"), _window("1", "1")),
    Bad("start before the recording", 422, ("start -1 s", "which is 0"), _window("-1", "1")),
    Bad("10 hours", 413, ("36000 s", "at most 3600 s"), _window("0", "36000")),
    Bad("start is inf", 422, ("start 'inf'", "ISO 8601"), _window("inf", "1")),
    Bad("end is nan", 422, ("end 'nan'", "ISO 8601"), _window("0", "nan")),
    Bad("start is 1e999999", 422, ("start '1e999999'",), _window("1e999999", "2")),
    Bad("start is 9e20", 422, ("9e+20 s", "1000000000"),
        _window("9e20", "9.000000000000000001e20")),
    Bad("start is 1/0", 422, ("start '1/0'",), _window("1/0", "2")),
    Bad("start before the calendar", 422, ("0001-01-01",),
        _window("0001-01-01T00:00:00+14:00", "2")),
    Bad("no such channel", 422, ("'Cz'", "C0, C1"), _window("0", "1", channels="Cz")),
    Bad("layout", 422, ("layout", "'x'", "rows"), _window("0", "1", layout="x")),
    Bad("values", 422, ("values", "'x'", "digital"), _window("0", "1", values="x")),
    Bad("no columns", 422, ("px is 0", "1 .. 10000"), _window("0", "1", px="0")),
    Bad("too many columns", 422, ("px is 10001", "1 .. 10000"), _window("0", "1", px="10001")),
    Bad("px is no integer", 422, ("px", "'1.5'"), _window("0", "1", px="1.5")),
    Bad("columns before the recording", 422, ("start -1 s",), _window("-1", "1", px="9")),
    Bad("columns after all time", 422, ("1000000000",), _window("0", "2e9", px="9")),
    Bad("columns of no channel", 422, ("'Cz'", "C0, C1"), _window("0", "1", px="9", channels="Cz")),
    Bad("spans of nobody", 404, ("'nowhere'",),
        lambda r: Ask("GET", f"/recordings/{r.patient_id}/nowhere/spans")),
    Bad("unknown recording", 404, ("'nowhere'",), _window("0", "1", recording_id="nowhere")),
    Bad("odd recording", 422, ("'.'", "position 0"), _window("0", "1", recording_id="../etc")),
    Bad("no start", 422, ("start",), _get("/eeg", recording_id="r1", end="1")),
    Bad("odd patient", 422, (r"'\x00'",), lambda r: Ask("GET", "/recordings?patient_id=a%00")),
    Bad("unknown recording is told of", 404, ("'nowhere'",),
        lambda r: Ask("GET", f"/recordings/{r.patient_id}/nowhere")),
    Bad("what nobody has", 404, ("'nowhere'",),
        lambda r: Ask("GET", f"/recordings/{r.patient_id}/nowhere/have")),
    Bad("no such route", 404, ("/nowhere",), lambda r: Ask("GET", "/nowhere")),
    Bad("no such method", 405, ("Not Allowed",), lambda r: Ask("DELETE", place(r))),
    Bad("closed with more", 409, ("2 seconds stored", "3"), _close(3)),
    Bad("closed with fewer", 409, ("2 seconds stored", "-1"), _close(-1)),
    Bad("closed with a string", 422, ("n_seconds is 'x'",), _close("x")),
    Bad("reviews by NUL", 422, ("U+0000",), _get("/reviews", recording_id="r1", author="a\0")),
    Bad("annotations from nan", 422, ("start",), _get("/annotations", recording_id="r1",
                                                      start="nan")),
    Bad("annotations to x", 422, ("end", "'x'"), _get("/annotations", recording_id="r1", end="x")),
]  # fmt: skip

ANNOTATIONS = [
    Bad("id is no UUID", 422, ("annotation_id 'x'", "UUID"), _annotate(annotation_id="x")),
    Bad("onset is nan", 422, ("onset nan",), _annotate(onset="nan")),
    Bad("onset is NaN", 422, ("not JSON", "column"), _annotate(onset=float("nan"))),
    Bad("onset is 1e308", 422, ("onset 1e+308", "1e+12"), _annotate(onset=1e308)),
    Bad("duration is 1e308", 422, ("duration 1e+308", "1e+12"), _annotate(duration=1e308)),
    Bad("duration is inf", 422, ("duration inf",), _annotate(duration="inf")),
    Bad("duration is negative", 422, ("duration -1.0",), _annotate(duration=-1)),
    Bad("NUL in the description", 422, ("U+0000",), _annotate(description="a\0b")),
    Bad("description is a number", 422, ("description", "string"), _annotate(description=5)),
    Bad("description too long", 422, ("10001 characters", "at most 10000"),
        _annotate(description="x" * 10_001)),
    Bad("author too long", 422, ("author has 129", "at most 128"), _annotate(author="x" * 129)),
    Bad("source too long", 422, ("source has 129", "at most 128"), _annotate(source="x" * 129)),
    Bad("channel twice", 422, ("channel 1", "more than once"), _annotate(channels=[0, 1, 1])),
    Bad("patient is an array", 422, ("is a JSON array",), _annotate(patient_id=[0] * 99)),
    Bad("channel", 422, ("channel 7", "0 .. 1"), _annotate(channels=[7])),
    Bad("endless channel", 422, ("channels",), _annotate(channels=[10**30])),
    Bad("status", 422, ("'maybe'", "proposed, confirmed, rejected"), _annotate(status="maybe")),
    Bad("supersedes nothing", 404, ("00000000-0000-4000-8000-000000000000",),
        _annotate(supersedes="00000000-0000-4000-8000-000000000000")),
    Bad("supersedes no UUID", 422, ("supersedes 'x'",), _annotate(supersedes="x")),
    Bad("unknown recording", 404, ("'nowhere'",), _annotate(recording_id="nowhere")),
    Bad("none", 422, ("0 annotations", "1 to 10000"), _annotate(annotations=[])),
    Bad("10001", 422, ("10001 annotations", "1 to 10000"), _annotate(annotations=[{}] * 10_001)),
    Bad("no array", 422, ("annotations is int",), _annotate(annotations=5)),
    Bad("one of two is bad", 422, ("duration -1.0",),
        _annotate(annotations=[{"onset": 1, "duration": 1, "description": "good"},
                               {"onset": 1, "duration": -1, "description": "bad"}])),
    Bad("one id, two contents", 409, ("twice",),
        _annotate(annotations=[{"annotation_id": str(uuid.UUID(int=7)), "onset": onset,
                                "duration": 1, "description": "x"} for onset in (1, 2)])),
]  # fmt: skip

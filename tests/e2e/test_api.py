"""The contract of the API: declare, send, list, close, annotate, and who may."""

import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from eegstore import Client
from eegstore.cli import app
from eegstore.errors import AccessError, ConflictError, NotFoundError
from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import Annotation, Chunk, Recording, SampleType, Span
from tests.e2e.asking import (
    FRAME,
    calibration,
    chunk_frame,
    declaration,
    digests,
    new_patient,
    outcomes,
    place,
    second,
)
from tests.e2e.conftest import Live
from tests.unit.recordings import chunks_of, make_recording, make_signal

ROUTES = {
    ("get", "/healthz"), ("get", "/readyz"), ("get", "/eeg"), ("post", "/ingest"),
    ("get", "/spectrogram"), ("get", "/trends"),
    ("get", "/patients"), ("get", "/patients/{patient_id}"), ("put", "/patients/{patient_id}"),
    ("get", "/recordings"),
    ("put", "/recordings/{patient_id}/{recording_id}"),
    ("get", "/recordings/{patient_id}/{recording_id}"),
    ("get", "/recordings/{patient_id}/{recording_id}/have"),
    ("get", "/recordings/{patient_id}/{recording_id}/spans"),
    ("get", "/recordings/{patient_id}/{recording_id}/edf"),
    ("post", "/recordings/{patient_id}/{recording_id}/close"),
    ("get", "/studies"), ("get", "/studies/{patient_id}/{study_id}"),
    ("get", "/annotations"), ("post", "/annotations"),
    ("get", "/annotations/{annotation_id}/history"), ("get", "/annotations/export"),
    ("get", "/reviews"), ("post", "/reviews"),
    ("get", "/montages"), ("put", "/montages/{name}"), ("delete", "/montages/{name}"),
    ("post", "/session"), ("post", "/session/grant"),
}  # fmt: skip
OPEN = {("get", "/healthz"), ("get", "/readyz")}


@pytest.fixture
def recording() -> Recording:
    return make_recording(
        patient_id=new_patient(),
        start_time=datetime(2026, 11, 22, 8),
        study_id="admission-1",
        device="amplifier 7",
    )


@pytest.fixture
def chunks(recording: Recording) -> list[Chunk]:
    return chunks_of(recording, make_signal(recording, 6), 6)


def other(chunk: Chunk) -> Chunk:
    """The same second with one sample that is one count off."""
    samples = chunk.samples.copy()
    samples[-1] += 1
    return replace(chunk, samples=samples)


def stored(eeg: Client, recording: Recording, start: int, stop: int) -> np.ndarray:
    window = eeg.window(recording.patient_id, recording.recording_id, start, stop)
    return np.array(window.digital)


def test_a_recording_is_declared_once(api: httpx.Client, recording: Recording) -> None:
    body = declaration(recording)
    first = api.put(place(recording), json=body)
    assert (first.status_code, first.json()["new"]) == (201, True)
    again = api.put(place(recording), json=body)
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert again.json()["recording"] == first.json()["recording"]
    assert first.json()["recording"]["start_time"] == "2026-11-22T08:00:00"

    body["channels"][1]["label"] = "moved"
    otherwise = api.put(place(recording), json=body)
    assert otherwise.status_code == 409
    assert otherwise.json()["error"] == "ConflictError"
    assert "channel 1" in otherwise.json()["detail"]
    assert "moved" in otherwise.json()["detail"]
    assert api.get(place(recording)).json()["recording"] == first.json()["recording"]


def test_client_declares(eeg: Client, recording: Recording) -> None:
    assert eeg.declare(recording) is True
    assert eeg.declare(recording) is False
    assert eeg.recording(recording.patient_id, recording.recording_id).recording == recording
    with pytest.raises(ConflictError, match="device is amplifier 7, not amplifier 8"):
        eeg.declare(replace(recording, device="amplifier 8"))


def test_frames_of_seconds(
    api: httpx.Client, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    eeg.declare(recording)

    def post(*sent: Chunk) -> httpx.Response:
        return api.post("/ingest", content=chunk_frame(recording, sent), headers=FRAME)

    first = post(*chunks[:3])
    assert first.status_code == 201
    assert outcomes(first) == [(0, "stored"), (1, "stored"), (2, "stored")]
    table = channels_sha256(recording.channels, recording.sample_type)
    assert digests(first) == [content_sha256(table, chunk).hex() for chunk in chunks[:3]]

    again = post(*chunks[:3])
    assert again.status_code == 200
    assert outcomes(again) == [(0, "duplicate"), (1, "duplicate"), (2, "duplicate")]
    assert digests(again) == digests(first)

    some = post(chunks[2], chunks[3])
    assert some.status_code == 201
    assert outcomes(some) == [(2, "duplicate"), (3, "stored")]

    mixed = post(chunks[1], other(chunks[2]), chunks[4])
    assert mixed.status_code == 409
    assert outcomes(mixed) == [(1, "duplicate"), (2, "conflict"), (4, "stored")]
    assert mixed.json()["error"] == "ConflictError"
    assert mixed.json()["detail"].startswith("second 2 is stored with other samples")

    expected = np.concatenate([chunk.samples.reshape(3, -1) for chunk in chunks[:5]], axis=1)
    np.testing.assert_array_equal(stored(eeg, recording, 0, 5), expected)
    assert api.get(f"{place(recording)}/have").json() == {
        "spans": [[0, 5]], "n_seconds": 5, "closed": False,
    }  # fmt: skip


def test_json_seconds(
    api: httpx.Client, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    eeg.declare(recording)
    body = second(recording, chunks[2])
    answers = [api.post("/ingest", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert [outcomes(answer) for answer in answers] == [[(2, "stored")], [(2, "duplicate")]]
    assert "note" not in answers[0].json()

    conflict = api.post("/ingest", json=second(recording, other(chunks[2])))
    assert conflict.status_code == 409
    assert outcomes(conflict) == [(2, "conflict")]
    np.testing.assert_array_equal(stored(eeg, recording, 2, 3), chunks[2].samples.reshape(3, -1))


def test_an_undeclared_second_is_stored_as_float32_and_says_so(
    api: httpx.Client, eeg: Client
) -> None:
    values = [[0.1, -3.7, 1e-7, 250.123456], [1.0, 2.0, 3.0, 4.0]]
    body = {
        "patient_id": new_patient(), "recording_id": "new", "start": 0, "end": 1,
        "channels": ["A", "B"], "samples": values,
    }  # fmt: skip
    answer = api.post("/ingest", json=body)
    assert answer.status_code == 201
    assert answer.json()["sample_type"] == "float32"
    assert "nearest float32" in answer.json()["note"]
    found = eeg.recording(str(body["patient_id"]), "new").recording
    assert found.sample_type is SampleType.FLOAT32
    assert [channel.sfreq for channel in found.channels] == [4, 4]
    np.testing.assert_array_equal(stored(eeg, found, 0, 1), np.array(values, np.float32))


def test_a_calibrated_second_is_the_same_however_it_comes(
    api: httpx.Client, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    by_frame = replace(recording, recording_id="frame")
    eeg.declare(by_frame)
    framed = api.post("/ingest", content=chunk_frame(by_frame, chunks[:1]), headers=FRAME)
    rounded = second(recording, chunks[0], calibration=calibration(recording))
    rounded["samples"] = [[round(value, 2) for value in row] for row in rounded["samples"]]
    answer = api.post("/ingest", json=rounded)
    assert answer.status_code == 201
    assert answer.json()["sample_type"] == "int16"
    assert "note" not in answer.json()
    assert digests(answer) == digests(framed)
    np.testing.assert_array_equal(stored(eeg, recording, 0, 1), chunks[0].samples.reshape(3, -1))


def test_client_sends(eeg: Client, recording: Recording, chunks: list[Chunk]) -> None:
    eeg.declare(recording)
    now = datetime.now(UTC)
    assert [o.outcome for o in eeg.send(recording, chunks[:2], now)] == ["stored", "stored"]
    assert eeg.send_json(recording, chunks[1]).outcome == "duplicate"
    assert eeg.send_json(recording, chunks[3]).outcome == "stored"
    with pytest.raises(ConflictError, match="second 1"):
        eeg.send(recording, [other(chunks[1]), chunks[2]])
    kept = eeg.send(recording, [other(chunks[1]), chunks[2]], on_conflict="return")
    assert [o.outcome for o in kept] == ["conflict", "duplicate"]
    everything = [Span(Fraction(0), Fraction(4))]
    assert eeg.have(recording.patient_id, recording.recording_id) == everything


def test_listings(api: httpx.Client, eeg: Client, recording: Recording) -> None:
    signal = make_signal(recording, 4)
    chunks = chunks_of(recording, signal, 4)
    partial = Chunk(5, (((0, 64),), ((0, 128),), ()), np.arange(192, dtype="<i2"))
    later = replace(recording, recording_id="r2", start_time=datetime(2026, 11, 22, 9))
    for declared in (later, recording):
        eeg.declare(declared)
    eeg.send(recording, [chunks[0], chunks[1], chunks[3], partial])

    listed = api.get("/recordings", params={"patient_id": recording.patient_id}).json()
    first, second_ = listed["recordings"]
    assert [i["recording"]["recording_id"] for i in (first, second_)] == ["r1", "r2"]
    assert first["recording"]["study_id"] == "admission-1"
    assert [c["label"] for c in first["recording"]["channels"]] == ["C0", "C1", "C2"]
    assert {name: first[name] for name in ("n_seconds", "duration", "n_samples", "closed")} == {
        "n_seconds": 4, "duration": 5.5, "n_samples": 3 * 768 + 192, "closed": False,
    }  # fmt: skip
    assert first["stored_bytes"] > 0
    assert (second_["n_seconds"], second_["duration"], second_["stored_bytes"]) == (0, 0.0, 0)
    assert api.get(place(recording)).json() == first
    assert api.get(f"{place(recording)}/have").json()["spans"] == [[0, 2], [3, 4], [5, 6]]

    assert recording.patient_id in api.get("/patients").json()["patients"]
    assert recording.patient_id in eeg.patients()
    assert [info.duration for info in eeg.recordings(recording.patient_id)] == [5.5, 0.0]
    assert recording.patient_id in {info.recording.patient_id for info in eeg.recordings()}
    nobody = api.get("/recordings", params={"patient_id": new_patient()})
    assert (nobody.status_code, nobody.json()) == (200, {"recordings": []})
    with pytest.raises(NotFoundError, match="no recording 'r3'"):
        eeg.recording(recording.patient_id, "r3")


def test_close(api: httpx.Client, eeg: Client, recording: Recording, chunks: list[Chunk]) -> None:
    eeg.declare(recording)
    eeg.send(recording, chunks[:2])
    wrong = api.post(f"{place(recording)}/close", json={"n_seconds": 3})
    assert wrong.status_code == 409
    assert "2 seconds stored, the device has 3" in wrong.json()["detail"]
    assert not api.get(place(recording)).json()["closed"]
    for _ in range(2):
        done = api.post(f"{place(recording)}/close", json={"n_seconds": 2})
        assert (done.status_code, done.json()) == (200, {"closed": True, "n_seconds": 2})
    assert api.get(f"{place(recording)}/have").json()["closed"]

    assert eeg.send(recording, chunks[:1])[0].outcome == "duplicate"
    late = api.post("/ingest", content=chunk_frame(recording, chunks[2:3]), headers=FRAME)
    assert late.status_code == 409
    assert "closed" in late.json()["detail"]
    assert eeg.close_recording(recording.patient_id, recording.recording_id) == 2


def test_annotations(api: httpx.Client, recording: Recording) -> None:
    api.put(place(recording), json=declaration(recording))
    ids = {"patient_id": recording.patient_id, "recording_id": recording.recording_id}
    name = str(uuid.uuid4())
    seizure = {"onset": 2996, "duration": 40, "description": "seizure", "annotation_id": name}
    answers = [api.post("/annotations", json=ids | seizure) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    longer = api.post("/annotations", json=ids | seizure | {"duration": 41})
    assert longer.status_code == 409
    assert name in longer.json()["detail"]

    button = {"onset": 12.25, "duration": None, "description": "button", "source": "device",
              "status": "proposed", "channels": [1]}  # fmt: skip
    edit = seizure | {"duration": 45, "annotation_id": str(uuid.uuid4()), "supersedes": name}
    both = api.post("/annotations", json=ids | {"annotations": [button, edit]})
    assert both.status_code == 201

    found = api.get("/annotations", params=ids).json()["annotations"]
    assert [(a["onset"], a["duration"], a["source"]) for a in found] == [
        (12.25, None, "device"), (2996, 45, "user"),
    ]  # fmt: skip
    assert found[0]["channels"] == [1]
    assert uuid.UUID(found[0]["annotation_id"])
    touching = {"start": "3040", "end": "3041"}, {"start": "3041", "end": "3042"}, {"end": "12.25"}
    lengths = [
        len(api.get("/annotations", params=ids | span).json()["annotations"]) for span in touching
    ]
    assert lengths == [1, 0, 0]


def test_an_id_that_comes_twice_with_different_content_stores_nothing(
    api: httpx.Client, recording: Recording
) -> None:
    api.put(place(recording), json=declaration(recording))
    ids = {"patient_id": recording.patient_id, "recording_id": recording.recording_id}
    name = str(uuid.uuid4())
    two = [
        {"onset": onset, "duration": 0, "description": "x", "annotation_id": name}
        for onset in (1, 2)
    ]
    answer = api.post("/annotations", json=ids | {"annotations": two})
    assert answer.status_code == 409
    assert name in answer.json()["detail"]
    assert api.get("/annotations", params=ids).json() == {"annotations": []}
    same = api.post("/annotations", json=ids | {"annotations": [two[0], two[0]]})
    assert same.status_code == 201
    assert len(api.get("/annotations", params=ids).json()["annotations"]) == 1


def test_client_annotates(eeg: Client, recording: Recording) -> None:
    eeg.declare(recording)
    key = (recording.patient_id, recording.recording_id)
    kept = eeg.annotate(*key, Annotation(10.5, 2.0, "Müller hustet", (0, 2), author="dr"))
    assert eeg.annotations(*key) == [kept]
    assert eeg.annotate(*key, kept) == kept
    assert eeg.annotations(*key, 12.5, 20) == []
    with pytest.raises(ConflictError):
        eeg.annotate(*key, replace(kept, description="hustet nicht"))
    with pytest.raises(NotFoundError):
        eeg.annotations(recording.patient_id, "r9")


def test_openapi_lists_the_routes(live: Live) -> None:
    paths = httpx.get(f"{live.url}/openapi.json").json()["paths"]
    assert {(method, path) for path, methods in paths.items() for method in methods} == ROUTES
    assert httpx.get(f"{live.url}/docs").status_code == 200


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES - OPEN))
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", "Basic YTpi", "Bearer é"])
def test_without_the_key_nothing_is_told(
    live: Live, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    answer = httpx.request(method, live.url + path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "AccessError"
    assert "API key" in answer.json()["detail"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(live: Live, path: str) -> None:
    assert httpx.get(live.url + path).status_code == 200


def test_client_without_the_key(live: Live) -> None:
    with Client(live.url, "wrong") as eeg, pytest.raises(AccessError, match="key is wrong"):
        eeg.patients()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_no_auth_is_refused_where_others_could_ask(host: str) -> None:
    done = CliRunner().invoke(app, ["serve", "--no-auth", "--host", host, "--port", "0"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"eegstore: --no-auth is for loopback only; {host} can be reached by others"
    ]


def test_no_auth_on_loopback(data_directory: Path, live: Live) -> None:
    unlocked = Live(data_directory)
    unlocked.start(sys.executable, "-m", "eegstore", "serve", "--no-auth")
    try:
        assert httpx.get(f"{unlocked.url}/patients").status_code == 200
    finally:
        unlocked.stop()

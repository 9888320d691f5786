"""Whatever comes, the API says what is wrong with it, stores nothing, and lives on."""

import signal
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from eegstore.api.problems import MAX_BODY
from eegstore.model import Recording
from tests.e2e.asking import FRAME, chunk_frame, declaration, http, new_patient, place
from tests.e2e.bad_requests import (
    ANNOTATIONS,
    DECLARATIONS,
    FRAMES,
    JSON_SECONDS,
    QUESTIONS,
    Bad,
)
from tests.e2e.conftest import Live
from tests.unit.recordings import chunks_of, make_recording, make_signal

if TYPE_CHECKING:
    from eegstore.store import postgres

TABLE = [
    pytest.param(bad, id=f"{kind}: {bad.name}")
    for kind, listed in (
        ("json", JSON_SECONDS), ("frame", FRAMES), ("declare", DECLARATIONS),
        ("ask", QUESTIONS), ("annotate", ANNOTATIONS),
    )
    for bad in listed
]  # fmt: skip
CLASSES = {
    404: {"NotFoundError"},
    405: {"EegStoreError"},
    409: {"ConflictError"},
    413: {"TooLargeError"},
    422: {"InvalidDataError", "SpanError"},
}


@pytest.fixture(scope="module")
def watched(data_directory: Path, server: "postgres.Server") -> Iterator[Live]:
    service = Live(data_directory)
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def api(watched: Live) -> Iterator[httpx.Client]:
    with http(watched) as client:
        yield client


@pytest.fixture(scope="module")
def recording(api: httpx.Client) -> Recording:
    """Two channels of 4 Hz with two seconds, one annotation, and an empty float32 recording."""
    recording = make_recording((4, 4), patient_id=new_patient())  # type: ignore[arg-type]
    ids = {"patient_id": recording.patient_id, "recording_id": recording.recording_id}
    chunks = chunks_of(recording, make_signal(recording, 2), 2)
    floats = {"channels": [{"label": "F", "sfreq": 4}]}
    said = {"onset": 0.5, "duration": None, "description": "good"}
    answers = [
        api.put(place(recording), json=declaration(recording)),
        api.put(f"/recordings/{recording.patient_id}/float", json=floats),
        api.post("/ingest", content=chunk_frame(recording, chunks), headers=FRAME),
        api.post("/annotations", json=ids | said),
    ]
    assert [answer.status_code for answer in answers] == [201] * 4
    return recording


def state(api: httpx.Client, recording: Recording) -> list[Any]:
    """All that is stored of the patient, and who else there is."""
    patient = {"patient_id": recording.patient_id}
    ids = patient | {"recording_id": recording.recording_id}
    return [
        api.get(f"{place(recording)}/have").json(),
        api.get("/recordings", params=patient).json(),
        api.get("/annotations", params=ids).json(),
        api.get("/eeg", params=ids | {"start": 0, "end": 10, "layout": "columns"}).json(),
        api.get("/patients").json(),
    ]


@pytest.fixture(scope="module")
def before(api: httpx.Client, recording: Recording) -> list[Any]:
    return state(api, recording)


def check(answer: bytes, status: int, named: tuple[str, ...]) -> None:
    body = orjson.loads(answer)
    assert set(body) >= {"error", "detail"}
    assert body["error"] in CLASSES[status]
    for word in named:
        assert word in body["detail"]
    assert "Traceback" not in body["detail"]


@pytest.mark.parametrize("bad", TABLE)
def test_bad_input_is_refused_and_nothing_of_it_stored(
    api: httpx.Client, recording: Recording, before: list[Any], bad: Bad
) -> None:
    ask = bad.make(recording)
    answer = api.request(
        ask.method, ask.path, content=ask.body, headers=ask.headers, params=ask.params or None
    )
    assert answer.status_code == bad.status, answer.text
    assert answer.headers["content-type"] == "application/json"
    check(answer.content, bad.status, bad.named)
    assert state(api, recording) == before


def raw(live: Live, *headers: str) -> socket.socket:
    """A connection on which the head of ``POST /ingest`` has been sent."""
    connection = socket.create_connection(("127.0.0.1", live.port), 60)
    key = f"Authorization: Bearer {live.api_key}"
    head = (
        "POST /ingest HTTP/1.1",
        "Host: eegstore",
        key,
        f"Content-Type: {FRAME['Content-Type']}",
    )
    connection.sendall("\r\n".join((*head, *headers, "", "")).encode())
    return connection


def answer_on(connection: socket.socket) -> tuple[int, bytes]:
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


@pytest.mark.parametrize("length", [str(1 << 30), str(MAX_BODY + 1), "9" * 18])
def test_a_body_that_says_it_is_too_large_is_not_waited_for(watched: Live, length: str) -> None:
    with raw(watched, f"Content-Length: {length}") as connection:
        status, body = answer_on(connection)
    assert status == 413
    check(body, 413, (length[:20], f"at most {MAX_BODY} bytes"))


def test_a_body_that_does_not_say_how_large_it_is(
    watched: Live, api: httpx.Client, recording: Recording, before: list[Any]
) -> None:
    with raw(watched, "Transfer-Encoding: chunked") as connection:
        connection.sendall(f"{MAX_BODY + 1:x}\r\n".encode() + bytes(MAX_BODY + 1))
        status, body = answer_on(connection)
    assert status == 413
    check(body, 413, (f"at most {MAX_BODY} bytes",))
    assert state(api, recording) == before


def test_a_body_that_breaks_off_stores_nothing(
    watched: Live, api: httpx.Client, recording: Recording, before: list[Any]
) -> None:
    chunk = chunks_of(recording, make_signal(recording, 5), 5)[4]
    body = chunk_frame(recording, [chunk])
    with raw(watched, f"Content-Length: {len(body)}") as connection:
        connection.sendall(body[:-1])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert state(api, recording) == before


def test_what_is_no_http_does_not_stop_the_api(watched: Live, api: httpx.Client) -> None:
    for noise in (b"\x16\x03\x01\x02\x00\x01" * 100, b"GET / HTTP/9.9\r\n\r\n", b"\0" * 1000):
        with socket.create_connection(("127.0.0.1", watched.port), 60) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert api.get("/readyz").status_code == 200


def test_the_api_has_not_once_stumbled(watched: Live, api: httpx.Client) -> None:
    """Its log knows of no error of its own; last, because it ends the API."""
    assert api.get("/readyz").status_code == 200
    watched.stop()
    said = watched.said
    assert "eegstore API at" in said
    assert "Traceback" not in said
    assert "Exception" not in said
    assert watched.process is not None
    assert watched.process.returncode == -signal.SIGTERM

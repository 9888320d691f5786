"""Many devices at once: every acknowledged second is there bit for bit, exactly once."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import Chunk, Recording
from eegstore.store import postgres
from scripts.benches import load
from tests.e2e.asking import (
    FRAME,
    calibration,
    chunk_frame,
    declaration,
    http,
    new_patient,
    outcomes,
    place,
    second,
)
from tests.e2e.conftest import Live
from tests.e2e.devices import Books
from tests.unit.recordings import chunks_of, make_recording, make_signal

DEVICES = 32
SECONDS = 20
LIMIT = 120.0  # [s]
JSON, BINARY = "application/json", FRAME["Content-Type"]


def made(n_seconds: int = SECONDS, seed: int = 0) -> tuple[Recording, list[Chunk]]:
    recording = make_recording([Fraction(64)] * 3, patient_id=new_patient())
    return recording, chunks_of(recording, make_signal(recording, n_seconds, seed), n_seconds)


def declare(live: Live, recordings: Sequence[Recording]) -> None:
    with http(live) as api:
        for recording in recordings:
            assert api.put(place(recording), json=declaration(recording)).status_code == 201


def bodies(recording: Recording, chunks: Sequence[Chunk], kind: str) -> list[bytes]:
    """One request a second."""
    if kind == BINARY:
        return [chunk_frame(recording, [chunk]) for chunk in chunks]
    more = {"calibration": calibration(recording)}
    return [json.dumps(second(recording, chunk, **more)).encode() for chunk in chunks]


def books(live: Live, recording: Recording) -> Books:
    server = postgres.status(live.data)
    assert server is not None
    return Books.of(server.admin_url, recording)


def wanted(recording: Recording, chunks: Sequence[Chunk]) -> dict[int, str]:
    table = channels_sha256(recording.channels, recording.sample_type)
    return {chunk.second: content_sha256(table, chunk).hex() for chunk in chunks}


@pytest.mark.parametrize("kind", [BINARY, JSON])
def test_all_that_many_devices_send_is_there_once(live: Live, kind: str) -> None:
    """Two connections for each, with the same seconds in other orders: a device that sends
    again because it has not heard the answer."""
    rng = np.random.default_rng(7)
    devices = [made(seed=n) for n in range(DEVICES)]
    declare(live, [recording for recording, _ in devices])
    sent = []
    for recording, chunks in devices:
        all_bodies = bodies(recording, chunks, kind)
        sent += [all_bodies, [all_bodies[at] for at in rng.permutation(SECONDS)]]
    found = load.run(f"{live.url}/ingest", live.headers, sent, kind, LIMIT)
    assert Counter(found.statuses) == {201: DEVICES * SECONDS, 200: DEVICES * SECONDS}
    assert len(found.latencies) == len(found.statuses)
    for recording, chunks in devices:
        book = books(live, recording)
        assert book.digests == wanted(recording, chunks)
        assert book.stored == {chunk.second: 1 for chunk in chunks}
        assert book.conflicts == 0


def test_what_cannot_be_stored_fails_alone_among_many(live: Live) -> None:
    """Other samples for a second, a closed recording, one that nobody declared, one invalid."""
    devices = [made(seed=n) for n in range(DEVICES)]
    conflicting, closed, undeclared, invalid = range(4)
    declare(live, [recording for n, (recording, _) in enumerate(devices) if n != undeclared])
    _, others = made(seed=99)
    with http(live) as api:
        recording, chunks = devices[conflicting]
        early = chunk_frame(recording, [others[n] for n in (3, 8)])
        assert api.post("/ingest", content=early, headers=FRAME).status_code == 201
        recording, chunks = devices[closed]
        early = chunk_frame(recording, chunks[:4])
        assert api.post("/ingest", content=early, headers=FRAME).status_code == 201
        assert api.post(f"{place(recording)}/close", json={"n_seconds": 4}).status_code == 200
    sent = [bodies(recording, chunks, BINARY) for recording, chunks in devices]
    sent[invalid] = [body[:-2] for body in sent[invalid]]
    found = load.run(f"{live.url}/ingest", live.headers, sent, BINARY, LIMIT)
    assert Counter(found.statuses) == {
        201: (DEVICES - 4) * SECONDS + (SECONDS - 2),
        200: 4,
        409: 2 + (SECONDS - 4),
        404: SECONDS,
        422: SECONDS,
    }
    for n, (recording, chunks) in enumerate(devices):
        expected = wanted(recording, chunks)
        if n == conflicting:
            expected |= {second: wanted(recording, others)[second] for second in (3, 8)}
        elif n == closed:
            expected = {second: expected[second] for second in range(4)}
        elif n in (undeclared, invalid):
            expected = {}
        book = books(live, recording)
        assert book.digests == expected
        assert book.conflicts == (2 if n == conflicting else 0)
        assert set(book.stored.values()) <= {1}


def test_requests_of_many_seconds_and_of_one_go_together(live: Live) -> None:
    devices = [made(6 * SECONDS, seed=n) for n in range(8)]
    declare(live, [recording for recording, _ in devices])
    sent = []
    for recording, chunks in devices:
        late, early = chunks[:100], chunks[100:]
        parts = [late[at : at + 50] for at in range(0, 100, 50)]
        sent += [[chunk_frame(recording, part) for part in parts],
                 bodies(recording, early, BINARY)]  # fmt: skip
    found = load.run(f"{live.url}/ingest", live.headers, sent, BINARY, LIMIT)
    assert set(found.statuses) == {201}
    for recording, chunks in devices:
        book = books(live, recording)
        assert book.digests == wanted(recording, chunks)
        assert book.stored == {0: 1, 50: 1} | {chunk.second: 1 for chunk in chunks[100:]}


def test_a_body_in_pieces_is_one_body(live: Live) -> None:
    """Without a stated length, as some senders do."""
    recording, chunks = made(2)
    declare(live, [recording])
    frame = chunk_frame(recording, chunks)
    with http(live) as api:
        pieces = (frame[at : at + 100] for at in range(0, len(frame), 100))
        answer = api.post("/ingest", content=pieces, headers=FRAME)
        assert answer.status_code == 201
        assert outcomes(answer) == [(0, "stored"), (1, "stored")]


def test_the_load_generator_tells_what_happened(live: Live) -> None:
    """It ends with its bodies or with its time, and a lost connection is status 0, but where the
    last answer said that it would end: then it connects again."""
    found = load.run(f"{live.url}/healthz", {}, [[b"", b""], [b"x"]], JSON, LIMIT)
    assert found.statuses == [405] * 3
    assert 0 < max(found.latencies) <= found.elapsed
    assert load.run(f"{live.url}/ingest", {}, [[b"{}"] * 3], JSON, 0.0).statuses == []
    endless = iter(lambda: b"{}", None)
    found = load.run(f"{live.url}/ingest", {}, [endless], JSON, 0.2)
    assert set(found.statuses) == {401}
    assert found.elapsed < LIMIT
    with pytest.raises(OSError, match="refused"):
        load.run("http://127.0.0.1:1/ingest", {}, [[b"{}"]], JSON, 1.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hangs_up = threading.Thread(target=hang_up, args=(deaf,))
        hangs_up.start()
        found = load.run(f"http://127.0.0.1:{deaf.getsockname()[1]}/", {}, [endless], JSON, LIMIT)
        hangs_up.join()
    assert found.statuses == [0]
    with socket.create_server(("127.0.0.1", 0)) as brief:
        brief.settimeout(LIMIT)
        closes = threading.Thread(target=answer_and_close, args=(brief, 3))
        closes.start()
        bodies = [b"1", b"2", b"3"]
        found = load.run(f"http://127.0.0.1:{brief.getsockname()[1]}/", {}, [bodies], JSON, LIMIT)
        closes.join()
    assert found.statuses == [201] * 3


def hang_up(listening: socket.socket) -> None:
    """Hear the beginning of a request, and no more."""
    connection, _ = listening.accept()
    connection.recv(1)
    connection.close()


def answer_and_close(listening: socket.socket, times: int) -> None:
    """Answer so many requests of one byte, each with the end of its connection."""
    for _ in range(times):
        connection, _ = listening.accept()
        with connection:
            heard = b""
            while not heard.partition(b"\r\n\r\n")[2]:
                heard += connection.recv(1024) or b"\r\n\r\n."
            connection.sendall(
                b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )

"""Seconds over a WebSocket as they are stored: to a client of ours, a bare one and a stranger."""

import json
import socket
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from eegstore import Client, Stored
from eegstore.api import tickets
from eegstore.api.access import cookie_name
from eegstore.api.session import LASTS
from eegstore.errors import AccessError, InvalidDataError, NotFoundError, StoreUnavailableError
from eegstore.model import Chunk, Recording, Span
from eegstore.store import postgres
from eegstore.wire import unpack_window
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.integration.postgres_processes import connect as to_database
from tests.unit.recordings import chunks_of, make_recording, make_signal

SECONDS = 40


@pytest.fixture
def recording(eeg: Client) -> Recording:
    recording = make_recording(patient_id=new_patient())
    eeg.declare(recording)
    return recording


@pytest.fixture
def chunks(recording: Recording) -> list[Chunk]:
    return chunks_of(recording, make_signal(recording, SECONDS), SECONDS)


def key(recording: Recording) -> tuple[str, str]:
    return recording.patient_id, recording.recording_id


def opened(
    live: Live, recording: Recording | None = None, keyed: bool = True, **more: str
) -> "connect":
    """A bare connection, with the key unless other headers are given."""
    headers = {name[1:]: more.pop(name) for name in list(more) if name.startswith("_")}
    if keyed and not headers:
        headers = live.headers
    names = ("patient_id", "recording_id")
    asked = {} if recording is None else dict(zip(names, key(recording), strict=True))
    address = live.url.replace("http", "ws") + "/stream?" + urlencode(asked | more)
    return connect(address, additional_headers=headers, proxy=None, max_size=None)


def closed_with(connection: ClientConnection, patience: float = 60) -> tuple[int, str]:
    """How the service closes, after whatever it still says."""
    try:
        while True:
            connection.recv(timeout=patience)
    except ConnectionClosed as error:
        closing = error.rcvd
    assert closing is not None
    return closing.code, closing.reason


def admin_url(live: Live) -> str:
    """The superuser's URL of the API's database."""
    server = postgres.status(live.data)
    assert server is not None
    return server.admin_url


def spans(*pairs: tuple[int, int]) -> list[Span]:
    return [Span(start, stop) for start, stop in pairs]  # type: ignore[arg-type]


def test_what_is_stored_then_what_comes_then_the_end(
    live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    eeg.send(recording, [*chunks[:4], *chunks[6:9]])
    before = datetime.now(UTC) - timedelta(seconds=1)
    news: list[Stored] = []
    for told in eeg.stream(*key(recording), 2):
        news.append(told)
        match len(news):
            case 1:
                eeg.send(recording, chunks[9:12])
            case 2:
                eeg.send(recording, chunks[:5])  # most of them again
            case 3:
                eeg.close_recording(*key(recording))
    assert [one.spans for one in news] == [spans((2, 4), (6, 9)), spans((9, 12)), spans((4, 5))]
    assert [one.duration for one in news] == [9, 12, 12]
    assert [one.window for one in news] == [None] * 3
    assert before < news[0].at <= news[1].at <= news[2].at <= datetime.now(UTC)


def test_samples_are_those_that_were_sent(
    eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    eeg.send(recording, chunks[:35])
    stream = eeg.stream(*key(recording), 1, samples=True)
    got = [next(stream), next(stream)]
    eeg.send(recording, [chunks[37]])
    got.append(next(stream))
    stream.close()
    assert [one.spans for one in got] == [spans((1, 31)), spans((31, 35)), spans((37, 38))]
    for one in got:
        assert one.window is not None
        (span,) = one.spans
        sent = [c.samples.reshape(3, -1) for c in chunks[int(span.start) : int(span.stop)]]
        np.testing.assert_array_equal(one.window.digital, np.concatenate(sent, axis=1))


def test_from_now_on(live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]) -> None:
    eeg.send(recording, chunks[:3])
    for samples in ("0", "1"):
        with opened(live, recording, samples=samples) as connection:
            said = json.loads(connection.recv(timeout=60))
            assert (said["type"], said["seconds"]) == ("stored", [])
            second = 3 + int(samples)
            assert said["duration"] == second
            eeg.send(recording, [chunks[second]])
            said = json.loads(connection.recv(timeout=60))
            assert (said["seconds"], said["duration"]) == ([[second, second + 1]], second + 1)
            if samples == "1":
                assert unpack_window(connection.recv(timeout=60, decode=False)).start == second


def test_a_closed_recording_is_told_and_ends(
    live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    eeg.send(recording, chunks[:3])
    eeg.close_recording(*key(recording))
    with opened(live, recording, **{"from": "0"}) as connection:
        messages = [json.loads(connection.recv(timeout=60)) for _ in range(2)]
        assert [message["type"] for message in messages] == ["stored", "closed"]
        assert messages[0]["seconds"] == [[0, 3]]
        assert closed_with(connection) == (1000, "the recording is closed")
    assert list(eeg.stream(*key(recording))) == []


def test_a_slow_reader_is_told_all_and_keeps_nobody_waiting(live: Live, eeg: Client) -> None:
    """He reads nothing until 9 MB are stored; what does not fit on the way is joined."""
    large = make_recording((Fraction(2000),) * 75, patient_id=new_patient())
    eeg.declare(large)
    read: list[int] = []
    sizes: list[int] = []
    with opened(live, large, samples="1") as slow:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        quick = eeg.stream(*key(large))
        next(quick)
        for chunk in chunks_of(large, make_signal(large, 30), 30):
            eeg.send(large, [chunk])
            assert next(quick).spans == spans((chunk.second, chunk.second + 1))
        eeg.close_recording(*key(large))
        while (said := json.loads(slow.recv(timeout=60)))["type"] == "stored":
            for start, stop in said["seconds"]:
                read += range(start, stop)
                sizes.append(stop - start)
                assert unpack_window(slow.recv(timeout=60, decode=False)).stop == stop
    assert read == list(range(30))
    assert max(sizes) > 1


def test_many_readers_of_one_recording(
    live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    got: list[list[int]] = [[] for _ in range(20)]

    def read(mine: list[int]) -> None:
        for told in eeg.stream(*key(recording), 0):
            for span in told.spans:
                mine += range(int(span.start), int(span.stop))

    readers = [threading.Thread(target=read, args=(mine,)) for mine in got]
    for n, reader in enumerate(readers):
        reader.start()
        eeg.send(recording, chunks[2 * n : 2 * n + 2])
    eeg.close_recording(*key(recording))
    for reader in readers:
        reader.join(60)
    assert got == [list(range(SECONDS))] * 20


@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        ({"recording_id": "r"}, 4422, "patient_id is missing"),
        ({"patient_id": "p"}, 4422, "recording_id is missing"),
        ({"patient_id": "p", "recording_id": "a/b"}, 4422, "recording_id"),
        ({"patient_id": "p", "recording_id": "r"}, 4404, "no recording 'r' of patient 'p'"),
        ({"patient_id": "p", "recording_id": "r", "from": "-1"}, 4422, "from is '-1'"),
        ({"patient_id": "p", "recording_id": "r", "from": "9" * 30}, 4422, "from is '999"),
        ({"patient_id": "p", "recording_id": "r", "from": "٣"}, 4422, "from is"),
        ({"patient_id": "p", "recording_id": "r", "from": "0" * 5000}, 4422, "from is '000"),
        ({"patient_id": "p", "recording_id": "r", "from": "0" * 20 + "9" * 9}, 4422, "from is"),
        ({"patient_id": "p", "recording_id": "r", "samples": "yes"}, 4422, "samples is 'yes'"),
        ({"patient_id": "p" * 999, "recording_id": "r"}, 4422, "patient_id"),
    ],
)
def test_what_cannot_be_streamed(live: Live, asked: dict[str, str], status: int, why: str) -> None:
    with opened(live, None, **asked) as connection:
        code, reason = closed_with(connection)
    assert (code, why in reason) == (status, True), reason


def test_erasing_ends_it(
    live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    stream = eeg.stream(*key(recording))
    next(stream)
    with to_database(admin_url(live)) as connection:
        connection.execute("SET ROLE eegstore_archivist")
        connection.execute("DELETE FROM recording WHERE patient_id = %s", (key(recording)[0],))
    with pytest.raises(NotFoundError, match=key(recording)[0]):
        next(stream)


def test_who_may_not(live: Live, eeg: Client, recording: Recording) -> None:
    ticket = tickets.issue(live.api_key, tickets.SESSION, LASTS)
    old = tickets.issue(live.api_key, tickets.SESSION, LASTS, time.time() - LASTS)
    name, own = cookie_name(live.api_key), live.viewer_url
    with opened(live, recording, _Cookie=f"{name}={ticket}", _Origin=own) as connection:
        assert json.loads(connection.recv(timeout=60))["type"] == "stored"
    for headers, why in (
        ({"keyed": False}, "the API key is missing"),
        ({"_Authorization": "Bearer wrong"}, "the API key is wrong"),
        ({"_Cookie": f"{name}={old}", "_Origin": own}, "session has ended"),
        ({"_Cookie": f"{name}=x", "_Origin": own}, "session has ended"),
    ):
        asked: Any = headers
        with opened(live, recording, **asked) as connection:
            code, reason = closed_with(connection)
        assert (code, why in reason) == (4401, True), reason
    soon = tickets.issue(live.api_key, tickets.SESSION, 3)
    with opened(live, recording, _Cookie=f"{name}={soon}", _Origin=own) as connection:
        assert closed_with(connection) == (4401, "the browser's session has ended")
    with Client(live.url, "wrong") as other, pytest.raises(AccessError, match="wrong"):
        next(other.stream(*key(recording)))


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "null", "http://localhost"])
def test_a_page_of_others_is_not_even_let_in(live: Live, recording: Recording, origin: str) -> None:
    """No preflight asks before a WebSocket, and the browser sends the cookie along."""
    cookie = f"{cookie_name(live.api_key)}={tickets.issue(live.api_key, tickets.SESSION, LASTS)}"
    for more in ({"_Cookie": cookie}, dict(live.headers)):
        headers = {f"_{name.lstrip('_')}": value for name, value in more.items()}
        with (
            pytest.raises(InvalidStatus) as raised,
            opened(live, recording, _Origin=origin, **headers),
        ):
            pass
        assert raised.value.response.status_code == 403


def test_another_service_that_knows_no_key(
    data_directory: Path, live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    """Pages of others are not let in; and what it stores is told here."""
    unlocked = Live(data_directory)
    unlocked.start(sys.executable, "-m", "eegstore", "serve", "--no-auth")
    own = unlocked.viewer_url
    try:
        with opened(unlocked, recording, keyed=False) as connection:
            assert json.loads(connection.recv(timeout=60))["type"] == "stored"
        with (
            pytest.raises(InvalidStatus),
            opened(unlocked, recording, _Origin="http://127.0.0.1:1"),
        ):
            pass
        stream = eeg.stream(*key(recording))
        next(stream)
        with Client(unlocked.url, "none") as other:
            other.send(recording, chunks[:3])
        assert next(stream).spans == spans((0, 3))
        with opened(unlocked, recording, _Origin=own) as connection:
            unlocked.stop()  # it ends its streams so that readers come back
            assert closed_with(connection)[0] == 1012
    finally:
        unlocked.stop()


def test_a_client_is_told_when_to_come_back(
    live: Live, eeg: Client, recording: Recording, chunks: list[Chunk]
) -> None:
    """The connections to the database break, then all goes on."""
    eeg.send(recording, chunks[:2])
    stream = eeg.stream(*key(recording), 0)
    next(stream)
    with opened(live, recording) as bare, to_database(admin_url(live)) as connection:
        while True:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'eegstore_app' AND datname = current_database()"
            )
            with suppress(TimeoutError):
                assert closed_with(bare, 0.1)[0] == 4503
                break
    with pytest.raises(StoreUnavailableError):
        list(stream)
    while True:
        with suppress(StoreUnavailableError):
            assert next(eeg.stream(*key(recording), 0)).spans == spans((0, 2))
            break


def test_nobody_there(free_port: int) -> None:
    with (
        Client(f"http://127.0.0.1:{free_port}", "key") as eeg,
        pytest.raises(StoreUnavailableError, match="GET /stream"),
    ):
        next(eeg.stream("p", "r"))
    with pytest.raises(InvalidDataError):
        Client("ftp://127.0.0.1", "key")


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

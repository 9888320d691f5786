"""Several processes behind one port serve as one; whichever is killed, nothing is lost."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from eegstore import Client
from eegstore.store import postgres
from tests.conftest import ROOT
from tests.e2e.conftest import Live
from tests.e2e.devices import Books, Device, until
from tests.integration.postgres_processes import VERSION, alive
from tests.unit.recordings import chunks_of, make_recording, make_signal

WORKERS = 2
BETWEEN = 15  # acknowledged seconds of every device between two faults


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    service = Live(tmp_path_factory.mktemp("several") / "data")
    service.environment |= {
        "EEGSTORE_PG_VERSION": str(VERSION), "EEGSTORE_WORKERS": str(WORKERS),
    }  # fmt: skip
    service.start()
    until(lambda: "eegstore API at" in service.said, "all of them serve")
    yield service
    service.stop()
    postgres.stop(service.data)


def workers(live: Live) -> list[int]:
    """Those that serve, by asking the system for the children of the one that was started."""
    assert live.process is not None
    text = Path(f"/proc/{live.process.pid}/task/{live.process.pid}/children").read_text()
    own = [int(pid) for pid in text.split()]
    return [pid for pid in own if "spawn_main" in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has just ended
        return ""


def held(live: Live) -> dict[int, int]:
    """The connections that each of them has with clients."""
    port = f":{urlsplit(live.url).port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = {line[9] for line in lines if line[1].endswith(port) and line[3] == "01"}
    return {pid: sum(link in established for link in _sockets(pid)) for pid in workers(live)}


def _sockets(pid: int) -> list[str]:
    """Inodes of the sockets that a process has open."""
    links = []
    try:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it has just been closed
                links.append(str(fd.readlink()))
    except OSError:  # it has just ended
        return []
    return [link[8:-1] for link in links if link.startswith("socket:[")]


def further(devices: list[Device]) -> None:
    goals = [len(device.acknowledged) + BETWEEN for device in devices]
    until(
        lambda: all(len(d.acknowledged) >= n for d, n in zip(devices, goals, strict=True)),
        f"{BETWEEN} more seconds acknowledged",
    )


def admin_url(live: Live) -> str:
    server = postgres.status(live.data)
    assert server is not None
    return server.admin_url


def test_they_say_once_that_they_serve_and_all_do(live: Live) -> None:
    assert live.said.count("eegstore API at") == 1
    assert len(workers(live)) == WORKERS
    for _ in range(20):  # each with a connection of its own
        assert httpx.get(f"{live.url}/readyz").status_code == 200


def test_they_share_the_connections(live: Live) -> None:
    """And one that takes another's place has none at first, so the next ones are its own.

    How evenly is shown where time can be held (`tests.unit.api.test_accepting`): here one that
    the machine does not let run for a while gets fewer.
    """
    address = "127.0.0.1", urlsplit(live.url).port
    with ExitStack() as stack:

        def connect(n: int) -> None:
            stack.enter_context(socket.create_connection(address))
            until(lambda: sum(held(live).values()) == n, "it is taken")

        for n in range(1, 17):
            connect(n)
        assert min(held(live).values()) >= 4
        killed, other = workers(live)
        left = held(live)[other]
        os.kill(killed, signal.SIGKILL)
        until(lambda: sorted(held(live).values()) == [0, left], "another takes its place")

        def serves() -> bool:
            with socket.create_connection(address):
                until(lambda: sum(held(live).values()) == left + 1, "somebody takes it")
                mine = held(live)[other] == left
            until(lambda: sum(held(live).values()) == left, "it is given up")
            return mine

        until(serves, "it serves")
        for n in range(left + 1, 21):
            connect(n)
        assert min(held(live).values()) >= 4


def test_connections_come_back_to_one_that_was_away(live: Live) -> None:
    """Though clients keep them, and without losing a request."""
    until(lambda: sum(held(live).values()) == 0, "nobody is connected")
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=live.url)) for _ in range(16)]

        def answered() -> dict[int, int]:
            for client in clients:
                assert client.get("/healthz").status_code == 200
            return held(live)

        still, other = workers(live)
        os.kill(still, signal.SIGSTOP)
        try:
            until(lambda: answered() == {still: 0, other: 16}, "one has all")
        finally:
            os.kill(still, signal.SIGCONT)
        until(lambda: answered()[still] >= 4, "it has some of them")


def test_what_one_that_stands_still_does_not_take_the_other_takes(live: Live) -> None:
    until(lambda: sum(held(live).values()) == 0, "nobody is connected")
    still, other = workers(live)
    os.kill(still, signal.SIGSTOP)
    try:
        with ExitStack() as stack:
            for _ in range(6):
                stack.enter_context(
                    socket.create_connection(("127.0.0.1", urlsplit(live.url).port))
                )
            until(lambda: held(live) == {still: 0, other: 6}, "all are taken")
            assert httpx.get(f"{live.url}/healthz").status_code == 200
    finally:
        os.kill(still, signal.SIGCONT)


def test_who_follows_at_one_hears_what_came_in_at_another(live: Live) -> None:
    recording = make_recording(patient_id="followed")
    chunks = chunks_of(recording, make_signal(recording, 24), 24)
    clients = [Client(live.url, live.api_key) for _ in range(8)]
    key = recording.patient_id, recording.recording_id
    heard: list[int] = []
    try:
        clients[0].declare(recording)
        news = clients[0].stream(*key, start=0)
        assert next(news).spans == []  # from here on it follows
        for index, chunk in enumerate(chunks):
            clients[index % len(clients)].send(recording, [chunk])
        clients[0].close_recording(*key, len(chunks))
        for stored in news:
            for span in stored.spans:
                heard += range(int(span.start), int(span.stop))
    finally:
        for client in clients:
            client.close()
    assert sorted(heard) == list(range(24))  # every second, once


def test_what_was_acknowledged_is_there_whichever_is_killed(live: Live) -> None:
    devices = [Device(live) for _ in range(4)]
    for device in devices:
        device.start()
    for turn in range(4):
        further(devices)
        before = workers(live)
        os.kill(before[turn % len(before)], signal.SIGKILL)
        until(
            lambda before=before: len(set(workers(live)) - set(before)) == 1,  # type: ignore[misc]
            "another takes its place",
        )
    further(devices)
    for device in devices:
        device.ended.set()
        device.join(60)
        assert not device.is_alive()
    url = admin_url(live)
    for device in devices:
        books = Books.of(url, device.recording)
        assert books.lost(device) == []
        assert set(books.digests) == set(device.acknowledged) == set(range(len(books.digests)))
        assert set(books.stored.values()) == {1}
        assert set(device.statuses) <= {200, 201, 503}
    assert sum(device.unanswered for device in devices) > 0
    assert len(workers(live)) == WORKERS
    assert live.said.count("eegstore API at") == 1


def test_one_that_acknowledges_too_early_is_caught(live: Live) -> None:
    """The control: with the same books and the same kill, seconds are missing."""
    faulty = Live(live.data)
    faulty.environment |= live.environment | {
        "EEGSTORE_API_URL": faulty.url, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    faulty.start(sys.executable, "-m", "tests.e2e.faulty_api", "--early", "requests")
    until(lambda: "all serve" in faulty.said, "all serve")
    device = Device(faulty)
    device.start()
    further([device])
    for pid in workers(faulty):
        os.kill(pid, signal.SIGKILL)
    struck = max(device.acknowledged)
    further([device])
    device.ended.set()
    device.join(60)
    faulty.stop()
    books = Books.of(admin_url(live), device.recording)
    assert [second for second in books.lost(device) if second <= struck]


def test_they_end_with_the_one_that_started_them(live: Live) -> None:
    """Also when that is killed; and the port is free again at once."""
    left = workers(live)
    live.kill()
    until(lambda: not any(map(alive, left)), "no worker is left")
    live.start()
    until(lambda: len(workers(live)) == WORKERS, "all serve again")


@pytest.mark.parametrize("how", ["what it needs is away", "it cannot be made"])
def test_a_service_that_cannot_start_says_so(tmp_path: Path, how: str) -> None:
    """And does not try for ever."""
    (tmp_path / "away").touch()
    broken = ["--broken"] if how == "it cannot be made" else []
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.wobbly_api", "--unless", tmp_path / "away", *broken],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done
    assert how in done.stderr
    assert "StoreUnavailableError: the service could not start" in done.stderr
    assert done.stdout == ""


def test_one_that_cannot_be_replaced_now_is_replaced_later(tmp_path: Path, live: Live) -> None:
    """What it needs may be away for a while; the others serve meanwhile."""
    away = tmp_path / "away"
    wobbly = Live(live.data)
    wobbly.environment["PYTHONPATH"] = str(ROOT)
    wobbly.start(sys.executable, "-m", "tests.e2e.wobbly_api", "--unless", str(away))
    until(lambda: "they serve" in wobbly.said, "both serve")
    first = workers(wobbly)
    away.touch()
    os.kill(first[0], signal.SIGKILL)
    until(lambda: wobbly.said.count("what it needs is away") >= 2, "it has been tried twice")
    assert httpx.get(f"{wobbly.url}/readyz").status_code == 200
    assert first[1] in workers(wobbly)
    said = wobbly.said.count("what it needs is away")
    away.unlink()
    until(
        lambda: len(set(workers(wobbly)) - set(first)) == 1 and httpx.get(f"{wobbly.url}/readyz"),
        "there are two again",
    )
    assert wobbly.said.count("what it needs is away") <= said + 1  # one may have been on its way
    assert wobbly.process is not None
    left = workers(wobbly)
    wobbly.process.send_signal(signal.SIGHUP)  # as when a terminal is closed
    assert wobbly.process.wait(60) == 0
    assert not any(map(alive, left))


def test_more_workers_than_the_embedded_server_has_connections_for(live: Live) -> None:
    done = live.cli("serve", "--port", "0", "--workers", "64", check=False)
    assert done.returncode == 1
    assert "64 workers with up to 16 connections each" in done.stderr


def test_they_end_when_asked(live: Live) -> None:
    left = workers(live)
    assert live.process is not None
    live.process.send_signal(signal.SIGTERM)
    assert live.process.wait(60) == 0
    assert not any(map(alive, left))

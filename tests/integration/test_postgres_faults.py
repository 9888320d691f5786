"""The embedded server when processes are killed."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eegstore.errors import StoreUnavailableError
from eegstore.store import postgres, postgres_binaries, postgres_runtime
from eegstore.store.postgres_runtime import Layout
from tests.integration.postgres_processes import (
    VERSION,
    alive,
    connect,
    do,
    parent,
    postmaster,
    query,
    until,
)

COUNT = "SELECT count(*) FROM t"
COMMITTED = 100


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a stopped server with a table of `COMMITTED` rows."""
    place = tmp_path_factory.mktemp("original") / "data"
    with start(place) as lease:
        do(lease.server.admin_url, f"CREATE TABLE t AS SELECT generate_series(1, {COMMITTED}) i")
    postgres.stop(place)
    return place


@pytest.fixture
def data(original: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the original, whose server is stopped at the end."""
    place = tmp_path / "data"
    subprocess.run(["cp", "-a", original, place], check=True)
    yield place
    postgres.stop(place)


@pytest.fixture
def lease(data: Path) -> Iterator[postgres.Lease]:
    with start(data) as held:
        yield held


def start(data: Path) -> postgres.Lease:
    return postgres.start(data, version=VERSION, linger=60)


def log(data: Path) -> str:
    return Layout(data).log.read_text()


def another_than(server: int, url: str) -> int:
    """The process number of the server when it is another one, else 0."""
    now = postmaster(url)
    return now if now != server else 0


def run_directly(data: Path, *settings: str) -> "subprocess.Popen[bytes]":
    """The server as somebody else would start it, without the supervisor."""
    cluster = Layout(data).cluster(VERSION)
    account = postgres_binaries.account_for(cluster)
    programs = postgres_binaries.executable_by(account, postgres_binaries.find(VERSION, None))
    with open(data / "direct.log", "wb") as output:
        return subprocess.Popen(
            [programs / "postgres", "-D", "/proc/self/cwd", "-c", "unix_socket_directories=",
             *(word for setting in settings for word in ("-c", setting))],
            cwd=cluster, env={"LC_ALL": "C"}, stderr=output, **(account.popen() if account else {}),
        )  # fmt: skip


def leave_stale_pid_file(data: Path) -> Path:
    """Kill supervisor and server like a power cut does."""
    with start(data) as lease:
        server = postmaster(lease.server.admin_url)
        supervisor = parent(server)
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not alive(supervisor))
    return Layout(data).cluster(VERSION) / "postmaster.pid"


def test_a_killed_server_comes_back_with_what_was_committed(lease: postgres.Lease) -> None:
    first, server = lease.server, postmaster(lease.server.admin_url)
    with closing(connect(first.admin_url)) as unfinished:
        unfinished.execute("BEGIN")
        unfinished.execute("INSERT INTO t VALUES (0)")
        do(first.admin_url, "INSERT INTO t VALUES (101)")
        os.kill(server, signal.SIGKILL)
    again = until(lambda: postmaster(first.admin_url))  # the same port
    assert again != server
    assert query(first.admin_url, COUNT) == COMMITTED + 1
    assert lease.server == first
    assert "database system was not properly shut down" in log(first.data)


def test_a_killed_backend_does_not_end_the_server(lease: postgres.Lease) -> None:
    server = postmaster(lease.server.admin_url)
    with connect(lease.server.admin_url) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
    until(lambda: query(lease.server.admin_url, COUNT) == COMMITTED)
    assert postmaster(lease.server.admin_url) == server


def test_a_restart_waits_for_orphaned_backends(lease: postgres.Lease) -> None:
    """A backend that outlives its server may still write: PostgreSQL must not run beside it."""
    url, data = lease.server.admin_url, lease.server.data
    server = postmaster(url)
    with connect(url) as connection:
        orphan = connection.info.backend_pid
        os.kill(orphan, signal.SIGSTOP)
        try:
            os.kill(server, signal.SIGKILL)
            until(lambda: "waiting for the last processes" in log(data))
            assert postgres.status(data) is None
            with pytest.raises(StoreUnavailableError, match=r"(?s)not ready in time.*waiting for"):
                postgres.start(data, version=VERSION, timeout=0.3)
            assert alive(orphan)
        finally:
            os.kill(orphan, signal.SIGCONT)
    assert until(lambda: query(url, COUNT)) == COMMITTED
    assert not alive(orphan)


def test_a_lease_replaces_a_killed_supervisor(lease: postgres.Lease) -> None:
    first, data = lease.server, lease.server.data
    server = postmaster(first.admin_url)
    supervisor = parent(server)
    before = len(log(data))
    os.kill(supervisor, signal.SIGKILL)
    again = until(lambda: another_than(server, first.admin_url))
    assert not alive(server)
    assert parent(again) != supervisor
    assert lease.server == first
    assert query(first.admin_url, COUNT) == COMMITTED
    said = log(data)[before:]
    assert "database system is shut down" in said
    assert "not properly shut down" not in said


def test_all_leases_find_the_same_new_supervisor(lease: postgres.Lease) -> None:
    url, data = lease.server.admin_url, lease.server.data
    with start(data), start(data):
        server = postmaster(url)
        before = len(log(data))
        os.kill(parent(server), signal.SIGKILL)
        until(lambda: another_than(server, url))
        until(lambda: postgres.status(data) == lease.server)
    assert log(data)[before:].count("database system is ready") == 1


def test_start_after_a_killed_supervisor(data: Path) -> None:
    with start(data) as lease:
        first, supervisor = lease.server, parent(postmaster(lease.server.admin_url))
    os.kill(supervisor, signal.SIGKILL)
    with start(data) as lease:
        assert lease.server == first
        assert query(first.admin_url, COUNT) == COMMITTED
        assert parent(postmaster(first.admin_url)) != supervisor


def test_closing_a_lease_whose_supervisor_cannot_be_replaced(data: Path) -> None:
    with start(data) as lease:
        supervisor = parent(postmaster(lease.server.admin_url))
        runtime = Layout(data).runtime
        text = runtime.read_text()
        runtime.write_text("{")
        os.kill(supervisor, signal.SIGKILL)
    runtime.write_text(text)
    with start(data) as lease:
        assert query(lease.server.admin_url, COUNT) == COMMITTED


def test_a_stale_pid_file_that_names_an_innocent_process(data: Path) -> None:
    pid_file = leave_stale_pid_file(data)
    account = postgres_binaries.account_for(pid_file.parent)
    with subprocess.Popen(
        ["sleep", "600"], cwd="/", **(account.popen() if account else {})
    ) as innocent:
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(innocent.pid), *lines[1:], ""]))
        with run_directly(data) as refused:  # PostgreSQL alone takes it for a server
            assert refused.wait() != 0
        assert "postmaster.pid" in (data / "direct.log").read_text()
        with start(data) as lease:
            assert query(lease.server.admin_url, COUNT) == COMMITTED
        assert postgres.stop(data)
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("content", ["", "4194304\n", "not a number\n"])
def test_a_stale_pid_file_cut_short(data: Path, content: str) -> None:
    pid_file = leave_stale_pid_file(data)
    pid_file.write_text(content)
    with start(data) as lease:
        assert query(lease.server.admin_url, COUNT) == COMMITTED


def test_a_server_that_somebody_else_started_is_left_alone(data: Path) -> None:
    with start(data) as lease:
        first = lease.server
    postgres.stop(data)
    port = first.admin_url.rpartition(":")[2].partition("/")[0]
    with run_directly(data, f"port={port}") as foreign:
        until(lambda: query(first.admin_url, COUNT))
        with pytest.raises(StoreUnavailableError, match=f"did not start .process {foreign.pid}"):
            start(data)
        assert query(first.admin_url, COUNT) == COMMITTED
        foreign.send_signal(signal.SIGINT)
        assert foreign.wait() == 0
    with start(data) as lease:
        assert query(lease.server.admin_url, COUNT) == COMMITTED


def test_strangers_cannot_stop_the_server(lease: postgres.Lease) -> None:
    runtime = postgres_runtime.read(Layout(lease.server.data))
    assert runtime is not None

    def answer(line: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", runtime.control_port), 60) as control:
            control.sendall(line)
            return control.makefile("rb").readline()

    for token in ("", "0" * len(runtime.token), "é"):
        assert answer(b'{"token": "%s", "command": "stop"}\n' % token.encode()) == b""
    for line in (b"\n", b"[]\n", b'"stop"\n', b"x" * 100_000 + b"\n"):
        assert answer(line) == b""
    right = runtime.token.encode()
    assert b"ready" in answer(b'{"token": "%s", "command": "status"}\n' % right)
    assert query(lease.server.admin_url, COUNT) == COMMITTED


def test_an_unrelated_program_on_the_control_port(data: Path) -> None:
    with start(data) as lease:
        first = lease.server
    postgres.stop(data)
    runtime = postgres_runtime.read(Layout(data))
    assert runtime is not None

    def accept_and_close() -> None:
        for _ in ("status", "stop", "start"):
            other.accept()[0].close()

    with socket.create_server(("127.0.0.1", runtime.control_port)) as other:
        program = threading.Thread(target=accept_and_close)
        program.start()
        assert postgres.status(data) is None
        assert not postgres.stop(data)
        with start(data) as lease:
            assert lease.server == first
        program.join()


def test_the_supervisor_outlives_the_terminal_and_ends_on_sigterm(data: Path) -> None:
    with start(data) as lease:
        url = lease.server.admin_url
        server = postmaster(url)
        supervisor = parent(server)
        assert os.getsid(supervisor) != os.getsid(0)
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(supervisor, number)
        assert postgres.status(data) == lease.server
        assert postmaster(url) == server
        os.kill(supervisor, signal.SIGTERM)
        until(lambda: not alive(supervisor))
        assert not alive(server)
    assert postgres.status(data) is None
    assert "database system is shut down" in log(data).rpartition("ready to accept")[2]


def test_open_files_of_the_starter_are_not_inherited(data: Path, tmp_path: Path) -> None:
    with open(tmp_path / "open", "wb") as file:
        os.set_inheritable(file.fileno(), True)
        with start(data) as lease:
            server = postmaster(lease.server.admin_url)
            for pid in (server, parent(server)):
                held = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
                assert str(data / "postgres.log") in held
                assert file.name not in held


def test_a_copied_data_directory_has_its_own_server(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", data, copy], check=True)
    try:
        with start(data) as one, start(copy) as other:
            assert one.server.app_url != other.server.app_url
            do(other.server.admin_url, "DELETE FROM t")
            assert query(one.server.admin_url, COUNT) == COMMITTED
    finally:
        postgres.stop(copy)
        shutil.rmtree(copy)

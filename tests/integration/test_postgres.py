"""The life of the embedded server: started, shared, stopped, refused."""

import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store import postgres, postgres_binaries, postgres_runtime
from eegstore.store.postgres_runtime import Layout
from tests.integration.postgres_processes import (
    OTHER,
    VERSION,
    alive,
    connect,
    do,
    holder,
    parent,
    postmaster,
    query,
    until,
    url_of,
)

STARTED = "SELECT pg_postmaster_start_time()"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "data"
    yield place
    if place.exists():
        postgres.stop(place)


@pytest.fixture(scope="module")
def lease(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Lease]:
    """A server for tests that only look."""
    place = tmp_path_factory.mktemp("postgres") / "data"
    with postgres.start(place, version=VERSION, linger=0) as held:
        yield held
    postgres.stop(place)


def start(data: Path) -> postgres.Lease:
    return postgres.start(data, version=VERSION, linger=60)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("max_connections", "100"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("server_encoding", "UTF8"),
        ("lc_messages", "C"),
        ("password_encryption", "scram-sha-256"),
    ],
)
def test_settings(lease: postgres.Lease, setting: str, value: str) -> None:
    assert query(lease.server.admin_url, f"SHOW {setting}") == value


def test_text_sorts_by_code_point(lease: postgres.Lease) -> None:
    row = query(
        lease.server.app_url,
        "SELECT datlocprovider::text || ' ' || datcollate FROM pg_database "
        "WHERE datname = 'eegstore'",
    )
    assert row == ("c C" if VERSION == 16 else "b C")
    ordered = query(
        lease.server.app_url,
        "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b','é','a','B','-']::text[]) x",
    )
    assert ordered == "-Babé"


def test_the_version_asked_for_runs(lease: postgres.Lease) -> None:
    assert query(lease.server.app_url, "SHOW server_version_num").startswith(str(VERSION))
    assert lease.server.major == VERSION


def test_passwords_are_asked_for(lease: postgres.Lease) -> None:
    server = lease.server
    for url in (server.app_url, server.admin_url):
        head, _, tail = url.rpartition("@")
        for other in ("", "wrong"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                connect(f"{head.rpartition(':')[0]}:{other}@{tail}")
    methods = query(server.admin_url, "SELECT string_agg(DISTINCT auth_method, ' ') "
                    "FROM pg_hba_file_rules")  # fmt: skip
    assert methods == "scram-sha-256"
    unlike = query(server.admin_url, "SELECT count(*) FROM pg_authid WHERE rolcanlogin "
                   "AND (rolpassword LIKE 'SCRAM-SHA-256$%') IS NOT true")  # fmt: skip
    assert unlike == 0


def test_the_application_may_log_in_and_nothing_else(lease: postgres.Lease) -> None:
    url = lease.server.app_url
    assert query(url, "SELECT current_user") == "eegstore_app"
    assert query(url, "SELECT current_database()") == "eegstore"
    for forbidden in (
        "CREATE TABLE t (i int)",
        "CREATE ROLE r",
        "SELECT pg_read_file('PG_VERSION')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(url, forbidden)
    assert query(
        lease.server.admin_url, "SELECT usesuper FROM pg_user WHERE usename = current_user"
    )


def test_secrets_stay_in_the_runtime_file(lease: postgres.Lease) -> None:
    layout = Layout(lease.server.data)
    runtime = postgres_runtime.read(layout)
    assert runtime is not None
    assert stat.S_IMODE(layout.runtime.stat().st_mode) == 0o600
    server = postmaster(lease.server.admin_url)
    shown = [repr(lease.server), repr(runtime), layout.log.read_text()]
    shown += [Path(f"/proc/{pid}/cmdline").read_text() for pid in (server, parent(server))]
    for secret in (runtime.admin_password, runtime.app_password, runtime.token):
        assert len(secret) >= 32
        assert not [text for text in shown if secret in text]
    assert runtime.admin_password in lease.server.admin_url


def test_a_second_process_attaches(data: Path) -> None:
    with holder(data) as first:
        url = url_of(first)
        started = query(url, STARTED)
        with postgres.start(data, version=VERSION, linger=0) as second:
            assert second.server.admin_url == url
            assert query(url, STARTED) == started
            first.communicate()  # ends it
            time.sleep(0.5)  # time for a mistake: the lease that is left keeps the server
            assert query(url, STARTED) == started
            server = postmaster(url)
    until(lambda: not alive(server))
    until(lambda: postgres.status(data) is None)


def test_several_processes_start_at_once(data: Path) -> None:
    with contextlib.ExitStack() as stack:
        holders = [stack.enter_context(holder(data)) for _ in range(4)]
        urls = {url_of(process) for process in holders}
        assert len(urls) == 1
        query(urls.pop(), STARTED)
        for process in holders:
            assert process.communicate()[0] == ""
            assert process.returncode == 0
    log = Layout(data).log.read_text()
    assert log.count("Data page checksums are enabled") == 1  # said by initdb
    assert log.count("database system is ready") == 1


def test_status_starts_nothing(data: Path) -> None:
    assert postgres.status(data) is None
    assert not data.exists()
    with start(data) as lease:
        assert postgres.status(data) == lease.server
    assert postgres.stop(data)
    assert postgres.status(data) is None


def test_stop_ends_the_server_in_spite_of_leases(data: Path) -> None:
    assert not postgres.stop(data)
    threads = set(threading.enumerate())
    with start(data) as lease:
        server = postmaster(lease.server.admin_url)
        assert postgres.stop(data)
        assert not alive(server)
        until(lambda: set(threading.enumerate()) <= threads)  # the lease leaves it at that
        assert not postgres.stop(data)
    log = Layout(data).log.read_text()
    assert "database system is shut down" in log
    assert "Traceback" not in log
    assert log.count("ready to accept connections") == 1


def test_urls_and_data_outlive_the_server(data: Path) -> None:
    with start(data) as lease:
        first = lease.server
        do(first.admin_url, "CREATE TABLE t AS SELECT 7 AS i")
    postgres.stop(data)
    with start(data) as lease:
        assert lease.server == first
        assert query(first.admin_url, "SELECT i FROM t") == 7


def test_another_port_when_somebody_took_ours(data: Path) -> None:
    with start(data) as lease:
        first = lease.server
    postgres.stop(data)
    port = int(first.app_url.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)), start(data) as lease:
        assert lease.server.app_url != first.app_url
        assert query(lease.server.app_url, "SELECT 1") == 1


def test_a_lease_can_be_closed_twice(data: Path) -> None:
    lease = start(data)
    lease.close()
    lease.close()


def test_the_other_major_version_in_another_directory(data: Path) -> None:
    with postgres.start(data, version=OTHER) as lease:
        assert query(lease.server.app_url, "SHOW server_version_num").startswith(str(OTHER))
        with pytest.raises(InvalidDataError, match=f"{OTHER} runs in .* asked was {VERSION}"):
            start(data)
    postgres.stop(data)
    with pytest.raises(InvalidDataError, match=f"PostgreSQL {OTHER} .*EEGSTORE_PG_VERSION={OTHER}"):
        start(data)
    assert not Layout(data).cluster(VERSION).exists()
    with postgres.start(data, version=OTHER) as lease:
        assert query(lease.server.app_url, "SELECT 1") == 1


def test_a_directory_made_by_another_major_version(data: Path) -> None:
    cluster = Layout(data).cluster(VERSION)
    cluster.mkdir(parents=True)
    with pytest.raises(InvalidDataError, match="has no PG_VERSION"):
        start(data)
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(
        InvalidDataError, match=f"PG_VERSION says 17; asked was PostgreSQL {VERSION}"
    ):
        start(data)


def test_programs_of_another_version_are_refused(data: Path, tmp_path: Path) -> None:
    programs = postgres_binaries.find(OTHER, None)
    with pytest.raises(InvalidDataError, match=f"is PostgreSQL {OTHER}.*, asked was {VERSION}"):
        postgres.start(data, version=VERSION, pg_bin=programs)
    with pytest.raises(InvalidDataError, match="no postgres and initdb that run"):
        postgres.start(data, version=VERSION, pg_bin=tmp_path)
    with pytest.raises(InvalidDataError, match="PostgreSQL 15 is too old"):
        postgres.start(data, version=15)
    with pytest.raises(StoreUnavailableError, match="no PostgreSQL 99: install"):
        postgres.start(data, version=99)
    with postgres.start(
        data, version=VERSION, pg_bin=postgres_binaries.find(VERSION, None)
    ) as lease:
        assert query(lease.server.app_url, "SELECT 1") == 1


def test_a_failure_to_start_quotes_the_log(data: Path) -> None:
    with start(data):
        pass
    postgres.stop(data)
    configuration = Layout(data).cluster(VERSION) / "postgresql.conf"
    text = configuration.read_text()
    configuration.write_text(text + "work_mem = 'plenty'\n")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match=r'(?s)postgres\.log.*"work_mem": "plenty"'):
            start(data)
    configuration.write_text(text)
    with start(data) as lease:
        assert query(lease.server.app_url, "SELECT 1") == 1


def test_a_data_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="cannot use the data directory"):
        start(tmp_path / "file")


def test_the_runtime_file_lost_or_damaged(data: Path) -> None:
    with start(data) as lease:
        first = lease.server
        do(first.admin_url, "CREATE TABLE t AS SELECT 7 AS i")
    postgres.stop(data)
    runtime = Layout(data).runtime
    runtime.write_text("{")
    with pytest.raises(StoreUnavailableError, match=r"postgres\.json is damaged"):
        start(data)
    runtime.unlink()
    with start(data) as lease:  # with new passwords
        assert lease.server.admin_url != first.admin_url
        assert query(lease.server.admin_url, "SELECT i FROM t") == 7
        assert query(lease.server.app_url, "SELECT 1") == 1


def test_a_long_log_is_put_aside(data: Path) -> None:
    data.mkdir()
    log = Layout(data).log
    log.touch()
    os.truncate(log, postgres_runtime.LOG_LIMIT + 1)
    for _ in range(2):
        with start(data):
            pass
        postgres.stop(data)
    assert (data / "postgres.log.1").stat().st_size == postgres_runtime.LOG_LIMIT + 1
    assert log.read_text().count("ready to accept connections") == 2
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_what_a_killed_initdb_left_is_cleared(data: Path) -> None:
    unfinished = Layout(data).cluster(VERSION).parent / f".{VERSION}.abc" / "data"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text(f"{VERSION}\n")
    with start(data) as lease:
        assert query(lease.server.app_url, "SELECT 1") == 1
    assert sorted(os.listdir(unfinished.parents[1])) == [f"{VERSION}", f"{VERSION}.lock"]

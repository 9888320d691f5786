"""The connection runs with the application's rights, durably, and its errors are ours."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text

from eegstore.errors import ConflictError, InvalidDataError, StoreUnavailableError
from eegstore.service import declaring, ingest, recordings
from eegstore.store import append
from eegstore.store import chunks as chunk_table
from eegstore.store import database as database_module
from eegstore.store.database import Database, raw
from tests.conftest import Urls
from tests.integration.databases import DENIED, made, put, refused, used
from tests.integration.postgres_processes import do

NOWHERE = "postgresql+psycopg://eegstore_app:x@127.0.0.1:1/none"


async def asked(database: Database, statement: str) -> Any:
    async with database.begin() as connection:
        return (await connection.execute(text(statement))).scalar()


def test_a_superuser_who_logs_in_becomes_the_application(common: Urls) -> None:
    """So nothing runs with more rights than the application has."""
    recording, chunks = made(2, recording_id="as-superuser")

    async def work(database: Database) -> None:
        assert await asked(database, "SELECT session_user") == "postgres"
        assert await asked(database, "SELECT current_user") == "eegstore_app"
        await put(database, recording, chunks)
        async with database.engine.connect() as connection:
            driver = await raw(connection)
            with refused(DENIED):
                await driver.execute("UPDATE chunk SET blob = blob")

    used(common.admin, work)


def test_the_application_logs_in_as_itself(common: Urls) -> None:
    async def work(database: Database) -> tuple[str, str]:
        return (
            await asked(database, "SELECT session_user"), await asked(database, "SHOW role")
        )  # fmt: skip

    assert used(common.app, work) == ("eegstore_app", "none")


def test_commits_are_durable_even_where_the_database_says_otherwise(urls: Urls) -> None:
    name = urls.admin.rpartition("/")[2]
    do(urls.admin, f"ALTER DATABASE {name} SET synchronous_commit = off")
    do(urls.admin, f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")

    async def work(database: Database) -> tuple[str, str]:
        await database.check()
        return (
            await asked(database, "SHOW synchronous_commit"), await asked(database, "SHOW timezone")
        )  # fmt: skip

    assert used(urls.app, work) == ("on", "UTC")


def test_a_durable_server_at_our_schema_passes_the_check(common: Urls) -> None:
    used(common.app, lambda database: database.check())


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("fsync", "off", "fsync=off: what it acknowledges may be lost"),
        ("full_page_writes", "off", "full_page_writes=off"),
        ("synchronous_commit", "off", "synchronous_commit=off"),
        ("server_version_num", "150012", "PostgreSQL 150012 is too old; 16 is needed"),
    ],
)
def test_a_server_that_may_lose_what_it_acknowledges_is_refused(
    common: Urls, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, message: str
) -> None:
    """Played, because these settings are of the whole server."""
    settings = {"server_version_num": "180000", "fsync": "on", "full_page_writes": "on",
                "synchronous_commit": "on"}  # fmt: skip
    listed = ", ".join(f"('{k}', '{v}')" for k, v in (settings | {setting: value}).items())
    statement = text(f"SELECT * FROM (VALUES {listed}) AS t (name, setting)")
    monkeypatch.setattr(database_module, "_SETTINGS", statement)
    with pytest.raises(InvalidDataError, match=message):
        used(common.app, lambda database: database.check())


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "sqlite:///x", "postgresql+psycopg2://h/d"])
def test_only_one_driver_is_spoken(url: str) -> None:
    with pytest.raises(InvalidDataError, match=r"must be postgresql\+psycopg://"):
        Database(url)


def test_a_server_that_is_gone_is_unavailable() -> None:
    async def work(database: Database) -> None:
        for ask in (database.check(), recordings.listing(database),
                    recordings.declared(database, "p", "r")):  # fmt: skip
            with pytest.raises(StoreUnavailableError, match="cannot be reached") as raised:
                await ask
            assert raised.value.retry_after > 0
            assert "x@" not in str(raised.value)

    used(NOWHERE, work)


def test_a_wrong_password_is_unavailable_and_not_told(common: Urls) -> None:
    user, _, place = common.app.partition("@")
    wrong = f"{user.rpartition(':')[0]}:hunter2@{place}"
    with pytest.raises(StoreUnavailableError) as raised:
        used(wrong, lambda database: database.check())
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("way", ["sqlalchemy", "psycopg"])
def test_a_connection_that_was_cut_is_unavailable_and_then_made_anew(
    common: Urls, way: str
) -> None:
    recording, chunks = made(3, recording_id=f"cut-{way}")

    async def work(database: Database) -> None:
        await put(database, recording, chunks[:1])
        known = await recordings.declared(database, "p1", recording.recording_id)
        pid = await asked(database, "SELECT pg_backend_pid()")
        do(common.admin, f"SELECT pg_terminate_backend({pid}, 5000)")
        ask: Coroutine[Any, Any, Any] = (
            recordings.listing(database)
            if way == "sqlalchemy"
            else ingest.store(database, known, chunks[1:])
        )
        with pytest.raises(StoreUnavailableError):
            await ask
        (outcome,) = await ingest.store(database, known, chunks[1:2])
        assert outcome.outcome == "stored"

    used(common.app, work, pool_size=1)


def test_a_connection_that_is_given_back_closed_is_told_in_one_line(
    common: Urls, caplog: pytest.LogCaptureFixture
) -> None:
    """As the driver closes it when a request is cancelled while the server goes down."""

    async def work(database: Database) -> None:
        async with database.engine.connect() as connection:
            await (await raw(connection)).close()
        assert await asked(database, "SELECT 1") == 1

    used(common.app, work, pool_size=1)
    (record,) = caplog.records
    assert record.getMessage().startswith("a connection was lost while it was given back: ")
    assert "Traceback" not in caplog.text


def test_a_connection_that_is_cut_within_a_request_leaves_nothing(
    common: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks inserted and not committed are not there, and the next request stores them."""
    recording, chunks = made(3, recording_id="cut-within")
    log = append.log

    async def cut_then_log(driver: Any, *rest: Any) -> None:
        do(common.admin, f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")
        await log(driver, *rest)

    async def work(database: Database) -> None:
        await put(database, recording, [])
        known = await recordings.declared(database, "p1", "cut-within")
        with monkeypatch.context() as patch:
            patch.setattr(append, "log", cut_then_log)
            with pytest.raises(StoreUnavailableError):
                await ingest.store(database, known, chunks)
        assert (await recordings.have(database, "p1", "cut-within")).spans == []
        outcomes = await ingest.store(database, known, chunks)
        assert [o.outcome for o in outcomes] == ["stored"] * 3

    used(common.app, work, pool_size=1)


def test_when_all_connections_are_busy_the_store_is_unavailable(
    common: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "POOL_TIMEOUT", 0.05)

    async def work(database: Database) -> None:
        async with database.begin():
            with pytest.raises(StoreUnavailableError, match="all connections busy"):
                await recordings.listing(database)
        await recordings.listing(database)

    used(common.app, work, pool_size=1)


@pytest.mark.parametrize("state", ["40P01", "40001", "53300", "57014", "08006", "25006"])
def test_what_may_pass_is_unavailable(common: Urls, state: str) -> None:
    """Deadlocks, too many connections, shutdown, a standby that only reads."""
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"

    async def work(database: Database) -> None:
        with pytest.raises(StoreUnavailableError, match="no"):
            await asked(database, statement)
        with pytest.raises(StoreUnavailableError, match="no"):
            async with database.begin() as connection:
                await (await raw(connection)).execute(statement.encode())

    used(common.app, work)


def test_text_that_postgresql_cannot_hold_is_invalid_data(common: Urls) -> None:
    """U+0000, which JSON may carry."""
    recording, _ = made(0, device="a\0b", recording_id="nul")
    with pytest.raises(InvalidDataError, match=r"U\+0000"):
        used(common.app, lambda database: recordings.declare(database, recording))


def test_our_own_errors_pass_through_a_transaction_and_roll_it_back(common: Urls) -> None:
    recording, _ = made(0, recording_id="rolled-back")

    async def declare_and_fail(database: Database) -> None:
        async with database.begin() as connection:
            await declaring.declare_in(connection, recording)
            raise ConflictError("mine")

    async def work(database: Database) -> None:
        with pytest.raises(ConflictError, match="mine"):
            await declare_and_fail(database)
        assert await recordings.find_declared(database, "p1", "rolled-back") is None

    used(common.app, work)


def test_a_snapshot_sees_one_state_and_writes_nothing(common: Urls) -> None:
    recording, chunks = made(2, recording_id="snapshot")

    async def work(database: Database) -> None:
        await put(database, recording, chunks[:1])
        count = text("SELECT count(*) FROM chunk WHERE recording_id = 'snapshot'")
        async with database.snapshot() as connection:
            assert (await connection.execute(count)).scalar() == 1
            await asyncio.gather(put(database, recording, chunks[1:]))
            assert (await connection.execute(count)).scalar() == 1
        assert await asked(database, str(count)) == 2
        with pytest.raises(StoreUnavailableError, match="read-only"):
            async with database.snapshot() as connection:
                await declaring.declare_in(connection, recording)

    used(common.app, work)


@pytest.mark.parametrize(
    ("start", "stop", "size", "expected"),
    [
        (0, 1 << 62, 3, [(1, 6), (6, 32)]),
        (0, 1 << 62, 100, [(1, 32)]),
        (3, 31, 2, [(5, 7), (30, 31)]),
        (7, 30, 2, []),
    ],
)
def test_portions_hold_so_many_stored_seconds_whatever_the_gaps(
    common: Urls, start: int, stop: int, size: int, expected: list[tuple[int, int]]
) -> None:
    """A channel of 1/30 Hz has a second every 30 s, and is not read one by one."""
    recording, chunks = made(6, [Fraction(8)], recording_id="portions")
    there = [1, 2, 5, 6, 30, 31]
    chunks = [replace(chunks[n], second=second) for n, second in enumerate(there)]

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        async with database.snapshot() as connection:
            driver, key = await raw(connection), ("p1", "portions")
            pieces = await chunk_table.pieces(driver, *key, start, stop, size)
            assert pieces == expected
            portions = chunk_table.in_portions(driver, *key, start, stop, size)
            found = [[second for second, _ in portion] async for portion in portions]
        asked = [second for second in there if start <= second < stop]
        assert found == [asked[at : at + size] for at in range(0, len(asked), size)]

    used(common.app, work)

"""What the tests of the store do with a database: use it, look into it."""

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import psycopg
import pytest

from eegstore.errors import StoreUnavailableError
from eegstore.model import Chunk, Recording
from eegstore.service import ingest, recordings
from eegstore.service.ingest import Outcome
from eegstore.service.recordings import Declared
from eegstore.store.database import Database
from eegstore.store.tables import Base
from tests.conftest import Urls, in_database
from tests.integration.postgres_processes import connect, do
from tests.unit.recordings import chunks_of, make_recording, make_signal

if TYPE_CHECKING:
    from eegstore.store import postgres

T = TypeVar("T")
TABLES = tuple(sorted(Base.metadata.tables))
RATES = [Fraction(256), Fraction(64, 5), Fraction(256)]
DENIED, APPEND_ONLY = "42501", "23001"  # insufficient_privilege, restrict_violation


def used(url: str, work: Callable[[Database], Awaitable[T]], pool_size: int = 2) -> T:
    """What `work` gives with the database at `url`, opened as the application does."""

    async def run() -> T:
        database = Database(url, pool_size)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def made(
    seconds: int = 5, rates: Sequence[Fraction] = RATES, seed: int = 0, **fields: object
) -> tuple[Recording, list[Chunk]]:
    """A recording and its first seconds, in which nothing is missing."""
    recording = make_recording(rates, **fields)  # type: ignore[arg-type]
    return recording, chunks_of(recording, make_signal(recording, seconds, seed), seconds)


async def put(database: Database, recording: Recording, chunks: Sequence[Chunk]) -> list[Outcome]:
    """Declare a recording and store seconds of it."""
    await recordings.declare(database, recording)
    known = await recordings.declared(database, recording.patient_id, recording.recording_id)
    return await ingest.store(database, known, chunks)


async def sent(database: Database, known: Declared, chunks: Sequence[Chunk]) -> list[Outcome]:
    """Seconds sent as devices do: again, when others hold the store for too long.

    They never hold it because each waits for the other.
    """
    while True:
        try:
            return await ingest.store(database, known, chunks)
        except StoreUnavailableError as error:
            if "deadlock" in str(error):
                raise
            await asyncio.sleep(0.05)


def n_deadlocks(admin_url: str) -> int:
    """How often transactions waited for each other in a circle; one of them was then broken off.

    The service may try again and hide it.
    """
    with connect(admin_url) as connection:
        connection.execute("SELECT pg_stat_clear_snapshot()")
        return connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchall()[0][0]


def n_rows(admin_url: str) -> dict[str, int]:
    """How many rows every table has."""
    with connect(admin_url) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0]
            for table in TABLES
        }


def contents(admin_url: str) -> dict[str, str]:
    """A digest of everything in every table."""
    found = {}
    with connect(admin_url) as connection:
        for table in TABLES:
            rows = connection.execute(f"SELECT t::text FROM {table} AS t ORDER BY 1".encode())
            text = "\n".join(row for (row,) in rows)
            found[table] = f"{len(text)} {hashlib.sha256(text.encode()).hexdigest()}"
    return found


@contextmanager
def copy_of(server: "postgres.Server", template: str) -> Iterator[Urls]:
    """A database that begins as `template` is and ends with the context."""
    name = f"copy_{uuid.uuid4().hex}"
    do(server.admin_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield Urls(in_database(server.app_url, name), in_database(server.admin_url, name))
    finally:
        do(server.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def refused(sqlstate: str) -> Iterator[None]:
    """The database refuses what happens within, with this SQLSTATE."""
    with pytest.raises(psycopg.Error) as raised:
        yield
    assert raised.value.sqlstate == sqlstate, raised.value

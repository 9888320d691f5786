"""The connection to PostgreSQL: one pool, one place where its errors become ours.

Metadata is asked for through SQLAlchemy; the statements that carry blobs speak psycopg in
binary on the same connections, so that both share a transaction.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import psycopg
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store.driver import POOL_TIMEOUT, in_one_line, translated
from eegstore.store.driver import Raw as Raw
from eegstore.store.readers import Readers
from eegstore.store.schema import MIN_VERSION, checked, head_revision

APP_ROLE = "eegstore_app"

Connection = AsyncConnection
Row = RowMapping


class Database:
    """An eegstore database, opened as the application.

    Parameters
    ----------
    url : str
        ``postgresql+psycopg://...``. A login role other than eegstore_app becomes it with
        SET ROLE, so that nothing runs with more rights than the application has.
    pool_size : int
        Connections kept.
    """

    def __init__(self, url: str, pool_size: int = 8) -> None:
        parsed = checked(url)
        options = "-c synchronous_commit=on -c timezone=UTC -c lock_timeout=3000"
        if parsed.username != APP_ROLE:
            options += f" -c role={APP_ROLE}"
        self.declared: dict[tuple[str, str], Any] = {}  # see service.recordings
        self.looked: dict[tuple[str, str], float] = {}  # when each of them was last found there
        self.group: Any = None  # who waits for a commit; see service.grouping
        self.parameters: dict[bytes, Any] = {}  # of the codec, by digest; see service.parameters
        self.timelines: dict[tuple[str, str], Any] = {}  # of studies; see service.timeline
        self.ends: dict[tuple[str, str], int] = {}  # [s] of what is closed; see service.timeline
        self.suspects: dict[tuple[str, str], Any] = {}  # channels; see service.suspects
        self.builder: Any = None  # of spectral bins; see service.spectra
        self.kept: Any = None  # decoded seconds; see service.kept
        self.learner: Any = None  # fits them to live recordings; see service.parameters
        self.alone = True  # whether no other process of the same service writes
        self.follower: Any = None  # tells who follows recordings; see service.following
        self.engine: AsyncEngine = create_async_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
            hide_parameters=True,  # names and signals stay out of errors and logs
            connect_args={"options": options, "prepare_threshold": 2, "connect_timeout": 10},
        )
        pool = type(self.engine.pool)
        logging.getLogger(f"{pool.__module__}.{pool.__qualname__}").addFilter(in_one_line)
        self._readers = Readers(parsed, options, pool_size)

    async def close(self) -> None:
        """Close all connections."""
        if self.learner is not None:
            await self.learner.close()
        await self._readers.close()
        await self.engine.dispose()

    def reading(self) -> AbstractAsyncContextManager[Raw]:
        """A connection for single SELECTs, each of which sees the database as it then is."""
        return self._readers.connection()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed, durably, when left normally; else rolled back."""
        with translated():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A read-only transaction that sees one state of the database throughout."""
        with translated():
            async with self.engine.connect() as connection:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                yield connection

    async def check(self) -> None:
        """Whether what is acknowledged here would be kept.

        Raises
        ------
        StoreUnavailableError
            Not reachable, or at another schema revision.
        InvalidDataError
            The server is too old or does not write durably.
        """
        async with self.begin() as connection:
            rows = await connection.execute(_SETTINGS)
            settings = {row.name: row.setting for row in rows}
            await check_revision(connection)
        if int(settings["server_version_num"]) < MIN_VERSION * 10_000:
            raise InvalidDataError(
                f"PostgreSQL {settings['server_version_num']} is too old; {MIN_VERSION} is needed"
            )
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            if settings[name] == "off":
                raise InvalidDataError(
                    f"the server runs with {name}=off: what it acknowledges may be lost; turn it on"
                )


async def check_revision(connection: AsyncConnection) -> None:
    """Raise StoreUnavailableError unless the schema is the one this version works with."""
    exists = await connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    found = None
    if exists.scalar():
        result = await connection.execute(text("SELECT version_num FROM alembic_version"))
        found = result.scalar()
    if found != head_revision():
        raise StoreUnavailableError(
            f"the schema is at {found}, this eegstore needs {head_revision()}; "
            "run `eegstore db upgrade`"
        )


async def raw(connection: AsyncConnection) -> Raw:
    """The psycopg connection beneath, in the same transaction."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    return driver


_SETTINGS = text(
    "SELECT name, setting FROM pg_settings WHERE name IN "
    "('server_version_num', 'fsync', 'full_page_writes', 'synchronous_commit')"
)

"""What a server that was just started needs until eegstore can use it: time, role, database."""

import asyncio
import subprocess

import psycopg
from psycopg import pq, sql

from eegstore.errors import StoreUnavailableError
from eegstore.store.postgres_cluster import POLL
from eegstore.store.postgres_runtime import Layout, Runtime

PAUSE_AT_MOST = 1.0  # [s] between attempts to connect


async def provide(
    layout: Layout, runtime: Runtime, server: subprocess.Popen[bytes], first_try: bool
) -> bool:
    """Wait until the server takes connections, then make the application's role and database.

    It waits as long as recovery after a crash takes. The role ``eegstore_app`` can log in
    and is granted nothing.

    Returns
    -------
    bool
        False when the server refuses the superuser's password on the `first_try`.

    Raises
    ------
    StoreUnavailableError
        When the server ends instead, quoting the log, or refuses its superuser.
    """
    try:
        connection = await _connect(layout, runtime, server)
    except psycopg.OperationalError as error:
        if first_try and "password authentication failed" in str(error):
            return False
        raise StoreUnavailableError(
            f"PostgreSQL in {layout.data} refuses its superuser: {error}"
        ) from None
    try:
        async with connection:
            await _make_role(connection, runtime.app_password)
            databases = await connection.execute(
                "SELECT FROM pg_database WHERE datname = 'eegstore'"
            )
            if not databases.rowcount:
                await connection.execute("CREATE DATABASE eegstore")
    except psycopg.Error as error:
        raise StoreUnavailableError(
            f"cannot prepare the database of {layout.data}: {error}"
        ) from error
    return True


async def _connect(
    layout: Layout, runtime: Runtime, server: subprocess.Popen[bytes]
) -> psycopg.AsyncConnection:
    target = (
        f"host=127.0.0.1 port={runtime.port} dbname=postgres user=postgres "
        f"password={runtime.admin_password} connect_timeout=10"
    )
    pause, runs = POLL, False
    while True:
        try:
            return await psycopg.AsyncConnection.connect(target, autocommit=True)
        except psycopg.OperationalError:
            if server.poll() is not None:
                raise StoreUnavailableError(
                    f"PostgreSQL {runtime.major} in {layout.data} ended with "
                    f"{server.returncode} while starting; last lines of {layout.log}:\n"
                    f"{layout.log_tail()}"
                ) from None
            if runs:
                raise
            # It may have come up since the attempt: only another one tells.
            runs = pq.PGconn.ping(target.encode()) == pq.Ping.OK
        if not runs:
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_AT_MOST)


async def _make_role(connection: psycopg.AsyncConnection, password: str) -> None:
    verifier = connection.pgconn.encrypt_password(
        password.encode(), b"eegstore_app", b"scram-sha-256"
    )
    roles = await connection.execute("SELECT FROM pg_roles WHERE rolname = 'eegstore_app'")
    verb = sql.SQL("ALTER" if roles.rowcount else "CREATE")
    await connection.execute(
        sql.SQL("{} ROLE eegstore_app LOGIN PASSWORD {}").format(
            verb, sql.Literal(verifier.decode())
        )
    )

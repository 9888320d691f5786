"""The detached process that owns one embedded PostgreSQL server.

``python -m eegstore.store.supervisor --data DIR --version 18 --bin DIR --linger 60``, started
by `eegstore.store.postgres.start`. It checks what it was asked for, locks the data directory,
listens on its control socket, writes the runtime file, and only then detaches: exit status 0
means that it runs and can be asked, `BUSY` that another one does, the others that it cannot.

It is single-threaded: it forks, and the kernel's parent-death signal belongs to a thread.
"""

import argparse
import asyncio
import contextlib
import hmac
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import pq, sql

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store import postgres_binaries, postgres_runtime
from eegstore.store.postgres_cluster import POLL, Cluster, check_major
from eegstore.store.postgres_control import BUSY, INVALID, LINE_LIMIT, UNAVAILABLE, State
from eegstore.store.postgres_runtime import LOG_LIMIT, FileLock, Layout, Runtime

FIRST_LEASE = 10.0  # [s]; so long a new supervisor waits for a lease at least
RETRY_AT_MOST = 30.0  # [s] between attempts to restart a server that does not start

log = logging.getLogger("eegstore.store.supervisor")


class Supervisor:
    """Keeps the server of a cluster up while it is used."""

    def __init__(
        self, cluster: Cluster, runtime: Runtime, linger: float, new_passwords: bool
    ) -> None:
        self.cluster = cluster
        self.runtime = runtime
        self.linger = linger
        self.new_passwords = new_passwords
        self.state: State = "starting"
        self.message = ""
        self.server: subprocess.Popen[bytes] | None = None
        self.leases: set[asyncio.StreamWriter] = set()
        self.listeners: set[asyncio.StreamWriter] = set()
        self.leased = False
        self.stopping = asyncio.Event()

    async def run(self, control: socket.socket) -> None:
        """Serve until nobody needs the server any more, or somebody stops it."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopping.set)
        serving = await asyncio.start_server(self._serve, sock=control, limit=LINE_LIMIT)
        keeper = asyncio.create_task(self._keep())
        await self._until_unneeded(keeper)
        serving.close()
        failed = self.state == "failed"
        self.state = "stopping"
        keeper.cancel()
        await asyncio.wait([keeper])
        if not keeper.cancelled() and (error := keeper.exception()):
            log.error("the supervisor failed", exc_info=error)
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            log.info("postgres ended with %d", await _end_of(self.server))
        if not failed:
            self._change("stopped")
        for writer in self.listeners:
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.drain(), 1)

    async def _until_unneeded(self, keeper: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()
        allowed = max(self.linger, FIRST_LEASE)
        since = loop.time()
        while not self.stopping.is_set():
            if keeper.done() and self.leased:
                return
            if self.leases:
                since = loop.time()
                allowed = self.linger
            elif loop.time() - since >= allowed:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), POLL)

    async def _keep(self) -> None:
        pause = 0.0
        while True:
            try:
                server = await self._bring_up()
            except (StoreUnavailableError, OSError) as error:
                log.error("%s", error)
                if pause == 0.0:
                    self._change("failed", str(error))
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_AT_MOST)
                continue
            pause = 1.0
            self._change("ready")
            status = await _end_of(server)
            self.server = None
            self._change("starting")
            log.warning("postgres ended with %d; starting it again", status)

    async def _bring_up(self) -> subprocess.Popen[bytes]:
        """Start the server and wait, for as long as recovery takes, until it can be used."""
        if not self.cluster.path.exists():
            await self.cluster.create(self.runtime.admin_password)
        elif self.new_passwords:
            await self.cluster.set_password(self.runtime.admin_password)
        self.new_passwords = False
        while True:
            port = postgres_runtime.free_port(self.runtime.port)
            self.runtime = replace(self.runtime, port=port)
            postgres_runtime.write(self.cluster.layout, self.runtime)
            self.server = await self.cluster.start(port)
            try:
                await self._provide(self.server)
                return self.server
            except StoreUnavailableError:
                ended = self.server.poll()
                self.server.send_signal(signal.SIGINT)
                await _end_of(self.server)
                self.server = None
                if ended is None or postgres_runtime.free_port(port) == port:
                    raise

    async def _provide(self, server: subprocess.Popen[bytes]) -> None:
        """Connect, and make the role and the database of the application."""
        target = (
            f"host=127.0.0.1 port={self.runtime.port} dbname=postgres user=postgres "
            f"password={self.runtime.admin_password} connect_timeout=10"
        )
        pause = POLL
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(target, autocommit=True)
                break
            except psycopg.OperationalError as error:
                if server.poll() is not None:
                    layout = self.cluster.layout
                    raise StoreUnavailableError(
                        f"PostgreSQL {self.cluster.major} in {layout.data} ended with "
                        f"{server.returncode} while starting; last lines of {layout.log}:\n"
                        f"{layout.log_tail()}"
                    ) from None
                if pq.PGconn.ping(target.encode()) == pq.Ping.OK:
                    raise StoreUnavailableError(
                        f"PostgreSQL in {self.cluster.layout.data} runs but refuses its "
                        f"superuser: {error}"
                    ) from None
            await asyncio.sleep(pause)
            pause = min(2 * pause, 1.0)
        try:
            async with connection:
                await _provision(connection, self.runtime.app_password)
        except psycopg.Error as error:
            raise StoreUnavailableError(f"cannot prepare the database: {error}") from error

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await asyncio.wait_for(reader.readline(), 10))
            token = str(request["token"]).encode()
            if hmac.compare_digest(token, self.runtime.token.encode()) and not self._ending():
                await self._answer(request["command"], reader, writer)
        except (OSError, ValueError, TypeError, KeyError, TimeoutError):
            pass
        finally:
            self.listeners.discard(writer)
            self.leases.discard(writer)
            writer.close()

    async def _answer(
        self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if command == "lease":
            self.leases.add(writer)
            self.leased = True
        if command in ("lease", "stop"):
            self.listeners.add(writer)
        writer.write(self._line())
        if command == "stop":
            self.stopping.set()
        if command != "status":
            await reader.read()

    def _ending(self) -> bool:
        return self.stopping.is_set() or self.state == "stopping"

    def _change(self, state: State, message: str = "") -> None:
        self.state, self.message = state, message
        for writer in self.listeners:
            writer.write(self._line())

    def _line(self) -> bytes:
        return json.dumps({"state": self.state, "message": self.message}).encode() + b"\n"


async def _end_of(process: subprocess.Popen[bytes]) -> int:
    while (status := process.poll()) is None:
        await asyncio.sleep(POLL)
    return status


async def _provision(connection: psycopg.AsyncConnection, password: str) -> None:
    verifier = connection.pgconn.encrypt_password(
        password.encode(), b"eegstore_app", b"scram-sha-256"
    )
    roles = await connection.execute("SELECT FROM pg_roles WHERE rolname = 'eegstore_app'")
    change = sql.SQL("{} ROLE eegstore_app LOGIN PASSWORD {}").format(
        sql.SQL("ALTER" if roles.rowcount else "CREATE"), sql.Literal(verifier.decode())
    )
    await connection.execute(change)
    databases = await connection.execute("SELECT FROM pg_database WHERE datname = 'eegstore'")
    if not databases.rowcount:
        await connection.execute("CREATE DATABASE eegstore")


def main() -> None:
    """Lock, check, listen, detach, serve."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--version", type=int, required=True)
    arguments.add_argument("--bin", type=Path)
    arguments.add_argument("--linger", type=float, required=True)  # [s]
    asked = arguments.parse_args()
    os.chdir("/")
    os.umask(0o077)
    layout = Layout(asked.data)
    lock = FileLock(layout.lock)
    if not lock.acquire():
        sys.exit(BUSY)
    try:
        cluster = _cluster(layout, asked.version, asked.bin)
        previous = postgres_runtime.read(layout)
        control = postgres_runtime.listen()
        runtime = postgres_runtime.fresh(previous, asked.version, control.getsockname()[1])
        postgres_runtime.write(layout, runtime)
        _redirect(layout)
    except InvalidDataError as error:
        print(error, file=sys.stderr)
        sys.exit(INVALID)
    except (StoreUnavailableError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(UNAVAILABLE)
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.captureWarnings(True)
    asyncio.run(_serve(cluster, runtime, asked.linger, previous is None, control))


async def _serve(
    cluster: Cluster, runtime: Runtime, linger: float, new_passwords: bool, control: socket.socket
) -> None:
    log.info("PostgreSQL %d of %s", cluster.major, cluster.bin)
    await Supervisor(cluster, runtime, linger, new_passwords).run(control)


def _cluster(layout: Layout, major: int, pg_bin: Path | None) -> Cluster:
    check_major(layout, major)
    layout.cluster(major).parent.mkdir(exist_ok=True)
    found = postgres_binaries.find(major, pg_bin)
    account = postgres_binaries.account_for(layout.cluster(major))
    return Cluster(layout, major, postgres_binaries.executable_by(account, found), account)


def _redirect(layout: Layout) -> None:
    if layout.log.exists() and layout.log.stat().st_size > LOG_LIMIT:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    descriptor = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


if __name__ == "__main__":
    main()

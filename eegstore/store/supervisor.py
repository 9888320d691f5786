"""The detached process that owns one embedded PostgreSQL server.

``python -m eegstore.store.supervisor --data DIR --version 18 --bin DIR --linger 60``, started
by `eegstore.store.postgres.start`. It checks what it was asked for, locks the data directory,
listens on its control socket, writes the runtime file, and only then detaches: exit status 0
means that it runs and can be asked, `BUSY` that another one does, the others that it cannot.

It starts no threads: it forks, and the kernel's parent-death signal belongs to a thread.
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

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store import postgres_binaries, postgres_runtime
from eegstore.store.postgres_cluster import POLL, Cluster, check_major
from eegstore.store.postgres_control import BUSY, INVALID, LINE_LIMIT, UNAVAILABLE, State
from eegstore.store.postgres_provide import provide
from eegstore.store.postgres_runtime import LOG_LIMIT, FileLock, Layout, Runtime

FIRST_LEASE = 10.0  # [s]; so long a new supervisor waits for a lease at least
RETRY_AT_MOST = 30.0  # [s] between attempts to restart a server that does not start

log = logging.getLogger("eegstore.store.supervisor")


class Supervisor:
    """Keeps the server of a cluster up while it is used."""

    def __init__(self, cluster: Cluster, runtime: Runtime, linger: float) -> None:
        self.cluster = cluster
        self.runtime = runtime
        self.linger = linger
        self.state: State = "starting"
        self.message = ""
        self.server: subprocess.Popen[bytes] | None = None
        self.leases: set[asyncio.StreamWriter] = set()
        self.listeners: set[asyncio.StreamWriter] = set()
        self.stopping = asyncio.Event()

    async def run(self, control: socket.socket) -> None:
        """Serve until nobody needs the server any more, or somebody stops it."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopping.set)
        serving = await asyncio.start_server(self._serve, sock=control, limit=LINE_LIMIT)
        keeper = asyncio.create_task(self._keep())
        await self._until_unneeded(keeper)
        serving.close()
        self.stopping.set()
        keeper.cancel()
        await asyncio.wait([keeper])
        if self.server is not None:
            await self._end(self.server)
        if self.state != "failed":
            self._change("stopped")
        for writer in tuple(self.listeners):
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.drain(), 1)

    async def _until_unneeded(self, keeper: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()
        allowed = max(self.linger, FIRST_LEASE)
        since = loop.time()
        while not self.stopping.is_set():
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
            except Exception as error:
                expected = isinstance(error, StoreUnavailableError)
                log.error("%s", str(error).partition("\n")[0], exc_info=not expected)
                if self.server is not None:
                    await self._end(self.server)
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
        cluster, new_password = self.cluster, False
        while True:
            with await cluster.claim() as lock:
                if not cluster.path.exists():
                    await cluster.create(lock, self.runtime.admin_password)
                elif new_password:
                    await cluster.set_password(lock, self.runtime.admin_password)
                port = postgres_runtime.free_port(self.runtime.port)
                self.runtime = replace(self.runtime, port=port)
                postgres_runtime.write(cluster.layout, self.runtime)
                self.server = server = cluster.start(lock, port)
            try:
                if await provide(cluster.layout, self.runtime, server, not new_password):
                    return server
                log.warning("the superuser has another password than postgres.json says")
                new_password = True
            except StoreUnavailableError:
                if server.poll() is None or postgres_runtime.free_port(port) == port:
                    raise
                log.warning("port %d was taken meanwhile", port)
            await self._end(server)

    async def _end(self, server: subprocess.Popen[bytes]) -> None:
        server.send_signal(signal.SIGINT)
        log.info("postgres ended with %d", await _end_of(server))
        self.server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await asyncio.wait_for(reader.readline(), 10))
            token, right = str(request["token"]), self.runtime.token
            known = hmac.compare_digest(token.encode(), right.encode())
            if known and not self.stopping.is_set():
                await self._answer(request["command"], reader, writer)
        except (OSError, ValueError, TypeError, KeyError, TimeoutError, asyncio.CancelledError):
            pass  # not one of ours, or gone, or the supervisor ends
        finally:
            self.listeners.discard(writer)
            self.leases.discard(writer)
            writer.close()

    async def _answer(
        self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if command == "lease":
            self.leases.add(writer)
        if command in ("lease", "stop"):
            self.listeners.add(writer)
        writer.write(self._line())
        if command == "stop" or (self.state == "failed" and self.leases):
            self.stopping.set()
        if command != "status":
            await reader.read()

    def _change(self, state: State, message: str = "") -> None:
        self.state, self.message = state, message
        for writer in self.listeners:
            writer.write(self._line())
        if state == "failed" and self.leases:  # they have been told; whoever asks now begins anew
            self.stopping.set()

    def _line(self) -> bytes:
        return json.dumps({"state": self.state, "message": self.message}).encode() + b"\n"


async def _end_of(process: subprocess.Popen[bytes]) -> int:
    while (status := process.poll()) is None:
        await asyncio.sleep(POLL)
    return status


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
    try:
        lock = FileLock(layout.lock)
        if not lock.acquire():
            sys.exit(BUSY)
        cluster = _cluster(layout, asked.version, asked.bin)
        control = postgres_runtime.listen()
        runtime = postgres_runtime.renewed(
            postgres_runtime.read(layout), asked.version, control.getsockname()[1]
        )
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
    log.info("PostgreSQL %d of %s", cluster.major, cluster.bin)
    asyncio.run(Supervisor(cluster, runtime, asked.linger).run(control))


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

"""Serving an app on a listening socket, in this process or in several."""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from eegstore.api.accepting import Acceptor, Shares
from eegstore.api.moving import Moving
from eegstore.api.stream import MAX_HEARD
from eegstore.errors import StoreUnavailableError

_LOOK = 1.0  # [s] for a worker to serve or to be replaced, then the next look
_WATCH = 0.25  # [s] between looks at whether a worker's parent is still there
_log = logging.getLogger("eegstore")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; OSError says why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error


def serve(
    make: Callable[[], FastAPI], at: socket.socket, ready: Callable[[], None], workers: int = 1
) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM; requests under way are finished.

    Parameters
    ----------
    make : callable
        Makes the app, in each of several workers its own; then it must be one that pickle takes.
    ready : callable
        Called once, when all workers serve.
    workers : int
        Processes, which share the connections evenly. One that ends unasked is replaced, once
        all have served: what it had acknowledged is stored, and its clients see their
        connections end.

    Raises
    ------
    StoreUnavailableError
        When the service could not start.
    """
    started = _alone(make, at, ready) if workers == 1 else _together(make, at, ready, workers)
    if not started:
        raise StoreUnavailableError("the service could not start; its log says why")


def _config(make: Callable[[], FastAPI], workers: int) -> uvicorn.Config:
    return uvicorn.Config(
        make, factory=True, workers=workers, log_level="warning", access_log=False,
        timeout_graceful_shutdown=10, ws_max_size=MAX_HEARD, ws_per_message_deflate=False,
    )  # fmt: skip


def _alone(make: Callable[[], FastAPI], at: socket.socket, ready: Callable[[], None]) -> bool:
    server = _Server(_config(make, 1), ready)
    server.run(sockets=[at])
    return server.started


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _together(
    make: Callable[[], FastAPI], at: socket.socket, ready: Callable[[], None], workers: int
) -> bool:
    config = _config(partial(_as_worker, make, os.getpid()), workers)
    supervisor = _Supervisor(config, [at], ready)
    supervisor.run()
    return not supervisor.failed


class _Supervisor(Multiprocess):
    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], ready: Callable[[], None]
    ) -> None:
        super().__init__(config, sockets)
        self.failed = False  # a worker ended before all served
        self._ready = ready
        self._shares = Shares(self.processes_num)

    def init_processes(self) -> None:
        """Start all workers, and tell when they serve."""
        self.processes += [self._started(index) for index in range(self.processes_num)]
        waiting = list(self.processes)
        while waiting and not self.should_exit.is_set():
            if waiting[0].wait_until_ready(_LOOK, self.should_exit):
                waiting.pop(0)
            elif not all(process.process.is_alive() for process in waiting):
                self.failed = True
                self.should_exit.set()
            self.handle_signals()
        if not waiting:
            self._ready()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have ended, until it works: what they lack may come back."""
        for index, old in enumerate(self.processes):
            # Not by asking it: one that is busy, or still starts, may take long to answer.
            if self.should_exit.is_set() or old.process.is_alive():
                continue
            old.join()
            _log.warning("worker %s ended with %s; another follows", old.pid, old.exitcode)
            self.should_exit.wait(_LOOK)
            self.processes[index] = self._started(index)

    def _started(self, index: int) -> Process:
        worker = _Worker(self.config, self.sockets, self._shares, index)
        worker.start()
        return worker

    def handle_hup(self) -> None:
        """Its terminal is gone: end, as one process does."""
        self.should_exit.set()

    handle_quit = handle_hup

    def handle_ttin(self) -> None:
        """The number of workers stays."""

    handle_ttou = handle_ttin


class _Worker(Process):
    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], shares: Shares, index: int
    ) -> None:
        super().__init__(config, sockets)
        self._share = shares, index

    @property
    def server(self) -> uvicorn.Server:
        """Made in the worker, where it is asked for first."""
        if self._server is None:
            self._server = _OneOfSeveral(self.config, *self._share)
        return self._server


class _OneOfSeveral(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, shares: Shares, index: int) -> None:
        super().__init__(config)
        self._share = shares, index
        self._acceptors: list[Acceptor] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self._acceptors += [
            Acceptor(at, *self._share, self.server_state.connections, self._protocol)
            for at in sockets or []
        ]
        self.config.loaded_app = Moving(self.config.loaded_app, self._acceptors)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for acceptor in self._acceptors:
            acceptor.close()
            await acceptor.wait_closed()  # else nobody would tell what opens now to end
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        for acceptor in self._acceptors:
            acceptor.tell()
        return await super().on_tick(counter)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


def _as_worker(make: Callable[[], FastAPI], parent: int) -> FastAPI:
    """The app, in a process that ends when its parent has ended, however that came."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    return make()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os.kill(os.getpid(), signal.SIGTERM)

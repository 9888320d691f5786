"""The HTTP service: routers, one per noun, around one database."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import Depends, FastAPI
from starlette.types import Receive, Scope, Send

from eegstore.api import annotations, health, ingest, overview, recordings, studies, windows
from eegstore.api.access import require_key
from eegstore.api.problems import MAX_BODY, add_handlers, problem, too_large
from eegstore.errors import AccessError, StoreUnavailableError
from eegstore.store.database import Database


def create_app(database_url: str, api_key: str | None, pool_size: int = 8) -> FastAPI:
    """The app on a database; `api_key` None lets everybody in.

    Opening it fails when the server would not keep what is acknowledged
    (`Database.check`).
    """

    if api_key == "":
        raise AccessError("an empty API key would let everybody in")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(database_url, pool_size)
        app.state.database = database
        try:
            await database.check()
            yield
        finally:
            await database.close()

    app = _App(
        title="eegstore",
        version=version("eegstore"),
        summary="EEG in, second by second; windows out.",
        lifespan=lifespan,
        max_body_size=MAX_BODY,
    )
    app.state.api_key = api_key
    add_handlers(app)
    app.include_router(health.router)
    for module in (recordings, studies, ingest, windows, overview, annotations):
        app.include_router(module.router, dependencies=[Depends(require_key)])
    return app


class _App(FastAPI):
    """Refuses a body that says it is too large before a byte of it is read, and takes seconds
    on the short way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            stated = dict(scope["headers"]).get(b"content-length", b"0")
            if stated.isdigit() and int(stated[:20]) > MAX_BODY:
                await problem(too_large(f"{int(stated[:20])} bytes"))(scope, receive, send)
                return
            if scope["path"] == "/ingest" and scope["method"] == "POST":
                scope["app"] = self
                await ingest.direct(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; OSError says why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error


def serve(app: FastAPI, at: socket.socket, ready: Callable[[], None]) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM; requests under way are finished.

    Raises
    ------
    StoreUnavailableError
        When the service could not start.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=10
    )
    server = _Server(config, ready)
    server.run(sockets=[at])
    if not server.started:
        raise StoreUnavailableError("the service could not start; its log says why")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

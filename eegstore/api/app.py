"""The HTTP service: routers, one per noun, around one database."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from eegstore.api import (
    annotations,
    files,
    health,
    ingest,
    montages,
    overview,
    patients,
    recordings,
    reviews,
    session,
    spectra,
    stream,
    studies,
    windows,
)
from eegstore.api.access import require_key
from eegstore.api.docs import add_docs
from eegstore.api.problems import MAX_BODY, add_handlers, problem, too_large, unforeseen
from eegstore.errors import AccessError
from eegstore.service.kept import kept_of
from eegstore.store.database import Database

_log = logging.getLogger("eegstore")


def create_app(
    database_url: str,
    api_key: str | None,
    pool_size: int = 8,
    viewer_origins: Collection[str] = (),
    kept_mb: int = 64,
    workers: int = 1,
) -> FastAPI:
    """The app on a database; `api_key` None lets everybody in.

    Pages of `viewer_origins` may ask from a browser; see `eegstore.api.session`. Of several
    `workers`, of which this is one, each keeps its part of `kept_mb`.

    Opening it fails when the server would not keep what is acknowledged
    (`Database.check`).
    """

    if api_key == "":
        raise AccessError("an empty API key would let everybody in")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(database_url, pool_size)
        database.alone = workers == 1
        kept_of(database, (kept_mb << 20) // workers)
        app.state.database = database
        try:
            await database.check()
            yield
        finally:
            await database.close()

    app = _App(
        frozenset(viewer_origins),
        title="eegstore",
        version=version("eegstore"),
        summary="EEG in, second by second; windows out.",
        lifespan=lifespan,
        max_body_size=MAX_BODY,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.api_key = api_key
    app.state.viewer_origins = frozenset(viewer_origins)
    add_handlers(app)
    app.include_router(health.router)
    app.include_router(session.router)
    app.include_router(stream.router)
    for module in (
        patients, recordings, studies, ingest, windows, overview, spectra, annotations, reviews,
        montages, files,
    ):  # fmt: skip
        app.include_router(module.router, dependencies=[Depends(require_key)])
    add_docs(app)
    return app


_SHORT: dict[tuple[str, str], Callable[[Request], Awaitable[Response | None]]] = {
    ("POST", "/ingest"): ingest.direct,
    ("GET", "/eeg"): windows.direct,
}
"""Ways past the framework; None sends a request that is not for them on the usual way."""


class _App(FastAPI):
    """Lets pages of some origins ask, refuses a body that says it is too large before a byte of
    it is read, and answers what is asked most on the short way."""

    def __init__(self, origins: Collection[str], **options: Any) -> None:
        super().__init__(**options)
        # Around everything: what fails tells a page so, and not only that it may not know.
        self._for_pages = CORSMiddleware(
            self._bounded, allow_origins=origins, allow_methods=("GET", "POST"),
            allow_headers=("If-None-Match",), allow_credentials=True,
            expose_headers=("ETag", "Retry-After"),
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif scope["method"] == "POST" and b"origin" not in dict(scope["headers"]):
            await self._bounded(scope, receive, send)  # no page asks, and nothing keeps the answer
        else:
            await self._for_pages(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if size := _over(dict(scope["headers"])):
            await problem(too_large(f"{size} bytes"))(scope, receive, send)
            return
        if short := _SHORT.get((scope["method"], scope["path"])):
            scope["app"] = self
            response = await _in_any_case(short(Request(scope, receive)))
            if response is not None:
                await response(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


async def _in_any_case(answering: Awaitable[Response | None]) -> Response | None:
    """An answer also where nobody foresaw what fails: the framework's own is not asked."""
    try:
        return await answering
    except Exception:
        _log.exception("a request on the short way")
        return unforeseen()


def _over(headers: dict[bytes, bytes]) -> int:
    """The size that a body says it has, when that is too large."""
    stated = headers.get(b"content-length", b"0")
    size = int(stated[:20]) if stated.isdigit() else 0
    return size if size > MAX_BODY else 0

"""The HTTP service: routers, one per noun, around one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import Depends, FastAPI

from eegstore.api import annotations, health, ingest, recordings, windows
from eegstore.api.access import require_key
from eegstore.api.problems import MAX_BODY, add_handlers
from eegstore.store.database import Database


def create_app(database_url: str, api_key: str | None, pool_size: int = 8) -> FastAPI:
    """The app on a database; `api_key` None lets everybody in.

    Opening it fails when the server would not keep what is acknowledged
    (`Database.check`).
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(database_url, pool_size)
        app.state.database = database
        try:
            await database.check()
            yield
        finally:
            await database.close()

    app = FastAPI(
        title="eegstore",
        version=version("eegstore"),
        summary="EEG in, second by second; windows out.",
        lifespan=lifespan,
        max_body_size=MAX_BODY,
    )
    app.state.api_key = api_key
    add_handlers(app)
    app.include_router(health.router)
    for module in (recordings, ingest, windows, annotations):
        app.include_router(module.router, dependencies=[Depends(require_key)])
    return app


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished."""
    uvicorn.run(
        app, host=host, port=port, log_level="warning", access_log=False,
        timeout_graceful_shutdown=10,
    )  # fmt: skip

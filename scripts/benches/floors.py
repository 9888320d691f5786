"""Routes to compare the API with, in the same server and on the same database.

``/nothing`` answers with so many bytes, ``/blobs`` passes stored blobs through, ``/rows`` is
the service of a row per sample.
"""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache, partial
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from starlette.responses import Response

from eegstore.api.serving import listen, serve
from eegstore.store import chunks as chunk_table
from eegstore.store.database import Database
from scripts.benches.peers.rows import SampleRow, between

BINARY = "application/octet-stream"
Labels = Annotated[list[str], Query()]


class Point(BaseModel):
    """One sample in the JSON of the original plan."""

    timestamp: datetime
    value: float


@lru_cache
def _nothing(size: int) -> bytes:
    return bytes(size)


def create_app(url: str) -> FastAPI:
    """The app on a database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = Database(url)
        app.state.engine = create_async_engine(url)
        yield
        await app.state.database.close()
        await app.state.engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/nothing")
    async def nothing(size: int) -> Response:
        return Response(_nothing(size), media_type=BINARY)

    @app.get("/blobs")
    async def blobs(
        request: Request, patient_id: str, recording_id: str, start: int, end: int
    ) -> Response:
        async with request.app.state.database.reading() as connection:
            found = await chunk_table.blobs(connection, patient_id, recording_id, start, end)
        return Response(b"".join(blob for _, blob in found), media_type=BINARY)

    @app.get("/rows")
    async def rows(
        request: Request, recording_id: str, start: int, end: int, channels: Labels
    ) -> dict[str, list[Point]]:
        """With the ORM and a response model, as the documentation of both has it."""
        query = between(select(SampleRow), recording_id, channels, start, end)
        found: dict[str, list[Point]] = {}
        async with AsyncSession(request.app.state.engine) as session:
            for row in await session.scalars(query):
                point = Point(timestamp=row.timestamp, value=row.value)
                found.setdefault(row.channel, []).append(point)
        return found

    @app.get("/rows/tuned")
    async def tuned(
        request: Request, recording_id: str, start: int, end: int, channels: Labels
    ) -> Response:
        """Only the columns, no objects, and the fastest JSON writer."""
        columns = select(SampleRow.channel, SampleRow.timestamp, SampleRow.value)
        query = between(columns, recording_id, channels, start, end)
        found: dict[str, list[dict[str, Any]]] = {}
        async with request.app.state.engine.connect() as connection:
            for channel, timestamp, value in await connection.execute(query):
                found.setdefault(channel, []).append({"timestamp": timestamp, "value": value})
        return Response(orjson.dumps(found), media_type="application/json")

    return app


def main() -> None:
    """Serve on the port that is told, on the database in EEGSTORE_DATABASE_URL."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    with listen("127.0.0.1", port) as socket:
        serve(partial(create_app, os.environ["EEGSTORE_DATABASE_URL"]), socket, lambda: None)


if __name__ == "__main__":
    main()

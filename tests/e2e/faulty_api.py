"""An API that acknowledges first and commits later: what the tests of faults must catch.

``python -m tests.e2e.faulty_api --port PORT --early WHAT``, where WHAT is

    requests    it keeps the newest acknowledged seconds in memory, at most `BATCH` of them and
                never none, so that a kill is sure to lose some
    groups      requests that share a transaction are answered `LATE` seconds before it is
                committed
"""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from fastapi import FastAPI

from eegstore.api.app import create_app
from eegstore.api.serving import listen, serve
from eegstore.cli.terminal import database_url
from eegstore.config import Settings, api_key
from eegstore.errors import EegStoreError
from eegstore.model import Chunk
from eegstore.service import grouping, ingest
from eegstore.service.ingest import STORED, Outcome
from eegstore.service.recordings import Declared
from eegstore.service.writing import Batch, Result
from eegstore.store.database import Database

BATCH = 20
LATE = 0.5  # [s]
_durable, _write = ingest.store, grouping.write
_waiting: list[tuple[Declared, Chunk]] = []
_tasks: set[asyncio.Task[None]] = set()


async def acknowledge_first(
    database: Database,
    declared: Declared,
    chunks: Sequence[Chunk],
    device_time: datetime | None = None,
) -> list[Outcome]:
    """As `eegstore.service.ingest.store`, but what it says is not true yet."""
    _waiting.extend((declared, chunk) for chunk in chunks)
    while len(_waiting) > BATCH:
        of, chunk = _waiting.pop(0)
        await _durable(database, of, [chunk])
    return [
        Outcome(row.second, STORED, row.content_sha256.hex())
        for row in ingest.prepare(declared, chunks)
    ]


async def write_later(
    database: Database, batches: Sequence[Batch], *, wait: bool = False
) -> list[Result]:
    """As `eegstore.service.writing.write`, but the commit comes after the answer."""

    async def late() -> None:
        await asyncio.sleep(LATE)
        try:
            await _write(database, batches, wait=wait)
        except EegStoreError as error:
            print(f"nobody hears of it: {error}", flush=True)

    task = asyncio.create_task(late())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return [
        [Outcome(row.second, STORED, row.content_sha256.hex()) for row in batch.rows]
        for batch in batches
    ]


def make(early: str, url: str, key: str | None) -> FastAPI:
    """The app; what is wrong with it is wrong in every process that makes it."""
    if early == "requests":
        ingest.store = acknowledge_first
    else:
        grouping.write = write_later
    return create_app(url, key)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--early", choices=["requests", "groups"], required=True)
    arguments = parser.parse_args()
    values = Settings()
    key = api_key(values, create=True)
    with listen("127.0.0.1", arguments.port) as socket, database_url(values) as url:
        app = partial(make, arguments.early, url, key)
        serve(app, socket, partial(print, "all serve", flush=True), values.workers)


if __name__ == "__main__":
    main()

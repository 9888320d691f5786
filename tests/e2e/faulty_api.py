"""An API that acknowledges first and commits later: what the tests of faults must catch.

``python -m tests.e2e.faulty_api --port PORT``. It keeps the newest acknowledged seconds in
memory, at most `BATCH` of them and never none, so that a kill is sure to lose some.
"""

import argparse
import threading
from collections.abc import Sequence
from datetime import datetime

from eegstore.api.app import create_app, listen, serve
from eegstore.cli.terminal import database_url
from eegstore.config import Settings, api_key
from eegstore.model import Chunk
from eegstore.service import ingest
from eegstore.service.ingest import STORED, Outcome
from eegstore.service.recordings import Declared
from eegstore.store.database import Database

BATCH = 20
_durable = ingest.store
_waiting: list[tuple[Declared, Chunk]] = []


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


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    port = arguments.parse_args().port
    values = Settings()
    key = api_key(values, create=True)
    ingest.store = acknowledge_first
    with listen("127.0.0.1", port) as socket, database_url(values) as url:
        serve(create_app(url, key), socket, threading.Event().set)


if __name__ == "__main__":
    main()

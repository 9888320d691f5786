"""A service in two processes that cannot start while a file is there.

``python -m tests.e2e.wobbly_api --port PORT --unless FILE``. With ``--broken`` it cannot be made.
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from eegstore.api.serving import listen, serve


def make(unless: Path, broken: bool) -> FastAPI:
    if broken:
        raise RuntimeError("it cannot be made")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if unless.exists():
            raise RuntimeError("what it needs is away")
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def ready() -> str:
        return "ready"

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unless", type=Path, required=True)
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    with listen("127.0.0.1", given.port) as socket:
        app = partial(make, given.unless, given.broken)
        serve(app, socket, partial(print, "they serve", flush=True), 2)


if __name__ == "__main__":
    main()

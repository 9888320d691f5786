"""Connections for the statement that turns pages, which must wait for nothing else.

One SELECT in autocommit is one round trip; in a transaction it is three. And SQLAlchemy's
checkout takes longer than the statement itself (measured on 10 s: 0.4 ms to fetch, 0.5 ms
for the checkout, 1.0 ms with BEGIN and COMMIT), which is why these connections have a pool
of their own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy import URL

from eegstore.errors import StoreUnavailableError
from eegstore.store.driver import POOL_TIMEOUT, Raw, translated


class Readers:
    """A pool of connections on which every statement is a transaction of its own.

    Parameters
    ----------
    url : URL
    options : str
        Of libpq: what each connection is set to.
    size : int
        Connections at most.
    """

    def __init__(self, url: URL, options: str, size: int) -> None:
        self._url = url
        self._options = options
        self._idle: list[Raw] = []
        self._free = asyncio.Semaphore(size)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Raw]:
        """A connection for a while.

        Raises
        ------
        StoreUnavailableError
            All are busy, or the database cannot be reached.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        reader: Raw | None = None
        try:
            with translated():
                reader = self._idle.pop() if self._idle else await self._connect()
                yield reader
        finally:
            self._free.release()
            if reader is not None:
                await self._back(reader)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POOL_TIMEOUT):
                await self._free.acquire()
        except TimeoutError:
            raise StoreUnavailableError(f"all connections busy for {POOL_TIMEOUT:g} s") from None

    async def close(self) -> None:
        """Close all that are idle."""
        while self._idle:
            await self._idle.pop().close()

    async def _connect(self) -> Raw:
        reader = await psycopg.AsyncConnection.connect(
            self._url.set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True, prepare_threshold=2, connect_timeout=10, options=self._options,
        )  # fmt: skip
        return reader

    async def _back(self, reader: Raw) -> None:
        if reader.closed:
            await self.close()  # the server has gone away from the others too
        elif reader.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            await reader.close()  # who asked has given up, and the answer is still to come
        else:
            self._idle.append(reader)

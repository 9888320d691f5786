"""A statement that turns pages, on the connection beneath the driver.

The driver's cursors convert types, keep statements and results, and lock; for one statement
whose types are known that is a third of the time of the whole trip (10 s of blobs: 0.34 ms by
cursor, 0.26 ms here). So its values go out and come back as PostgreSQL's binary formats.
"""

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from psycopg import errors, pq

from eegstore.store.driver import Raw

TEXT, BIGINT, BYTES = 25, 20, 17  # OIDs of PostgreSQL's types

_prepared: WeakKeyDictionary[Raw, set[bytes]] = WeakKeyDictionary()


class Prepared:
    """A statement that is prepared once on each connection.

    Parameters
    ----------
    name : bytes
        No other statement's.
    query : bytes
        With parameters $1, $2 ...
    types : sequence of int
        OIDs of the parameters.
    """

    def __init__(self, name: bytes, query: bytes, types: Sequence[int]) -> None:
        self._name, self._query, self._types = name, query, list(types)
        self._formats = [pq.Format.BINARY] * len(self._types)

    async def send(self, connection: Raw, *values: bytes) -> None:
        """Ask with parameters in binary form; `answer` is what comes next on the connection.

        Nobody else may use the connection until then, which is in autocommit.

        Raises
        ------
        psycopg.Error
        """
        pgconn = connection.pgconn
        known = _prepared.setdefault(connection, set())
        if self._name not in known:
            pgconn.send_prepare(self._name, self._query, self._types)
            await _result(pgconn)
            known.add(self._name)
        pgconn.send_query_prepared(self._name, values, self._formats, pq.Format.BINARY)

    @staticmethod
    async def answer(connection: Raw) -> pq.abc.PGresult:
        """The result of what was sent last, in binary form; raises psycopg.Error."""
        return await _result(connection.pgconn)


def number(value: int) -> bytes:
    """A bigint in binary form."""
    return value.to_bytes(8, "big", signed=True)


async def _result(pgconn: pq.abc.PGconn) -> pq.abc.PGresult:
    while pgconn.flush():  # the server may wait with reading until it has been read
        await _ready(pgconn, writing=True)
        pgconn.consume_input()
    result = await _next(pgconn)
    assert result is not None
    while await _next(pgconn) is not None:
        pass
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise errors.error_from_result(result)
    return result


async def _next(pgconn: pq.abc.PGconn) -> pq.abc.PGresult | None:
    while pgconn.is_busy():
        await _ready(pgconn)
        pgconn.consume_input()
    return pgconn.get_result()


async def _ready(pgconn: pq.abc.PGconn, *, writing: bool = False) -> None:
    """Wait until there is something to read, or room to write."""
    loop, socket = asyncio.get_running_loop(), pgconn.socket
    woken: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    loop.add_reader(socket, wake)
    if writing:
        loop.add_writer(socket, wake)
    try:
        await woken
    finally:
        loop.remove_reader(socket)
        if writing:
            loop.remove_writer(socket)

"""Connections shared evenly among the processes that listen on one socket.

Left to themselves they are not: the system wakes first whoever waited last, so one that has
little to do takes nearly all that come, and keeps them, since a device holds its connection for
days. Here the one with the fewest takes the next at once, and the others only when it has not
for a while: it may be busy, stopped or dead.
"""

import asyncio
import logging
import multiprocessing
import socket
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

PATIENCE = 0.05  # [s] in which one with fewer connections may take the next
_AGAIN = 1.0  # [s] after which one that had no file left tries again
_AWAY = 2**31 - 1  # connections of one that does not serve
_log = logging.getLogger("eegstore")


class Shares:
    """How many connections each process has, in memory that they share.

    Parameters
    ----------
    n : int
        Processes; none of them serves at first.
    """

    def __init__(self, n: int) -> None:
        # Each writes its own number alone, so that nobody needs a lock, nor leaves one behind.
        memory = multiprocessing.get_context("spawn").RawArray
        self._counts: Any = memory("i", [_AWAY] * n)
        self._taken: Any = memory("L", n)

    def tell(self, index: int, count: int) -> None:
        """Process `index` has so many now."""
        self._counts[index] = count

    def away(self, index: int) -> None:
        """Process `index` does not serve."""
        self._counts[index] = _AWAY

    def took(self, index: int) -> None:
        """Process `index` has taken one more."""
        self._taken[index] += 1

    def taken(self) -> int:
        """How many all have taken so far."""
        return sum(self._taken)

    def least(self) -> int:
        """The connections of the one with the fewest."""
        fewest: int = min(self._counts)
        return fewest


class Acceptor:
    """Takes connections from a listening socket in one of several processes; in its event loop.

    Parameters
    ----------
    at : socket
        Listens; other processes have it as well.
    shares : Shares
        What all of them have.
    index : int
        Which of them this is.
    connections : set of protocols
        What is open here; whoever is connected or has left changes it.
    make : callable
        Makes the protocol of a connection.
    """

    def __init__(
        self, at: socket.socket, shares: Shares, index: int, connections: Collection[Any],
        make: Callable[[], asyncio.Protocol],
    ) -> None:  # fmt: skip
        self._at, self._shares, self._index = at, shares, index
        self._connections, self._make = connections, make
        self._loop = asyncio.get_running_loop()
        self._opening: dict[asyncio.Task[None], asyncio.Protocol] = {}
        self._later: asyncio.TimerHandle | None = None
        at.setblocking(False)
        self.tell()
        self._listen()

    def tell(self) -> int:
        """Let the others know how many connections are open here; returns it."""
        soon = sum(protocol not in self._connections for protocol in self._opening.values())
        count = len(self._connections) + soon
        self._shares.tell(self._index, count)
        return count

    def close(self) -> None:
        """Take no more."""
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._at)
        self._shares.away(self._index)

    async def wait_closed(self) -> None:
        """Until the last that was taken is open."""
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _listen(self) -> None:
        self._later = None
        self._loop.add_reader(self._at, self._one_waits)

    def _one_waits(self) -> None:
        if self.tell() <= self._shares.least():
            self._take()
        else:
            self._pause(PATIENCE, partial(self._late, self._shares.taken()))

    def _late(self, taken: int) -> None:
        self._listen()
        if self._shares.taken() == taken:  # else what waits now has not waited for so long
            while self._take():
                pass

    def _pause(self, delay: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._at)
        self._later = self._loop.call_later(delay, then)

    def _take(self) -> bool:
        try:
            connection, _ = self._at.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another was faster, or who came left
            return False
        except OSError as error:
            _log.error("cannot take a connection: %s", error.strerror)
            self._pause(_AGAIN, self._listen)
            return False
        self._shares.took(self._index)
        connection.setblocking(False)
        protocol = self._make()
        opening = self._loop.create_task(self._open(connection, protocol))
        self._opening[opening] = protocol
        opening.add_done_callback(self._opening.pop)
        self.tell()
        return True

    async def _open(self, connection: socket.socket, protocol: asyncio.Protocol) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(lambda: protocol, connection)
        except OSError as error:  # who came has left
            _log.debug("a connection ended before it was open: %s", error)
            connection.close()

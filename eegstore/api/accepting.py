"""Connections shared evenly among the processes that listen on one socket.

Left to themselves they are not: the system wakes first whoever waited last, so one that has
little to do takes nearly all that come, and keeps them, since a device holds its connection for
days. Here the one with the fewest takes the next at once. The others look again a millisecond
later and are less particular the longer something waits, so that a crowd is let in quickly and
one that is slow keeps nobody waiting; one that was not heard of for a while does not count.

That does not help one that takes the place of another, nor when many leave and others come
before all know it. So one that has far more than another ends some HTTP connections after an
answer (`eegstore.api.moving`), and their clients connect again for their next request: now one,
the next when the other has got one, else less and less often.
"""

import asyncio
import errno
import logging
import multiprocessing
import socket
from collections.abc import Callable, Collection
from time import monotonic
from typing import Any

from eegstore.errors import StoreUnavailableError

STEP = 0.001  # [s] to the next look of one that has more than the one with the fewest; for each
# that something has waited it may have one more
PATIENCE = 0.02  # [s] after which it takes what still waits, however many it has
AT_ONCE = 8  # in one turn of the event loop
SILENT = 0.3  # [s] without a word, after which a process does not count
FAR_MORE = 3  # connections than the one with the fewest has, and a sixteenth
MOVING = 0.01  # [s] from one that is to connect again to the next
_SELDOM = 1.0  # [s] instead, where the one with the fewest does not get them
_AGAIN = 1.0  # [s] after which one that had no file left tries again
_AWAY = 2**31 - 1  # connections of one that takes none
_FULL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_log = logging.getLogger("eegstore")


class Shares:
    """How many connections each process has, in memory that they share.

    Parameters
    ----------
    n : int
        Processes; none of them takes connections at first.

    Raises
    ------
    StoreUnavailableError
        The system shares no memory.
    """

    def __init__(self, n: int) -> None:
        # Each writes its own places alone, so that nobody needs a lock, nor leaves one behind.
        memory = multiprocessing.get_context("spawn").RawArray
        try:
            self._counts: Any = memory("i", [_AWAY] * n)
            self._heard: Any = memory("d", n)
        except OSError as error:
            raise StoreUnavailableError(f"several workers need shared memory: {error}") from error

    def tell(self, index: int, count: int) -> None:
        """Process `index` has so many now."""
        self._counts[index] = count
        self._heard[index] = monotonic()

    def away(self, index: int) -> None:
        """Process `index` takes none."""
        self._counts[index] = _AWAY

    def least(self) -> int:
        """The connections of the one with the fewest, of those that were heard of lately."""
        since = monotonic() - SILENT
        counts = zip(self._counts, self._heard, strict=True)
        return min((count for count, heard in counts if heard >= since), default=_AWAY)


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
        self._away = False
        self._moves_again = 0.0  # when the next may be asked to connect again
        self._moving, self._least = MOVING, -1
        self._n_seen = 0  # times that something waited
        self._since: float | None = None  # when something has waited without a break
        at.setblocking(False)
        self.tell()
        self._listen()

    def tell(self) -> int:
        """Let the others know how many connections are open here; returns it.

        To be called ten times a second at least, so that this one counts.
        """
        soon = sum(protocol not in self._connections for protocol in self._opening.values())
        count = len(self._connections) + soon
        if not self._away:
            self._shares.tell(self._index, count)
        return count

    def moves_one(self) -> bool:
        """Whether who is answered now is to connect again, since another has far fewer."""
        now = monotonic()
        if now < self._moves_again:
            return False
        least = self._shares.least()
        if self.tell() <= least + FAR_MORE + least // 16:
            self._least = -1
            return False
        self._moving = MOVING if least > self._least else min(2 * self._moving, _SELDOM)
        self._moves_again, self._least = now + self._moving, least
        return True

    def close(self) -> None:
        """Take no more."""
        self._away = True
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._at)
        self._shares.away(self._index)

    async def wait_closed(self) -> None:
        """Until the last that was taken is open."""
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _listen(self) -> None:
        self._later, self._away = None, False
        self._loop.add_reader(self._at, self._one_waits)
        self._look_whether_it_stays()

    def _look_whether_it_stays(self) -> None:
        # What waits is seen in the next turn of the loop, before the second call.
        self._loop.call_soon(self._loop.call_soon, self._settle, self._n_seen)

    def _settle(self, n_seen: int) -> None:
        if self._n_seen == n_seen:
            self._since = None  # others have taken it

    def _one_waits(self) -> None:
        self._n_seen += 1
        if self._since is None:
            self._since = monotonic()
        for taken in range(AT_ONCE):
            if not self._may_take(monotonic() - self._since):
                if taken:
                    self._look_whether_it_stays()
                else:
                    self._pause(STEP)
                return
            if not self._take():
                return
        self._look_whether_it_stays()

    def _may_take(self, waited: float) -> bool:
        return waited > PATIENCE or self.tell() <= self._shares.least() + waited / STEP

    def _pause(self, delay: float) -> None:
        self._loop.remove_reader(self._at)
        self._later = self._loop.call_later(delay, self._listen)

    def _take(self) -> bool:
        try:
            connection, _ = self._at.accept()
        except BlockingIOError:  # another was faster
            self._since = None
            return False
        except OSError as error:
            full = error.errno in _FULL
            if full:  # else who came has left, or this is not allowed
                _log.error("cannot take a connection: %s", error.strerror)
                self._away = True
                self._shares.away(self._index)
            self._pause(_AGAIN if full else STEP)
            return False
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
        except (OSError, RuntimeError) as error:  # who came has left
            _log.debug("a connection ended before it was open: %s", error)
            connection.close()

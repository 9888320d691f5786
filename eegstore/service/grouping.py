"""Group commit: the requests that wait at one moment share one transaction.

A committer takes whatever waits, encodes it, writes it in one transaction, answers, and takes
what has come in meanwhile. Nobody waits longer than for the commit under way and his own, and
the more wait, the more share a commit. A second committer helps where much waits, so that one
encodes while the other commits.

Measured with 64 devices, encoding left out: 9 times as many seconds as one transaction for each
on one connection, 5 times as many as on seven. A second committer for single seconds halves the
groups and makes them slower; for requests of a minute it is worth a tenth.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eegstore.codec import Parameters
from eegstore.errors import StoreUnavailableError
from eegstore.model import Chunk
from eegstore.service.allowance import Allowance
from eegstore.service.parameters import learner_of
from eegstore.service.preparing import Work, rows
from eegstore.service.recordings import Declared
from eegstore.service.writing import STORED, Batch, Outcome, Result, write
from eegstore.store.append import blames_a_row
from eegstore.store.database import Database

IN_FLIGHT = 2  # transactions at a time
WORTH_ANOTHER = 64  # chunks that wait
GROUP_CHUNKS = 256  # in one transaction, unless one request carries more
GROUP_BYTES = 4 << 20  # of samples, likewise
MAX_CHUNKS = 8192  # waiting or being written; then requests are refused
MAX_BYTES = 64 << 20  # of samples, likewise
ALONE = 8  # fewer seconds of one recording take this long each in the smallest codec:
KNOWN, UNKNOWN = 0.0005, 0.0015  # [s] with parameters and without, for 23 channels at 256 Hz
SHARE = 0.1  # of a core may go into that; else they are coded the fast way, 12 % larger
AT_ONCE = 0.1  # [s] of it: 200 devices may send at the same moment
BUSY = 24  # chunks waiting, from which on many without parameters are coded the fast way
PATIENCE = 5.0  # [s] for a transaction alone
_IN_THREAD = 20_000  # samples; encoding 6,000 takes about a millisecond


@dataclass(slots=True, eq=False)
class _Request:
    """Seconds that wait to be stored, and who waits for them."""

    declared: Declared
    chunks: Sequence[Chunk]
    device_time: datetime | None
    n_bytes: int  # of samples
    answer: asyncio.Future[list[Outcome]]
    parameters: Parameters | None
    fast: bool

    @property
    def work(self) -> list[Work]:
        return [Work(self.declared, chunk, self.parameters, self.fast) for chunk in self.chunks]


class Group:
    """The requests that wait for a commit on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._learner = learner_of(database)
        self._waiting: deque[_Request] = deque()
        self._n_waiting = 0  # chunks
        self._n_chunks = self._n_bytes = 0  # waiting or being written
        self._committers = 0
        self._slowly = Allowance(SHARE, AT_ONCE)
        self._lanes = asyncio.Semaphore(IN_FLIGHT)  # for those who are written alone
        self._tasks: set[asyncio.Task[None]] = set()

    async def store(
        self, declared: Declared, chunks: Sequence[Chunk], device_time: datetime | None
    ) -> list[Outcome]:
        """Store checked chunks; returns once they are durable.

        Raises
        ------
        StoreUnavailableError
            Too much waits already, or the database cannot be reached.
        ConflictError, NotFoundError
            The recording is closed and has not these seconds, or is not declared.
        """
        n_bytes = sum(chunk.samples.nbytes for chunk in chunks)
        if self._n_chunks and (
            self._n_chunks + len(chunks) > MAX_CHUNKS or self._n_bytes + n_bytes > MAX_BYTES
        ):
            raise StoreUnavailableError(
                f"{self._n_chunks} seconds of {self._n_bytes} bytes wait to be stored; at most "
                f"{MAX_CHUNKS} of {MAX_BYTES} bytes"
            )
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        parameters = self._learner.current(declared.key)
        if len(chunks) < ALONE:
            cost = KNOWN if parameters is not None else UNKNOWN
            fast = not self._slowly.take(len(chunks) * cost)
        else:
            fast = parameters is None and self._n_chunks >= BUSY
        if fast:
            parameters = None
        request = _Request(declared, chunks, device_time, n_bytes, answer, parameters, fast)
        self._n_chunks += len(chunks)
        self._n_bytes += n_bytes
        self._n_waiting += len(chunks)
        self._waiting.append(request)
        busy = IN_FLIGHT if self._n_waiting >= WORTH_ANOTHER else 1
        if self._committers < busy:
            self._committers += 1
            self._start(self._commit())
        try:
            outcomes = await answer
            new = [outcome.second for outcome in outcomes if outcome.outcome == STORED]
            if new:
                self._learner.stored(declared.key, new)
            return outcomes
        except asyncio.CancelledError:
            if request in self._waiting:
                self._waiting.remove(request)
                self._n_waiting -= len(chunks)
                self._release(request)
            raise

    async def _commit(self) -> None:
        try:
            while group := self._take():
                await self._write(group)
        finally:
            self._committers -= 1

    def _take(self) -> list[_Request]:
        """The next requests in line, as many as share a transaction."""
        group: list[_Request] = []
        n_chunks = n_bytes = 0
        while self._waiting:
            request = self._waiting[0]
            n_chunks += len(request.chunks)
            n_bytes += request.n_bytes
            if group and (n_chunks > GROUP_CHUNKS or n_bytes > GROUP_BYTES):
                break
            group.append(self._waiting.popleft())
            self._n_waiting -= len(request.chunks)
        return group

    async def _write(self, group: list[_Request]) -> None:
        try:
            results = await self._results(group)
        except Exception as error:
            unavailable = isinstance(error, StoreUnavailableError) and not blames_a_row(error)
            for request in group:
                if len(group) == 1:
                    self._answer(request, error)
                elif unavailable:  # each gets an error of his own, to be raised and traced
                    self._answer(request, StoreUnavailableError(str(error)))
                else:
                    self._start(self._write_alone(request))
            return
        for request, result in zip(group, results, strict=True):
            if result is None:
                self._start(self._write_alone(request))
            else:
                self._answer(request, result)

    async def _write_alone(self, request: _Request) -> None:
        """A request that would have others wait, or that may have failed them."""
        result: Result | Exception
        try:
            async with asyncio.timeout(PATIENCE):
                await self._lanes.acquire()
        except TimeoutError:
            name = request.declared.key[1]
            error = StoreUnavailableError(f"recording {name!r} is locked; send again later")
            self._answer(request, error)
            return
        try:
            (result,) = await self._results([request], wait=True)
        except Exception as failure:
            result = failure
        finally:
            self._lanes.release()
        assert result is not None
        self._answer(request, result)

    async def _results(self, group: list[_Request], *, wait: bool = False) -> list[Result]:
        size = sum(chunk.samples.size for request in group for chunk in request.chunks)
        if size > _IN_THREAD:
            batches = await asyncio.to_thread(_encoded, group)
        else:
            batches = _encoded(group)
        return await write(self._database, batches, wait=wait)

    def _answer(self, request: _Request, result: list[Outcome] | Exception) -> None:
        self._release(request)
        if request.answer.done():  # who asked is gone
            return
        if isinstance(result, Exception):
            request.answer.set_exception(result)
        else:
            request.answer.set_result(result)

    def _release(self, request: _Request) -> None:
        self._n_chunks -= len(request.chunks)
        self._n_bytes -= request.n_bytes

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself keeps none alive
        task.add_done_callback(self._tasks.discard)


def _encoded(group: Sequence[_Request]) -> list[Batch]:
    encoded = iter(rows([work for request in group for work in request.work]))
    return [
        Batch(request.declared, [next(encoded) for _ in request.chunks], request.device_time)
        for request in group
    ]

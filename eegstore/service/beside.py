"""A file encoded in a process beside this one: Python does one thing at a time, a machine more.

In one process encoding and everything else take turns, also in threads: numpy's steps are short,
and threads decode two portions no sooner than one. The other process reads the file itself, so
that nothing but what is to be stored goes from one to the other. It is no condition: until it is
ready, when it fails, and on a machine with one core, who asks encodes the same himself.
"""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

from eegstore.encoding.order import FAILED, LENGTH, READY, Order
from eegstore.store.append import StoredChunk

_LIMIT = 1 << 20  # bytes that wait to be read
_ALONE = {"OPENBLAS_NUM_THREADS": "1"}  # starting more takes as long as importing numpy
_LOST = (OSError, EOFError, pickle.UnpicklingError)


class Beside:
    """Encodes one file. An async context manager: at its end the process has ended.

    Parameters
    ----------
    wanted : bool
        Else there is no process, and it never is ready.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and _n_cores() > 1
        self._process: Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self.ready = False

    async def __aenter__(self) -> "Beside":
        if self._wanted:
            self._starting = asyncio.create_task(self._start())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        process = self._process
        if process is None:
            return
        assert process.stdout is not None
        if not process.stdout.at_eof():  # one that ends by itself may not be reaped by kill()
            with suppress(ProcessLookupError):
                process.kill()
        while await process.stdout.read(_LIMIT):
            pass  # with bytes that nobody reads it would never be seen to have ended
        await process.wait()

    def order(self, order: Order) -> None:
        """Have the seconds of a file encoded; `rows` are what becomes of them. Once, when ready."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(pickle.dumps(order, pickle.HIGHEST_PROTOCOL))
        self._process.stdin.close()

    async def rows(self) -> list[StoredChunk] | None:
        """The next portion; None when there is none, for whatever reason."""
        try:
            found = await self._heard()
        except _LOST:
            found = FAILED
        if found == FAILED:
            self.ready = False
            return None
        return [StoredChunk(*one) for one in found]

    async def _start(self) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "eegstore.encoding", stdin=PIPE, stdout=PIPE,
                limit=_LIMIT, env=os.environ | _ALONE,
                start_new_session=True,  # Ctrl-C is for this process, which ends it
            )  # fmt: skip
            self.ready = await self._heard() == READY
        except _LOST:
            pass  # it never is ready

    async def _heard(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        head = await self._process.stdout.readexactly(LENGTH)
        body = await self._process.stdout.readexactly(int.from_bytes(head, "little"))
        return pickle.loads(body)


def _n_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""Who takes the next connection, in an event loop whose time passes only while nothing happens."""

import asyncio
import errno
import os
import selectors
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from typing import Any, Self

import pytest

from eegstore.api import accepting
from eegstore.api.accepting import FAR_MORE, MOVING, PATIENCE, SILENT, STEP, Acceptor, Shares

QUICK, SLOW = 1e-5, 0.025  # [s] that a turn of the loop takes
SOON = 0.1  # [s] by this clock, and so many turns; a person does not notice it
TURNS = 20


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now, self.turn = 1000.0, QUICK

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        self.now += self.turn if found or timeout is None else max(self.turn, timeout)
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Selector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def _takes(turn: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, _Loop)
    loop.clock.turn = turn


class _Protocol(asyncio.Protocol):
    def __init__(self, all_open: set["_Protocol"]) -> None:
        self._all_open = all_open
        self.transport: asyncio.BaseTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._all_open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all_open.discard(self)


class _Refusing:
    """A listening socket of a process that the system lets take no connection."""

    def __init__(self, at: socket.socket, number: int) -> None:
        self.fileno, self.setblocking = at.fileno, at.setblocking
        self.number, self.asked = number, 0

    def accept(self) -> None:
        self.asked += 1
        raise OSError(self.number, os.strerror(self.number))


class _Port:
    """Some processes at one port, here in one event loop."""

    def __init__(self, n: int, silent: int = 0, refused: int = 0) -> None:
        self._stack = ExitStack()
        self.at = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=500))
        shares = self.shares = Shares(n + silent)
        self.open: list[set[_Protocol]] = [set() for _ in range(n)]
        self.acceptors = []
        for index, own in enumerate(self.open):
            listening: Any = self._stack.enter_context(self.at.dup())
            if refused and index == 0:
                listening = self.refusing = _Refusing(listening, refused)
            made = lambda own=own: _Protocol(own)  # noqa: E731
            self.acceptors.append(Acceptor(listening, shares, index, own, made))
        for index in range(n, n + silent):
            shares.tell(index, 0)  # and never again

    @property
    def counts(self) -> list[int]:
        return [len(own) for own in self.open]

    def connect(self, n: int) -> None:
        for _ in range(n):
            self._stack.enter_context(socket.create_connection(self.at.getsockname()))

    async def taken(self, n: int) -> float:
        """Wait until so many are open; how long it took [s]."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while sum(self.counts) < n:
            await asyncio.sleep(STEP / 4)
            for acceptor in self.acceptors:
                acceptor.tell()
            assert loop.time() < began + 60, f"only {self.counts} of {n} were taken"
        return loop.time() - began

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for acceptor in self.acceptors:
            acceptor.close()
            await acceptor.wait_closed()
        for own in self.open:
            for protocol in own:
                protocol.transport.close()
        await asyncio.sleep(STEP)
        self._stack.close()


Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        monkeypatch.setattr(accepting, "monotonic", runner.get_loop().time)
        yield runner.run


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("pause", [0, 1.2 * STEP, 3 * STEP, 100 * STEP])
def test_one_after_the_other_goes_to_the_one_with_the_fewest(
    run: Run, n: int, pause: float
) -> None:
    async def work() -> None:
        async with _Port(n) as port:
            for k in range(1, 8 * n + 1):
                port.connect(1)
                await port.taken(k)
                assert max(port.counts) - min(port.counts) <= 1
                await asyncio.sleep(pause)

    run(work())


@pytest.mark.parametrize("turn", [QUICK, SLOW])
def test_a_crowd_is_let_in_at_once_and_shared(run: Run, turn: float) -> None:
    """Not one a look: else all would wait for each other."""

    async def work() -> None:
        _takes(turn)
        async with _Port(3) as port:
            port.connect(150)
            assert await port.taken(150) < 5 * STEP + TURNS * turn
            assert max(port.counts) - min(port.counts) <= PATIENCE / STEP

    run(work())


def test_one_that_has_just_begun_gets_the_next(run: Run) -> None:
    async def work() -> None:
        async with _Port(2) as port:
            port.connect(2)
            await port.taken(2)
            port.acceptors[0].close()
            port.connect(9)
            await port.taken(11)
            assert port.counts == [1, 10]
            port.acceptors[0]._listen()  # as one that takes its place
            port.acceptors[0].tell()
            for k in range(12, 21):
                port.connect(1)
                await port.taken(k)
            assert port.counts == [10, 10]

    run(work())


def test_one_that_has_far_more_moves_some_until_it_has_not(run: Run) -> None:
    """As when one took all, since another had ended, and that one is back."""

    async def work() -> None:
        async with _Port(2) as port:
            port.acceptors[0].close()
            port.connect(20)
            await port.taken(20)
            assert port.counts == [0, 20]
            assert not port.acceptors[1].moves_one()  # nobody else takes any
            port.acceptors[0]._listen()
            port.acceptors[0].tell()
            moved = 0
            while port.acceptors[1].moves_one():
                assert not port.acceptors[1].moves_one()  # one after the other
                port.open[1].pop().transport.close()
                port.connect(1)
                await port.taken(20)
                moved += 1
                await asyncio.sleep(MOVING)
            assert port.counts == [moved, 20 - moved]
            assert 0 < port.counts[1] - port.counts[0] <= FAR_MORE
            assert not port.acceptors[0].moves_one()

    run(work())


def test_ever_fewer_move_while_the_other_does_not_get_them(run: Run) -> None:
    """As when it is slow, and they come back to where they were."""

    async def work() -> None:
        async with _Port(1, silent=1) as port:
            port.connect(20)
            await port.taken(20)
            began = asyncio.get_running_loop().time()
            moved = []
            while (now := asyncio.get_running_loop().time()) < began + 20:
                port.shares.tell(1, 0)
                if port.acceptors[0].moves_one():
                    moved.append(now)
                await asyncio.sleep(MOVING)
            assert 15 < len(moved) < 30
            assert moved[1] - moved[0] < 5 * MOVING
            await asyncio.sleep(1)
            for got in (1, 2, 3):  # and at once again when it does
                port.shares.tell(1, got)
                assert port.acceptors[0].moves_one()
                await asyncio.sleep(1.5 * MOVING)

    run(work())


def test_none_moves_to_one_that_is_silent(run: Run) -> None:
    async def work() -> None:
        async with _Port(1, silent=1) as port:
            port.connect(20)
            await port.taken(20)
            assert port.acceptors[0].moves_one()
            await asyncio.sleep(SILENT)
            assert not port.acceptors[0].moves_one()

    run(work())


@pytest.mark.parametrize("turn", [QUICK, SLOW])
def test_one_that_is_silent_keeps_the_others_waiting_only_for_a_while(
    run: Run, turn: float
) -> None:
    async def work() -> None:
        _takes(turn)
        async with _Port(2, silent=1) as port:
            port.connect(60)
            assert await port.taken(60) < SOON + TURNS * turn
            assert abs(port.counts[0] - port.counts[1]) <= PATIENCE / STEP
            await asyncio.sleep(SILENT)
            for acceptor in port.acceptors:
                acceptor.tell()
            before = port.counts
            port.connect(1)
            assert await port.taken(61) < STEP + 5 * turn  # nobody looks twice
            assert port.counts != before

    run(work())


def test_one_that_has_many_more_than_one_that_is_silent_is_patient_no_longer(run: Run) -> None:
    async def work() -> None:
        async with _Port(1, silent=1) as port:
            port.connect(60)
            await port.taken(60)
            port.connect(1)
            assert PATIENCE <= await port.taken(61) < 2 * PATIENCE

    run(work())


def test_one_that_has_no_file_left_does_not_count_until_it_tries_again(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with _Port(3, refused=errno.EMFILE) as port:
            port.connect(40)
            assert await port.taken(40) < SOON
            assert port.counts == [0, 20, 20]
            port.connect(1)
            assert await port.taken(41) < STEP  # nobody looks twice
            assert len(caplog.records) == 1

    run(work())
    assert "cannot take a connection: Too many open files" in caplog.text


def test_one_that_may_not_take_any_does_not_try_without_a_pause(run: Run) -> None:
    async def work() -> None:
        async with _Port(1, refused=errno.EPERM) as port:
            port.connect(1)
            await asyncio.sleep(1)
            assert 1 < port.refusing.asked <= 1 / STEP

    run(work())


def test_closing_waits_for_those_that_open_and_takes_no_more(run: Run) -> None:
    async def work() -> None:
        async with _Port(1) as port:
            (acceptor,) = port.acceptors
            port.connect(1)
            acceptor._take()
            acceptor.close()
            assert port.counts == [0]
            await acceptor.wait_closed()
            assert port.counts == [1]
            port.connect(1)
            await asyncio.sleep(1)
            assert port.counts == [1]

    run(work())

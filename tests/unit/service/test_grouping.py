"""Requests that wait at one moment share a transaction, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest

from eegstore.errors import ConflictError, InvalidDataError, NotFoundError, StoreUnavailableError
from eegstore.integrity import channels_sha256
from eegstore.model import Chunk
from eegstore.service import grouping
from eegstore.service.grouping import Group
from eegstore.service.preparing import Work
from eegstore.service.recordings import Declared
from eegstore.service.writing import STORED, Batch, Outcome, Result
from eegstore.store.append import StoredChunk
from eegstore.store.database import Database
from eegstore.timebase import full_runs
from tests.unit.recordings import make_recording

N_SAMPLES = 8  # of a chunk


def declared(name: str) -> Declared:
    recording = make_recording([Fraction(N_SAMPLES)], patient_id=name)
    return Declared(recording, channels_sha256(recording.channels, recording.sample_type))


def chunk(second: int = 0) -> Chunk:
    runs = full_runs(make_recording([Fraction(N_SAMPLES)]).channels, second)
    return Chunk(second, runs, np.full(N_SAMPLES, second, "<i2"))


def stored(batch: Batch) -> list[Outcome]:
    return [Outcome(row.second, STORED, row.content_sha256.hex()) for row in batch.rows]


class NobodyLearns:
    """No codec parameters."""

    def current(self, key: tuple[str, str]) -> None:
        return None

    def stored(self, key: tuple[str, str], seconds: Sequence[int]) -> None:
        pass


class Store:
    """Stands for the database: keeps what was committed, in which company, and commits only
    when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.learner = NobodyLearns()
        self.commits: list[list[str]] = []  # patients of each transaction
        self.under_way = self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self.refuse: dict[str, Exception] = {}
        self.locked: set[str] = set()
        self.fail: Callable[[Sequence[str]], Exception | None] = lambda names: None
        monkeypatch.setattr(grouping, "write", self._write)
        self.group = Group(cast(Database, self))

    async def _write(
        self, database: Database, batches: Sequence[Batch], *, wait: bool = False
    ) -> list[Result]:
        names = [batch.key[0] for batch in batches]
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            while wait and self.locked.intersection(names):
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            await self.open.wait()
            if (error := self.fail(names)) is not None:
                raise error
        finally:
            self.under_way -= 1
        results: list[Any] = [
            None if name in self.locked else self.refuse.get(name) or stored(batch)
            for name, batch in zip(names, batches, strict=True)
        ]
        self.commits.append(
            [n for n, result in zip(names, results, strict=True) if isinstance(result, list)]
        )
        return results

    async def put(self, name: str, *seconds: int) -> list[int]:
        """Store seconds of one patient; those that are acknowledged."""
        chunks = [chunk(second) for second in seconds or (0,)]
        outcomes = await self.group.store(declared(name), chunks, None)
        return [outcome.second for outcome in outcomes]


def used(monkeypatch: pytest.MonkeyPatch, work: Callable[[Store], Awaitable[None]]) -> Store:
    """A store that was worked on, all of which has been answered."""

    async def run() -> Store:
        store = Store(monkeypatch)
        await work(store)
        assert (store.group._n_waiting, store.group._n_chunks, store.group._n_bytes) == (0, 0, 0)
        assert not store.group._waiting
        return store

    return asyncio.run(run())


async def settled(store: Store) -> None:
    """Everything has gone as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_what_comes_while_one_commits_shares_the_next_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(store: Store) -> None:
        store.open.clear()
        tasks = [asyncio.create_task(store.put("first"))]
        await settled(store)
        tasks += [asyncio.create_task(store.put(f"p{n}", n)) for n in range(30)]
        await settled(store)
        assert not any(task.done() for task in tasks)
        store.open.set()
        assert await asyncio.gather(*tasks) == [[0], *([n] for n in range(30))]

    assert used(monkeypatch, work).commits == [["first"], [f"p{n}" for n in range(30)]]


def test_where_much_waits_seconds_are_encoded_the_fast_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast: list[bool] = []
    rows = grouping.rows

    def watched(work: Sequence[Work]) -> list[StoredChunk]:
        fast.extend(one.fast for one in work)
        return rows(work)

    async def work(store: Store) -> None:
        await asyncio.gather(*(store.put(f"p{n}") for n in range(10)))

    monkeypatch.setattr(grouping, "AT_ONCE", 6.5 * grouping.UNKNOWN)
    monkeypatch.setattr(grouping, "SHARE", 0)
    monkeypatch.setattr(grouping, "rows", watched)
    used(monkeypatch, work)
    assert fast == [False] * 6 + [True] * 4
    fast.clear()

    async def minutes(store: Store) -> None:
        await asyncio.gather(*(store.put(f"p{n}", *range(60)) for n in range(2)))

    used(monkeypatch, minutes)
    assert fast == [False] * 60 + [True] * 60


def test_nobody_is_answered_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        store.open.clear()
        tasks = [asyncio.create_task(store.put(f"p{n}")) for n in range(5)]
        await settled(store)
        assert store.commits == []
        assert not any(task.done() for task in tasks)
        store.open.set()
        await asyncio.gather(*tasks)

    assert sum(map(len, used(monkeypatch, work).commits)) == 5


def test_one_that_is_refused_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        store.refuse = {"p7": ConflictError("closed"), "p9": NotFoundError("unknown")}
        tasks = [store.put(f"p{n}") for n in range(30)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        odd = {n: type(result) for n, result in enumerate(results) if result != [0]}
        assert odd == {7: ConflictError, 9: NotFoundError}

    used(monkeypatch, work)


class SomeRow(Exception):
    """An error of the database that a row may have caused."""

    sqlstate = "23514"


class LongLocked(Exception):
    """A row of it waited for another transaction for too long."""

    sqlstate = "55P03"


class NoServer(Exception):
    """An error of the database that no row has caused."""

    sqlstate = "57P01"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        caused(InvalidDataError("guilty"), SomeRow()),
        caused(NotFoundError("guilty"), SomeRow()),
        caused(StoreUnavailableError("guilty"), LongLocked()),
        RuntimeError("guilty"),
    ],
)
def test_when_a_transaction_fails_only_the_guilty_one_does(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def work(store: Store) -> None:
        store.fail = lambda names: error if "p5" in names else None
        tasks = [store.put(f"p{n}") for n in range(12)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [n for n, result in enumerate(results) if result != [0]] == [5]
        assert results[5] is error

    assert used(monkeypatch, work).most <= 2 * grouping.IN_FLIGHT


def test_without_a_database_all_are_told_and_nobody_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Sequence[str]] = []

    async def work(store: Store) -> None:
        def fail(names: Sequence[str]) -> Exception:
            tries.append(names)
            return caused(StoreUnavailableError("gone"), NoServer())

        store.fail = fail
        tasks = [store.put(f"p{n}") for n in range(12)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, StoreUnavailableError) for result in results)
        assert len({id(result) for result in results}) == 12
        assert sum(map(len, tries)) == 12
        store.fail = lambda names: None
        assert await store.put("again") == [0]

    assert used(monkeypatch, work).commits == [["again"]]


def test_one_whose_recording_is_locked_has_nobody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        store.locked = {"p3"}
        tasks = [asyncio.create_task(store.put(f"p{n}")) for n in range(8)]
        free = tasks[:3] + tasks[4:]
        assert await asyncio.gather(*free) == [[0]] * 7
        assert await asyncio.gather(*(store.put("later", n) for n in range(3))) == [[0], [1], [2]]
        assert not tasks[3].done()
        store.locked = set()
        assert await tasks[3] == [0]

    assert used(monkeypatch, work).commits[-1] == ["p3"]


def test_those_who_wait_for_locks_are_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are few lanes for them; who gets none is not kept for ever."""
    monkeypatch.setattr(grouping, "PATIENCE", 0.05)

    async def work(store: Store) -> None:
        store.locked = {f"p{n}" for n in range(6)}
        tasks = [asyncio.create_task(store.put(f"p{n}")) for n in range(6)]
        done, waiting = await asyncio.wait(tasks, timeout=1)
        assert len(waiting) == grouping.IN_FLIGHT
        for task in done:
            with pytest.raises(StoreUnavailableError, match="'r1' is locked"):
                task.result()
        store.locked = set()
        assert await asyncio.gather(*waiting) == [[0]] * len(waiting)

    used(monkeypatch, work)


def test_one_who_goes_away_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """While he waits he is not stored at all; while he is written he may be."""

    async def work(store: Store) -> None:
        store.open.clear()
        written = [asyncio.create_task(store.put("w0"))]
        await settled(store)
        waiting = [asyncio.create_task(store.put(f"p{n}")) for n in range(4)]
        await settled(store)
        written[0].cancel()
        waiting[1].cancel()
        await settled(store)
        assert len(store.group._waiting) == 3
        store.open.set()
        results = await asyncio.gather(*written, *waiting, return_exceptions=True)
        gone = [isinstance(result, asyncio.CancelledError) for result in results]
        assert gone == [True, False, True, False, False]

    assert used(monkeypatch, work).commits == [["w0"], ["p0", "p2", "p3"]]


def refused(results: Sequence[object]) -> list[int]:
    """Which requests were told to come again."""
    found = []
    for n, result in enumerate(results):
        if isinstance(result, StoreUnavailableError):
            assert "wait to be stored; at most" in str(result)
            assert result.retry_after > 0
            found.append(n)
    return found


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_CHUNKS", 10), ("MAX_BYTES", 10 * 2 * N_SAMPLES)]
)
def test_no_more_wait_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(grouping, limit, value)

    async def work(store: Store) -> None:
        store.open.clear()
        tasks = [asyncio.create_task(store.put(f"p{n}", 0, 1)) for n in range(8)]
        await settled(store)
        assert [n for n, task in enumerate(tasks) if task.done()] == [5, 6, 7]
        store.open.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert refused(results) == [5, 6, 7]
        assert await store.put("again", 0, 1) == [0, 1]

    used(monkeypatch, work)


def test_one_who_alone_is_more_than_there_is_room_for_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grouping, "MAX_CHUNKS", 3)

    async def work(store: Store) -> None:
        tasks = [store.put("large", *range(7)), store.put("small")]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[0] == list(range(7))
        assert refused(results) == [1]

    used(monkeypatch, work)


@pytest.mark.parametrize(
    ("limit", "value"), [("GROUP_CHUNKS", 4), ("GROUP_BYTES", 4 * 2 * N_SAMPLES)]
)
def test_a_transaction_holds_only_so_much(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(grouping, limit, value)

    async def work(store: Store) -> None:
        store.open.clear()
        tasks = [asyncio.create_task(store.put("first"))]
        await settled(store)
        for name, n in (("a", 3), ("b", 1), ("c", 1), ("d", 9), ("e", 2), ("f", 2)):
            tasks.append(asyncio.create_task(store.put(name, *range(n))))
        await settled(store)
        store.open.set()
        await asyncio.gather(*tasks)

    assert used(monkeypatch, work).commits == [["first"], ["a", "b"], ["c"], ["d"], ["e", "f"]]


def test_a_second_transaction_begins_where_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        store.open.clear()
        tasks = [asyncio.create_task(store.put("first"))]
        await settled(store)
        tasks.append(asyncio.create_task(store.put("p0", *range(grouping.WORTH_ANOTHER - 1))))
        await settled(store)
        assert store.under_way == 1
        tasks.append(asyncio.create_task(store.put("p1")))
        await settled(store)
        assert store.under_way == 2
        tasks.append(asyncio.create_task(store.put("p2", *range(2 * grouping.WORTH_ANOTHER))))
        await settled(store)
        assert store.under_way == grouping.IN_FLIGHT
        store.open.set()
        await asyncio.gather(*tasks)

    used(monkeypatch, work)


def test_one_that_cannot_be_encoded_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = grouping.rows

    def encode(work: Sequence[Work]) -> list[StoredChunk]:
        if any(one.declared.key[0] == "p2" for one in work):
            raise ValueError("no codec for this")
        return rows(work)

    monkeypatch.setattr(grouping, "rows", encode)

    async def work(store: Store) -> None:
        tasks = [store.put(f"p{n}") for n in range(6)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [n for n, result in enumerate(results) if result != [0]] == [2]
        assert isinstance(results[2], ValueError)

    used(monkeypatch, work)

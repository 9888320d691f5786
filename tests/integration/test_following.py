"""A recording is followed without a gap and without anything twice, whoever stores it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import TypeVar

import psycopg
import pytest

from eegstore.errors import InvalidDataError, NotFoundError, StoreUnavailableError
from eegstore.service import following, recordings
from eegstore.service.following import follow
from eegstore.service.subscription import Subscription
from eegstore.signal.spans import length, union
from eegstore.store.database import Database
from tests.conftest import Urls, plain
from tests.integration.databases import made, put
from tests.integration.postgres_processes import connect

NEVER, SOON = 3600.0, 0.02  # [s] between two looks
PATIENCE = 60.0  # [s], for a machine that is busy
RECORDING, CHUNKS = made(60)
KEY = (RECORDING.patient_id, RECORDING.recording_id)

T = TypeVar("T")
Told = list[tuple[int, int]]


def with_two(
    urls: Urls, work: Callable[[Database, Database], Awaitable[T]], pool_size: int = 4
) -> T:
    """What `work` gives with two processes' databases, the first of which knows the recording."""

    async def run() -> T:
        async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
            databases = [Database(urls.app, pool_size) for _ in range(2)]
            for database in databases:
                stack.push_async_callback(database.close)
            await recordings.declare(databases[0], RECORDING)
            return await work(*databases)

    return asyncio.run(run())


async def told(subscription: Subscription, n_seconds: int) -> Told:
    """All spans of news, one by one, until so many seconds were told."""
    spans: Told = []
    while length(spans) < n_seconds:
        spans += (await subscription.news()).seconds
    return spans


@pytest.fixture(params=[NEVER, SOON], ids=["rung", "looked for"])
def poll(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """How often the log is looked at by itself: never, when storing has to ring."""
    monkeypatch.setattr(following, "POLL", request.param)
    return float(request.param)


def test_what_this_process_stores_is_told_by_its_ring_and_others_are_looked_for(
    urls: Urls, poll: float
) -> None:
    async def work(own: Database, other: Database) -> list[Told]:
        writer = own if poll == NEVER else other
        await put(writer, RECORDING, CHUNKS[:3])
        async with follow(own, *KEY, 1) as one:
            parts = [(await one.news()).seconds]
            for chunks in (CHUNKS[3:5], [CHUNKS[9]], [CHUNKS[7]], CHUNKS[3:10]):
                await put(writer, RECORDING, chunks)
                parts.append((await one.news()).seconds)
        return parts

    assert with_two(urls, work) == [[(1, 3)], [(3, 5)], [(9, 10)], [(7, 8)], [(5, 7), (8, 9)]]


def test_readers_join_and_leave_while_it_grows(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes that store, in any order, some seconds twice."""
    monkeypatch.setattr(following, "POLL", SOON)
    chance = random.Random(5)
    order = [*CHUNKS, *CHUNKS[::3]]
    chance.shuffle(order)

    async def work(own: Database, other: Database) -> list[Told]:
        async def store(database: Database, n: int) -> None:
            for chunk in order[n::4]:
                await put(database, RECORDING, [chunk])

        async def read(pause: float, start: int) -> Told:
            await asyncio.sleep(pause)
            async with follow(own, *KEY, start) as one:
                await one.news()
            async with follow(own, *KEY, start) as one:
                return await told(one, len(CHUNKS) - start)

        async with asyncio.TaskGroup() as tasks:
            for n, database in enumerate((own, own, other, other)):
                tasks.create_task(store(database, n))
            readers = [tasks.create_task(read(0.03 * n, 0)) for n in range(8)]
        assert own.follower._followed == {}
        return [reader.result() for reader in readers]

    for spans in with_two(urls, work):
        assert length(spans) == len(CHUNKS)
        assert union(spans) == [(0, len(CHUNKS))]


def test_an_entry_that_is_overtaken_is_told(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction takes its number in the log, and others commit before it does."""
    monkeypatch.setattr(following, "POLL", SOON)
    log = (
        "INSERT INTO ingestion_log (patient_id, recording_id, chunk_start_sec, chunk_end_sec, "
        "num_samples, checksum, outcome) VALUES (%s, %s, 40, 45, 1, '', 'imported')"
    )

    async def work(own: Database, other: Database) -> list[Told]:
        await put(own, RECORDING, CHUNKS[:1])
        slow = await psycopg.AsyncConnection.connect(plain(urls.app))
        async with slow, follow(own, *KEY, 0) as one:
            await slow.execute(log.encode(), KEY)
            parts = [(await one.news()).seconds]
            await put(other, RECORDING, CHUNKS[1:3])
            parts.append((await one.news()).seconds)
            await slow.commit()
            parts.append((await one.news()).seconds)
        return parts

    assert with_two(urls, work) == [[(0, 1)], [(1, 3)], [(40, 45)]]


def test_more_than_a_look_takes_again(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old entries are not told again, and many at once are all told."""
    monkeypatch.setattr(following, "OVERLAP", 3)

    async def one_by_one(database: Database, chunks: Sequence[object]) -> None:
        for chunk in chunks:
            await put(database, RECORDING, [chunk])  # type: ignore[list-item]

    async def work(own: Database, other: Database) -> list[Told]:
        await one_by_one(other, CHUNKS[:8])
        async with follow(own, *KEY, 0) as one:
            parts = [(await one.news()).seconds]
            await one_by_one(other, CHUNKS[8:20])
            own.follower.ring([KEY])
            parts.append((await one.news()).seconds)
            await put(own, RECORDING, CHUNKS[20:21])
            parts.append((await one.news()).seconds)
        return parts

    monkeypatch.setattr(following, "POLL", NEVER)
    assert with_two(urls, work) == [[(0, 8)], [(8, 20)], [(20, 21)]]


def test_closing_ends_it_after_the_last_second(urls: Urls, poll: float) -> None:
    async def work(own: Database, other: Database) -> None:
        async with follow(own, *KEY, 0) as one:
            await one.news()
            await put(other, RECORDING, CHUNKS[:2])
            await recordings.close(own, *KEY, None)
            news = await one.news()
            seconds = list(news.seconds)
            while not news.closed:
                news = await one.news()
                seconds += news.seconds
            assert union(seconds) == [(0, 2)]
        async with follow(own, *KEY, 1) as late:
            news = await late.news()
            assert (news.seconds, news.duration, news.closed) == ([(1, 2)], 2, True)

    with_two(urls, work)


@pytest.mark.parametrize("alone", [False, True])
def test_where_others_write_too_the_log_is_looked_at_more_often(
    urls: Urls, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """What another process stores is found without anybody ringing; alone nobody looks for it."""

    async def work(own: Database, other: Database) -> None:
        own.alone = alone
        async with follow(own, *KEY, 0) as one:
            await one.news()
            await put(other, RECORDING, CHUNKS[:2])
            coming = asyncio.create_task(told(one, 2))
            done, _ = await asyncio.wait([coming], timeout=0.5 if alone else PATIENCE)
            assert bool(done) is not alone
            if alone:
                own.follower.ring([KEY])
            assert union(await coming) == [(0, 2)]

    monkeypatch.setattr(following, "POLL", NEVER)
    with_two(urls, work)


def test_erasing_ends_it(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL", SOON)

    async def work(own: Database, other: Database) -> None:
        async with follow(own, *KEY, 0) as one:
            await one.news()
            with connect(urls.admin) as connection:
                connection.execute("SET ROLE eegstore_archivist")
                connection.execute("DELETE FROM recording")
            with pytest.raises(NotFoundError, match="'r1'"):
                await one.news()

    with_two(urls, work)


def test_what_cannot_be_followed(urls: Urls) -> None:
    async def work(own: Database, other: Database) -> None:
        async with follow(own, *KEY, 0) as one:
            await one.news()
            async with follow(own, "p1", "none", 0) as none:
                with pytest.raises(NotFoundError, match="'none'"):
                    await none.news()
            with pytest.raises(InvalidDataError, match="patient_id"):
                async with follow(own, "a\0b", "r1", 0):
                    pass
            await put(own, RECORDING, CHUNKS[:1])  # which harms nobody else
            assert (await one.news()).seconds == [(0, 1)]

    with_two(urls, work)


def test_when_the_database_goes_away_all_are_told_and_come_back(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL", SOON)
    second = replace(RECORDING, recording_id="r2")

    async def work(own: Database, other: Database) -> None:
        await recordings.declare(own, second)
        async with follow(own, *KEY, 0) as one, follow(own, "p1", "r2", 0) as two:
            await one.news()
            await two.news()
            await put(other, RECORDING, CHUNKS[:1])
            await one.news()
            with connect(urls.admin) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            errors = []
            for subscription in (one, two):
                with pytest.raises(StoreUnavailableError) as raised:
                    await subscription.news()
                errors.append(raised.value)
            assert errors[0] is not errors[1]
        while True:  # connections that nobody has used since are still to be found out
            async with follow(own, *KEY, 0) as again:
                with suppress(StoreUnavailableError):
                    assert (await again.news()).seconds == [(0, 1)]
                    return

    with_two(urls, work)

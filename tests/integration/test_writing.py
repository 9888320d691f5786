"""One transaction for many requests: each gets what is its own, bit for bit and once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from eegstore.errors import ConflictError, NotFoundError, StoreUnavailableError
from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import Chunk, Recording
from eegstore.service import grouping, ingest, recordings
from eegstore.service.recordings import Declared
from eegstore.service.verifying import verify
from eegstore.service.writing import Batch, Outcome, Result, write
from eegstore.store import append
from eegstore.store import recordings as recording_table
from eegstore.store.append import State
from eegstore.store.database import Database, raw
from tests.conftest import Urls
from tests.integration.databases import made, n_deadlocks, n_rows, put, sent, used
from tests.integration.postgres_processes import connect, do

RECORDING, CHUNKS = made(6)


def of_patient(name: str, like: Recording = RECORDING) -> Declared:
    recording = replace(like, patient_id=name)
    return Declared(recording, channels_sha256(recording.channels, recording.sample_type))


def other(chunk: Chunk) -> Chunk:
    samples = chunk.samples.copy()
    samples[7] += 1
    return replace(chunk, samples=samples)


def batch(declared: Declared, *chunks: Chunk, at: datetime | None = None) -> Batch:
    return Batch(declared, ingest.prepare(declared, chunks), at)


async def declare(database: Database, names: Sequence[str]) -> list[Declared]:
    found = [of_patient(name) for name in names]
    for declared in found:
        await recordings.declare(database, declared.recording)
    return found


def said(results: Sequence[Result]) -> list[Any]:
    """Outcomes by second, or the error's class."""
    return [
        {o.second: o.outcome for o in result} if isinstance(result, list) else type(result)
        for result in results
    ]


def digests(admin_url: str) -> dict[tuple[str, int], bytes]:
    with connect(admin_url) as connection:
        rows = connection.execute("SELECT patient_id, second, content_sha256 FROM chunk")
        return {(patient, second): digest for patient, second, digest in rows}


def logged(admin_url: str) -> list[tuple[str, int, int, str]]:
    with connect(admin_url) as connection:
        return connection.execute(
            "SELECT patient_id, chunk_start_sec, chunk_end_sec, outcome FROM ingestion_log "
            "WHERE outcome NOT IN ('declared', 'closed') ORDER BY id"
        ).fetchall()


def test_each_of_many_gets_what_is_its_own(urls: Urls) -> None:
    """A conflict, a closed recording, an unknown one and one declared anew, among neighbours."""
    right = {f"p{n}": CHUNKS[n % 5] for n in range(30)}

    async def work(database: Database) -> list[Result]:
        known = await declare(database, [*right, "closed", "full"])
        await put(database, known[3].recording, [other(right["p3"])])
        for declared in known[-2:]:
            await put(database, declared.recording, CHUNKS[:2])
            await recordings.close(database, *declared.key, 2)
        anew = replace(known[7], channels_sha256=bytes(32))
        database.declared[anew.key] = anew
        batches = [batch(declared, right[declared.key[0]]) for declared in known[:30]]
        batches[7] = Batch(anew, batches[7].rows, None)
        batches += [
            batch(of_patient("unknown"), CHUNKS[0]),
            batch(known[30], CHUNKS[1], CHUNKS[2]),
            batch(known[31], CHUNKS[1], other(CHUNKS[0])),
        ]
        results = await write(database, batches)
        assert anew.key not in database.declared
        return results

    results = used(urls.app, work)
    expected: list[Any] = [{n % 5: "stored"} for n in range(30)]
    expected[3] = {3: "conflict"}
    expected[7] = StoreUnavailableError
    expected += [NotFoundError, ConflictError, {1: "duplicate", 0: "conflict"}]
    assert said(results) == expected
    assert "'r1' is closed; second 2 is not in it" in str(results[31])
    assert "declared anew" in str(results[7])
    stored = digests(urls.admin)
    table = of_patient("p0").channels_sha256
    wanted = {(n, c.second): content_sha256(table, c) for n, c in right.items() if n != "p7"}
    wanted["p3", 3] = content_sha256(table, other(right["p3"]))
    for name in ("closed", "full"):
        wanted |= {(name, c.second): content_sha256(table, c) for c in CHUNKS[:2]}
    assert stored == wanted
    told = logged(urls.admin)[3:]
    assert sorted(told) == sorted(
        [(f"p{n}", n % 5, n % 5 + 1, "conflict" if n == 3 else "stored")
         for n in range(30) if n != 7]
        + [("full", 0, 1, "conflict"), ("full", 1, 2, "duplicate")]
    )  # fmt: skip
    assert all(not result.faults for result in used(urls.app, verify))


def test_the_same_second_twice_in_one_transaction(urls: Urls) -> None:
    """The first one wins, whether the other is the same or not; also against what is there."""

    async def work(database: Database) -> list[Result]:
        (a,) = await declare(database, ["a"])
        await put(database, a.recording, [CHUNKS[5]])
        at = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
        return await write(
            database,
            [
                batch(a, CHUNKS[1], CHUNKS[0], at=at[0]),
                batch(a, CHUNKS[1], CHUNKS[2], at=at[1]),
                batch(a, other(CHUNKS[1]), other(CHUNKS[2]), CHUNKS[5]),
                batch(a, other(CHUNKS[5]), CHUNKS[2], CHUNKS[3]),
            ],
        )

    assert said(used(urls.app, work)) == [
        {1: "stored", 0: "stored"},
        {1: "duplicate", 2: "stored"},
        {1: "conflict", 2: "conflict", 5: "duplicate"},
        {5: "conflict", 2: "duplicate", 3: "stored"},
    ]
    table = of_patient("a").channels_sha256
    assert digests(urls.admin) == {
        ("a", n): content_sha256(table, CHUNKS[n]) for n in (0, 1, 2, 3, 5)
    }
    with connect(urls.admin) as connection:
        clocks = dict(connection.execute("SELECT second, device_time FROM chunk").fetchall())
    days = {second: at and at.day for second, at in clocks.items()}
    assert days == {0: 1, 1: 1, 2: 2, 3: None, 5: None}


def test_requests_at_one_moment_share_commits(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    async def counted(database: Database, batches: Sequence[Batch], **more: Any) -> list[Result]:
        sizes.append(len(batches))
        return await write(database, batches, **more)

    monkeypatch.setattr(grouping, "write", counted)

    async def work(database: Database) -> list[list[Outcome]]:
        known = await declare(database, [f"p{n}" for n in range(20)])
        return await asyncio.gather(
            *(ingest.store(database, of, [chunk]) for chunk in CHUNKS for of in known)
        )

    outcomes = used(urls.app, work)
    assert {o.outcome for (o,) in outcomes} == {"stored"}
    assert sum(sizes) == 20 * len(CHUNKS)
    assert len(sizes) <= 5
    assert len(digests(urls.admin)) == len(logged(urls.admin)) == 20 * len(CHUNKS)


def test_a_locked_recording_has_nobody_else_wait(urls: Urls) -> None:
    """It is being imported or closed; its own seconds wait, and are then stored."""

    async def work(database: Database) -> None:
        known = await declare(database, [f"p{n}" for n in range(5)])
        async with database.begin() as connection:
            await recording_table.lock(connection, *known[2].key)
            results = await write(database, [batch(of, CHUNKS[0]) for of in known])
            assert said(results) == [{0: "stored"}] * 2 + [type(None)] + [{0: "stored"}] * 2
            tasks = [asyncio.create_task(ingest.store(database, of, [CHUNKS[1]])) for of in known]
            await asyncio.wait([*tasks[:2], *tasks[3:]])
            await asyncio.sleep(0.1)
            assert [task.done() for task in tasks] == [True, True, False, True, True]
        assert [(await task)[0].outcome for task in tasks] == ["stored"] * 5

    used(urls.app, work, pool_size=4)


def test_one_who_closes_is_not_kept_waiting_by_ever_new_seconds(urls: Urls) -> None:
    """He waits for those who write now; who comes later waits for him, and then it is closed."""

    async def work(database: Database) -> None:
        (known,) = await declare(database, ["p"])
        await put(database, known.recording, CHUNKS[:1])
        async with database.begin() as connection:
            states = await append.enter(await raw(connection), [known.key])
            assert states == {known.key: State(known.channels_sha256, False)}
            closing = asyncio.create_task(recordings.close(database, *known.key, None))
            while not await _waits(database):
                await asyncio.sleep(0.01)
            late = asyncio.create_task(ingest.store(database, known, [CHUNKS[1]]))
            await asyncio.sleep(0.1)
            assert not closing.done()
            assert not late.done()
        assert await closing == 1
        with pytest.raises(ConflictError, match="'r1' is closed; second 1 is not in it"):
            await late

    used(urls.app, work, pool_size=6)


async def _waits(database: Database) -> bool:
    async with database.begin() as connection:
        waiting = await connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return bool(waiting.scalar())


def test_when_the_database_refuses_a_row_only_its_request_fails(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording that goes away between the look at it and the insert."""
    enter = append.enter

    async def believe(driver: Any, keys: Any, **more: Any) -> dict[Any, State | None]:
        ghost = of_patient("ghost")
        states = await enter(driver, keys, **more)
        return states | {
            key: State(ghost.channels_sha256, False) for key in states if key == ghost.key
        }

    monkeypatch.setattr(append, "enter", believe)

    async def work(database: Database) -> list[Any]:
        known = await declare(database, [f"p{n}" for n in range(8)])
        with pytest.raises(NotFoundError):
            await write(database, [batch(of, CHUNKS[0]) for of in [*known, of_patient("ghost")]])
        assert not digests(urls.admin)
        everybody = [*known[:4], of_patient("ghost"), *known[4:]]
        return await asyncio.gather(
            *(ingest.store(database, of, [CHUNKS[0]]) for of in everybody), return_exceptions=True
        )

    results = used(urls.app, work, pool_size=6)
    assert isinstance(results.pop(4), NotFoundError)
    assert [o.outcome for (o,) in results] == ["stored"] * 8
    assert len(digests(urls.admin)) == len(logged(urls.admin)) == 8


def test_when_the_connection_is_cut_nothing_is_claimed(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = append.log

    async def cut_then_log(driver: Any, entries: Any) -> None:
        do(urls.admin, f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")
        await log(driver, entries)

    async def work(database: Database) -> None:
        known = await declare(database, [f"p{n}" for n in range(8)])
        with monkeypatch.context() as patch:
            patch.setattr(append, "log", cut_then_log)
            results = await asyncio.gather(
                *(ingest.store(database, of, [CHUNKS[0]]) for of in known), return_exceptions=True
            )
        assert all(isinstance(result, StoreUnavailableError) for result in results)
        assert not digests(urls.admin)
        again = await asyncio.gather(*(ingest.store(database, of, [CHUNKS[0]]) for of in known))
        assert [o.outcome for (o,) in again] == ["stored"] * 8

    used(urls.app, work)


def test_a_commit_that_fails_is_no_commit(urls: Urls) -> None:
    """What the database says last counts: here a constraint that it looks at when committing."""
    do(
        urls.admin,
        "ALTER TABLE ingestion_log ADD CONSTRAINT one UNIQUE (patient_id, num_samples) "
        "DEFERRABLE INITIALLY DEFERRED",
    )

    async def work(database: Database) -> list[Any]:
        known = await declare(database, [f"p{n}" for n in range(4)])
        await put(database, known[1].recording, [CHUNKS[0]])
        return await asyncio.gather(
            *(ingest.store(database, of, [CHUNKS[1]]) for of in known), return_exceptions=True
        )

    results = used(urls.app, work, pool_size=6)
    assert isinstance(results.pop(1), Exception)
    assert [o.outcome for (o,) in results] == ["stored"] * 3
    assert sorted(digests(urls.admin)) == [("p0", 1), ("p1", 0), ("p2", 1), ("p3", 1)]


def test_transactions_with_the_same_seconds_wait_for_each_other_in_one_direction(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However their requests are ordered: else each would wait for a row of the other."""
    small, chunks = made(200, [Fraction(8)])
    insert, together = append.insert, asyncio.Barrier(2)

    async def at_once(driver: Any, rows: Any) -> Any:
        await together.wait()
        return await insert(driver, rows)

    async def work(database: Database) -> list[list[Result] | BaseException]:
        known = [of_patient(f"p{n}", small) for n in range(10)]
        for declared in known:
            await recordings.declare(database, declared.recording)
        batches = [batch(of, chunk) for of in known for chunk in chunks]
        monkeypatch.setattr(append, "insert", at_once)
        both = write(database, batches), write(database, batches[::-1])
        return await asyncio.gather(*both, return_exceptions=True)

    told = []
    for results in used(urls.app, work):
        assert not isinstance(results, BaseException), results
        told += [o.outcome for result in results if isinstance(result, list) for o in result]
    assert (told.count("stored"), told.count("duplicate")) == (2000, 2000)


def test_several_services_on_one_database_never_wait_for_each_other_in_a_circle(
    urls: Urls,
) -> None:
    """They write the same seconds of the same recordings, in whatever order, and one closes."""
    names = [f"p{n}" for n in range(6)]
    rng = np.random.default_rng(11)

    async def service(url: str, orders: list[list[tuple[int, Chunk]]]) -> list[Outcome]:
        database = Database(url, 4)
        try:
            known = [of_patient(name) for name in names]
            found = await asyncio.gather(
                *(sent(database, known[at], [chunk]) for order in orders for at, chunk in order)
            )
            return [outcome for outcomes in found for outcome in outcomes]
        finally:
            await database.close()

    async def work(database: Database) -> list[Outcome]:
        await declare(database, names)
        every = [(at, chunk) for at in range(len(names)) for chunk in CHUNKS]
        orders = [[[every[i] for i in rng.permutation(len(every))] for _ in range(3)]
                  for _ in range(3)]  # fmt: skip
        told = await asyncio.gather(*(service(urls.app, mine) for mine in orders))
        for name in names:
            assert await recordings.close(database, name, "r1", len(CHUNKS)) == len(CHUNKS)
        return [outcome for outcomes in told for outcome in outcomes]

    outcomes = [outcome.outcome for outcome in used(urls.app, work)]
    assert n_deadlocks(urls.admin) == 0
    n = len(names) * len(CHUNKS)
    assert (outcomes.count("stored"), outcomes.count("duplicate")) == (n, 8 * n)
    assert n_rows(urls.admin)["chunk"] == n
    assert [outcome for *_, outcome in logged(urls.admin)].count("stored") == n
    assert all(not result.faults for result in used(urls.app, verify))

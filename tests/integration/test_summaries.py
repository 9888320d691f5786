"""Roll-ups are never wrong: whatever arrives late, is made at once, or is taken away."""

import asyncio
from dataclasses import replace
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

from eegstore.model import Chunk, Recording, SampleType
from eegstore.service import recordings, summaries
from eegstore.service.importing import import_edf
from eegstore.service.verifying import verify
from eegstore.store import summary, summary_loose
from eegstore.store.database import Database, raw
from tests.conftest import Urls
from tests.integration.databases import DENIED, put, refused, sent, used
from tests.integration.overviews import (
    HOUR,
    archivist,
    checked,
    roll_ups,
    seconds_of,
    slow_recording,
)
from tests.integration.postgres_processes import connect, do

RECORDING = slow_recording()
CHUNKS = seconds_of(RECORDING, range(2400))
LATE = {second: CHUNKS[second] for second in range(1000, 1300)}
EARLY = {second: chunk for second, chunk in CHUNKS.items() if second not in LATE}


async def faults(database: Database) -> list[str]:
    return [fault for result in await verify(database) for fault in result.faults]


async def all_right(database: Database, recording: Recording, chunks: dict[int, Chunk]) -> bool:
    """Check overviews at every level; whether roll-ups are due."""
    due = False
    for start, stop, px in ((0, 2400, 40), (0, 3 * HOUR, 100), (7, 2411, 200), (990, 1310, 31)):
        due |= (await checked(database, recording, chunks, start, stop, px)).due
    return due


def contents_of(url: str) -> list[tuple[Any, ...]]:
    """All that roll-ups say."""
    with connect(url) as connection:
        return connection.execute(
            "SELECT bucket, start, n_seconds, n_samples, stored_bytes, missing_start, "
            "missing_stop, envelope FROM summary_envelope ORDER BY 1, 2"
        ).fetchall()


@pytest.mark.parametrize("sample_type", list(SampleType))
@pytest.mark.parametrize("seed", [1, 2])
def test_seconds_in_any_order_and_roll_ups_made_at_any_time_tell_the_same(
    urls: Urls, sample_type: SampleType, seed: int
) -> None:
    """Every overview in between is right, and at the end nothing but a few seconds is loose."""
    recording = slow_recording(sample_type)
    chunks = seconds_of(recording, range(2400), seed)
    random = np.random.default_rng(seed)
    cuts = np.sort(random.choice(2400, 5, replace=False))
    order = np.arange(2400)
    for part in np.split(order, [800, 1600]):
        random.shuffle(part)

    async def work(database: Database) -> None:
        there: dict[int, Chunk] = {}
        for part in np.split(order, cuts):
            new = {second: chunks[second] for second in part.tolist() if second in chunks}
            await put(database, recording, list(new.values()))
            there |= new
            await all_right(database, recording, there)
            if random.random() < 0.7:
                await summaries.build(database, "p1", "r1")
                assert not await all_right(database, recording, there)
        await summaries.build(database, "p1", "r1")
        assert not await all_right(database, recording, there)
        assert await faults(database) == []

    used(urls.app, work)
    ((_, _, known),) = [row for row in roll_ups(urls.admin) if row[0] == 10]
    assert 2400 - summary_loose.WORTH_AN_HOUR < known <= 2400


def test_a_roll_up_is_made_when_it_gains_a_twelfth_and_not_before(urls: Urls) -> None:
    """Few late seconds are read one by one."""

    async def work(database: Database) -> None:
        chunks = list(CHUNKS.values())
        for upto, due, known in (
            (299, False, 0), (300, True, 300), (599, False, 300), (600, True, 600),
        ):  # fmt: skip
            await put(database, RECORDING, chunks[:upto])
            there = {chunk.second: chunk for chunk in chunks[:upto]}
            assert await all_right(database, RECORDING, there) is due
            assert [due] == [bool(x) for x in [(await recordings.listed(database)).due]]
            assert await summaries.build(database, "p1", "r1") == due
            assert roll_ups(urls.admin) == ([(10, 0, known)] if known else [])
            assert await summaries.build(database, "p1", "r1") == 0
            assert not (await recordings.listed(database)).due

    used(urls.app, work)


def test_late_seconds_are_seen_before_and_after_the_roll_up_is_made_anew(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, list(EARLY.values()))
        assert await summaries.build(database, "p1", "r1") == 2
        assert not await all_right(database, RECORDING, EARLY)
        await put(database, RECORDING, list(LATE.values()))
        assert await all_right(database, RECORDING, CHUNKS)
        assert await faults(database) == []
        assert await summaries.build(database, "p1", "r1") == 1
        assert roll_ups(urls.admin) == [(10, 0, 2400), (60, 0, 2100)]
        assert not await all_right(database, RECORDING, CHUNKS)
        assert await faults(database) == []

    used(urls.app, work)


def test_made_anew_they_are_what_they_were(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, list(EARLY.values()))
        await summaries.build(database, "p1", "r1")
        await put(database, RECORDING, list(LATE.values()))
        assert await summaries.rebuild(database, "p1", "r1") == 2

    used(urls.app, work)
    made_at_once = contents_of(urls.admin)
    do(urls.app, "DELETE FROM summary_envelope")

    async def lazily(database: Database) -> None:
        assert (await checked(database, RECORDING, CHUNKS, 0, 2400, 40)).due
        assert await summaries.build(database, "p1", "r1") == 2

    used(urls.app, lazily)
    assert contents_of(urls.admin) == made_at_once
    assert [row[:3] for row in made_at_once] == [(10, 0, 2400), (60, 0, 2400)]


def test_many_may_make_them_while_seconds_arrive(urls: Urls) -> None:
    """Two services and a device at once; nobody fails and nothing is wrong."""

    async def work() -> None:
        one, two = Database(urls.app, 4), Database(urls.app, 4)
        try:
            await put(one, RECORDING, [CHUNKS[0]])
            known = await recordings.declared(one, "p1", "r1")

            async def device() -> None:
                order = np.random.default_rng(3).permutation(sorted(CHUNKS)).tolist()
                for at in range(0, len(order), 60):
                    await sent(one, known, [CHUNKS[s] for s in order[at : at + 60]])

            async def build(database: Database) -> None:
                while not sending.done():
                    await summaries.build(database, "p1", "r1")
                    await asyncio.sleep(0)

            sending = asyncio.create_task(device())
            await asyncio.gather(sending, *(build(d) for d in (one, one, two, two)))
            await all_right(two, RECORDING, CHUNKS)
            assert await faults(one) == []
        finally:
            await one.close()
            await two.close()

    asyncio.run(work())
    assert [row[:2] for row in roll_ups(urls.admin)] == [(10, 0), (60, 0)]


def test_one_of_fewer_seconds_does_not_replace_one_of_more(urls: Urls) -> None:
    """As when who began earlier ends later."""

    async def work(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        await summaries.build(database, "p1", "r1")
        before = contents_of(urls.admin)
        async with database.begin() as connection:
            driver = await raw(connection)
            for head in await summary.heads(driver, "p1", "r1"):
                await summary.put(driver, "p1", "r1", replace(head, n_seconds=head.n_seconds - 1))
        assert contents_of(urls.admin) == before
        async with database.begin() as connection:
            driver = await raw(connection)
            for head in await summary.heads(driver, "p1", "r1"):
                await summary.put(driver, "p1", "r1", replace(head, n_seconds=head.n_seconds + 1))
        assert contents_of(urls.admin) != before

    used(urls.app, work)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM chunk WHERE second = 1234",
        "UPDATE chunk SET second = 7700 WHERE second = 1234",
    ],
)
def test_what_the_archivist_touches_no_roll_up_speaks_of(urls: Urls, statement: str) -> None:
    """Other hours keep theirs."""
    chunks = CHUNKS | seconds_of(RECORDING, range(2 * HOUR, 2 * HOUR + 400))
    left = {second: chunk for second, chunk in chunks.items() if second != 1234}
    if statement.startswith("UPDATE"):
        left[7700] = replace(chunks[1234], second=7700)

    async def fill(database: Database) -> None:
        await put(database, RECORDING, list(chunks.values()))
        await summaries.build(database, "p1", "r1")

    async def look(database: Database) -> None:
        await all_right(database, RECORDING, left)
        await summaries.build(database, "p1", "r1")
        await all_right(database, RECORDING, left)

    used(urls.app, fill)
    assert roll_ups(urls.admin) == [(10, 0, 2400), (10, 2 * HOUR, 400), (60, 0, 2800)]
    with archivist(urls.admin) as connection:
        assert connection.execute(statement.encode()).rowcount == 1
    assert roll_ups(urls.admin) == [(10, 2 * HOUR, 400)]
    used(urls.app, look)
    assert [row[:2] for row in roll_ups(urls.admin)] == [(10, 0), (10, 2 * HOUR), (60, 0)]


def test_without_the_trigger_a_roll_up_would_speak_of_what_is_gone(urls: Urls) -> None:
    """So the test above can fail, and verify tells."""

    async def fill(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        await summaries.build(database, "p1", "r1")

    async def look(database: Database) -> list[str]:
        left = {second: chunk for second, chunk in CHUNKS.items() if second != 1234}
        with pytest.raises(AssertionError):
            await all_right(database, RECORDING, left)
        return await faults(database)

    used(urls.app, fill)
    do(urls.admin, "ALTER TABLE chunk DISABLE TRIGGER ALL", "DELETE FROM chunk WHERE second = 1234",
       "ALTER TABLE chunk ENABLE TRIGGER ALL")  # fmt: skip
    found = used(urls.app, look)
    assert sum("it speaks for second 1234, which is not stored" in fault for fault in found) == 2


def test_none_is_made_while_the_archivist_is_at_the_door(urls: Urls) -> None:
    """Else one made of the old seconds would stay when they are gone."""

    async def work(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        with archivist(urls.admin) as connection:
            connection.execute("DELETE FROM chunk WHERE second < 100")
            await all_right(database, RECORDING, CHUNKS)  # not yet
            assert await summaries.build(database, "p1", "r1") == 0
            assert roll_ups(urls.admin) == []
        left = {second: chunk for second, chunk in CHUNKS.items() if second >= 100}
        await all_right(database, RECORDING, left)
        assert await summaries.build(database, "p1", "r1") == 2
        assert not await all_right(database, RECORDING, left)

    used(urls.app, work)


def test_the_archivist_waits_for_one_that_is_being_made(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        async with database.begin() as connection:
            assert await summary.enter(await raw(connection), "p1", "r1")
            with refused("55P03"), archivist(urls.admin, "SET LOCAL lock_timeout = 100") as other:
                other.execute("DELETE FROM chunk WHERE second = 5")
        with archivist(urls.admin, "SET LOCAL lock_timeout = 100") as other:
            assert other.execute("DELETE FROM chunk WHERE second = 5").rowcount == 1

    used(urls.app, work)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_chunks_are_archived_in_read_committed(urls: Urls, level: str) -> None:
    """Another would not see a roll-up that was made after it began."""
    used(urls.app, lambda database: put(database, RECORDING, [CHUNKS[0]]))
    with refused("25000"), archivist(
        urls.admin, f"SET LOCAL transaction_isolation = '{level.lower()}'"
    ) as connection:  # fmt: skip
        connection.execute("DELETE FROM chunk")
    with archivist(urls.admin) as connection:
        assert connection.execute("DELETE FROM chunk").rowcount == 1


def test_of_an_erased_recording_nothing_stays(urls: Urls) -> None:
    async def fill(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        await put(database, replace(RECORDING, recording_id="r2"), list(CHUNKS.values()))
        await summaries.catch_up(database, [("p1", "r1"), ("p1", "r2")])

    used(urls.app, fill)
    with archivist(urls.admin) as connection:
        for table in ("chunk", "recording"):
            connection.execute(f"DELETE FROM {table} WHERE recording_id = 'r1'".encode())
    with connect(urls.admin) as connection:
        left = connection.execute("SELECT DISTINCT recording_id FROM summary_envelope").fetchall()
    assert left == [("r2",)]


def test_an_import_leaves_its_roll_ups(urls: Urls, tmp_path: Any) -> None:
    from eegstore.edf import write_edf

    rates = [F(8), F(8)]
    recording = slow_recording(recording_id="a.edf")
    recording = replace(
        recording, channels=tuple(replace(c, sfreq=r) for c, r in zip(recording.channels, rates,
                                                                      strict=False))
    )  # fmt: skip
    flat = [Chunk(n, (((0, 8),), ((0, 8),)), np.arange(n, n + 16, dtype="<i2")) for n in range(400)]
    write_edf(tmp_path / "a.edf", recording, flat, [])
    used(urls.app, lambda database: import_edf(database, tmp_path / "a.edf", "p1"))
    assert roll_ups(urls.admin) == [(10, 0, 400)]


def test_catching_up_goes_on_after_what_fails(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        await summaries.catch_up(database, [("p1", "unknown"), ("p1", "r1")])

    used(urls.app, work)
    assert len(roll_ups(urls.admin)) == 2


def test_the_archivist_may_remove_and_not_write_them(urls: Urls) -> None:
    async def fill(database: Database) -> None:
        await put(database, RECORDING, list(CHUNKS.values()))
        await summaries.build(database, "p1", "r1")

    used(urls.app, fill)
    with refused(DENIED), archivist(urls.admin) as connection:
        connection.execute("UPDATE summary_envelope SET n_seconds = 0")
    with archivist(urls.admin) as connection:
        assert connection.execute("DELETE FROM summary_envelope").rowcount == 2

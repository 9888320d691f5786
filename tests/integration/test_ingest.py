"""A second is stored once: the same again is acknowledged, another is refused."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

from eegstore.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    StoreUnavailableError,
)
from eegstore.integrity import channels_sha256, content_sha256, merkle_root
from eegstore.model import Chunk, Recording
from eegstore.service import ingest, recordings
from eegstore.service.ingest import Outcome
from eegstore.service.recordings import Declared
from eegstore.service.windows import read_window
from eegstore.store import append
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import contents, made, n_deadlocks, n_rows, put, sent, used
from tests.integration.postgres_processes import connect

RECORDING, CHUNKS = made(6)
TABLE = channels_sha256(RECORDING.channels, RECORDING.sample_type)
DECLARED = Declared(RECORDING, TABLE)


def other(chunk: Chunk) -> Chunk:
    """The same second with one sample more by one count."""
    samples = chunk.samples.copy()
    samples[7] += 1
    return replace(chunk, samples=samples)


def said(outcomes: Sequence[Outcome]) -> list[tuple[int, str]]:
    return [(outcome.second, outcome.outcome) for outcome in outcomes]


def log_of(admin_url: str) -> list[tuple[Any, ...]]:
    """The ingestion log as it grew, without the declaration."""
    with connect(admin_url) as connection:
        return connection.execute(
            "SELECT chunk_start_sec, chunk_end_sec, num_samples, checksum, outcome "
            "FROM ingestion_log WHERE outcome <> 'declared' ORDER BY id"
        ).fetchall()


def test_a_second_is_stored_then_a_duplicate_and_another_is_a_conflict(urls: Urls) -> None:
    async def work(database: Database) -> list[list[Outcome]]:
        return [await put(database, RECORDING, [c]) for c in
                (CHUNKS[0], CHUNKS[0], other(CHUNKS[0]), CHUNKS[0])]  # fmt: skip

    outcomes = used(urls.app, work)
    assert [o.outcome for (o,) in outcomes] == ["stored", "duplicate", "conflict", "duplicate"]
    right, wrong = (content_sha256(TABLE, c) for c in (CHUNKS[0], other(CHUNKS[0])))
    assert [bytes.fromhex(o.content_sha256) for (o,) in outcomes] == [right, right, wrong, right]
    assert n_rows(urls.admin)["chunk"] == 1

    async def read(database: Database) -> np.ndarray:
        window = await read_window(database, "p1", "r1", F(0), F(1), ["C0"])
        return window.digital[0]

    assert (used(urls.app, read) == CHUNKS[0].samples[:256]).all()


def test_what_conflicts_does_not_keep_its_neighbours_out(urls: Urls) -> None:
    """Outcomes come in the order of the request."""

    async def work(database: Database) -> list[Outcome]:
        await put(database, RECORDING, [CHUNKS[2], CHUNKS[4]])
        return await put(
            database, RECORDING, [CHUNKS[5], CHUNKS[4], other(CHUNKS[2]), CHUNKS[1], CHUNKS[0]]
        )

    assert said(used(urls.app, work)) == [
        (5, "stored"), (4, "duplicate"), (2, "conflict"), (1, "stored"), (0, "stored"),
    ]  # fmt: skip
    assert n_rows(urls.admin)["chunk"] == 5


def test_every_event_is_logged_with_its_checksum(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, CHUNKS[:2])
        await put(database, RECORDING, [CHUNKS[1], other(CHUNKS[0])])
        await recordings.close(database, "p1", "r1", 2)
        await recordings.close(database, "p1", "r1", 2)

    used(urls.app, work)
    size = CHUNKS[0].samples.size + CHUNKS[1].samples.size
    root = merkle_root([content_sha256(TABLE, chunk) for chunk in CHUNKS[:2]])
    conflict, duplicate = other(CHUNKS[0]), CHUNKS[1]
    assert log_of(urls.admin) == [
        (0, 2, size, root, "stored"),
        (0, 1, conflict.samples.size, content_sha256(TABLE, conflict), "conflict"),
        (1, 2, duplicate.samples.size, content_sha256(TABLE, duplicate), "duplicate"),
        (0, 2, 0, b"", "closed"),
    ]
    assert n_rows(urls.admin)["ingestion_log"] == 5  # and the declaration, once


def test_a_request_has_one_event_for_every_stretch_with_one_outcome(urls: Urls) -> None:
    """Whatever the order of its seconds; what conflicts is told second by second."""
    _, chunks = made(12)
    digest = {chunk.second: content_sha256(TABLE, chunk) for chunk in chunks}

    async def work(database: Database) -> None:
        await put(database, RECORDING, [chunks[n] for n in (5, 2, 3, 9, 1)])
        batch = [chunks[n] for n in (4, 3, 5, 6, 7, 1)]
        await put(database, RECORDING, [*batch, other(chunks[9]), other(chunks[2]), chunks[0]])

    used(urls.app, work)
    assert [(*row[:2], *row[3:]) for row in log_of(urls.admin)] == [
        (1, 4, merkle_root([digest[1], digest[2], digest[3]]), "stored"),
        (5, 6, digest[5], "stored"),
        (9, 10, digest[9], "stored"),
        (0, 1, digest[0], "stored"),
        (1, 2, digest[1], "duplicate"),
        (2, 3, content_sha256(TABLE, other(chunks[2])), "conflict"),
        (3, 4, digest[3], "duplicate"),
        (4, 5, digest[4], "stored"),
        (5, 6, digest[5], "duplicate"),
        (6, 8, merkle_root([digest[6], digest[7]]), "stored"),
        (9, 10, content_sha256(TABLE, other(chunks[9])), "conflict"),
    ]


def test_a_row_says_of_its_blob_what_is_true(urls: Urls) -> None:
    """Samples, digests, and the clock of the device in UTC."""
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    async def work(database: Database) -> None:
        await put(database, RECORDING, [])
        await ingest.store(database, DECLARED, [CHUNKS[3]], at)

    used(urls.app, work)
    (expected,) = ingest.prepare(DECLARED, [CHUNKS[3]])
    with connect(urls.admin) as connection:
        stored = connection.execute(
            "SELECT second, n_samples, content_sha256, blob_sha256, envelope, blob, device_time, "
            "sha256(blob) = blob_sha256 FROM chunk"
        ).fetchall()
    assert stored == [
        (3, expected.n_samples, expected.content_sha256, expected.blob_sha256, expected.envelope,
         expected.blob, at, True)
    ]  # fmt: skip


INVALID = {
    "twice": (CHUNKS[1], "second 1 comes twice in one request"),
    "before 0": (replace(CHUNKS[5], second=-1), "second -1 is not in 0"),
    "too late": (replace(CHUNKS[5], second=10**9 + 1), "second 1000000001 is not in 0"),
    "channel missing": (replace(CHUNKS[5], runs=CHUNKS[5].runs[:2]), "2 channels; .* has 3"),
    "too long": (
        replace(CHUNKS[5], runs=(((0, 257),), *CHUNKS[5].runs[1:])), "run of 257 .* 256 samples",
    ),
    "runs that touch": (
        replace(CHUNKS[5], runs=(((0, 6), (6, 250)), *CHUNKS[5].runs[1:])), "does not stand apart",
    ),
    "empty": (Chunk(5, ((), (), ()), CHUNKS[5].samples[:0]), "second 5 has no samples"),
    "samples left": (
        replace(CHUNKS[5], samples=CHUNKS[5].samples[:-1]), "runs hold 525 samples, 524 came",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INVALID)
def test_nothing_is_half_stored_when_one_of_a_batch_is_invalid(common: Urls, case: str) -> None:
    chunk, message = INVALID[case]
    used(common.app, lambda database: put(database, RECORDING, []))
    before = contents(common.admin)
    for batch in ([CHUNKS[0], CHUNKS[1], chunk], [CHUNKS[1], chunk, *CHUNKS[2:5]]):
        with pytest.raises(InvalidDataError, match=message):
            used(common.app, lambda database, b=batch: put(database, RECORDING, b))  # type: ignore[misc]
    assert contents(common.admin) == before


def test_a_failure_while_storing_leaves_nothing(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunks were in, the log was not."""
    used(urls.app, lambda database: put(database, RECORDING, []))
    before = contents(urls.admin)

    async def fail(*_: Any) -> None:
        raise RuntimeError("here the machine ends")

    monkeypatch.setattr(append, "log", fail)
    with pytest.raises(RuntimeError, match="here the machine ends"):
        used(urls.app, lambda database: ingest.store(database, DECLARED, CHUNKS))
    assert contents(urls.admin) == before


def test_an_undeclared_recording_is_not_found(urls: Urls) -> None:
    async def ask(database: Database) -> None:
        with pytest.raises(NotFoundError, match="no recording 'r1' of patient 'p1'"):
            await recordings.declared(database, "p1", "r1")
        with pytest.raises(NotFoundError, match="no recording 'r1' of patient 'p1'"):
            await ingest.store(database, DECLARED, CHUNKS[:1])
        for call in (recordings.info, recordings.have):
            with pytest.raises(NotFoundError):
                await call(database, "p1", "r1")
        with pytest.raises(NotFoundError):
            await recordings.close(database, "p1", "r1", None)

    used(urls.app, ask)
    assert not any(n_rows(urls.admin).values())


async def erase(urls: Urls) -> None:
    with connect(urls.admin) as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE eegstore_archivist")
        connection.execute("DELETE FROM recording")


def test_a_declaration_that_was_erased_is_not_remembered(urls: Urls) -> None:
    """Declarations are kept in memory; one that went away is asked for anew."""

    async def work(database: Database) -> None:
        await put(database, RECORDING, [])
        known = await recordings.declared(database, "p1", "r1")
        await erase(urls)
        with pytest.raises(NotFoundError, match="no recording 'r1'"):
            await ingest.store(database, known, CHUNKS[:1])
        with pytest.raises(NotFoundError, match="no recording 'r1'"):
            await recordings.declared(database, "p1", "r1")

    used(urls.app, work)


def test_seconds_of_an_older_declaration_are_not_stored_under_another(urls: Urls) -> None:
    """Erased and declared anew with other channels: what was read by the old one is refused
    once, and then read by the new one."""
    other = replace(RECORDING, channels=RECORDING.channels[::-1])

    async def work(database: Database) -> None:
        await put(database, RECORDING, [])
        old = await recordings.declared(database, "p1", "r1")
        await erase(urls)
        await recordings.declare(database, other)
        with pytest.raises(StoreUnavailableError, match="declared anew"):
            await ingest.store(database, old, CHUNKS[:1])
        assert (await recordings.declared(database, "p1", "r1")).recording == other

    used(urls.app, work)
    assert n_rows(urls.admin)["chunk"] == 0


def test_closing_waits_for_what_is_being_stored(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a closed recording has as many seconds as it was closed with."""
    log = append.log

    async def work(database: Database) -> int:
        closing: list[asyncio.Task[int]] = []

        async def close_meanwhile(*arguments: Any) -> None:
            await log(*arguments)
            if not closing:
                closing.append(asyncio.create_task(recordings.close(database, "p1", "r1", None)))
                await asyncio.sleep(0.2)
                assert not closing[0].done()

        await put(database, RECORDING, CHUNKS[:2])
        monkeypatch.setattr(append, "log", close_meanwhile)
        await ingest.store(database, DECLARED, CHUNKS[2:5])
        return await closing[0]

    assert used(urls.app, work) == 5


def test_a_closed_recording_takes_nothing_new_but_acknowledges_what_it_has(urls: Urls) -> None:
    async def work(database: Database) -> list[Outcome]:
        await put(database, RECORDING, CHUNKS[:3])
        assert await recordings.close(database, "p1", "r1", 3) == 3
        with pytest.raises(ConflictError, match="'r1' is closed; second 3 is not in it"):
            await put(database, RECORDING, CHUNKS[2:5])
        return await put(database, RECORDING, [CHUNKS[0], other(CHUNKS[1])])

    assert said(used(urls.app, work)) == [(0, "duplicate"), (1, "conflict")]
    assert n_rows(urls.admin)["chunk"] == 3


def test_closing_with_another_count_is_a_conflict_and_it_stays_open(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, [CHUNKS[0], CHUNKS[2]])
        with pytest.raises(ConflictError, match="2 seconds stored, the device has 3"):
            await recordings.close(database, "p1", "r1", 3)
        assert not (await recordings.have(database, "p1", "r1")).closed
        await put(database, RECORDING, CHUNKS[4:5])
        assert await recordings.close(database, "p1", "r1", None) == 3
        assert await recordings.close(database, "p1", "r1", 3) == 3
        have = await recordings.have(database, "p1", "r1")
        assert have.closed
        assert (have.spans, have.n_seconds) == ([(0, 1), (2, 3), (4, 5)], 3)

    used(urls.app, work)


@pytest.mark.parametrize("seconds", [[], [3], [0, 1, 2], [0, 2, 3, 5], [5, 4, 0]])
def test_have_gives_the_stored_seconds_as_spans(urls: Urls, seconds: list[int]) -> None:
    async def work(database: Database) -> recordings.Have:
        await put(database, RECORDING, [CHUNKS[second] for second in seconds])
        return await recordings.have(database, "p1", "r1")

    have = used(urls.app, work)
    assert [s for start, stop in have.spans for s in range(start, stop)] == sorted(seconds)
    assert all(a[1] < b[0] for a, b in zip(have.spans, have.spans[1:], strict=False))
    assert (have.n_seconds, have.closed) == (len(seconds), False)


async def race(database: Database, requests: Sequence[Sequence[Sequence[Chunk]]]) -> list[Any]:
    """All outcomes of tasks that send their requests, one after the other, at the same time."""
    await put(database, RECORDING, [])
    together = asyncio.Barrier(len(requests))

    async def task(batches: Sequence[Sequence[Chunk]]) -> list[Outcome]:
        await together.wait()
        return [o for batch in batches for o in await sent(database, DECLARED, batch)]

    return await asyncio.gather(*(task(batches) for batches in requests))


def test_of_8_tasks_with_other_samples_for_the_same_50_seconds_one_wins_each(urls: Urls) -> None:
    """Whatever they send in one request, and in whatever order."""
    rng = np.random.default_rng(5)
    requests = []
    for size in (1, 5, 10, 50, 50, 50, 25, 7):
        _, chunks = made(50, seed=int(rng.integers(1 << 30)))
        order = [chunks[at] for at in rng.permutation(50)]
        requests.append([order[at : at + size] for at in range(0, 50, size)])
    results = used(urls.app, lambda database: race(database, requests), pool_size=8)
    assert n_deadlocks(urls.admin) == 0

    winners: dict[int, str] = {}
    for outcomes in results:
        assert sorted(o.second for o in outcomes) == list(range(50))
        for o in outcomes:
            assert o.outcome in ("stored", "conflict")
            if o.outcome == "stored":
                assert o.second not in winners
                winners[o.second] = o.content_sha256
    assert set(winners) == set(range(50))
    with connect(urls.admin) as connection:
        stored = connection.execute("SELECT second, encode(content_sha256, 'hex') FROM chunk")
        assert dict(stored.fetchall()) == winners
    assert sum(stop - start for start, stop, *_ in log_of(urls.admin)) == 8 * 50


def test_of_tasks_with_the_same_samples_all_are_acknowledged(urls: Urls) -> None:
    _, chunks = made(50)
    requests = [[chunks[at : at + 10] for at in range(0, 50, 10)] for _ in range(4)]
    results = used(urls.app, lambda database: race(database, requests), pool_size=4)
    outcomes = [outcome.outcome for task in results for outcome in task]
    assert (outcomes.count("stored"), outcomes.count("duplicate")) == (50, 150)


def test_declaring_together_declares_once(urls: Urls) -> None:
    async def work(database: Database) -> list[bool]:
        return await asyncio.gather(*(recordings.declare(database, RECORDING) for _ in range(6)))

    assert sorted(used(urls.app, work, pool_size=6)) == [False] * 5 + [True]
    assert n_rows(urls.admin)["ingestion_log"] == 1


CHANGED: list[tuple[dict[str, Any], str]] = [
    ({"device": "Amp 3"}, "device is None, not Amp 3"),
    ({"study_id": "s"}, "study_id is None, not s"),
    ({"start_time": datetime(2026, 1, 1)}, "start_time is None, not 2026-01-01 00:00:00"),
    ({"channels": RECORDING.channels[:2]}, "it has 3 channels, not 2"),
    ({"channels": RECORDING.channels[::-1]}, "unknown|channel"),
    (
        {"channels": (*RECORDING.channels[:2], replace(RECORDING.channels[2], unit="mV"))},
        "channel 2 is .*unit='uV'.*, not .*unit='mV'",
    ),
]


@pytest.mark.parametrize(("changed", "message"), CHANGED)
def test_declaring_otherwise_is_a_conflict_that_says_what(
    common: Urls, changed: dict[str, Any], message: str
) -> None:
    """The same again is none."""

    async def work(database: Database) -> None:
        await recordings.declare(database, RECORDING)
        assert await recordings.declare(database, RECORDING) is False
        with pytest.raises(ConflictError, match=message):
            await recordings.declare(database, replace(RECORDING, **changed))
        assert (await recordings.declared(database, "p1", "r1")).recording == RECORDING

    used(common.app, work)


def known(**fields: Any) -> Recording:
    return made(0, [F(256)], **fields)[0]


def test_every_field_of_a_declaration_comes_back(urls: Urls) -> None:
    start = datetime(2026, 10, 25, 2, 30, 0, 1)
    recording = known(
        start_time=start, zone="Europe/Berlin", utc_offset=7200, study_id="s", device="Amp 3"
    )
    odd = replace(
        recording.channels[0], label='Ä"\\\t', sfreq=F(200000, 1001), unit="µV",
        physical_min=1e-300, physical_max=-0.1, digital_min=-8388608, transducer="Ag",
        prefiltering="HP:0.1Hz",
    )  # fmt: skip
    recording = replace(recording, channels=(odd, recording.channels[0]))

    async def work(database: Database) -> Declared:
        await recordings.declare(database, recording)
        return await recordings.declared(database, "p1", "r1")

    found = used(urls.app, work)
    assert found.recording == recording
    assert found.channels_sha256 == channels_sha256(recording.channels, recording.sample_type)

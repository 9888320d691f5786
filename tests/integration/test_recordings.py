"""What is stored of recordings is computed when asked, and never from what is not there."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction as F

import numpy as np
import pytest

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Recording, RecordingInfo
from eegstore.service import ingest, recordings
from eegstore.service.recordings import Declared
from eegstore.store.database import Database
from eegstore.timebase import first_sample
from tests.conftest import Urls
from tests.integration.databases import made, put, used


def cut_after(chunk: Chunk, counts: list[int]) -> Chunk:
    """The chunk with only the first samples of each channel."""
    parts, position = [], 0
    for runs, count in zip(chunk.runs, counts, strict=True):
        parts.append(chunk.samples[position : position + count])
        position += sum(n for _, n in runs)
    runs = tuple(((0, count),) if count else () for count in counts)
    return Chunk(chunk.second, runs, np.concatenate(parts))


def end_of_last_sample(recording: Recording, chunks: list[Chunk]) -> F:
    """The latest end of a sample of the last second, asking each."""
    chunk = chunks[-1]
    return max(
        (first_sample(chunk.second, channel.sfreq) + n + 1) / channel.sfreq
        for channel, runs in zip(recording.channels, chunk.runs, strict=True)
        for first, count in runs
        for n in range(first, first + count)
    )


@pytest.mark.parametrize(
    ("rates", "seconds", "last"),
    [
        ([F(256)], 4, None),
        ([F(256)], 4, [100]),
        ([F(256), F(1)], 3, [128, 0]),
        ([F(64, 5), F(256)], 5, None),
        ([F(64, 5), F(256)], 2, [12, 200]),
        ([F(256), F(1, 30)], 40, [10, 0]),
    ],
)
def test_duration_is_from_the_start_to_the_end_of_the_last_sample(
    urls: Urls, rates: list[F], seconds: int, last: list[int] | None
) -> None:
    """Also where the last second is partial, and rates are mixed."""
    recording, chunks = made(seconds, rates)
    if last is not None:
        chunks[-1] = cut_after(chunks[-1], last)

    async def work(database: Database) -> RecordingInfo:
        await put(database, recording, chunks)
        return await recordings.info(database, "p1", "r1")

    info = used(urls.app, work)
    assert info.duration == pytest.approx(float(end_of_last_sample(recording, chunks)), rel=1e-12)
    assert info.n_seconds == seconds
    assert info.n_samples == sum(chunk.samples.size for chunk in chunks)


def test_gaps_are_no_seconds_but_part_of_the_duration(urls: Urls) -> None:
    recording, chunks = made(6)

    async def work(database: Database) -> RecordingInfo:
        await put(database, recording, [chunks[1], chunks[4]])
        return await recordings.info(database, "p1", "r1")

    info = used(urls.app, work)
    assert (info.n_seconds, info.duration, info.closed) == (2, 5.0, False)
    table = Declared(recording, bytes(32))
    blobs = [row.blob for row in ingest.prepare(table, [chunks[1], chunks[4]])]
    assert info.stored_bytes == sum(map(len, blobs))


def test_a_recording_without_seconds_has_no_duration(urls: Urls) -> None:
    recording, _ = made(0)

    async def work(database: Database) -> RecordingInfo:
        await put(database, recording, [])
        await recordings.close(database, "p1", "r1", 0)
        return await recordings.info(database, "p1", "r1")

    assert used(urls.app, work) == RecordingInfo(recording, 0, 0.0, 0, 0, True)


def test_a_last_second_of_very_many_runs_still_has_an_end(urls: Urls) -> None:
    """Its header may be longer than what the listing reads of a blob."""
    recording, (chunk,) = made(1, [F(4000)])
    runs = tuple((n, 1) for n in range(0, 4000, 2))
    sparse = Chunk(0, (runs,), chunk.samples[:2000])

    async def work(database: Database) -> RecordingInfo:
        await put(database, recording, [sparse])
        return await recordings.info(database, "p1", "r1")

    info = used(urls.app, work)
    assert info.n_samples == 2000
    assert 3999 / 4000 <= info.duration <= 1


def test_recordings_are_listed_by_patient_and_start(urls: Urls) -> None:
    async def work(database: Database) -> None:
        for patient_id, recording_id, start in (
            ("p2", "a", None), ("p1", "late", datetime(2026, 1, 2)), ("p1", "none", None),
            ("p1", "early", datetime(2026, 1, 1)),
        ):  # fmt: skip
            recording, chunks = made(
                1, [F(8)], patient_id=patient_id, recording_id=recording_id, start_time=start
            )
            await put(database, recording, chunks)

        async def listed(*ids: str) -> list[tuple[str, str]]:
            infos = await recordings.listing(database, *ids)
            assert all(info.n_seconds == 1 for info in infos)
            return [(i.recording.patient_id, i.recording.recording_id) for i in infos]

        of_p1 = [("p1", "early"), ("p1", "late"), ("p1", "none")]
        assert await listed() == [*of_p1, ("p2", "a")]
        assert await listed("p1") == of_p1
        assert await listed("p1", "late") == [("p1", "late")]
        assert await listed("p3") == []
        assert await recordings.patients(database) == ["p1", "p2"]
        assert [r.recording_id for r in await recordings.of_patient(database, "p1")] == [
            "early", "late", "none",
        ]  # fmt: skip

    used(urls.app, work)


def test_one_id_of_two_patients_is_two_recordings(urls: Urls) -> None:
    """Neither sees the other's seconds."""
    one, chunks = made(3)
    two = replace(one, patient_id="p2")

    async def work(database: Database) -> list[list[tuple[int, int]]]:
        await put(database, one, chunks[:1])
        await put(database, two, chunks[1:])
        return [(await recordings.have(database, p, "r1")).spans for p in ("p1", "p2")]

    assert used(urls.app, work) == [[(0, 1)], [(1, 3)]]


def test_ids_are_checked_before_the_database_is_asked() -> None:
    async def work(database: Database) -> None:
        for ids in (("a/b", "r"), ("p", "a b")):
            with pytest.raises(InvalidDataError, match="character"):
                await recordings.listing(database, *ids)
            with pytest.raises(InvalidDataError, match="character"):
                await recordings.declared(database, *ids)

    used("postgresql+psycopg://eegstore_app@127.0.0.1:1/none", work)

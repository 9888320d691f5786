"""Decoded seconds are kept, and never speak for what the database has no more."""

import asyncio
import contextlib
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from eegstore.errors import StoreUnavailableError
from eegstore.model import Chunk
from eegstore.service import windows
from eegstore.service.kept import kept_of
from eegstore.service.windows import read_window
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import made, put, used
from tests.integration.overviews import archivist
from tests.integration.postgres_processes import connect

RATES = [Fraction(256)] * 3
RECORDING, CHUNKS = made(20, RATES)
KEY = (RECORDING.patient_id, RECORDING.recording_id)


async def read(database: Database, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples, and for each column whether they are there."""
    window = await read_window(database, *KEY, Fraction(start), Fraction(stop))
    (block,) = window.blocks
    there = np.ones(block.digital.shape, bool) if block.present is None else block.present
    return block.digital, there.all(axis=0)


def samples(chunks: Sequence[Chunk]) -> np.ndarray:
    return np.concatenate([chunk.samples.reshape(len(RATES), -1) for chunk in chunks], axis=1)


def test_pages_that_overlap_are_decoded_once(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    real = windows.codec.decode_batches
    monkeypatch.setattr(
        windows.codec, "decode_batches",
        lambda blobs, seconds, shared: (decoded.extend(seconds), real(blobs, seconds, shared))[1],
    )  # fmt: skip

    async def work(database: Database) -> None:
        await put(database, RECORDING, CHUNKS)
        for start, stop in ((0, 10), (5, 15), (0, 20), (0, 20)):
            values, there = await read(database, start, stop)
            np.testing.assert_array_equal(values, samples(CHUNKS[start:stop]))
            assert there.all()

    used(urls.app, work)
    assert sorted(decoded) == list(range(20))


def test_a_late_second_is_seen(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, [*CHUNKS[:4], *CHUNKS[5:]])
        _, there = await read(database, 0, 20)
        assert not there[4 * 256 : 5 * 256].any()
        await put(database, RECORDING, CHUNKS[4:5])
        values, there = await read(database, 0, 20)
        assert there.all()
        np.testing.assert_array_equal(values, samples(CHUNKS))

    used(urls.app, work)


def test_what_the_archivist_erased_or_encoded_anew_is_not_served(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, CHUNKS)
        await read(database, 0, 20)
        with archivist(urls.admin) as connection:
            connection.execute("DELETE FROM chunk WHERE second = 3")
            connection.execute(
                "UPDATE chunk SET (blob, blob_sha256) = (SELECT blob, blob_sha256 FROM chunk "
                "WHERE second = 7) WHERE second = 6"
            )
        values, there = await read(database, 0, 20)
        assert np.flatnonzero(~there).tolist() == list(range(3 * 256, 4 * 256))
        np.testing.assert_array_equal(values[:, 6 * 256 : 7 * 256], samples(CHUNKS[7:8]))

    used(urls.app, work)


def test_seconds_with_the_same_blob_are_told_apart(urls: Urls) -> None:
    """A flat line has the same bytes in every second."""
    flat = [Chunk(c.second, c.runs, np.zeros_like(c.samples)) for c in CHUNKS if c.second != 5]

    async def work(database: Database) -> None:
        await put(database, RECORDING, flat)
        for start in (0, 3, 0):
            values, there = await read(database, start, 20)
            gap = (5 - start) * 256
            assert np.flatnonzero(~there).tolist() == list(range(gap, gap + 256))
            assert not values.any()
        assert list(kept_of(database).find(*KEY, 0, 20)) == [chunk.second for chunk in flat]

    used(urls.app, work)


def test_a_reader_outlives_the_end_of_its_connections(urls: Urls) -> None:
    """The statement is prepared anew on each."""

    async def work(database: Database) -> None:
        await put(database, RECORDING, CHUNKS)
        for _ in range(3):
            values, _ = await read(database, 0, 20)
            np.testing.assert_array_equal(values, samples(CHUNKS))
            with connect(urls.admin) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            with pytest.raises(StoreUnavailableError):
                await read(database, 0, 20)

    used(urls.app, work)


def test_a_read_that_is_given_up_leaves_no_answer_to_the_next(urls: Urls) -> None:
    async def work(database: Database) -> None:
        await put(database, RECORDING, CHUNKS)
        kept_of(database, 0)
        await read(database, 0, 1)
        for turns in range(1, 12):
            task = asyncio.create_task(read(database, turns, turns + 1))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            values, _ = await read(database, 12, 13)
            np.testing.assert_array_equal(values, samples(CHUNKS[12:13]))

    used(urls.app, work)

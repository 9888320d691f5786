"""Codec parameters in the database: made by import and by live recordings, found by readers."""

import asyncio
from fractions import Fraction
from pathlib import Path

import pytest

from eegstore import codec
from eegstore.edf import write_edf
from eegstore.errors import CodecError
from eegstore.model import Chunk, Recording
from eegstore.service import ingest, recordings
from eegstore.service.exporting import export_original
from eegstore.service.importing import import_edf
from eegstore.service.parameters import FIRST_FIT
from eegstore.service.recordings import declared
from eegstore.service.verifying import verify
from eegstore.service.windows import read_window
from eegstore.signal.synthetic import SyntheticEeg
from eegstore.store import chunks as chunk_table
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import n_rows, used
from tests.integration.postgres_processes import connect

SECONDS = FIRST_FIT + 10


@pytest.fixture(scope="module")
def eeg() -> list[Chunk]:
    return list(SyntheticEeg().chunks(0, SECONDS))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return SyntheticEeg().recording("p1", "r1")


async def codecs(database: Database) -> list[int]:
    """The codec of every stored second."""
    async with database.reading() as driver:
        blobs = await chunk_table.blobs(driver, "p1", "r1", 0, SECONDS)
    return [codec.read_header(blob).codec for _, blob in blobs]


async def same_as(database: Database, eeg: list[Chunk]) -> bool:
    """Whether windows over all seconds give the samples again."""
    window = await read_window(database, "p1", "r1", Fraction(0), Fraction(len(eeg)))
    return all(
        (window.digital[:, k * 256 : k * 256 + 256].ravel() == chunk.samples).all()
        for k, chunk in enumerate(eeg)
    )


def test_an_import_fits_parameters_and_everybody_finds_them(
    urls: Urls, tmp_path: Path, eeg: list[Chunk], recording: Recording
) -> None:
    path = tmp_path / "r1"
    write_edf(path, recording, eeg, [])

    async def work(database: Database) -> None:
        await import_edf(database, path, "p1")
        assert set(await codecs(database)) == {codec.INTERPOLATED}
        assert await same_as(database, eeg)
        (found,) = await verify(database)
        assert not found.faults
        await export_original(database, "p1", "r1", tmp_path / "again")

    used(urls.app, work)
    assert n_rows(urls.admin)["codec_parameters"] == 1
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_live_recording_is_fitted_after_a_while_and_after_a_restart_at_once(
    urls: Urls, eeg: list[Chunk], recording: Recording
) -> None:
    async def sent(database: Database, chunks: list[Chunk]) -> None:
        known = await declared(database, "p1", "r1")
        for chunk in chunks:
            (outcome,) = await ingest.store(database, known, [chunk])
            assert outcome.outcome == ingest.STORED

    async def first(database: Database) -> None:
        await recordings.declare(database, recording)
        await sent(database, eeg[:FIRST_FIT])
        async with asyncio.timeout(60):
            while database.learner.current(("p1", "r1")) is None:
                await asyncio.sleep(0.05)
        await sent(database, eeg[FIRST_FIT : FIRST_FIT + 5])
        assert (await codecs(database))[-5:] == [codec.INTERPOLATED] * 5
        assert codec.INTERPOLATED not in (await codecs(database))[:FIRST_FIT]

    async def second(database: Database) -> None:
        await sent(database, [eeg[FIRST_FIT + 5]])  # has them looked for
        async with asyncio.timeout(60):
            while database.learner.current(("p1", "r1")) is None:
                await asyncio.sleep(0.05)
        await sent(database, eeg[FIRST_FIT + 6 :])
        assert (await codecs(database))[-4:] == [codec.INTERPOLATED] * 4
        assert await same_as(database, eeg)
        (found,) = await verify(database)
        assert not found.faults

    used(urls.app, first)
    used(urls.app, second)
    assert n_rows(urls.admin)["codec_parameters"] == 1


def test_blobs_whose_parameters_are_gone_are_told_not_guessed(
    urls: Urls, tmp_path: Path, eeg: list[Chunk], recording: Recording
) -> None:
    path = tmp_path / "r1"
    write_edf(path, recording, eeg, [])

    async def fill(database: Database) -> None:
        await import_edf(database, path, "p1")

    async def look(database: Database) -> None:
        with pytest.raises(CodecError, match=r"second 0: parameters \w+\.\.\. that it names"):
            await read_window(database, "p1", "r1", Fraction(0), Fraction(2))
        (found,) = await verify(database)
        assert "second 0: parameters" in found.faults[0]

    used(urls.app, fill)
    with connect(urls.admin) as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE eegstore_archivist")
        connection.execute("DELETE FROM codec_parameters")
    used(urls.app, look)

"""What an archivist has erased or corrected is read as it is now, also by who knew it before."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction as F

import numpy as np
import pytest

from eegstore.errors import NotFoundError
from eegstore.model import Chunk, Recording
from eegstore.service import recordings
from eegstore.service.pages import read_study_page
from eegstore.service.view import View
from eegstore.service.windows import read_window
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import made, put, used
from tests.integration.overviews import archivist

EIGHT = datetime(2026, 11, 22, 8)
TABLES = ("closing", "annotation", "review", "chunk", "recording")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "FRESH", 0.0)


def files() -> list[tuple[Recording, list[Chunk]]]:
    """Two files of one study, the second a minute after the first."""
    return [
        made(10, [F(16)], recording_id=name, study_id="s", start_time=EIGHT + after)
        for name, after in (("a", timedelta()), ("b", timedelta(minutes=1)))
    ]


def erase(urls: Urls, name: str) -> None:
    with archivist(urls.admin) as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE recording_id = %s", (name,))  # type: ignore[arg-type]


async def elsewhere(urls: Urls, work: Callable[[Database], Awaitable[object]]) -> None:
    """By another process, which tells nobody."""
    other = Database(urls.app, 1)
    try:
        await work(other)
    finally:
        await other.close()


async def volts(database: Database, name: str) -> np.ndarray:
    window = await read_window(database, "p1", name, F(0), F(10))
    return window.physical(window.blocks[0], np.float64)


def test_with_another_calibration(urls: Urls) -> None:
    (recording, chunks), _ = files()
    twice = replace(
        recording,
        channels=tuple(replace(c, physical_min=-1600.0, physical_max=1600.0)
                       for c in recording.channels),
    )  # fmt: skip

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        before = await volts(database, "a")
        erase(urls, "a")
        await elsewhere(urls, lambda other: put(other, twice, chunks))
        np.testing.assert_allclose(await volts(database, "a"), 2 * before)

    used(urls.app, work)


def test_with_another_start(urls: Urls) -> None:
    """The clock of the study is the new one, whoever has put it right, and pages say so."""
    (first, of_first), (second, of_second) = files()
    later = replace(second, start_time=EIGHT + timedelta(minutes=2))

    async def work(database: Database) -> None:
        async def shown() -> tuple[list[float], str | None]:
            page = (await read_study_page(database, "p1", "s", F(0), F(300), View())).page
            return [stretch.start for stretch in page.recordings], page.version

        await put(database, first, of_first)
        await put(database, second, of_second)
        for name in "ab":
            await recordings.close(database, "p1", name, 10)
        seen = [await shown()]
        with archivist(urls.admin) as connection:
            connection.execute("UPDATE recording SET start_time = '2026-11-22 08:01:30' "
                               "WHERE recording_id = 'b'")  # fmt: skip
        seen.append(await shown())
        erase(urls, "b")
        await elsewhere(urls, lambda other: put(other, later, of_second[:5]))
        seen.append(await shown())
        assert [starts for starts, _ in seen] == [[0.0, 60.0], [0.0, 90.0], [0.0, 120.0]]
        assert len({version for _, version in seen}) == 3
        page = (await read_study_page(database, "p1", "s", F(0), F(300), View())).page
        assert page.recordings[-1].stop == 125.0

    used(urls.app, work)


def test_not_at_all(urls: Urls) -> None:
    (recording, chunks), _ = files()

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        await volts(database, "a")
        erase(urls, "a")
        with pytest.raises(NotFoundError, match="no recording 'a' of patient 'p1'"):
            await volts(database, "a")
        with pytest.raises(NotFoundError):
            await read_study_page(database, "p1", "s", F(0), F(300), View())

    used(urls.app, work)

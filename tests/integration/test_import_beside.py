"""A long file is encoded in another process; whatever becomes of it, the same is stored."""

import asyncio
import errno
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest

from eegstore.edf import write_edf
from eegstore.errors import ConflictError, EdfError, InvalidDataError
from eegstore.model import Annotation
from eegstore.service import beside, exporting, importing
from eegstore.service.beside import Beside
from eegstore.service.exporting import export_original
from eegstore.service.importing import Imported, import_edf
from eegstore.store.append import StoredChunk
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import contents, made, used
from tests.integration.postgres_processes import connect, query

SECONDS = 400  # seven portions


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recording, chunks = made(SECONDS, [F(64)] * 3)
    write_edf(path := tmp_path_factory.mktemp("long") / "long.edf", recording, chunks, [])
    return path


class Watched:
    """Which processes there were, and how many portions came out of them."""

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.portions = 0


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Any file is long, nothing begins before the other process is ready, and that is never
    more than a portion ahead."""
    seen, enter, rows = Watched(), Beside.__aenter__, Beside.rows

    async def entered(self: Beside) -> Beside:
        await enter(self)
        if self._starting is not None:
            await self._starting
            assert self._process is not None
            seen.pids.append(self._process.pid)
            if sys.platform == "linux":
                pipe = self._process.stdout._transport.get_extra_info("pipe")  # type: ignore[union-attr]
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        return self

    async def counted(self: Beside) -> list[StoredChunk] | None:
        found = await rows(self)
        seen.portions += found is not None
        return found

    monkeypatch.setattr(importing, "LONG", 0)
    monkeypatch.setattr(beside, "_LIMIT", 1024)
    monkeypatch.setattr(Beside, "__aenter__", entered)
    monkeypatch.setattr(Beside, "rows", counted)
    return seen


def imported(urls: Urls, path: Path, name: str) -> Imported:
    return used(urls.app, lambda database: import_edf(database, path, "p", name))


def stored(urls: Urls, name: str) -> list[tuple[Any, ...]]:
    sql = f"""SELECT second, n_samples, content_sha256, blob_sha256, envelope, blob
              FROM chunk WHERE recording_id = '{name}' ORDER BY second"""
    with connect(urls.admin) as connection:
        return connection.execute(sql).fetchall()


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_stores_what_this_process_would(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = imported(common, path, "there")
    assert watched.portions == 6  # all but the first
    assert all(map(ended, watched.pids))
    monkeypatch.setattr(importing, "LONG", path.stat().st_size + 1)
    here = imported(common, path, "here")
    assert (watched.portions, len(watched.pids)) == (6, 1)
    assert stored(common, "there") == stored(common, "here")
    assert len(stored(common, "here")) == SECONDS
    assert (there.n_samples, there.stored_bytes) == (here.n_samples, here.stored_bytes)
    used(common.app, lambda database: export_original(database, "p", "there", tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


def test_a_process_that_has_said_all_ends_by_itself(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To kill it asks whether it runs, takes its status from who waits for that, and warns."""
    killed: list[int] = []
    annotations = importing._Import._annotations

    async def late(self: Any) -> list[Annotation]:
        while not self._beside._process.stdout.at_eof():
            await asyncio.sleep(0.01)
        return await annotations(self)

    monkeypatch.setattr(asyncio.subprocess.Process, "kill", lambda self: killed.append(self.pid))
    monkeypatch.setattr(importing._Import, "_annotations", late)
    assert imported(common, path, "all-said").n_seconds == SECONDS
    assert killed == []
    assert all(map(ended, watched.pids))


def test_a_machine_with_one_core_does_it_here(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "_n_cores", lambda: 1)
    assert imported(common, path, "alone").n_seconds == SECONDS
    assert (watched.pids, watched.portions) == ([], 0)


def kill(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGKILL)


def say_that_it_failed(process: asyncio.subprocess.Process) -> None:
    """As the other process does where it cannot go on."""
    assert process.stdout is not None
    process.stdout.readexactly = failed  # type: ignore[method-assign]


async def failed(n: int) -> bytes:
    raise asyncio.IncompleteReadError(b"", n)


@pytest.mark.parametrize("lose", [kill, say_that_it_failed])
@pytest.mark.parametrize("after", [0, 2])
def test_when_it_is_lost_this_process_goes_on(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[Any], None], after: int,
) -> None:  # fmt: skip
    rows = Beside.rows

    async def losing(self: Beside) -> list[StoredChunk] | None:
        if watched.portions == after:
            lose(self._process)
            if lose is kill:
                assert self._process is not None
                assert self._process.stdout is not None
                await self._process.stdout.read()  # what it had said before
                await self._process.wait()
        return await rows(self)

    monkeypatch.setattr(Beside, "rows", losing)
    name = f"{lose.__name__}-{after}"
    assert imported(common, path, name).n_seconds == SECONDS
    assert watched.portions == after
    assert stored(common, name) == (stored(common, "whole") or whole(common, path, monkeypatch))
    assert all(map(ended, watched.pids))


def whole(common: Urls, path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    with monkeypatch.context() as patch:
        patch.setattr(importing, "LONG", 1 << 60)
        imported(common, path, "whole")
    return stored(common, "whole")


def test_what_it_cannot_encode_is_refused_for_the_reason_that_it_has(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process says only that it failed; this one comes to the same second and says why."""
    before = contents(common.admin)
    prepare = importing.prepare

    def refusing(declared: Any, chunks: Any, fitted: Any) -> list[StoredChunk]:
        if chunks and chunks[0].second == 120:
            raise InvalidDataError("second 120 is odd")
        return prepare(declared, chunks, fitted)

    async def refused(self: Beside) -> None:
        self.ready = False

    monkeypatch.setattr(Beside, "rows", refused)
    monkeypatch.setattr(importing, "prepare", refusing)
    with pytest.raises(InvalidDataError, match="second 120 is odd"):
        imported(common, path, "odd")
    assert contents(common.admin) == before
    assert all(map(ended, watched.pids))


def test_its_process_ends_with_an_import_that_fails(
    common: Urls, path: Path, watched: Watched
) -> None:
    """And with one that is cancelled, in the middle of its work."""
    before = contents(common.admin)

    async def work(database: Database) -> None:
        def cancel(what: str, at: int, _: int) -> None:
            if at > 200:
                task.cancel()

        task = asyncio.create_task(import_edf(database, path, "p", "cancelled", progress=cancel))
        with pytest.raises(asyncio.CancelledError):
            await task

    used(common.app, work)
    assert watched.portions > 1
    assert contents(common.admin) == before
    assert len(watched.pids) == 1
    assert all(map(ended, watched.pids))


@pytest.mark.parametrize("moment", ["import", "prove"])
def test_who_is_told_of_the_progress_may_fail(
    common: Urls, path: Path, watched: Watched, moment: str
) -> None:
    """What fails then is told as it is, though the next portion is on its way."""

    def fail(what: str, at: int, _: int) -> None:
        if what == moment and at > 200:
            raise OSError("the terminal is gone")

    async def work(database: Database) -> None:
        with pytest.raises(OSError, match="the terminal is gone"):
            await import_edf(database, path, "p", f"told-{moment}", progress=fail)
        done = await import_edf(database, path, "p", f"told-{moment}-again")
        assert done.n_seconds == SECONDS

    used(common.app, work, pool_size=1)
    told = f"SELECT count(*) FROM recording WHERE recording_id = 'told-{moment}'"
    assert query(common.admin, told) == 0
    assert all(map(ended, watched.pids))


class Full:
    """A disk that is full after some parts of a file."""

    def __init__(self, parts: int) -> None:
        self.left = parts

    def write(self, part: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, "no space left")


def test_a_disk_that_is_full_ends_an_export_as_what_it_is(
    common: Urls, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    imported(common, path, "exported")

    @contextmanager
    def replacing(path: Path) -> Iterator[Full]:
        yield Full(2)

    monkeypatch.setattr(exporting, "replacing", replacing)

    async def work(database: Database) -> None:
        for _ in range(3):  # on the one connection there is
            with pytest.raises(OSError, match="no space left"):
                await export_original(database, "p", "exported", tmp_path / "back")

    used(common.app, work, pool_size=1)


def test_it_ends_though_it_is_far_ahead(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process has said more than anybody has read, and waits to say the rest."""
    insert = importing._Import._insert

    async def slow(self: Any, driver: Any, rows: Any) -> None:
        await asyncio.sleep(0.3)
        await insert(self, driver, rows)

    monkeypatch.setattr(importing._Import, "_insert", slow)
    waits: list[bool] = []

    async def work(database: Database) -> None:
        def cancel(what: str, at: int, _: int) -> None:
            if at > 100:
                waits.append(not ended(watched.pids[-1]))
                task.cancel()

        task = asyncio.create_task(import_edf(database, path, "p", "ahead", progress=cancel))
        async with asyncio.timeout(60):
            with pytest.raises(asyncio.CancelledError):
                await task

    used(common.app, work)
    assert watched.portions >= 1
    assert waits[0]
    assert all(map(ended, watched.pids))


def test_it_does_not_encode_what_has_become_another_file(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it failed, by itself, and this process goes on with the file that it has."""
    order = importing._Import._order

    def of_another(self: Any, *arguments: Any) -> Any:
        return order(self, *arguments)._replace(size=path.stat().st_size + 1)

    monkeypatch.setattr(importing._Import, "_order", of_another)
    assert imported(common, path, "grown").n_seconds == SECONDS
    assert (watched.portions, len(watched.pids)) == (0, 1)


def test_blobs_that_are_not_those_of_the_file_are_refused(
    common: Urls, path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever encoded them: what is stored is proved."""
    rows = Beside.rows

    async def mixed_up(self: Beside) -> list[StoredChunk] | None:
        found = await rows(self)
        if found is not None:
            found[3] = replace(found[3], blob=found[4].blob, blob_sha256=found[4].blob_sha256)
        return found

    monkeypatch.setattr(Beside, "rows", mixed_up)
    before = contents(common.admin)
    with pytest.raises(EdfError, match="SHA-256"):
        imported(common, path, "mixed-up")
    assert watched.portions > 0
    assert contents(common.admin) == before


def test_another_file_under_its_id_is_told_before_anything_is_encoded(
    common: Urls, path: Path, watched: Watched, tmp_path: Path
) -> None:
    imported(common, path, "first")
    portions = watched.portions
    assert imported(common, path, "first").skipped
    other = tmp_path / "other.edf"
    recording, chunks = made(SECONDS, [F(64)] * 3, 7)
    write_edf(other, recording, chunks, [])
    with pytest.raises(ConflictError, match="was imported from another file"):
        imported(common, other, "first")
    assert watched.portions == portions
    assert all(map(ended, watched.pids))


def test_a_process_whose_parent_is_gone_ends() -> None:
    """Its pipe ends: there is nobody to encode for."""

    async def work() -> int:
        async with Beside(wanted=True) as one:
            assert one._starting is not None
            await one._starting
            assert one.ready
            process = one._process
            assert process is not None
            assert process.stdin is not None
            process.stdin.close()
            async with asyncio.timeout(60):
                return await process.wait()

    assert asyncio.run(work()) == 0

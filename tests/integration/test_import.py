"""An import stores all of a file or nothing, and proves it before it commits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest

from eegstore.edf import EdfFile, write_edf
from eegstore.errors import ConflictError, EdfError, NotFoundError
from eegstore.integrity import channels_sha256, content_sha256, merkle_root
from eegstore.model import Annotation, Chunk, Recording
from eegstore.service import exporting, importing, ingest, recordings
from eegstore.service.annotations import of_recording
from eegstore.service.exporting import export_original
from eegstore.service.importing import Imported, import_edf
from eegstore.service.verifying import verify
from eegstore.store import chunks as chunk_table
from eegstore.store import originals
from eegstore.store import recordings as recording_table
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import contents, made, n_rows, put, sent, used
from tests.integration.postgres_processes import connect, query
from tests.unit.edf.raw import Signal, edf_bytes
from tests.unit.edf.test_shared_files import BAD

SECONDS = 5


def write(path: Path, seed: int = 0) -> Path:
    """A file of 5 s with two rates and an annotation."""
    recording, chunks = made(SECONDS, [F(256), F(64)], seed, start_time=datetime(2001, 8, 2))
    write_edf(path, recording, chunks, [Annotation(1.0, 2.0, "seizure")])
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "a.edf")


def of(path: Path) -> tuple[Recording, list[Chunk]]:
    """What a device would have sent of the file, had it been live."""
    with EdfFile(path) as file:
        return file.recording("p", path.name), list(file.chunks(0, file.n_seconds))


def imported(urls: Urls, path: Path, **options: Any) -> Imported:
    return used(urls.app, lambda database: import_edf(database, path, "p", **options))


def test_every_table_tells_of_the_import(urls: Urls, path: Path) -> None:
    done = imported(urls, path, study_id="s")
    recording, chunks = of(path)
    assert {table: count for table, count in n_rows(urls.admin).items() if count} == {
        "recording": 1, "chunk": SECONDS, "original": 1, "original_part": 1, "annotation": 1,
        "closing": 1, "ingestion_log": 2, "identity": 1,
    }  # fmt: skip
    table = channels_sha256(recording.channels, recording.sample_type)
    with connect(urls.admin) as connection:
        logged = connection.execute(
            "SELECT chunk_start_sec, chunk_end_sec, num_samples, checksum FROM ingestion_log "
            "WHERE outcome = 'imported'"
        ).fetchall()
    root = merkle_root([content_sha256(table, chunk) for chunk in chunks])
    assert logged == [(0, SECONDS, sum(c.samples.size for c in chunks), root)]

    async def look(database: Database) -> None:
        info = await recordings.info(database, "p", "a.edf")
        assert info.recording == replace(recording, study_id="s")
        assert (info.n_seconds, info.duration, info.closed) == (SECONDS, 5.0, True)
        assert (done.n_samples, done.stored_bytes) == (info.n_samples, info.stored_bytes)

    used(urls.app, look)


def test_annotations_of_a_file_have_the_same_ids_in_every_database(
    urls: Urls, common: Urls, path: Path
) -> None:
    found = []
    for place in (urls, common):
        imported(place, path)
        found.append(used(place.app, lambda database: of_recording(database, "p", "a.edf")))
    assert found[0] == found[1]
    (said,) = found[0]
    assert (said.onset, said.duration, said.description, said.source) == (
        1.0,
        2.0,
        "seizure",
        "edf",
    )


def test_the_same_file_again_is_skipped_and_another_under_its_id_is_a_conflict(
    urls: Urls, path: Path, tmp_path: Path
) -> None:
    done = imported(urls, path)
    before = contents(urls.admin)
    assert imported(urls, path) == replace(done, skipped=True)
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other" / "a.edf", seed=1)
    with pytest.raises(ConflictError, match=r"'a.edf' of 'p' was imported from another file"):
        imported(urls, other)
    assert contents(urls.admin) == before
    assert imported(urls, other, recording_id="b").n_seconds == SECONDS


def test_two_imports_of_one_file_at_once_are_one(urls: Urls, path: Path) -> None:
    async def work(database: Database) -> list[Imported]:
        return await asyncio.gather(*(import_edf(database, path, "p") for _ in range(3)))

    done = used(urls.app, work, pool_size=3)
    assert sorted(one.skipped for one in done) == [False, True, True]
    assert n_rows(urls.admin)["chunk"] == SECONDS


def test_a_device_that_streams_while_its_file_is_imported(urls: Urls, path: Path) -> None:
    """Each waits for the other, and every second is there once."""
    recording, chunks = of(path)

    async def work(database: Database) -> Imported:
        await recordings.declare(database, recording)
        known = await recordings.declared(database, "p", "a.edf")

        async def stream() -> None:
            for chunk in chunks:
                (outcome,) = await sent(database, known, [chunk])
                assert outcome.outcome in ("stored", "duplicate")

        done, _ = await asyncio.gather(import_edf(database, path, "p"), stream())
        assert [fault for found in await verify(database) for fault in found.faults] == []
        return done

    assert used(urls.app, work, pool_size=3).n_seconds == SECONDS
    assert n_rows(urls.admin)["chunk"] == SECONDS


def altered(stored: Any, shared: Any) -> list[Chunk]:
    """What is stored as it is decoded, with one bit of the middle sample turned."""
    chunks = DECODED(stored, shared)
    at = len(chunks) // 2
    samples = chunks[at].samples.copy()
    samples[len(samples) // 2] ^= 1
    return [*chunks[:at], replace(chunks[at], samples=samples), *chunks[at + 1 :]]


DECODED = exporting._decoded
REBUILT = importing.rebuilt
INSERT = chunk_table.insert


async def insert_another(driver: Any, patient: str, recording: str, rows: Any, *rest: Any) -> Any:
    """The first second's samples stored for all."""
    rows = [replace(row, blob=rows[0].blob) for row in rows]
    return await INSERT(driver, patient, recording, rows, *rest)


async def broken_off(connection: Any, recording: Recording, *rest: Any) -> AsyncIterator[bytes]:
    """The beginning of the file as it is rebuilt."""
    async with aclosing(REBUILT(connection, recording, *rest)) as parts:
        async for part in parts:
            yield part
            raise RuntimeError("here the machine ends")


async def fail(*_: Any, **__: Any) -> None:
    raise RuntimeError("here the machine ends")


FAILURES: dict[str, tuple[Any, str, Callable[..., Any], type[Exception], str]] = {
    "the file is not rebuilt": (exporting, "_decoded", altered, EdfError, "rebuilt file has SHA"),
    "other samples were stored": (chunk_table, "insert", insert_another, EdfError, "SHA-256"),
    "the log fails": (chunk_table, "log", fail, RuntimeError, "machine ends"),
    "a part fails": (originals, "add_part", fail, RuntimeError, "machine ends"),
    "closing fails": (recording_table, "close", fail, RuntimeError, "machine ends"),
    "the proof breaks off": (importing, "rebuilt", broken_off, RuntimeError, "machine ends"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_an_import_that_fails_leaves_nothing(
    common: Urls, path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """However late it fails; the same import without the failure is done."""
    where, name, failing, error, message = FAILURES[case]
    before = contents(common.admin)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, failing)
        with pytest.raises(error, match=message):
            imported(common, path, recording_id="fails")
    assert contents(common.admin) == before
    recording_id = f"works-{list(FAILURES).index(case)}"
    assert not imported(common, path, recording_id=recording_id).skipped


@pytest.mark.parametrize("moment", ["import", "prove"])
def test_an_import_that_is_cancelled_leaves_nothing(common: Urls, path: Path, moment: str) -> None:
    before = contents(common.admin)

    async def work(database: Database) -> None:
        def cancel(what: str, *_: int) -> None:
            if what == moment:
                task.cancel()

        task = asyncio.create_task(import_edf(database, path, "p", "cancelled", progress=cancel))
        with pytest.raises(asyncio.CancelledError):
            await task

    used(common.app, work)
    assert contents(common.admin) == before


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_and_leave_nothing(
    common: Urls, shared_data: Path, name: str
) -> None:
    before = contents(common.admin)
    with pytest.raises(EdfError, match=f"{name}: "):
        imported(common, shared_data / "bad" / name)
    assert contents(common.admin) == before


def test_no_file_is_not_found(common: Urls, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        imported(common, tmp_path / "none.edf")


def test_a_truncated_file_is_salvaged_when_asked_and_the_loss_is_recorded(
    urls: Urls, path: Path, tmp_path: Path
) -> None:
    """The 3 whole records are read, and the truncated file comes back byte for byte."""
    data = path.read_bytes()
    record = (len(data) - 256 * 4) // SECONDS
    cut = tmp_path / "cut.edf"
    cut.write_bytes(data[: 256 * 4 + 3 * record + record // 2])
    with pytest.raises(EdfError, match=r"cut.edf: file has"):
        imported(urls, cut)
    assert not any(n_rows(urls.admin).values())
    done = imported(urls, cut, salvage=True)
    assert done.n_seconds == 3
    assert done.loss is not None
    assert "kept 3 whole records (3 s), lost 2" in done.loss
    assert query(urls.admin, "SELECT loss FROM original") == done.loss
    assert imported(urls, cut, salvage=True) == replace(done, skipped=True)

    async def back(database: Database) -> list[str]:
        await export_original(database, "p", "cut.edf", tmp_path / "back")
        return [fault for found in await verify(database) for fault in found.faults]

    assert used(urls.app, back) == []
    assert (tmp_path / "back").read_bytes() == cut.read_bytes()


def test_the_truncated_file_of_others_is_salvaged(
    common: Urls, shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "bad" / "truncated.edf"
    done = imported(common, path, salvage=True)
    assert done.loss is not None
    assert "lost 59" in done.loss
    back = tmp_path / "back"
    used(common.app, lambda database: export_original(database, "p", "truncated.edf", back))
    assert back.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("seconds", [range(SECONDS), [1, 3], []], ids=["all", "some", "none"])
def test_a_file_whose_seconds_were_streamed_before_is_imported(
    urls: Urls, path: Path, tmp_path: Path, seconds: list[int]
) -> None:
    """Stored seconds stay as they are, and those that were lost on the way come in."""
    recording, chunks = of(path)

    async def work(database: Database) -> Imported:
        await put(database, recording, [chunks[second] for second in seconds])
        done = await import_edf(database, path, "p")
        await export_original(database, "p", "a.edf", tmp_path / "back")
        assert [fault for found in await verify(database) for fault in found.faults] == []
        return done

    done = used(urls.app, work)
    assert (done.n_seconds, done.skipped) == (SECONDS, False)
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    assert n_rows(urls.admin)["chunk"] == SECONDS


def test_a_file_of_which_one_second_was_streamed_otherwise_is_a_conflict(
    urls: Urls, path: Path
) -> None:
    recording, chunks = of(path)
    other = replace(chunks[3], samples=chunks[3].samples[::-1].copy())
    used(urls.app, lambda database: put(database, recording, [chunks[0], other]))
    before = contents(urls.admin)
    with pytest.raises(ConflictError, match=r"second 3 of 'a.edf' is stored with other samples"):
        imported(urls, path)
    assert contents(urls.admin) == before


def test_a_file_of_which_more_was_streamed_than_it_has_is_refused(urls: Urls, path: Path) -> None:
    """It is not that file then, and could not be given back from what is stored."""
    recording, chunks = of(path)
    extra = replace(chunks[0], second=SECONDS)
    used(urls.app, lambda database: put(database, recording, [*chunks, extra]))
    before = contents(urls.admin)
    with pytest.raises(EdfError):
        imported(urls, path)
    assert contents(urls.admin) == before


def test_a_file_for_a_recording_that_is_declared_otherwise_is_a_conflict(
    urls: Urls, path: Path
) -> None:
    recording, _ = of(path)
    used(urls.app, lambda database: put(database, replace(recording, study_id="s"), []))
    before = contents(urls.admin)
    with pytest.raises(ConflictError, match="study_id is s, not None"):
        imported(urls, path)
    assert contents(urls.admin) == before


def test_a_file_with_seconds_that_a_closed_recording_has_not_is_a_conflict(
    urls: Urls, path: Path
) -> None:
    """What is closed takes nothing new, from no side."""
    recording, chunks = of(path)

    async def work(database: Database) -> None:
        await put(database, recording, chunks[:3])
        await recordings.close(database, "p", "a.edf", 3)

    used(urls.app, work)
    before = contents(urls.admin)
    with pytest.raises(ConflictError, match="closed"):
        imported(urls, path)
    assert contents(urls.admin) == before


def test_an_imported_recording_is_closed_to_devices(urls: Urls, path: Path) -> None:
    imported(urls, path)
    _, chunks = of(path)

    async def work(database: Database) -> str:
        known = await recordings.declared(database, "p", "a.edf")
        with pytest.raises(ConflictError, match="closed"):
            await ingest.store(database, known, [replace(chunks[0], second=SECONDS)])
        (outcome,) = await ingest.store(database, known, chunks[:1])
        return outcome.outcome

    assert used(urls.app, work) == "duplicate"


def test_who_the_patient_is_stands_in_identity_and_nowhere_in_words(
    urls: Urls, tmp_path: Path
) -> None:
    """EDF+ 2.1.3.3: code, sex, birth date, name. The header's bytes are kept apart as bytes."""
    path = tmp_path / "named.edf"
    path.write_bytes(
        edf_bytes([Signal(4)], [[[1, 2, 3, 4]]], patient="MCH-0234567 F 02-MAY-1951 Haagse_Harry",
                  reserved="")
    )  # fmt: skip
    imported(urls, path)
    with connect(urls.admin) as connection:
        identity = connection.execute("SELECT to_jsonb(i) FROM identity AS i").fetchall()
        assert len(identity) == 1
        assert identity[0][0]["patient_id"] == "p"
        assert "Haagse" in str(identity)
        for table in ("recording", "ingestion_log", "annotation", "closing"):
            text = str(connection.execute(f"SELECT * FROM {table}".encode()).fetchall())
            assert "Haagse" not in text
            assert "0234567" not in text

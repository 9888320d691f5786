"""Verify finds whatever is not as it was stored, and nothing where all is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction as F
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from eegstore.edf import write_edf
from eegstore.integrity import channels_sha256
from eegstore.model import Annotation, Channel, Chunk, Recording
from eegstore.service import ingest, recordings, verifying
from eegstore.service.importing import import_edf
from eegstore.service.recordings import Declared
from eegstore.service.verifying import Verified, verify
from eegstore.store.chunks import StoredChunk
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import TABLES, copy_of, made, put, used
from tests.integration.postgres_processes import connect, do

if TYPE_CHECKING:
    from eegstore.store import postgres

RECORDING, CHUNKS = made(6, [F(256), F(64)], start_time=datetime(2001, 8, 2))
SPARSE, SPARSE_CHUNKS = made(9, [F(64, 5), F(1, 30)], recording_id="sparse")


@dataclass
class Broken:
    """A store that was sound, and into which a superuser now reaches past all walls."""

    urls: Urls

    def do(self, statement: str, *values: Any) -> int:
        """Run a statement; how many rows it changed."""
        with connect(self.urls.admin) as connection:
            return connection.execute(statement.encode(), values).rowcount

    def faults(self) -> dict[str, list[str]]:
        """What verify finds, by recording."""
        found = used(self.urls.app, verify)
        return {result.recording_id: result.faults for result in found if result.faults}

    def of(self, recording_id: str = "r1") -> list[str]:
        """What verify finds of this recording, after it found nothing of the others."""
        faults = self.faults()
        assert list(faults) == [recording_id]
        return faults[recording_id]


@pytest.fixture(scope="module")
def sound(
    server: "postgres.Server", template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Urls]:
    """A closed live recording, an open one with gaps, and an imported file."""
    path = tmp_path_factory.mktemp("edf") / "file.edf"
    write_edf(path, RECORDING, CHUNKS, [Annotation(1.0, 2.0, "seizure")])

    async def fill(database: Database) -> None:
        for chunk in CHUNKS:
            await put(database, RECORDING, [chunk])
        await put(database, RECORDING, CHUNKS[:2])  # duplicates are logged too
        await put(database, RECORDING, [replace(CHUNKS[0], samples=CHUNKS[1].samples)])
        await recordings.close(database, "p1", "r1", 6)
        await put(database, SPARSE, [SPARSE_CHUNKS[n] for n in (8, 2, 3, 0)])
        await import_edf(database, path, "p1")

    with copy_of(server, template) as urls:
        used(urls.app, fill)
        do(urls.admin, "CREATE SCHEMA saved")
        for table in TABLES:
            do(urls.admin, f"CREATE TABLE saved.{table} AS TABLE {table}",
               f"ALTER TABLE {table} DISABLE TRIGGER ALL")  # fmt: skip
        yield urls


@pytest.fixture
def broken(sound: Urls) -> Iterator[Broken]:
    """The store, which is mended afterwards."""
    yield Broken(sound)
    with connect(sound.admin) as connection, connection.transaction():
        connection.execute(f"TRUNCATE {', '.join(TABLES)}".encode())
        for table in TABLES:
            statement = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE saved.{table}"
            connection.execute(statement.encode())


def rows_of(chunks: list[Chunk], recording: Recording = RECORDING) -> list[StoredChunk]:
    """The rows that these chunks would have."""
    table = channels_sha256(recording.channels, recording.sample_type)
    return ingest.prepare(Declared(recording, table), chunks)


def changed(chunk: Chunk) -> Chunk:
    """The chunk with one sample more by one count, which its envelope does not tell."""
    samples = chunk.samples.copy()
    inner = int(np.argsort(samples)[samples.size // 2])
    samples[inner] += 1
    return replace(chunk, samples=samples)


def test_a_sound_store_has_no_faults(sound: Urls) -> None:
    found = used(sound.app, verify)
    assert [(r.recording_id, r.n_seconds, r.faults) for r in found] == [
        ("file.edf", 6, []), ("r1", 6, []), ("sparse", 4, []),
    ]  # fmt: skip
    assert found[1].n_bytes == sum(len(row.blob) for row in rows_of(CHUNKS))


def test_one_recording_or_one_patient_can_be_verified(sound: Urls) -> None:
    async def work(database: Database) -> list[list[Verified]]:
        return [
            await verify(database, "p1", "sparse"), await verify(database, "p1"),
            await verify(database, "p2"), await verify(database, "p1", "none"),
        ]  # fmt: skip

    assert [[r.recording_id for r in found] for found in used(sound.app, work)] == [
        ["sparse"], ["file.edf", "r1", "sparse"], [], [],
    ]  # fmt: skip


def test_progress_counts_stored_seconds(sound: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "PORTION", 3)
    told: list[tuple[str, int, int]] = []

    async def work(database: Database) -> list[Verified]:
        return await verify(database, "p1", "sparse", progress=lambda *at: told.append(at))

    assert used(sound.app, work)[0].faults == []
    assert told == [("sparse", 3, 4), ("sparse", 4, 4)]


@pytest.mark.parametrize(
    ("recording_id", "at"), [("r1", 0), ("r1", 8), ("r1", -1), ("file.edf", 20)]
)
def test_one_byte_of_a_blob(broken: Broken, recording_id: str, at: int) -> None:
    """In its header, its payload or at its end."""
    blob = bytearray(rows_of(CHUNKS)[2].blob)
    blob[at] ^= 1
    assert broken.do(
        "UPDATE chunk SET blob = %s WHERE recording_id = %s AND second = 2",
        bytes(blob), recording_id,
    ) == 1  # fmt: skip
    assert "second 2: the stored bytes are not those that were stored" in broken.of(recording_id)


def replace_row(broken: Broken, second: int, row: StoredChunk, *columns: str) -> None:
    for column in columns:
        done = broken.do(
            f"UPDATE chunk SET {column} = %s WHERE recording_id = 'r1' AND second = {second}",
            getattr(row, column),
        )
        assert done == 1


def test_another_valid_blob_with_its_own_digest(broken: Broken) -> None:
    (row,) = rows_of([changed(CHUNKS[2])])
    replace_row(broken, 2, row, "blob", "blob_sha256")
    assert broken.of() == ["second 2: the samples do not have their content digest"]


def test_another_second_with_all_that_stands_beside_it(broken: Broken) -> None:
    """The log gives it away."""
    (row,) = rows_of([changed(CHUNKS[2])])
    replace_row(broken, 2, row, "blob", "blob_sha256", "content_sha256", "envelope")
    assert broken.of() == ["second 2: the log has another digest"]


def test_another_second_of_a_request_of_several(broken: Broken) -> None:
    """Seconds that were sent together are logged together, under one root."""
    (row,) = rows_of([changed(SPARSE_CHUNKS[2])], SPARSE)
    broken.do(
        "UPDATE chunk SET blob = %s, blob_sha256 = %s, content_sha256 = %s, envelope = %s "
        "WHERE recording_id = 'sparse' AND second = 2",
        row.blob, row.blob_sha256, row.content_sha256, row.envelope,
    )  # fmt: skip
    assert broken.of("sparse") == ["seconds 2 to 4: the log has another root"]


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("blob_sha256", "second 2: the stored bytes are not those that were stored"),
        ("content_sha256", "second 2: the samples do not have their content digest"),
        ("envelope", "second 2: the envelope is not that of the samples"),
    ],
)
def test_what_stands_beside_a_blob(broken: Broken, column: str, fault: str) -> None:
    replace_row(broken, 2, rows_of([CHUNKS[3]])[0], column)
    assert fault in broken.of()


def test_the_number_of_samples(broken: Broken) -> None:
    broken.do("UPDATE chunk SET n_samples = 319 WHERE recording_id = 'r1' AND second = 2")
    assert broken.of() == ["second 2: n_samples is 319, not 320"]


@pytest.mark.parametrize("second", [0, 2, 5])
def test_a_deleted_second(broken: Broken, second: int) -> None:
    broken.do("DELETE FROM chunk WHERE recording_id = 'r1' AND second = %s", second)
    faults = broken.of()
    assert f"second {second}: logged as stored, not stored" in faults
    assert "5 seconds are stored; closed with 6" in faults


@pytest.mark.parametrize("second", [0, 2, 5])
def test_a_deleted_second_of_an_import(broken: Broken, second: int) -> None:
    broken.do("DELETE FROM chunk WHERE recording_id = 'file.edf' AND second = %s", second)
    assert f"second {second}: logged as imported, not stored" in broken.of("file.edf")


def test_a_second_that_is_in_no_log(broken: Broken) -> None:
    """Sound in itself."""
    broken.do(
        "INSERT INTO chunk SELECT 'p1', 'sparse', 5, n_samples, device_time, ingested_at, %s, "
        "blob_sha256, envelope, blob FROM chunk WHERE recording_id = 'sparse' AND second = 3",
        rows_of([replace(SPARSE_CHUNKS[3], second=5)], SPARSE)[0].content_sha256,
    )
    assert "second 5: stored, but not in the ingestion log" in broken.of("sparse")


def test_seconds_that_changed_places(broken: Broken) -> None:
    """With all that stands beside them; the digest of a second says which one it is."""
    with connect(broken.urls.admin) as connection, connection.transaction():
        for a, b in ((1, 99), (3, 1), (99, 3)):
            connection.execute(
                "UPDATE chunk SET second = %s WHERE recording_id = 'r1' AND second = %s", (b, a)
            )
    faults = broken.of()
    for second in (1, 3):
        assert f"second {second}: the samples do not have their content digest" in faults
        assert f"second {second}: the log has another digest" in faults


def test_a_recording_that_was_truncated_with_its_log(broken: Broken) -> None:
    """It was closed, so it is known how long it was."""
    broken.do("DELETE FROM chunk WHERE recording_id = 'r1' AND second >= 4")
    broken.do("DELETE FROM ingestion_log WHERE recording_id = 'r1' AND chunk_end_sec > 4 "
              "AND outcome <> 'closed'")  # fmt: skip
    assert broken.of() == ["4 seconds are stored; closed with 6"]


def test_an_import_that_was_truncated_with_its_log(broken: Broken) -> None:
    broken.do("DELETE FROM chunk WHERE recording_id = 'file.edf' AND second >= 4")
    broken.do("DELETE FROM closing WHERE recording_id = 'file.edf'")
    broken.do("DELETE FROM ingestion_log WHERE recording_id = 'file.edf'")
    faults = broken.of("file.edf")
    assert any("4 of 6 records" in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("field", "value"),
    [("physical_max", 801.0), ("label", "other"), ("unit", "mV"), ("prefiltering", "LP:1Hz")],
)
def test_a_changed_channel_table(broken: Broken, field: str, value: Any) -> None:
    """Samples that mean something else."""
    broken.do(
        "UPDATE recording SET channels = jsonb_set(channels, %s, %s) WHERE recording_id = 'r1'",
        ["1", field], json.dumps(value),
    )  # fmt: skip
    assert "the channel table does not have the digest stored with it" in broken.of()


def test_a_changed_channel_table_with_its_digest(broken: Broken) -> None:
    """Every second's digest begins with that of the table."""
    other = replace(RECORDING.channels[1], physical_max=801.0)
    digest = channels_sha256((RECORDING.channels[0], other), RECORDING.sample_type)
    broken.do(
        "UPDATE recording SET channels_sha256 = %s, channels = jsonb_set(channels, "
        "'{1,physical_max}', '801.0') WHERE recording_id = 'r1'",
        digest,
    )
    assert broken.of() == [
        f"second {n}: the samples do not have their content digest" for n in range(6)
    ]


@pytest.mark.parametrize("channels", ["[]", "[{}]", "{}", '[{"label": "a", "sfreq": "0"}]'])
def test_a_channel_table_that_is_none_is_told_and_the_others_are_verified(
    broken: Broken, channels: str
) -> None:
    broken.do("UPDATE recording SET channels = %s WHERE recording_id = 'r1'", channels)
    broken.do("UPDATE chunk SET n_samples = 1 WHERE recording_id = 'sparse' AND second = 2")
    assert set(broken.faults()) == {"r1", "sparse"}


def test_another_rate_makes_chunks_that_are_not_of_this_recording(broken: Broken) -> None:
    one = Channel("C0", F(128), "uV", -800.0, 800.0, -2048, 2047)
    digest = channels_sha256((one, RECORDING.channels[1]), RECORDING.sample_type)
    broken.do(
        "UPDATE recording SET channels_sha256 = %s, channels = jsonb_set(channels, '{0,sfreq}', "
        "'\"128\"') WHERE recording_id = 'r1'",
        digest,
    )
    assert all("not of this recording" in fault for fault in broken.of())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE original SET header = overlay(header PLACING 'x'::bytea FROM 10)",
        "UPDATE original SET header = overlay(header PLACING '9'::bytea FROM 246)",
        "UPDATE original SET header = substring(header FROM 1 FOR 300)",
        "UPDATE original SET file_sha256 = sha256('other')",
        "UPDATE original SET trailing_bytes = 'more'",
        "UPDATE original SET n_records = n_records - 1",
        "UPDATE original_part SET annotation_bytes = 'no zstd'",
        "DELETE FROM original_part",
    ],
)
def test_an_original_that_cannot_be_given_back(broken: Broken, statement: str) -> None:
    assert broken.do(statement) == 1
    assert broken.of("file.edf")


def test_a_changed_root_in_the_log(broken: Broken) -> None:
    broken.do("UPDATE ingestion_log SET checksum = sha256('x') WHERE outcome = 'imported'")
    assert broken.of("file.edf") == ["seconds 0 to 6: the log has another root"]


@pytest.mark.parametrize("recording_id", ["r1", "file.edf", "sparse"])
def test_a_log_without_its_entries(broken: Broken, recording_id: str) -> None:
    broken.do(
        "DELETE FROM ingestion_log WHERE recording_id = %s AND outcome IN ('stored', 'imported')",
        recording_id,
    )
    assert "second 0: stored, but not in the ingestion log" in broken.of(recording_id)


def test_faults_of_a_recording_that_is_all_wrong_are_bounded(broken: Broken) -> None:
    recording, chunks = made(150, [F(4)], recording_id="wrong")
    used(broken.urls.app, lambda database: put(database, recording, chunks))
    broken.do("UPDATE chunk SET n_samples = 1, envelope = '' WHERE recording_id = 'wrong'")
    assert len(broken.of("wrong")) == 100


def test_files_of_the_same_name_do_not_hide_one_another(broken: Broken, tmp_path: Path) -> None:
    """Two patients, one recording id, one of them broken."""
    write_edf(tmp_path / "file.edf", RECORDING, CHUNKS)
    used(broken.urls.app, lambda database: import_edf(database, tmp_path / "file.edf", "p2"))
    broken.do("UPDATE chunk SET n_samples = 1 WHERE patient_id = 'p2' AND second = 0")
    found = used(broken.urls.app, verify)
    assert [(r.patient_id, r.recording_id) for r in found if r.faults] == [("p2", "file.edf")]


def test_after_all_that_the_mended_store_is_sound(sound: Urls) -> None:
    """So that no test above found what another one had broken."""
    assert [fault for result in used(sound.app, verify) for fault in result.faults] == []

"""Raw data are append-only for everyone, but for one door that keeps a log."""

import uuid
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from eegstore.edf import write_edf
from eegstore.model import Annotation
from eegstore.service import annotations, recordings
from eegstore.service.importing import import_edf
from eegstore.store.database import Database
from eegstore.store.tables import DERIVED_TABLES, RAW_TABLES, SHARED_TABLES
from tests.conftest import Urls, plain
from tests.integration.databases import (
    APPEND_ONLY,
    DENIED,
    contents,
    copy_of,
    made,
    n_rows,
    put,
    refused,
    used,
)
from tests.integration.postgres_processes import connect, do

if TYPE_CHECKING:
    from eegstore.store import postgres

DOOR = tuple(table for table in RAW_TABLES if table != "archivist_log")
# Children before the recording that they refer to.
CHILDREN_FIRST = (*(table for table in DOOR if table != "recording"), "recording")
STATEMENTS = {
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table} CASCADE",
}

every_table = pytest.mark.parametrize("table", RAW_TABLES)
every_statement = pytest.mark.parametrize("statement", STATEMENTS)


@pytest.fixture(scope="module")
def filled(
    server: "postgres.Server", template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Urls]:
    """A database with rows in every table; what it holds is the same afterwards."""
    path = tmp_path_factory.mktemp("edf") / "a.edf"
    recording, chunks = made(3, [Fraction(256), Fraction(64)])
    write_edf(path, recording, chunks, [Annotation(1.0, 2.0, "seizure")])

    async def fill(database: Database) -> None:
        await put(database, recording, chunks)
        await recordings.close(database, "p1", "r1", 3)
        await annotations.add(database, "p1", "r1", [Annotation(0.0, 1.0, "artefact")])
        await import_edf(database, path, "p1")

    with copy_of(server, template) as urls:
        used(urls.app, fill)
        with connect(urls.admin) as connection, connection.transaction():
            connection.execute("SET LOCAL ROLE eegstore_archivist")
            connection.execute("UPDATE closing SET n_seconds = n_seconds")
        do(urls.admin, "INSERT INTO identity (patient_id, name) VALUES ('p1', 'X') "
                       "ON CONFLICT (patient_id) DO UPDATE SET name = 'X'")  # fmt: skip
        do(urls.app, "INSERT INTO codec_parameters VALUES ('p1', sha256('x'), 'r1', 'x')")
        do(urls.app, "INSERT INTO review VALUES ('p1', gen_random_uuid(), 'r1', 'anna', 'average', "
                     "1, 70, NULL, '{0}', '{3}')")  # fmt: skip
        do(urls.app, "INSERT INTO montage VALUES ('mine', '[]')")
        do(urls.app, "INSERT INTO summary_envelope (patient_id, recording_id, bucket, start, "
                     "n_seconds, n_samples, stored_bytes, missing_start, missing_stop, envelope) "
                     "VALUES ('p1', 'r1', 10, 0, 3, 960, 1, '{3}', '{3600}', '')")  # fmt: skip
        do(urls.app, "INSERT INTO summary_spectrum (patient_id, recording_id, start, processing, "
                     "n_seconds, missing_start, missing_stop, bins, minutes) "
                     "VALUES ('p1', 'r1', 0, 'x', 3, '{3}', '{3600}', '', '')")  # fmt: skip
        assert all(n_rows(urls.admin).values())
        before = contents(urls.admin)
        yield urls
        assert contents(urls.admin) == before


@pytest.fixture
def attempt(filled: Urls) -> Iterator["psycopg.Connection[Any]"]:
    """A superuser's transaction of which nothing stays."""
    with connect(filled.admin) as connection, connection.transaction(force_rollback=True):
        yield connection


def run(connection: "psycopg.Connection[Any]", statement: str, table: str) -> int:
    """How many rows the statement changed."""
    column = "name" if table in SHARED_TABLES else "patient_id"
    text = STATEMENTS[statement].format(table=table, column=column)
    return connection.execute(text.encode()).rowcount


def become(connection: "psycopg.Connection[Any]", role: str) -> None:
    connection.execute(f"SET LOCAL ROLE {role}".encode())


@every_table
@every_statement
def test_the_application_is_refused(filled: Urls, table: str, statement: str) -> None:
    with connect(filled.app) as connection, refused(DENIED):
        run(connection, statement, table)


@every_table
def test_the_application_cannot_overwrite_by_inserting(filled: Urls, table: str) -> None:
    key = {"ingestion_log": "patient_id, id", "archivist_log": "patient_id, id",
           "chunk": "patient_id, recording_id, second", "annotation": "patient_id, annotation_id",
           "original_part": "patient_id, recording_id, first_record",
           "codec_parameters": "patient_id, parameters_sha256",
           "review": "patient_id, review_id"}  # fmt: skip
    columns = key.get(table, "patient_id, recording_id")
    with connect(filled.app) as connection, refused(DENIED):
        connection.execute(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table} "
            f"ON CONFLICT ({columns}) DO UPDATE SET patient_id = 'other'".encode()
        )


@every_table
@pytest.mark.parametrize("statement", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_owner_is_refused(
    attempt: "psycopg.Connection[Any]", table: str, statement: str
) -> None:
    become(attempt, "eegstore_owner")
    with refused(DENIED):
        if statement == "UPDATE":
            column = "role_behind" if table == "archivist_log" else "recording_id"
            attempt.execute(f"UPDATE {table} SET {column} = {column}".encode())
        else:
            run(attempt, statement, table)


@every_table
def test_the_owner_may_lock_for_foreign_keys_and_not_update(
    attempt: "psycopg.Connection[Any]", table: str
) -> None:
    """Which takes the privilege to update one column; there the trigger refuses."""
    become(attempt, "eegstore_owner")
    without_key = table in ("ingestion_log", "archivist_log", "codec_parameters")
    with refused(DENIED if without_key else APPEND_ONLY):
        run(attempt, "UPDATE", table)


@every_table
@every_statement
def test_the_owner_who_grants_himself_back_is_refused(
    attempt: "psycopg.Connection[Any]", table: str, statement: str
) -> None:
    become(attempt, "eegstore_owner")
    for granted in RAW_TABLES:  # all, because TRUNCATE cascades
        attempt.execute(f"GRANT ALL ON {granted} TO eegstore_owner".encode())
    with refused(APPEND_ONLY):
        run(attempt, statement, table)


@every_table
@every_statement
@pytest.mark.parametrize("replication", ["origin", "replica"])
def test_the_superuser_is_refused_whatever_the_replication_role(
    attempt: "psycopg.Connection[Any]", table: str, statement: str, replication: str
) -> None:
    attempt.execute(f"SET LOCAL session_replication_role = {replication}".encode())
    with refused(APPEND_ONLY):
        run(attempt, statement, table)


@pytest.mark.parametrize("table", DOOR)
@pytest.mark.parametrize("statement", ["UPDATE", "DELETE"])
def test_the_archivist_may_and_every_row_is_logged(
    attempt: "psycopg.Connection[Any]", table: str, statement: str
) -> None:
    """With who was logged in, and what the row was, without the bytes of samples."""
    become(attempt, "eegstore_archivist")
    before = attempt.execute(f"SELECT * FROM {table}".encode()).fetchall()
    if (table, statement) == ("recording", "DELETE"):
        for child in CHILDREN_FIRST[:-1]:
            run(attempt, "DELETE", child)
    assert run(attempt, statement, table) == len(before) > 0
    logged = attempt.execute(
        "SELECT patient_id, old_row, role_behind FROM archivist_log "
        "WHERE table_name = %s AND operation = %s AND happened_at >= now()",
        (table, statement),
    ).fetchall()
    assert len(logged) == len(before)
    assert {(patient_id, role) for patient_id, _, role in logged} == {("p1", "postgres")}
    for _, old_row, _ in logged:
        assert old_row["patient_id"] == "p1"
        assert not {"blob", "trailing_bytes", "annotation_bytes"} & set(old_row)
    if table == "chunk":
        assert sorted((row["recording_id"], row["second"]) for _, row, _ in logged) == [
            (name, second) for name in ("a.edf", "r1") for second in range(3)
        ]


@every_table
def test_even_the_archivist_may_not_truncate(
    attempt: "psycopg.Connection[Any]", table: str
) -> None:
    """Which would leave no row in the log."""
    become(attempt, "eegstore_archivist")
    with refused(DENIED), attempt.transaction():
        run(attempt, "TRUNCATE", table)
    become(attempt, "eegstore_owner")
    for granted in RAW_TABLES:
        attempt.execute(f"GRANT TRUNCATE ON {granted} TO eegstore_archivist".encode())
    become(attempt, "eegstore_archivist")
    with refused(APPEND_ONLY):
        run(attempt, "TRUNCATE", table)


@every_statement
def test_the_archivists_log_is_refused_to_the_archivist_too(
    attempt: "psycopg.Connection[Any]", statement: str
) -> None:
    become(attempt, "eegstore_archivist")
    with refused(DENIED), attempt.transaction():
        run(attempt, statement, "archivist_log")
    become(attempt, "eegstore_owner")
    attempt.execute("GRANT ALL ON archivist_log TO eegstore_archivist")
    become(attempt, "eegstore_archivist")
    with refused(APPEND_ONLY):
        run(attempt, statement, "archivist_log")


def test_the_application_cannot_write_the_archivists_log(filled: Urls) -> None:
    with connect(filled.app) as connection, refused(DENIED):
        connection.execute(
            "INSERT INTO archivist_log (patient_id, table_name, operation, old_row, role_behind) "
            "VALUES ('p1', 'chunk', 'DELETE', '{}', 'someone')"
        )


@pytest.mark.parametrize("role", ["eegstore_archivist", "eegstore_owner", "postgres"])
def test_the_application_cannot_become_another(filled: Urls, role: str) -> None:
    with connect(filled.app) as connection, refused(DENIED):
        connection.execute(f"SET ROLE {role}".encode())


def test_a_person_at_the_door_is_logged_by_their_own_name(filled: Urls) -> None:
    """Not as the role that they became."""
    name = f"person_{uuid.uuid4().hex[:8]}"
    do(filled.admin, f"CREATE ROLE {name} LOGIN PASSWORD 'x' IN ROLE eegstore_archivist")
    place = plain(filled.admin).rpartition("@")[2]
    try:
        with psycopg.connect(f"postgresql://{name}:x@{place}") as connection:
            connection.execute("SET ROLE eegstore_archivist")
            connection.execute("DELETE FROM chunk WHERE second = 0")
            logged = connection.execute(
                "SELECT role_behind, operation FROM archivist_log ORDER BY id DESC LIMIT 2"
            ).fetchall()
            connection.rollback()
    finally:
        do(filled.admin, f"DROP ROLE {name}")
    assert logged == [(name, "DELETE")] * 2


def test_a_person_who_has_not_become_the_archivist_is_refused(
    attempt: "psycopg.Connection[Any]",
) -> None:
    """Membership alone, inherited, opens no door."""
    attempt.execute("CREATE ROLE someone IN ROLE eegstore_archivist")
    become(attempt, "someone")
    with refused(APPEND_ONLY):
        run(attempt, "DELETE", "chunk")


@pytest.mark.parametrize(
    ("role", "statement"),
    [("eegstore_app", "UPDATE"), ("eegstore_app", "DELETE"), ("eegstore_owner", "TRUNCATE")],
)
@pytest.mark.parametrize("table", ["identity", *DERIVED_TABLES, *SHARED_TABLES])
def test_the_same_statements_work_on_what_is_not_raw(
    attempt: "psycopg.Connection[Any]", table: str, role: str, statement: str
) -> None:
    """So what refuses them elsewhere is the wall, and not the statement."""
    become(attempt, role)
    assert run(attempt, statement, table) == (-1 if statement == "TRUNCATE" else 1)
    left = attempt.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()
    assert left == [(1 if statement == "UPDATE" else 0,)]


@pytest.mark.parametrize(
    "table", ["chunk", "closing", "annotation", "original", "original_part", "review"]
)
def test_rows_of_an_unknown_recording_are_refused(filled: Urls, table: str) -> None:
    """Foreign keys work with the rights that the roles have."""
    with connect(filled.app) as connection, connection.transaction(force_rollback=True):
        columns = connection.execute(
            "SELECT string_agg(CASE attname WHEN 'recording_id' THEN '''unknown''' "
            "WHEN 'annotation_id' THEN 'gen_random_uuid()' "
            "WHEN 'review_id' THEN 'gen_random_uuid()' ELSE attname END, ', ' "
            "ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
            (table,),
        ).fetchall()[0][0]
        with refused("23503"):
            connection.execute(
                f"INSERT INTO {table} SELECT {columns} FROM {table} LIMIT 1".encode()
            )

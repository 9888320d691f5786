"""Migrations make what the models say, once, and only on what they know."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store.schema import ROLES, head_revision, upgrade
from eegstore.store.tables import DERIVED_TABLES, RAW_TABLES, SHARED_TABLES, Base
from tests.conftest import Urls
from tests.integration.databases import TABLES, used
from tests.integration.postgres_processes import connect, do, query

OURS = "relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'"


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def catalog(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that PostgreSQL knows of our tables: columns, defaults, constraints, storage, indexes."""
    return {
        "columns": rows(
            url,
            "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attstorage, "
            "attidentity, pg_get_expr(adbin, adrelid) FROM pg_attribute a "
            f"JOIN pg_class c ON c.oid = attrelid AND {OURS} "
            "LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum "
            "WHERE attnum > 0 ORDER BY relname, attnum",
        ),
        "constraints": rows(
            url,
            "SELECT relname, conname, contype, pg_get_constraintdef(k.oid) FROM pg_constraint k "
            f"JOIN pg_class c ON c.oid = conrelid AND {OURS} "
            "WHERE contype <> 'n' ORDER BY relname, conname",
        ),
        "options": rows(
            url, f"SELECT relname, reloptions FROM pg_class WHERE {OURS} ORDER BY relname"
        ),
        "indexes": rows(
            url,
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
            "AND tablename <> 'alembic_version' ORDER BY indexname",
        ),
    }


def test_alembic_finds_no_difference_between_models_and_migrations(common: Urls) -> None:
    engine = create_engine(common.admin)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_models_and_migrations_make_the_same_catalog(common: Urls, empty: Urls) -> None:
    """What alembic does not compare too: storage, checks, names, the order of columns."""
    engine = create_engine(empty.admin)
    Base.metadata.create_all(engine)
    engine.dispose()
    assert catalog(empty.admin) == catalog(common.admin)


def test_blobs_are_not_compressed_again(common: Urls) -> None:
    external = rows(
        common.admin,
        "SELECT relname, attname FROM pg_attribute "
        f"JOIN pg_class c ON c.oid = attrelid AND {OURS} WHERE attstorage = 'e' ORDER BY 1, 2",
    )
    assert external == [
        ("chunk", "blob"), ("codec_parameters", "parameters"), ("original", "trailing_bytes"),
        ("original_part", "annotation_bytes"), ("summary_envelope", "envelope"),
        ("summary_spectrum", "bins"), ("summary_spectrum", "minutes"),
    ]  # fmt: skip


@pytest.mark.parametrize(("n_bytes", "n_pages", "out_of_line"), [(3400, 10, 0), (4000, 1, 20)])
def test_seconds_stay_in_their_rows_while_two_fit_a_page(
    urls: Urls, n_bytes: int, n_pages: int, out_of_line: int
) -> None:
    do(
        urls.admin,
        "INSERT INTO recording (patient_id, recording_id, sample_type, channels, channels_sha256) "
        "VALUES ('p', 'r', 'int16', '[]', '')",
    )
    do(
        urls.admin,
        "INSERT INTO chunk (patient_id, recording_id, second, n_samples, content_sha256, "
        "blob_sha256, envelope, blob) SELECT 'p', 'r', second, 5888, sha256(''), sha256(''), "
        f"decode(repeat('00', 92), 'hex'), decode(repeat('00', {n_bytes}), 'hex') "
        "FROM generate_series(1, 20) AS second",
    )
    of_it = "FROM pg_class WHERE relname = 'chunk'"
    toast = query(urls.admin, f"SELECT reltoastrelid::regclass {of_it}")
    assert query(urls.admin, "SELECT pg_relation_size('chunk')") == n_pages * 8192
    assert query(urls.admin, f"SELECT count(DISTINCT chunk_id) FROM {toast}") == out_of_line


def test_upgrading_again_changes_nothing(common: Urls) -> None:
    before = catalog(common.admin)
    assert upgrade(common.admin) == upgrade(common.admin) == head_revision()
    assert catalog(common.admin) == before


def test_programs_that_start_together_migrate_once(empty: Urls) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(upgrade, [empty.admin] * 4)) == {head_revision()}
    assert rows(empty.admin, "SELECT version_num FROM alembic_version") == [(head_revision(),)]
    assert query(empty.admin, f"SELECT count(*) FROM pg_class WHERE {OURS}") == len(TABLES)


def test_a_schema_from_a_newer_version_is_refused_and_left_alone(urls: Urls) -> None:
    do(urls.admin, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InvalidDataError, match=f"9999, which .* up to {head_revision()}"):
        upgrade(urls.admin)
    assert query(urls.admin, "SELECT version_num FROM alembic_version") == "9999"
    with pytest.raises(StoreUnavailableError, match="9999, this eegstore needs"):
        used(urls.app, lambda database: database.check())


def test_a_database_without_our_schema_is_not_used(empty: Urls) -> None:
    with pytest.raises(StoreUnavailableError, match=r"schema is at None, .*eegstore db upgrade"):
        used(empty.admin, lambda database: database.check())


def test_the_application_may_not_migrate_but_may_find_that_it_need_not(
    common: Urls, empty: Urls
) -> None:
    assert upgrade(common.app) == head_revision()
    with pytest.raises(InvalidDataError, match="EEGSTORE_ADMIN_DATABASE_URL"):
        upgrade(empty.app)


def test_without_a_server_the_error_says_so() -> None:
    with pytest.raises(StoreUnavailableError, match="no connection to the database"):
        upgrade("postgresql+psycopg://eegstore@127.0.0.1:1/none")


def test_every_table_is_raw_or_known_not_to_be() -> None:
    assert set(TABLES) == {*RAW_TABLES, *DERIVED_TABLES, *SHARED_TABLES, "identity"}


def test_every_key_begins_with_patient_id(common: Urls) -> None:
    """So that one patient's rows live on one shard: keys, unique indexes, both ends of a
    foreign key. What is no patient's has a primary key and nothing else, and joins nothing."""
    keys = rows(
        common.admin,
        "SELECT conname, a.attname FROM pg_constraint k "
        f"JOIN pg_class c ON c.oid = conrelid AND {OURS} "
        "JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] "
        "WHERE contype IN ('p', 'u', 'f', 'x')",
    )
    referred = rows(
        common.admin,
        "SELECT conname, a.attname FROM pg_constraint k JOIN pg_attribute a "
        "ON a.attrelid = confrelid AND a.attnum = confkey[1] WHERE contype = 'f'",
    )
    unique = rows(
        common.admin,
        "SELECT indexrelid::regclass::text, a.attname FROM pg_index i "
        f"JOIN pg_class c ON c.oid = indrelid AND {OURS} "
        "JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = indkey[0]",
    )
    assert len(keys) == len(TABLES) + len(referred)
    assert len(referred) == 6
    assert len(unique) >= len(TABLES)
    others = [found for found in keys + referred + unique if found[1] != "patient_id"]
    assert others == [(f"{table}_pkey", "name") for table in SHARED_TABLES] * 2


def test_every_constraint_has_the_name_we_gave_it(common: Urls) -> None:
    named = rows(
        common.admin,
        "SELECT conname, contype::text, relname, confrelid::regclass::text FROM pg_constraint k "
        f"JOIN pg_class c ON c.oid = conrelid AND {OURS} WHERE contype <> 'n'",
    )
    for name, kind, table, other in named:
        if kind == "c":
            assert name.startswith(f"{table}_"), name
            assert name.endswith("_check"), name
        else:
            assert name == {"p": f"{table}_pkey", "f": f"{table}_{other}_fkey"}[kind]


def test_sizes_and_counts_are_bigint(common: Urls) -> None:
    small = rows(
        common.admin,
        "SELECT relname, attname FROM pg_attribute "
        f"JOIN pg_class c ON c.oid = attrelid AND {OURS} "
        "WHERE attnum > 0 AND format_type(atttypid, -1) ~ '^(integer|smallint|real|oid)' "
        "ORDER BY 1, 2",
    )
    # An offset of a clock from UTC and the rows of a channel table are small by nature.
    assert small == [("annotation", "channels"), ("recording", "utc_offset")]
    assert query(
        common.admin,
        "SELECT format_type(atttypid, -1) FROM pg_attribute "
        "WHERE attrelid = 'chunk'::regclass AND attname = 'n_samples'",
    ) == "bigint"  # fmt: skip


def test_owner_and_archivist_exist_and_cannot_log_in(common: Urls) -> None:
    found = rows(
        common.admin,
        "SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles "
        "WHERE rolname LIKE 'eegstore\\_%' ORDER BY 1",
    )
    roles = {name: flags for name, *flags in found}
    assert set(ROLES) <= set(roles)
    for role in ("eegstore_owner", "eegstore_archivist"):
        assert roles[role] == [False, False, False, False]
    assert roles["eegstore_app"][1:] == [False, False, False]


def test_tables_belong_to_the_owner_who_cannot_log_in(common: Urls) -> None:
    owners = rows(
        common.admin, f"SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE {OURS}"
    )
    assert owners == [("eegstore_owner",)]


def test_every_raw_table_is_guarded_whatever_the_replication_role(common: Urls) -> None:
    guards = rows(
        common.admin,
        "SELECT relname, tgtype & 28, tgtype & 1, tgtype & 32 FROM pg_trigger t "
        f"JOIN pg_class c ON c.oid = tgrelid AND {OURS} "
        "WHERE NOT tgisinternal AND tgenabled = 'A' ORDER BY 1, 3",
    )
    assert guards == [
        guard
        for table in sorted(RAW_TABLES)
        for guard in ((table, 0, 0, 32), (table, 8 | 16, 1, 0))  # TRUNCATE; DELETE, UPDATE by row
    ]

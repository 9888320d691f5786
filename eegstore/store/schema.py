"""Roles and migrations: brings a database to the schema of this version.

Needs a role that may create roles (a superuser, or one with CREATEROLE and CREATE on the
database). Tables belong to eegstore_owner, who cannot log in. Starting several programs at
once migrates once (advisory lock).
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from eegstore.errors import InvalidDataError, StoreUnavailableError

MIN_VERSION = 16
ROLES = ("eegstore_owner", "eegstore_app", "eegstore_archivist")
_LOCK = 0x656567  # "eeg"


def upgrade(admin_url: str) -> str:
    """Create roles and tables, or bring them up to date; returns the schema's revision.

    Raises
    ------
    StoreUnavailableError
        The database cannot be reached.
    InvalidDataError
        The server is older than PostgreSQL 16, the role may not do this, or the schema is
        from a newer version of eegstore.
    """
    engine = create_engine(checked(admin_url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            _check_version(connection)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            try:
                head, found = head_revision(), _revision(connection)
                connection.commit()
                if found is not None and found not in _known():
                    raise InvalidDataError(
                        f"the schema is at {found}, which this eegstore does not know "
                        f"(it knows up to {head}); use a newer one"
                    )
                if found != head:
                    _roles(connection)
                    _migrate(connection)
                return head
            finally:
                connection.rollback()
                connection.execute(text("RESET ROLE"))
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                connection.commit()
    except OperationalError as error:
        reason = str(error.orig).partition("\n")[0]
        raise StoreUnavailableError(f"no connection to the database: {reason}") from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "42501":
            raise InvalidDataError(
                f"this role may not migrate the database ({error.orig}); set "
                "EEGSTORE_ADMIN_DATABASE_URL to one that may create roles"
            ) from error
        raise
    finally:
        engine.dispose()


def checked(url: str) -> URL:
    """The URL of a PostgreSQL database, or InvalidDataError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the text may hold a password, so it is not told
        raise InvalidDataError("the database URL is none; postgresql+psycopg://...") from None
    if parsed.drivername != "postgresql+psycopg":
        raise InvalidDataError(
            f"database URL begins with {parsed.drivername}://; it must be postgresql+psycopg://"
        )
    return parsed


def head_revision() -> str:
    """The revision that this version of eegstore works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _check_version(connection: Connection) -> None:
    version = connection.execute(text("SHOW server_version_num")).scalar_one()
    if int(version) < MIN_VERSION * 10_000:
        raise InvalidDataError(
            f"PostgreSQL {int(version) // 10_000} is too old; eegstore needs {MIN_VERSION} or newer"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _roles(connection: Connection) -> None:
    for role in ROLES:
        # Roles are shared by all databases of a server, which may migrate at the same time.
        connection.execute(
            text(
                f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; "
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        )
    user = connection.execute(text("SELECT current_user")).scalar_one()
    connection.execute(text(f'GRANT eegstore_owner TO "{user}"'))
    connection.execute(text("GRANT CREATE, USAGE ON SCHEMA public TO eegstore_owner"))
    connection.execute(text("GRANT USAGE ON SCHEMA public TO eegstore_app, eegstore_archivist"))
    connection.commit()


def _migrate(connection: Connection) -> None:
    connection.execute(text("SET ROLE eegstore_owner"))
    connection.commit()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()

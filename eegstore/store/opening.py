"""Reach the database that the settings name, at this version's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eegstore.store import postgres
from eegstore.store.schema import upgrade


@contextmanager
def reachable(
    data: Path,
    database_url: str | None = None,
    admin_url: str | None = None,
    *,
    version: int = 18,
    pg_bin: Path | None = None,
) -> Iterator[str]:
    """The application's URL of a database that is ready to use.

    Without `database_url` the embedded server of the data directory is started, or joined,
    and lives at least as long as the context. The schema is brought up to date with
    `admin_url`, else with the URL itself.

    Raises
    ------
    StoreUnavailableError, InvalidDataError
        No server to be had, or its schema cannot be brought up to date; says why.
    """
    if database_url is not None:
        upgrade(admin_url or database_url)
        yield database_url
        return
    with postgres.start(data, version=version, pg_bin=pg_bin) as lease:
        upgrade(lease.server.admin_url)
        yield lease.server.app_url

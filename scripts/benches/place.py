"""Where a run happens: a directory, the embedded server, databases, and the API beside them."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg

from eegstore.service.importing import Imported, import_edf
from eegstore.store import postgres, schema
from eegstore.store.database import Database
from scripts.benches.data import PATIENT, ROOT, Source
from scripts.benches.program import Program, free_port


@dataclass(frozen=True)
class Scale:
    """How much is done."""

    name: str
    hour: int  # [s] of the recording that stands for an hour
    others: int  # [s] of nine more recordings beside it
    day: int  # [s] that stand for a day
    rows: int  # [s] that are loaded as a row per sample
    rounds: int  # repetitions at most
    at_least: int  # repetitions, whatever they take
    budget: float  # [s] of a table
    posts: int  # single seconds that one device posts
    load: float  # [s] of load from many devices at a time
    many_rows: int  # chunks in a full database
    chunks: int  # of each recording that the codecs are compared on
    beds: int  # devices at once
    aged: int  # [s] that they append together
    long: float  # [s] that an operation takes which is not warmed up
    soak: float = 60  # [min] of load

    @property
    def whole_day(self) -> bool:
        """Whether a day is one: what is asked for a day is judged on nothing less."""
        return self.day >= 86400


FULL = Scale(
    "full", hour=3600, others=3600, day=86400, rows=300, rounds=300, at_least=3, budget=40.0,
    posts=3600, load=8.0, many_rows=8_000_000, chunks=120, beds=48, aged=86400, long=3.0,
)  # fmt: skip
QUICK = Scale(
    "quick", hour=300, others=20, day=900, rows=60, rounds=30, at_least=1, budget=0.8,
    posts=60, load=0.5, many_rows=100_000, chunks=5, beds=6, aged=600, long=1.0,
)  # fmt: skip


@dataclass(frozen=True)
class Urls:
    """A database, as the application and as the superuser (SQLAlchemy URLs)."""

    app: str
    admin: str

    @property
    def plain(self) -> str:
        """As the application, for psycopg."""
        return plain(self.app)


class Place:
    """Everything that questions share; a context manager.

    Attributes
    ----------
    missing : dict
        What could not be measured, and why.
    notes : dict
        What one question found out that another one needs.
    """

    def __init__(self, directory: Path, scale: Scale, plots: Path) -> None:
        self.directory, self.scale, self.plots = directory, scale, plots
        self.missing: dict[str, str] = {}
        self.notes: dict[str, Any] = {}
        self.source = Source(directory)
        self._databases: dict[str, Urls] = {}
        self._apis: dict[str, Program] = {}
        self._programs: list[Program] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        data = self.directory / "data"
        lease = self._stack.enter_context(postgres.start(data, linger=5))
        self._stack.callback(postgres.stop, data)
        self.server = lease.server
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._programs:  # all at once; each is waited for below
            program.end()
        self._stack.close()

    def database(self, name: str, fill: Callable[[Urls], object] = lambda urls: None) -> Urls:
        """A database at the newest schema, filled when it is asked for the first time."""
        if name not in self._databases:
            with psycopg.connect(plain(self.server.admin_url), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                connection.execute(f'CREATE DATABASE "{name}"')
            urls = Urls(*(_in(url, name) for url in (self.server.app_url, self.server.admin_url)))
            schema.upgrade(urls.admin)
            fill(urls)
            self._databases[name] = urls
        return self._databases[name]

    def hours(self, n: int) -> Urls:
        """A database with `n` recordings of an hour; in a quick run only one is that long."""

        def fill(urls: Urls) -> None:
            imported(urls.app, self.source.edf(self.scale.hour))
            for k in range(1, n):
                imported(urls.app, self.source.edf(self.scale.others), f"copy{k}.edf")

        return self.database(f"hours_{n}", fill)

    def day(self, n: int = 1) -> Urls:
        """A database with one recording of `n` days."""
        path = self.source.edf(n * self.scale.day)
        return self.database(f"days_{n}", lambda urls: imported(urls.app, path))

    def size(self, urls: Urls) -> int:
        """Of a whole database on disk [byte], its catalogue included."""
        return int(self.ask(urls, "SELECT pg_database_size(current_database())"))

    def ask(self, urls: Urls, query: str) -> Any:
        """The one value that a query gives to the superuser."""
        with psycopg.connect(plain(urls.admin), autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row is not None else None

    def api(self, urls: Urls, *, kept: bool = True, workers: int = 1) -> Program:
        """`eegstore serve` on a database, started once: in so many processes, and such that it
        keeps decoded seconds, or none."""
        kind = "eegstore" if kept else "eegstore-nothing-kept"
        more = {} if kept else {"EEGSTORE_KEPT_MB": "0"}
        if workers > 1:
            kind += f"-{workers}"
            more["EEGSTORE_WORKERS"] = str(workers)
        return self._program(urls, kind, "/readyz", ["eegstore", "serve"], more)

    def viewer(self, urls: Urls) -> tuple[Program, Program]:
        """`eegstore serve` on a database, which lets the pages of a viewer in, and that viewer."""
        port = free_port()
        origins = {"EEGSTORE_VIEWER_ORIGINS": f"http://127.0.0.1:{port}"}
        api = self._program(urls, "eegstore-for-viewer", "/readyz", ["eegstore", "serve"], origins)
        key = api.headers["Authorization"].partition(" ")[2]
        asked = {"EEGSTORE_API_URL": api.address, "EEGSTORE_API_KEY": key}
        program = self._started(
            "viewer", ["bokeh", "serve", str(ROOT / "viewer")], key,
            self.environment(urls) | asked, "/static/js/bokeh.min.js", port,
        )  # fmt: skip
        return api, program

    def floors(self, urls: Urls) -> Program:
        """The routes to compare with, on a database; started once."""
        return self._program(urls, "floors", "/nothing?size=1", ["scripts.benches.floors"])

    def environment(self, urls: Urls) -> dict[str, str]:
        """What tells eegstore's programs to use a database."""
        return {
            "EEGSTORE_DATABASE_URL": urls.app,
            "EEGSTORE_ADMIN_DATABASE_URL": urls.admin,
            "EEGSTORE_DATA": str(self.directory / "data"),
        }

    def _program(
        self,
        urls: Urls,
        kind: str,
        path: str,
        arguments: list[str],
        more: dict[str, str] | None = None,
    ) -> Program:
        name = f"{kind} {urls.app}"
        if name not in self._apis:
            key = secrets.token_urlsafe(16)
            environment = self.environment(urls) | {"EEGSTORE_API_KEY": key} | (more or {})
            self._apis[name] = self._started(kind, arguments, key, environment, path)
        return self._apis[name]

    def _started(self, kind: str, *arguments: Any) -> Program:
        program = Program(self.directory / f"{kind}.log", *arguments)
        self._programs.append(program)
        self._stack.callback(program.stop)
        return program


def imported(
    url: str, path: Path, recording_id: str | None = None, patient_id: str = PATIENT
) -> Imported:
    """Import a file as the CLI does."""

    async def work() -> Imported:
        database = Database(url)
        try:
            return await import_edf(database, path, patient_id, recording_id)
        finally:
            await database.close()

    return asyncio.run(work())


def plain(url: str) -> str:
    """The same database for psycopg."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def _in(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"

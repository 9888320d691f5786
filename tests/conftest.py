"""What every test may ask for."""

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from eegstore.store import postgres

ROOT = Path(__file__).parents[1]

# A busy machine is no failure: no deadlines. CI tries the same examples every time.
settings.register_profile(
    "eegstore",
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("eegstore")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings made by others, for reading: EEGSTORE_TEST_DATA, else ../shared/data."""
    path = Path(os.environ.get("EEGSTORE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real recordings: {path} is not a directory (see EEGSTORE_TEST_DATA)")
    return path


@pytest.fixture(scope="session")
def unknown_words() -> Callable[[Sequence[str]], list[str]]:
    """Tells which words after ``eegstore`` are no command or option of the program."""
    import typer

    from eegstore.cli import app

    def unknown(words: Sequence[str]) -> list[str]:
        command: Any = typer.main.get_command(app)
        found = []
        for word in words:
            if word.startswith("-"):
                options = {"--help"}.union(*(p.opts + p.secondary_opts for p in command.params))
                if word.partition("=")[0] not in options:
                    found.append(word)
            elif hasattr(command, "commands"):
                if word not in command.commands:
                    return [*found, word]
                command = command.commands[word]
        return found

    return unknown


@pytest.fixture(scope="session")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of this run: its embedded server lives there."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def server(data_directory: Path) -> Iterator["postgres.Server"]:
    """The embedded PostgreSQL of this run, of the version in EEGSTORE_PG_VERSION."""
    from eegstore.store import postgres

    version = int(os.environ.get("EEGSTORE_PG_VERSION", "18"))
    with postgres.start(data_directory, version=version) as lease:
        yield lease.server
    postgres.stop(data_directory)


@pytest.fixture(scope="session")
def template(server: "postgres.Server") -> str:
    """Name of a migrated database, from which each test's own is copied."""
    from eegstore.store import schema

    with psycopg.connect(plain(server.admin_url), autocommit=True) as connection:
        connection.execute("CREATE DATABASE eegstore_template")
    schema.upgrade(in_database(server.admin_url, "eegstore_template"))
    return "eegstore_template"


@dataclass(frozen=True)
class Urls:
    """One test's database, as the application and as the superuser (SQLAlchemy URLs)."""

    app: str
    admin: str


@pytest.fixture
def urls(server: "postgres.Server", template: str) -> Iterator[Urls]:
    """A database of its own for a test, at the newest schema, empty."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(plain(server.admin_url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield Urls(in_database(server.app_url, name), in_database(server.admin_url, name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def plain(url: str) -> str:
    """The same database for psycopg."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def in_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return f"{url.rpartition('/')[0]}/{name}"

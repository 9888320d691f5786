"""What the commands share: the terminal, the settings, the database they work on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from eegstore.config import Settings
from eegstore.errors import InvalidDataError
from eegstore.store.opening import reachable

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def settings() -> Settings:
    """The settings; InvalidDataError names the variable that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "EEGSTORE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidDataError(f"{name} is {first['input']!r}: {first['msg']}") from None


@contextmanager
def database_url(values: Settings) -> Iterator[str]:
    """The application's URL of the database that the settings name, ready to use."""
    url, admin = values.database_url, values.admin_database_url
    with reachable(
        values.data,
        url.get_secret_value() if url is not None else None,
        admin.get_secret_value() if admin is not None else None,
        version=values.pg_version,
        pg_bin=values.pg_bin,
    ) as found:
        yield found


def progress(**options: Any) -> Progress:
    """A progress bar in seconds of recording, on stderr, when that is a terminal."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("s {task.fields[note]}"), TimeRemainingColumn(), console=errors,
        disable=not errors.is_terminal, **options,
    )  # fmt: skip


def size(n_bytes: float) -> str:
    """Bytes for people, in powers of ten."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"

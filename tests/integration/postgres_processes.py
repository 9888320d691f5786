"""What the tests of the embedded server need to look at processes and to hurt them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

VERSION = int(os.environ.get("EEGSTORE_PG_VERSION", "18"))
OTHER = 16 if VERSION != 16 else 18

HOLDER = """
import sys
from pathlib import Path
from eegstore.store import postgres
data, version, linger = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
with postgres.start(data, version=version, linger=linger) as lease:
    print(lease.server.admin_url, flush=True)
    sys.stdin.read()
"""


def connect(url: str) -> "psycopg.Connection[Any]":
    """An autocommit connection to a SQLAlchemy URL."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, connect_timeout=10)


def query(url: str, statement: str) -> Any:
    """The first column of the first row of a statement that returns one."""
    with connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]


def do(url: str, *statements: str) -> None:
    """Run statements, each in its own transaction."""
    with connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def parent(pid: int) -> int:
    """The number of the parent process."""
    return int(_stat(pid)[1])


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return _stat(pid)[0] != "Z"
    except FileNotFoundError:
        return False


def postmaster(url: str) -> int:
    """The process number of the server: the parent of whoever serves our connection."""
    with connect(url) as connection:
        return parent(connection.info.backend_pid)


def until(condition: Callable[[], Any]) -> Any:
    """What the condition gives as soon as that is true; a failure after two minutes."""
    for _ in range(1200):
        try:
            result = condition()
        except (psycopg.OperationalError, FileNotFoundError):  # a server, a process that went
            result = None
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"{condition} has not become true in two minutes")


@contextmanager
def holder(data: Path, linger: float = 0) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds a lease; it prints the URL, and ends when stdin does."""
    command = [sys.executable, "-c", HOLDER, str(data), str(VERSION), str(linger)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


def url_of(process: "subprocess.Popen[str]") -> str:
    """The URL that a `holder` prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()

"""How a process comes to hold a lease: ask the supervisor, or launch one and ask again."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store import postgres_runtime
from eegstore.store.postgres_control import BUSY, INVALID, Command, Control
from eegstore.store.postgres_runtime import Layout

PAUSE = 0.1  # [s] between attempts


@dataclass(frozen=True)
class Wanted:
    """The server that is asked for; a lease asks for the same again."""

    layout: Layout
    major: int
    pg_bin: Path | None
    linger: float  # [s]


def ask(layout: Layout, command: Command) -> Control | None:
    """A connection to the supervisor on which it has answered; None where there is none."""
    runtime = postgres_runtime.read(layout)
    if runtime is None:
        return None
    try:
        return Control(runtime, command)
    except OSError:
        return None


def attach(wanted: Wanted, deadline: float, closed: threading.Event) -> Control:
    """A lease on the wanted server, which is ready.

    Parameters
    ----------
    deadline : float
        When to give up [s, monotonic].
    closed : threading.Event
        Set by another thread to give up at once.

    Raises
    ------
    InvalidDataError
        When the data directory belongs to another major version.
    StoreUnavailableError
        When the server does not start, or not in time.
    """
    while True:
        control = ask(wanted.layout, "lease")
        if control is None:
            _launch(wanted)
            control = ask(wanted.layout, "lease")
        if control is None:
            time.sleep(PAUSE)
            _go_on(wanted, deadline, closed)
            continue
        try:
            _same_major(wanted)
            there = True
            while there and control.state == "starting":
                _go_on(wanted, deadline, closed)
                there = control.follow(PAUSE)
            if there and control.state == "ready":
                return control
            if there:
                raise StoreUnavailableError(
                    control.message
                    or f"PostgreSQL in {wanted.layout.data} was stopped while it started"
                )
        except BaseException:
            control.close()
            raise
        control.close()


def _go_on(wanted: Wanted, deadline: float, closed: threading.Event) -> None:
    layout = wanted.layout
    if closed.is_set():
        raise StoreUnavailableError(f"the lease on PostgreSQL in {layout.data} was closed")
    if time.monotonic() > deadline:
        raise StoreUnavailableError(
            f"PostgreSQL in {layout.data} is not ready in time; last lines of "
            f"{layout.log}:\n{layout.log_tail()}"
        )


def _same_major(wanted: Wanted) -> None:
    runtime = postgres_runtime.read(wanted.layout)
    if runtime is not None and runtime.major != wanted.major:
        raise InvalidDataError(
            f"PostgreSQL {runtime.major} runs in {wanted.layout.data}, asked was {wanted.major}: "
            f"set EEGSTORE_PG_VERSION={runtime.major}"
        )


def _launch(wanted: Wanted) -> None:
    command = [
        sys.executable, "-m", "eegstore.store.supervisor", "--data", str(wanted.layout.data),
        "--version", str(wanted.major), "--linger", str(wanted.linger),
    ]  # fmt: skip
    if wanted.pg_bin is not None:
        command += ["--bin", str(wanted.pg_bin)]
    launched = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],  # where "-m" finds eegstore
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    if launched.returncode == INVALID:
        raise InvalidDataError(launched.stderr.strip())
    if launched.returncode not in (0, BUSY):
        raise StoreUnavailableError(
            f"the supervisor of PostgreSQL in {wanted.layout.data} does not start "
            f"(exit status {launched.returncode}): {launched.stderr.strip()[-2000:]}"
        )

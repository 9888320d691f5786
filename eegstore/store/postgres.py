"""The embedded PostgreSQL server of a data directory.

`start` gives a `Lease` on the server of a data directory; the server lives while anybody
holds one, and a while longer (`linger`), or until `stop`.

The server belongs to a detached process, `eegstore.store.supervisor`, one per data directory:
it holds the lock ``postgres.lock`` for its life, makes ``postgres/<major>`` at first, runs
``postgres`` as its own child on 127.0.0.1, and listens on a loopback control socket. Ports,
passwords and the token of that socket stand in ``postgres.json``, which only the owner may
read. `start` asks the supervisor there, and launches one when nobody answers; of several
launched at once one gets the lock. A lease is an open connection to the control socket, so
one whose process dies is given back by the kernel.

If ``postgres`` dies, the supervisor starts it again, on the same port when nobody else took
it. If the supervisor dies, the kernel tells ``postgres`` to shut down (SIGINT, clean), and
whoever holds a lease launches a new supervisor, which waits for the old server to be gone.
No process is ever signalled by a number read from a file. Port and passwords stay the same
over restarts, so a URL stays valid; connections do not survive, pools must reconnect.
"""

import contextlib
import logging
import math
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from eegstore.errors import EegStoreError, StoreUnavailableError
from eegstore.store import postgres_runtime
from eegstore.store.postgres_attach import PAUSE, Wanted, ask, attach
from eegstore.store.postgres_control import Control
from eegstore.store.postgres_runtime import FileLock, Layout

RELAUNCH_AT_MOST = 30.0  # [s] between attempts of a lease to replace a supervisor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Server:
    """Where an embedded server is reached.

    Attributes
    ----------
    app_url : str
        SQLAlchemy URL of database ``eegstore`` for the role ``eegstore_app``.
    admin_url : str
        The same for the superuser ``postgres``.
    major : int
        Major version of PostgreSQL.
    data : Path
        The data directory.
    """

    app_url: str = field(repr=False)
    admin_url: str = field(repr=False)
    major: int
    data: Path


class Lease:
    """The right to a running server, until `close`; also a context manager."""

    def __init__(self, wanted: Wanted, control: Control) -> None:
        self._wanted = wanted
        self._control = control
        self._server = _server(wanted.layout)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="postgres lease", daemon=True)
        self._thread.start()

    @property
    def server(self) -> Server:
        """Where the server is reached now."""
        return self._server

    def close(self) -> None:
        """Give the lease back; closing twice does no harm."""
        self._closed.set()
        self._control.interrupt()
        self._thread.join()

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        try:
            while not self._closed.is_set():
                there = self._control.follow()
                if self._closed.is_set() or self._control.state == "stopped":
                    return
                if not there:
                    self._replace()
                elif self._control.state == "ready":
                    self._look_up()
        finally:
            self._control.close()

    def _replace(self) -> None:
        """Launch another supervisor, or attach to the one that somebody else launched."""
        pause = PAUSE
        while not self._closed.is_set():
            log.warning("the supervisor of %s has gone", self._wanted.layout.data)
            try:
                control = attach(self._wanted, math.inf, self._closed)
            except (EegStoreError, OSError) as error:
                if not self._closed.wait(pause):
                    log.error("cannot replace it: %s", error)
                pause = min(2 * pause, RELAUNCH_AT_MOST)
                continue
            self._control.close()
            self._control = control
            self._look_up()
            return

    def _look_up(self) -> None:
        try:
            self._server = _server(self._wanted.layout)
        except StoreUnavailableError as error:
            log.error("%s", error)


def start(
    data: Path,
    *,
    version: int = 18,
    pg_bin: Path | None = None,
    timeout: float = 300.0,
    linger: float = 60.0,
) -> Lease:
    """Start the server of a data directory, or attach to it where it runs.

    Parameters
    ----------
    data : Path
        The data directory; it is made where there is none.
    version : int
        Major version of PostgreSQL, 16 or later.
    pg_bin : Path, optional
        The directory of ``postgres`` and ``initdb``; by default those of an installed wheel,
        or on ``PATH``.
    timeout : float
        How long to wait until the server can be used [s]. Recovery after a crash can take
        minutes.
    linger : float
        How long a server started here lives on when the last lease is gone [s].

    Raises
    ------
    InvalidDataError
        When the data directory belongs to another major version, or `pg_bin` holds one.
    StoreUnavailableError
        When the server does not start, or not in time; quotes the last lines of the log.
    """
    wanted = Wanted(Layout(data.resolve()), version, pg_bin and pg_bin.absolute(), linger)
    try:
        wanted.layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"cannot use the data directory {data}: {error}") from error
    return Lease(wanted, attach(wanted, time.monotonic() + timeout, threading.Event()))


def stop(data: Path, timeout: float = 60.0) -> bool:
    """End the server of a data directory, whoever holds leases; False when none ran.

    Raises
    ------
    StoreUnavailableError
        When it has not ended within `timeout` [s]; it goes on stopping.
    """
    layout, ran = Layout(data.resolve()), False
    deadline = time.monotonic() + timeout
    while True:
        control = ask(layout, "stop")
        if control is not None:
            with contextlib.closing(control):
                while time.monotonic() < deadline and control.follow(PAUSE):
                    pass
        elif not _in_use(layout):
            return ran
        ran = True
        if time.monotonic() > deadline:
            raise StoreUnavailableError(
                f"PostgreSQL in {data} has not stopped within {timeout:g} s; last lines of "
                f"{layout.log}:\n{layout.log_tail()}"
            )
        time.sleep(PAUSE)


def status(data: Path) -> Server | None:
    """The server of a data directory when it runs and is ready; starts nothing."""
    layout = Layout(data.resolve())
    control = ask(layout, "status")
    if control is None:
        return None
    with contextlib.closing(control):
        return _server(layout) if control.state == "ready" else None


def _in_use(layout: Layout) -> bool:
    """Whether a supervisor, or any process of a server that lost its own, still lives."""
    for path in (layout.lock, *layout.data.glob("postgres/*.lock")):
        if path.exists():
            with FileLock(path) as lock:
                if not lock.acquire():
                    return True
    return False


def _server(layout: Layout) -> Server:
    runtime = postgres_runtime.read(layout)
    if runtime is None:
        raise StoreUnavailableError(f"{layout.runtime} was removed while the server runs")
    place = f"127.0.0.1:{runtime.port}/eegstore"
    return Server(
        app_url=f"postgresql+psycopg://eegstore_app:{runtime.app_password}@{place}",
        admin_url=f"postgresql+psycopg://postgres:{runtime.admin_password}@{place}",
        major=runtime.major,
        data=layout.data,
    )

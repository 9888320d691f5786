"""Where the embedded server keeps its things below the data directory, and its runtime file."""

import contextlib
import fcntl
import json
import os
import random
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from eegstore.errors import StoreUnavailableError

PORTS = range(20000, 32768)  # below 32768, where outgoing connections take their ports
LOG_LIMIT = 16 * 2**20  # size [bytes] from which a starting supervisor begins a new log


@dataclass(frozen=True)
class Layout:
    """The files of one data directory."""

    data: Path

    @property
    def runtime(self) -> Path:
        """Ports, passwords and token; mode 0600."""
        return self.data / "postgres.json"

    @property
    def lock(self) -> Path:
        """Locked by the one supervisor for its life."""
        return self.data / "postgres.lock"

    @property
    def log(self) -> Path:
        """What the supervisor, initdb and postgres say."""
        return self.data / "postgres.log"

    def cluster(self, major: int) -> Path:
        """The PostgreSQL data directory of that major version."""
        return self.data / "postgres" / str(major)

    def cluster_lock(self, major: int) -> Path:
        """Locked as long as any process of that server lives, its orphans included."""
        return self.data / "postgres" / f"{major}.lock"

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of the log, for error messages."""
        with contextlib.suppress(OSError), open(self.log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        return "(no log)"


class FileLock:
    """A lock on a file, also held by child processes that are given its descriptor."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def acquire(self) -> bool:
        """Try to lock; False when somebody else holds it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Close the file; it is unlocked when all who were given it have done so."""
        os.close(self.fd)

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Runtime:
    """What a process must know to use the server of a data directory."""

    major: int
    port: int
    control_port: int
    token: str = field(repr=False)
    admin_password: str = field(repr=False)
    app_password: str = field(repr=False)


def renewed(previous: Runtime | None, major: int, control_port: int) -> Runtime:
    """The runtime of a new supervisor: passwords and port as before, a new token."""
    return Runtime(
        major=major,
        port=0 if previous is None else previous.port,
        control_port=control_port,
        token=secrets.token_urlsafe(32),
        admin_password=secrets.token_urlsafe(24) if previous is None else previous.admin_password,
        app_password=secrets.token_urlsafe(24) if previous is None else previous.app_password,
    )


def read(layout: Layout) -> Runtime | None:
    """The runtime file, None where there is none.

    Raises
    ------
    StoreUnavailableError
        When it may not be read, or is damaged.
    """
    try:
        return Runtime(**json.loads(layout.runtime.read_bytes()))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise StoreUnavailableError(
            f"may not read {layout.runtime}; user {os.geteuid()} is not its owner"
        ) from None
    except (ValueError, TypeError) as error:
        raise StoreUnavailableError(
            f"{layout.runtime} is damaged ({error}); remove it, the next start makes a new one"
        ) from None


def write(layout: Layout, runtime: Runtime) -> None:
    """Replace the runtime file, durably: whoever loses the passwords loses the server."""
    new = layout.runtime.with_suffix(".json.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(runtime), file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(layout.runtime)
    sync_directory(layout.data)


def sync_directory(path: Path) -> None:
    """Make the entries of a directory durable."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def listen(preferred: int = 0) -> socket.socket:
    """A listening loopback socket, on the preferred port where it is free.

    A port of the ephemeral range will not do: a client that keeps trying to reach a server
    there, while it is down, can be given that very port and then talks to itself.

    Raises
    ------
    StoreUnavailableError
        When none of the ports tried is free.
    """
    tried = [preferred] if preferred else []
    for port in tried + random.sample(PORTS, 100):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
            return listener
        except OSError:
            listener.close()
    raise StoreUnavailableError(
        f"no free port on 127.0.0.1: tried 100 of {PORTS.start} to {PORTS.stop - 1}"
    )


def free_port(preferred: int = 0) -> int:
    """A free loopback port, the preferred one where it is free."""
    with listen(preferred) as listener:
        port: int = listener.getsockname()[1]
        return port

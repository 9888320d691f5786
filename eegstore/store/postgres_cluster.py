"""A PostgreSQL data directory: created, started, its processes waited for.

Every process started here is our own child, inherits the locked file of the cluster, and
gets SIGINT from the kernel when the supervisor dies. The lock is free again only when the
last process of a server has gone, backends orphaned by a killed postmaster included; so
whoever has it knows that a ``postmaster.pid`` lying there is stale, whatever process has
that number now. PostgreSQL itself would ask `kill(pid, 0)` and refuse to start for any
innocent process of the same user.

Root starts the programs in the data directory and names it ``/proc/self/cwd``: the account
that runs them need not be allowed to traverse the directories above.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.store.postgres_binaries import Account
from eegstore.store.postgres_runtime import FileLock, Layout, sync_directory

POLL = 0.1  # [s]
PR_SET_PDEATHSIG = 1
SHARED_BUFFERS = 256  # [MB]
MAX_CONNECTIONS = 100
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    f"max_connections={MAX_CONNECTIONS}",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "cluster_name=eegstore",
    "logging_collector=off",
    "log_destination=stderr",
    # Statements and the values in them do not belong in a log.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
)

log = logging.getLogger(__name__)


def check_major(layout: Layout, major: int) -> None:
    """Refuse a data directory that another major version made.

    Raises
    ------
    InvalidDataError
        Names the version found and the version asked.
    """
    asked = layout.cluster(major)
    if (asked / "PG_VERSION").exists():
        found = (asked / "PG_VERSION").read_text().strip()
        if found != str(major):
            raise InvalidDataError(
                f"{asked}/PG_VERSION says {found}; asked was PostgreSQL {major}, which cannot "
                f"read it: set EEGSTORE_PG_VERSION={found} and move it to {asked.parent / found}"
            )
    elif asked.exists():
        raise InvalidDataError(f"{asked} has no PG_VERSION: it is no PostgreSQL data directory")
    else:
        for other in sorted(asked.parent.glob("[1-9]*/PG_VERSION")):
            found = other.read_text().strip()
            raise InvalidDataError(
                f"{layout.data} holds the data of PostgreSQL {found} (PG_VERSION in "
                f"{other.parent}), asked was {major}: set EEGSTORE_PG_VERSION={found} to use it"
            )


@dataclass(frozen=True)
class Cluster:
    """The data directory of one major version, and with what and as whom it is run."""

    layout: Layout
    major: int
    bin: Path
    account: Account | None

    @property
    def path(self) -> Path:
        """The PostgreSQL data directory."""
        return self.layout.cluster(self.major)

    async def claim(self) -> FileLock:
        """The lock of the cluster, once no process of an earlier server on it lives."""
        lock = FileLock(self.layout.cluster_lock(self.major))
        try:
            if not lock.acquire():
                log.warning("waiting for the last processes of the earlier server to end")
                while not lock.acquire():
                    await asyncio.sleep(POLL)
        except BaseException:
            lock.close()
            raise
        return lock

    async def create(self, lock: FileLock, password: str) -> None:
        """Make the data directory: `initdb` beside it, then rename, so it is whole or absent.

        Parameters
        ----------
        lock : FileLock
            The claimed lock.
        password : str
            Of the superuser ``postgres``.

        Raises
        ------
        StoreUnavailableError
            When `initdb` fails; quotes the log.
        """
        for unfinished in self.path.parent.glob(f".{self.major}.*"):
            shutil.rmtree(unfinished)
        making = Path(tempfile.mkdtemp(dir=self.path.parent, prefix=f".{self.major}."))
        cluster, secret = making / "data", making / "password"
        cluster.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(password + "\n")
        if self.account is not None:
            for path in (cluster, secret, making):
                os.chown(path, self.account.uid, self.account.gid)
        locale = ["--locale=C"]
        if self.major > 16:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        process = self._spawn(
            "initdb", "--username=postgres", "--pwfile=../password", "--auth=scram-sha-256",
            "--encoding=UTF8", "--data-checksums", "--no-instructions", *locale,
            lock=lock, cwd=cluster,
        )  # fmt: skip
        await self._succeed("initdb", process)
        cluster.rename(self.path)
        sync_directory(self.path.parent)
        shutil.rmtree(making)

    async def set_password(self, lock: FileLock, password: str) -> None:
        """Give the superuser a password, without the old one, while no server runs."""
        self._clear_stale_pid()
        process = self._spawn(
            "postgres", "--single", "-j", "postgres", lock=lock, stdin=subprocess.PIPE
        )
        with contextlib.suppress(BrokenPipeError):
            assert process.stdin is not None
            process.stdin.write(f"ALTER ROLE postgres PASSWORD '{password}';\n\n".encode())
            process.stdin.close()
        await self._succeed("postgres --single", process)

    def start(self, lock: FileLock, port: int) -> subprocess.Popen[bytes]:
        """Start `postgres`; it may need minutes until it can be used.

        Raises
        ------
        StoreUnavailableError
            When a server that eegstore did not start uses the directory.
        """
        self._clear_stale_pid()
        settings = (*SETTINGS, f"port={port}", f"shared_buffers={_shared_buffers()}MB")
        return self._spawn("postgres", *(w for s in settings for w in ("-c", s)), lock=lock)

    def _spawn(
        self, program: str, *arguments: str, lock: FileLock, cwd: Path | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        cwd = cwd or self.path
        place = "/proc/self/cwd" if self.account else str(cwd)
        kept = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        return subprocess.Popen(
            [self.bin / program, *arguments],
            cwd=cwd, env={**environment, "PGDATA": place, "LC_ALL": "C", "TZ": "UTC"},
            stdin=stdin, pass_fds=(lock.fd,), preexec_fn=_dies_with_parent(),
            **(self.account.popen() if self.account else {}),
        )  # fmt: skip

    async def _succeed(self, what: str, process: subprocess.Popen[bytes]) -> None:
        try:
            while process.poll() is None:
                await asyncio.sleep(POLL)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
        if process.returncode:
            raise StoreUnavailableError(
                f"{what} of PostgreSQL {self.major} ended with {process.returncode}; "
                f"last lines of {self.layout.log}:\n{self.layout.log_tail()}"
            )

    def _clear_stale_pid(self) -> None:
        """Remove a ``postmaster.pid`` left behind; the caller holds the lock of the cluster.

        Its line 7 is the key and id of the server's shared memory. With processes attached
        to that, the directory is in use by a server that somebody else started.
        """
        pid_file = self.path / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return
        segment = re.fullmatch(r"\s*(\d+)\s+(\d+)\s*", lines[6]) if len(lines) > 6 else None
        if segment and _is_attached(int(segment[1]), segment[2]):
            raise StoreUnavailableError(
                f"{self.path} is in use by a server that eegstore did not start "
                f"(process {lines[0]}); stop that first"
            )
        log.warning("removing the stale %s", pid_file)
        pid_file.unlink()


def _dies_with_parent() -> Callable[[], None]:
    """What a child does before it becomes the program; for one started by the main thread."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGINT)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def _is_attached(key: int, shmid: str) -> bool:
    try:
        lines = Path("/proc/sysvipc/shm").read_text().splitlines()
    except OSError:
        return False  # postgres looks for itself before it uses the directory
    names = lines[0].split()
    for line in lines[1:]:
        row = dict(zip(names, line.split(), strict=False))
        if row["shmid"] == shmid and (int(row["key"]) - key) % 2**32 == 0:
            return int(row["nattch"]) > 0
    return False


def _shared_buffers() -> int:
    """`SHARED_BUFFERS`, or an eighth of the memory where that is less [MB]."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # "max", or not under cgroup v2
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(16, min(SHARED_BUFFERS, memory // 8 // 2**20))

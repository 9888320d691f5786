"""The wheel works outside the clone, viewer included."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.no_postgres


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and a directory far from the clone."""

    bin: Path
    elsewhere: Path

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment with none of our own environment variables."""
        return subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.elsewhere,
            env={"HOME": str(self.elsewhere), "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(directory), str(ROOT))
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    directory = tmp_path_factory.mktemp("installed")
    environment, elsewhere = directory / "venv", directory / "else where"
    elsewhere.mkdir()
    venv.create(environment, symlinks=True)
    pip("--python", str(environment / "bin" / "python"), "install", "--no-deps", str(wheel))
    # Dependencies come from here. A .pth inside a directory that a .pth names is not read, so
    # the editable install of the clone stays out.
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return Installed(environment / "bin", elsewhere)


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--no-input", *arguments],
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_ROOT_USER_ACTION": "ignore"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def sources(directory: str) -> set[str]:
    """The files of a directory of the clone, relative to it."""
    top = ROOT / directory
    return {
        path.relative_to(top).as_posix()
        for path in top.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_the_package_and_the_viewer_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    held = {name for name in names if not name.startswith("eegstore-0.1.0.dist-info/")}
    expected = {f"eegstore/{name}" for name in sources("eegstore")}
    expected |= {f"eegstore/viewer/{name}" for name in sources("viewer")}
    assert held == expected
    assert {"eegstore/py.typed", "eegstore/viewer/main.py"} <= held
    assert any(name.startswith("eegstore/store/migrations/versions/0001") for name in held)
    assert "eegstore-0.1.0.dist-info/licenses/LICENSE" in names


def test_package_comes_from_the_wheel(installed: Installed) -> None:
    done = installed.run("python", "-c", "import eegstore; print(eegstore.__file__)")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.bin.parent)


def test_viewer_lies_in_the_package(installed: Installed) -> None:
    code = "from pathlib import Path; import eegstore; print(Path(eegstore.__file__).parent)"
    done = installed.run("python", "-c", code)
    assert (Path(done.stdout.strip()) / "viewer" / "main.py").is_file(), done.stderr
    assert installed.run("python", "-c", "import viewer").returncode != 0


def test_program_runs(installed: Installed) -> None:
    done = installed.run("eegstore", "--help")
    assert done.returncode == 0, done.stderr
    for command in ("demo", "export", "import", "serve", "view"):
        assert command in done.stdout

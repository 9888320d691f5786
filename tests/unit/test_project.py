"""What the repository promises about itself: licence, scripts, pins, public names, README."""

import ast
import hashlib
import importlib
import inspect
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import eegstore

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
APACHE_2_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"

# Written so that the pattern does not find itself.
FOREIGN = re.compile(
    r"(?<![\w.~])/(wor[k]|far[m]|roo[t]|hom[e]/\w+|User[s]/\w+|tm[p]/venv|op[t]/pypi)/"
    r"|py[p]i\.org|pythonh[o]sted|[-_]index[-_]ur[l]|INDEX_UR[L]"
)


def project_files() -> list[Path]:
    """What git tracks or would track; without git, what is no product of a tool."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listed = None
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            [*git, "--cached", "--others", "--exclude-standard"], capture_output=True, text=True
        )
    if listed is not None and listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        ignored = {line.strip("/*") for line in (ROOT / ".gitignore").read_text().split()}
        files = [
            path
            for path in ROOT.rglob("*")
            if not ignored.intersection(path.relative_to(ROOT).parts)
        ]
    return [path for path in files if path.is_file()]


def test_no_registry_and_no_machine_is_named() -> None:
    files = project_files()
    assert ROOT / "eegstore" / "model.py" in files
    found = []
    for path in files:
        data = path.read_bytes()
        if b"\0" not in data:
            lines = data.decode(errors="replace").splitlines()
            found += [f"{path.relative_to(ROOT)}: {x}" for x in lines if FOREIGN.search(x)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "--extra-ind" + "ex-url somewhere",
        "see https://py" + "pi.org/project/x",
        'DATA = "/ro' + 'ot/data"',
        "cp /ho" + "me/anna/x.edf .",
    ],
)
def test_planted_places_are_found(line: str) -> None:
    assert FOREIGN.search(line)


def test_scripts_are_executable() -> None:
    scripts = [path for path in project_files() if path.parent == ROOT / "scripts"]
    assert {"check", "demo", "setup", "test"} <= {path.name for path in scripts}
    for path in [*scripts, ROOT / ".ci" / "run"]:
        assert os.access(path, os.X_OK), path
        assert path.read_text().startswith("#!/"), path


def test_licence_is_apache_2() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_SHA256
    assert PYPROJECT["project"]["license"] == "Apache-2.0"


def pins(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package in a requirements file."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        pin = re.match(r"([A-Za-z0-9._-]+)==(\S+)", line)
        assert pin, f"{name}: not a pin: {line}"
        found[canonicalize_name(pin[1])] = (pin[2], len(re.findall(r"--hash=sha256:", line)))
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_everything_installed_is_pinned_with_hashes(name: str) -> None:
    groups = PYPROJECT["dependency-groups"]
    wanted = [*PYPROJECT["project"]["dependencies"], *groups["build"]]
    if name == "requirements-dev.txt":
        wanted += groups["dev"]
    pinned = pins(name)
    assert all(n_hashes > 0 for _, n_hashes in pinned.values())
    for text in wanted:
        requirement = Requirement(text)
        version, _ = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{text}: {version}; run scripts/lock"


def test_tests_run_with_the_versions_that_users_get() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_public_names_exist_and_are_documented() -> None:
    assert "Client" in eegstore.__all__
    for name in eegstore.__all__:
        value = getattr(eegstore, name)
        if inspect.isclass(value) or inspect.isroutine(value):
            assert value.__doc__, name


def readme_blocks(*languages: str) -> list[str]:
    """The fenced blocks of these languages in README.md."""
    text = (ROOT / "README.md").read_text()
    return [
        body
        for language, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if language in languages
    ]


def readme_commands() -> Iterator[list[str]]:
    """The command lines of README.md, split into words, settings before them left out."""
    for block in readme_blocks("sh", "bash", "shell", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ ").strip(), comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words:
                yield words


def test_readme_commands_exist(unknown_words: Callable[[Sequence[str]], list[str]]) -> None:
    programs = set()
    for program, *words in readme_commands():
        name = program.removeprefix("./")
        programs.add(name)
        if name.startswith("scripts/"):
            assert os.access(ROOT / name, os.X_OK), program
        if name == "scripts/demo":
            words.insert(0, "demo")
        if name == "scripts/demo" or Path(name).name == "eegstore":
            assert unknown_words(words) == [], [program, *words]
    assert {"scripts/demo", "scripts/test"} <= programs


def test_readme_python_names_exist() -> None:
    names = 0
    for block in readme_blocks("python", "py"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eegstore"):
                module = importlib.import_module(node.module or "")
                for alias in node.names:
                    assert hasattr(module, alias.name), alias.name
                    names += 1
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "eegstore"
            ):
                assert node.attr in eegstore.__all__
                names += 1
    assert names

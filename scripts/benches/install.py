"""Installs the peers: all at once, or else one by one, so that one more or less stops nothing.

Run by the Python of ``.venv`` as ``python scripts/benches/install.py``; what cannot be
installed is noted with its reason, and told in the report.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-bench"
PINS = Path(__file__).with_name("requirements.txt")
MISSING = VENV / "missing.json"
DEBIAN = VENV / "debian"


def blocks(pins: str) -> dict[str, str]:
    """The pins of a requirements file by name, each with its hashes."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", pins):
        name = re.match(r"([A-Za-z0-9._-]+)==", block)
        if name:
            lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
            found[name[1]] = "\n".join(lines) + "\n"
    return found


def missing() -> dict[str, str]:
    """What could not be installed, and why."""
    try:
        found: dict[str, str] = json.loads(MISSING.read_text())
    except OSError:
        return {}
    return found


def wavpack() -> str | None:
    """The program of this name, on PATH or unpacked beside the peers."""
    unpacked = DEBIAN / "usr" / "bin" / "wavpack"
    return shutil.which("wavpack") or (str(unpacked) if unpacked.exists() else None)


def environment() -> dict[str, str]:
    """The environment in which that program finds its library."""
    libraries = [str(path.parent) for path in DEBIAN.rglob("libwavpack.so*")]
    return dict(os.environ) | ({"LD_LIBRARY_PATH": libraries[0]} if libraries else {})


def main() -> None:
    """Install everything into `VENV`."""
    failed: dict[str, str] = {}
    if _pip("-r", str(PINS)) is not None:
        for name, pin in blocks(PINS.read_text()).items():
            with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
                file.write(pin)
                file.flush()
                reason = _pip("--no-deps", "-r", file.name)
            if reason is not None:
                failed[name] = reason
                print(f"bench: {name} cannot be installed: {reason}", file=sys.stderr)
    if wavpack() is None:
        reason = _unpack("wavpack", "libwavpack1")
        if reason is not None:
            failed["wavpack"] = f"no such program, and no package of Debian: {reason}"
    MISSING.write_text(json.dumps(failed))


def _pip(*arguments: str) -> str | None:
    """What went wrong, in a line; None when nothing did."""
    command = [sys.executable, "-m", "pip", "--python", str(VENV / "bin" / "python"), "install"]
    options = ["-qq", "--no-input", "--require-hashes", "--only-binary", ":all:"]
    done = subprocess.run([*command, *options, *arguments], capture_output=True, text=True)
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return (said or ["pip failed"])[-1]


def _unpack(*packages: str) -> str | None:
    """Unpack packages of Debian beside the peers; nothing of the system is changed."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return "this system is no Debian"
    with tempfile.TemporaryDirectory() as there:
        got = subprocess.run(
            ["apt-get", "download", *packages], cwd=there, capture_output=True, text=True
        )
        if got.returncode:
            return (got.stderr.strip().splitlines() or ["apt-get download failed"])[-1]
        for package in Path(there).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(DEBIAN)], check=True)
    return None


if __name__ == "__main__":
    main()

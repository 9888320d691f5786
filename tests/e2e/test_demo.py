"""`eegstore demo`: everything at once, and nothing left of it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from eegstore import Client
from eegstore.edf import write_edf
from eegstore.errors import EegStoreError
from eegstore.signal.synthetic import SyntheticEeg

PATIENCE = 180.0  # [s]


class Demo:
    """A running demo with a data directory and ports of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.port, self.viewer_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.viewer = f"http://127.0.0.1:{self.viewer_port}/viewer"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EEGSTORE_API")}
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "eegstore", "demo", "--data", str(data),
                "--port", str(self.port), "--viewer-port", str(self.viewer_port), *options,
            ],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def client(self) -> Client:
        return Client(self.url, (self.data / "api_key").read_text().strip())

    def until(self, what: str, ask: Callable[[], bool]) -> None:
        """Wait until `ask` is true."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"the demo ended: {self.process.communicate()[0]}")
            try:
                if ask():
                    return
            except (EegStoreError, OSError, IndexError, httpx.TransportError):
                pass
            time.sleep(0.2)
        pytest.fail(f"not within {PATIENCE:g} s: {what}")

    def n_seconds(self) -> int:
        with self.client() as client:
            return client.recordings("demo")[-1].n_seconds

    def end(self) -> str:
        """As Ctrl-C in its terminal."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=PATIENCE)[0]


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.end()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def processes_of(data: Path) -> list[str]:
    """Command lines of running processes that name the data directory or work in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            where = os.readlink(entry / "cwd")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except (OSError, UnicodeDecodeError):
            continue
        mine = f"EEGSTORE_DATA={data}\0" in environment + "\0"
        if int(entry.name) != os.getpid() and (str(data) in command + where or mine):
            found.append(command)
    return found


def test_ten_minutes_are_there_then_it_goes_on_and_ctrl_c_leaves_nothing(
    demos: list[Demo], tmp_path: Path
) -> None:
    demo = Demo(tmp_path / "data")
    demos.append(demo)
    demo.until("600 s stored", lambda: demo.n_seconds() >= 600)
    demo.until("it goes on", lambda: demo.n_seconds() >= 605)
    demo.until("the viewer answers", lambda: httpx.get(demo.viewer).status_code == 200)
    with demo.client() as client:
        info = client.recordings("demo")[-1]
        key = ("demo", info.recording.recording_id)
        assert len(info.recording.channels) == 23
        window = client.window(*key, 110, 170)
        assert (window.digital == SyntheticEeg().digital(110, 170)).all()
        assert [a.description for a in client.annotations(*key)]
    assert processes_of(demo.data)
    said = demo.end()
    assert demo.process.returncode == 0, said
    assert demo.url in said
    assert demo.viewer in said
    assert re.search(r"\d+ s acknowledged.*on disk.*as EDF .*as a row per sample", said)
    assert processes_of(demo.data) == []


def test_exit_after_plays_a_file_and_ends_by_itself(demos: list[Demo], tmp_path: Path) -> None:
    eeg = SyntheticEeg(seed=7)
    file = tmp_path / "night.edf"
    write_edf(file, eeg.recording("demo", "night.edf"), list(eeg.chunks(0, 30)))
    demo = Demo(tmp_path / "data", "--edf", str(file), "--speed", "max", "--exit-after", "6")
    demos.append(demo)
    said = demo.process.communicate(timeout=PATIENCE)[0]
    assert demo.process.returncode == 0, said
    assert "30 s recorded, 30 s acknowledged" in said
    assert processes_of(demo.data) == []


def test_a_port_that_is_taken_is_named(demos: list[Demo], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "eegstore", "demo", "--data", str(tmp_path / "data"),
             "--port", str(port)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert str(port) in done.stderr
    assert processes_of(tmp_path / "data") == []

"""`eegstore demo`: everything at once, on one command, and nothing left when it ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eegstore import Client
from tests.e2e.conftest import Live
from tests.e2e.devices import until
from tests.e2e.made_edf import make_edf
from tests.e2e.program import running
from tests.integration.postgres_processes import VERSION


class Demo:
    """The demo in a process of its own; what it prints is in `said`."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        self.api = Live(data)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.viewer = f"http://127.0.0.1:{port}/viewer"
        self.said: list[str] = []
        environment = self.api.environment | {"EEGSTORE_PG_VERSION": str(VERSION)}
        del environment["EEGSTORE_DATA"], environment["EEGSTORE_API_URL"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "eegstore", "demo", "--data", str(data),
             "--port", str(self.api.port), "--viewer-port", str(port), *words],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self.said.extend, args=(self.process.stdout,))
        self._reader.start()

    @property
    def text(self) -> str:
        return "".join(self.said)

    def addresses(self) -> None:
        """Wait until it has told where everything is, and check it."""
        until(lambda: "device   plays " in self.text or self.process.poll() is not None, "start")
        lines = self.text.splitlines()
        assert f"API      {self.api.url}/docs" in lines
        assert f"viewer   {self.viewer}" in lines
        assert f"data     {self.data}  (API key in {self.data / 'api_key'})" in lines

    def wait(self) -> int:
        code = self.process.wait(120)
        self._reader.join(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def processes(self) -> list[str]:
        """Command lines of what runs with this data directory, or in it."""
        found = []
        mark = str(self.data.resolve()).encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes()
                settings = (process / "environ").read_bytes()
                place = os.readlink(bytes(process / "cwd"))
            except OSError:  # it has ended
                continue
            if mark in words or b"EEGSTORE_DATA=" + mark in settings or place.startswith(mark):
                found.append(words.replace(b"\0", b" ").decode())
        return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def demos(data: Path) -> Iterator[list[Demo]]:
    """What is started is ended, however the test ends."""
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.process.send_signal(signal.SIGINT)
            demo.wait()


def ended_well(demo: Demo) -> None:
    assert demo.wait() == 0, demo.text
    assert demo.text.endswith("all ended; the data stay\n")
    assert "Traceback" not in demo.text
    assert demo.processes() == []


def test_demo_until_ctrl_c(data: Path, demos: list[Demo]) -> None:
    """Ten minutes of 23 channels are there, the viewer shows them, and Ctrl-C ends it all."""
    demo = Demo(data, "--exit-after", "3600")
    demos.append(demo)
    demo.addresses()
    assert httpx.get(f"{demo.api.url}/readyz").status_code == 200
    with Client(demo.api.url, demo.api.api_key) as eeg:
        until(lambda: sum(i.n_seconds for i in eeg.recordings("demo")) >= 600, "600 s arrived")
        (info,) = eeg.recordings("demo")
        assert len(info.recording.channels) == 23
        assert not info.closed
        window = eeg.window("demo", info.recording.recording_id, 0, 600)
        assert window.data.shape == (23, 600 * 256)
        assert window.blocks[0].present is None
    until(lambda: answers(demo.viewer), "the viewer's page")
    commands = demo.processes()
    assert any("serve" in command for command in commands)
    assert any("bokeh" in command for command in commands)
    assert any("supervisor" in command for command in commands)
    assert any("checkpointer" in command for command in commands)
    demo.process.send_signal(signal.SIGINT)
    ended_well(demo)
    assert " as a row per sample " in demo.text


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def test_demo_ends_by_itself(data: Path, demos: list[Demo]) -> None:
    demo = Demo(data, "--exit-after", "2")
    demos.append(demo)
    ended_well(demo)
    demo.addresses()


def test_demo_plays_a_file(data: Path, demos: list[Demo], tmp_path: Path) -> None:
    edf = tmp_path / "night.edf"
    make_edf(edf)
    demo = Demo(data, "--edf", str(edf), "--speed", "max", "--exit-after", "3600")
    demos.append(demo)
    demo.addresses()
    assert "device   plays night.edf: 3 channels, speed max; Ctrl-C ends everything" in demo.text
    with Client(demo.api.url, demo.api.api_key) as eeg:
        until(
            lambda: [
                info.n_seconds
                for info in eeg.recordings("demo")
                if info.recording.recording_id == edf.name and info.closed
            ],
            "all is sent and the recording closed",
        )
        assert eeg.recording("demo", edf.name).n_seconds == 17
    demo.process.terminate()
    ended_well(demo)
    assert "17 s recorded, 17 s acknowledged (0 were there already), 0 waiting" in demo.text


def test_demo_needs_its_ports(tmp_path: Path) -> None:
    run = running({"EEGSTORE_DATA": str(tmp_path), "EEGSTORE_API_URL": ""})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("demo", "--port", port, code=1)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"eegstore: cannot listen on 127.0.0.1:{port}: Address already in use")
    assert not list(tmp_path.iterdir())

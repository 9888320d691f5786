"""What was acknowledged is there, whoever is killed: the API, PostgreSQL, its supervisor, a
device. And a control that acknowledges too early, so that these tests are known to see it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from eegstore import Client
from eegstore.edf import EdfFile
from eegstore.integrity import channels_sha256, content_sha256
from eegstore.store import postgres
from tests.conftest import ROOT
from tests.e2e.conftest import Live
from tests.e2e.devices import Books, Device, until
from tests.e2e.faulty_api import LATE
from tests.e2e.made_edf import make_edf
from tests.integration.postgres_processes import VERSION, alive, connect, parent, postmaster

SECONDS = 300  # of the file that the simulator plays [s]
BETWEEN = 15  # acknowledged seconds of every device between two faults


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An API and a server of their own, to be killed."""
    service = Live(tmp_path_factory.mktemp("own") / "data")
    service.environment["EEGSTORE_PG_VERSION"] = str(VERSION)
    service.start()
    yield service
    service.stop()
    postgres.stop(service.data)


@pytest.fixture
def devices(live: Live) -> Iterator[list[Device]]:
    started = [Device(live) for _ in range(3)]
    for device in started:
        device.start()
    yield started
    for device in started:
        device.ended.set()


class Simulator:
    """`eegstore simulate` in a process of its own, with its buffer in the data directory."""

    def __init__(self, live: Live, edf: Path) -> None:
        self._live, self._edf = live, edf
        self.process: subprocess.Popen[str] | None = None

    def start(self, speed: str) -> None:
        words = ["simulate", str(self._edf), "--patient", "p1", "--speed", speed]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "eegstore", *words], env=self._live.environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def finish(self) -> tuple[int, str]:
        assert self.process is not None
        out = self.process.communicate(timeout=180)[0]
        return self.process.returncode, out


def admin_url(live: Live) -> str:
    """The superuser's URL; it stays the same over restarts."""
    server = postgres.status(live.data)
    assert server is not None
    return server.admin_url


def more(devices: list[Device]) -> None:
    """Wait until every device has got further."""
    goals = [len(device.acknowledged) + BETWEEN for device in devices]
    until(
        lambda: all(len(d.acknowledged) >= n for d, n in zip(devices, goals, strict=True)),
        f"{BETWEEN} more seconds acknowledged",
    )


def own_postmaster(live: Live, url: str) -> int:
    """The server's process, by asking it, not by a file; and surely the one of this test."""
    pid = postmaster(url)
    assert Path(f"/proc/{pid}/cwd").resolve().is_relative_to(live.data.resolve())
    return pid


def kill_api(live: Live, url: str) -> None:
    live.kill()
    live.start()


def kill_server(live: Live, url: str) -> None:
    os.kill(own_postmaster(live, url), signal.SIGKILL)


def kill_backend(live: Live, url: str) -> None:
    """PostgreSQL then throws out everybody else and recovers, too."""
    own_postmaster(live, url)
    with connect(url) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)


def kill_supervisor(live: Live, url: str) -> None:
    """The API, which holds a lease, launches another one."""
    server = own_postmaster(live, url)
    supervisor = parent(server)
    assert str(live.data) in Path(f"/proc/{supervisor}/cmdline").read_text()
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not alive(server), "the old server is gone")


def kill_server_and_api(live: Live, url: str) -> None:
    kill_server(live, url)
    kill_api(live, url)


FAULTS: list[Callable[[Live, str], None]] = [
    kill_api, kill_server, kill_backend, kill_supervisor, kill_server_and_api,
]  # fmt: skip


def test_what_was_acknowledged_is_there(live: Live, devices: list[Device], tmp_path: Path) -> None:
    edf = tmp_path / "night.edf"
    make_edf(edf, SECONDS, gap=range(100, 110))
    simulator, url = Simulator(live, edf), admin_url(live)
    simulator.start("20")
    for strike in FAULTS:
        more(devices)
        strike(live, url)
        if strike is kill_backend:
            simulator.kill()
            simulator.start("20")
    more(devices)
    simulator.kill()
    simulator.start("max")
    code, out = simulator.finish()
    assert code == 0, out
    assert "0 waiting" in out
    assert "conflicts" not in out
    for device in devices:
        device.ended.set()
        device.join(60)
        assert not device.is_alive()

    for device in devices:
        books = Books.of(url, device.recording)
        assert books.lost(device) == []
        assert set(books.digests) == set(device.acknowledged) == set(range(len(books.digests)))
        assert set(books.stored.values()) == {1}
        assert books.conflicts == 0
        assert set(device.statuses) <= {200, 201, 503}
    assert sum(device.unanswered for device in devices) > 0
    assert sum(device.statuses[503] for device in devices) > 0

    played_as_in_the_file(live, url, edf)
    read_as_sent(live, devices[0])
    verified = live.cli("verify").stdout
    assert verified.endswith("4 recordings verified, 0 with faults\n")
    assert "Traceback" not in live.said


def played_as_in_the_file(live: Live, url: str, edf: Path) -> None:
    with EdfFile(edf) as file:
        recording = file.recording("p1", edf.name)
        table = channels_sha256(recording.channels, recording.sample_type)
        wanted = {
            chunk.second: content_sha256(table, chunk).hex() for chunk in file.chunks(0, SECONDS)
        }
    books = Books.of(url, recording)
    assert books.digests == wanted
    assert len(wanted) == SECONDS - 10
    assert set(books.stored.values()) == {1}
    assert books.conflicts == 0
    with Client(live.url, live.api_key) as eeg:
        assert eeg.recording("p1", edf.name).closed
        assert len(eeg.annotations("p1", edf.name)) == 3


def read_as_sent(live: Live, device: Device) -> None:
    recording, stop = device.recording, min(len(device.acknowledged), 3600)
    with Client(live.url, live.api_key) as eeg:
        window = eeg.window(recording.patient_id, recording.recording_id, 0, stop)
    for second in range(stop):
        found = window.digital[:, 64 * second : 64 * (second + 1)]
        assert found.tobytes() == device.chunk(second).samples.tobytes()
    assert window.blocks[0].present is None


@pytest.mark.parametrize(
    ("early", "strike"), [("requests", kill_api), ("groups", kill_server)]
)  # fmt: skip
def test_an_api_that_acknowledges_too_early_is_caught(
    live: Live, early: str, strike: Callable[[Live, str], None]
) -> None:
    """The controls: with the same books and two of the same kills, seconds are missing."""
    faulty = Live(live.data)
    faulty.environment["EEGSTORE_PG_VERSION"] = str(VERSION)
    faulty.environment["PYTHONPATH"] = str(ROOT)
    faulty.start(sys.executable, "-m", "tests.e2e.faulty_api", "--early", early)
    url = admin_url(live)
    device = Device(faulty)
    device.start()
    more([device])
    time.sleep(2 * LATE)  # or nothing would be due while the server is away
    strike(faulty, url)
    struck = max(device.acknowledged)
    more([device])
    until(lambda: committed(url, device), "it does commit, only later")
    device.ended.set()
    device.join(60)
    time.sleep(2 * LATE)  # nothing is missing only because it was stopped
    faulty.stop()
    books = Books.of(url, device.recording)
    lost = {second for second in books.lost(device) if second <= struck}
    assert lost
    assert not lost & set(books.digests)


def committed(url: str, device: Device) -> bool:
    """Whether anything of a device is stored, as far as the server can tell now."""
    try:
        return bool(Books.of(url, device.recording).digests)
    except psycopg.OperationalError:
        return False

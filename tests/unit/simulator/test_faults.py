import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import (
    ConflictError,
    StoreUnavailableError,
)
from eegstore.model import Chunk
from eegstore.simulator import Simulator
from tests.unit.fake_api import KEY, FakeApi, serving
from tests.unit.simulator.life import Clock, Weather, live
from tests.unit.simulator.made_source import IDS, MadeSource, arrived, client_of


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32),
    n_faults=st.integers(0, 60),
    speed=st.sampled_from([1.0, 20.0, None]),
    json=st.booleans(),
)
def test_every_second_arrives_exactly_once(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    n_faults: int,
    speed: float | None,
    json: bool,
) -> None:
    source, api, clock = MadeSource(), FakeApi(), Clock()
    Weather(api, clock, seed, n_faults)
    path = tmp_path_factory.mktemp("device") / "buffer.db"
    report = live(source, api, path, clock, seed, speed=speed, json=json)
    assert arrived(api) == source.recorded
    assert set(api.stored.values()) == {1}
    assert api.closed[IDS] == report.acknowledged == report.acquired == len(source.recorded)
    assert (report.conflicts, report.refused, report.pending) == (0, 0, 0)
    noted = sorted(a.onset for a in api.annotations[IDS].values())
    assert noted == [2.5, 2.5, 140.0]


class ForgetfulBuffer(DeviceBuffer):
    """Lets go of a second when it is sent, not when it is acknowledged."""

    def pending(self, count: int, n_bytes: int = 8 << 20) -> list[Chunk]:
        chunks = super().pending(count, n_bytes)
        self.acknowledge([chunk.second for chunk in chunks], [])
        return chunks


def test_a_buffer_that_lets_go_too_early_loses_seconds(tmp_path: Path) -> None:
    """The negative control of the test above: the same device, faults and judgement."""
    losses = []
    for seed in range(6):
        source, api, clock = MadeSource(), FakeApi(), Clock()
        Weather(api, clock, seed, 60)
        try:
            live(source, api, tmp_path / f"{seed}.db", clock, seed, make=ForgetfulBuffer)
        except ConflictError:  # fewer seconds are stored than the device has sent
            losses.append(len(source.recorded.keys() - arrived(api).keys()))
        assert (IDS in api.closed) == (arrived(api) == source.recorded)
    assert len(losses) >= 3
    assert min(losses) > 0


def test_a_kill_between_any_two_statements_loses_nothing(path: Path) -> None:
    """The buffer as it was on disk at every statement, each time with the store of then."""
    source = MadeSource(n_seconds=8, gaps=(3,))
    api, clock, killed = FakeApi(), Clock(), list[tuple[Path, dict[int, Chunk]]]()

    def copy(statement: str) -> None:
        there = path.parent / f"killed-{len(killed)}"
        there.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(path.with_name(path.name + suffix), there)
        killed.append((there / path.name, dict(api.seconds.get(IDS, {}))))

    class Traced(DeviceBuffer):
        def begin(self, *args: object) -> object:  # type: ignore[override]
            begun = super().begin(*args)  # type: ignore[arg-type]
            self._db.set_trace_callback(copy)
            return begun

    live(source, api, path, clock, seed=1, make=Traced)
    assert len(killed) > 50
    for place, there in killed:
        other = FakeApi()
        if there:
            other.recordings[IDS], other.annotations[IDS] = source.recording, {}
            other.seconds[IDS] = there
        report = live(source, other, place, clock, seed=2)
        assert arrived(other) == source.recorded
        assert report.acknowledged == len(source.recorded)


DEVICE = """
import signal, sys
from pathlib import Path
from eegstore.client import Client
from eegstore.device_buffer import DeviceBuffer
from eegstore.simulator import Simulator
from tests.unit.simulator.made_source import MadeSource
url, path, key, n_seconds, speed = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
with DeviceBuffer(Path(path)) as buffer, Client(url, key) as client:
    source = MadeSource(n_seconds=int(n_seconds))
    report = Simulator(source, client, buffer=buffer, speed=float(speed)).run()
    print(report.acknowledged, report.duplicates, report.finished)
"""


def switch_on(url: str, path: Path, n_seconds: int, speed: float) -> subprocess.Popen[str]:
    """A device in a process of its own."""
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", DEVICE, url, path, KEY, str(n_seconds), str(speed)],
        env=os.environ | {"PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_device_killed_again_and_again_loses_nothing(path: Path, api: FakeApi) -> None:
    """kill -9 at requests drawn from a seed, before or after the store has stored."""
    rng = random.Random(7)
    kills: list[str] = []
    devices: list[subprocess.Popen[str]] = []
    fatal = {"before": rng.sample(range(8, 30), 2), "after": rng.sample(range(3, 30), 3)}
    count = {"before": 0, "after": 0}

    def maybe(when: str) -> Callable[[httpx.Request], None]:
        def strike(request: httpx.Request) -> None:
            count[when] += 1
            if count[when] in fatal[when]:
                kills.append(when)
                devices[-1].kill()
                devices[-1].wait()

        return strike

    api.before, api.after = maybe("before"), maybe("after")  # type: ignore[assignment]
    with serving(api) as url:
        for _ in range(10):
            devices.append(switch_on(url, path, 400, 200.0))
            said, _ = devices[-1].communicate(timeout=120)
            if devices[-1].returncode == 0:
                break
            assert devices[-1].returncode == -signal.SIGKILL
    assert sorted(kills) == ["after"] * 3 + ["before"] * 2
    assert arrived(api) == MadeSource(n_seconds=400).recorded
    assert set(api.stored.values()) == {1}
    assert api.closed[IDS] == 397
    acknowledged, duplicates, finished = said.split()
    assert (acknowledged, finished) == ("397", "True")
    assert int(duplicates) > 0


def test_ctrl_c_ends_a_device_with_its_report(path: Path, api: FakeApi) -> None:
    devices: list[subprocess.Popen[str]] = []

    def interrupt(request: httpx.Request) -> None:
        if len(api.batches) == 2:
            api.after = lambda request: None
            devices[-1].send_signal(signal.SIGINT)

    api.after = interrupt  # type: ignore[assignment]
    with serving(api) as url:
        devices.append(switch_on(url, path, 10**6, 2.0))
        said, _ = devices[-1].communicate(timeout=120)
    assert devices[-1].returncode == 0
    assert said.split()[2] == "False"
    with DeviceBuffer(path) as buffer:
        waiting = [c.second for c in buffer.pending(9999)]
        assert len(api.stored) + len(waiting) >= buffer.progress.acquired
    assert IDS not in api.closed


def test_a_full_disk_stops_the_device_and_loses_nothing(path: Path, api: FakeApi) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    source = MadeSource(n_seconds=5000)
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        ((pages,),) = buffer._rows("PRAGMA page_count")
        buffer._rows(f"PRAGMA max_page_count = {pages + 20}")
        api.before = away
        with pytest.raises(StoreUnavailableError, match="full"):
            Simulator(source, client, buffer=buffer, head_start=5000).run()
        assert buffer.progress.pending == buffer.progress.acquired > 0
    del api.before
    api.before = lambda request: None
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        Simulator(source, client, buffer=buffer, speed=None).run()
    assert arrived(api) == source.recorded

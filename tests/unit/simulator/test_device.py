import math
import random
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import (
    InvalidDataError,
)
from eegstore.model import Chunk, SampleType
from eegstore.simulator import Report, Simulator
from tests.unit.fake_api import FakeApi
from tests.unit.simulator.life import Clock
from tests.unit.simulator.made_source import IDS, MadeSource, arrived, client_of


def test_due_times_do_not_drift(path: Path, api: FakeApi) -> None:
    clock, rng = Clock(), random.Random(5)
    started = clock.now
    source = MadeSource(n_seconds=None, gaps=())
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        device = Simulator(
            source, client, buffer=buffer, speed=4.0, head_start=10, clock=clock, monotonic=clock
        )
        assert device.acquire() is not None
        assert buffer.progress.next_second == 10
        for _ in range(400):
            delay = device.acquire()
            assert delay is not None
            due = (clock.now - started) * 4.0 + 10
            if delay > 0:
                assert buffer.progress.next_second == math.floor(due + 1e-9)
            clock.now += delay + rng.choice([0, 0, rng.uniform(0, 0.4), rng.uniform(0, 40)])
        assert clock.now - started > 1000


def test_a_second_is_there_when_it_is_complete_and_not_before(path: Path, api: FakeApi) -> None:
    clock = Clock()
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        device = Simulator(MadeSource(), client, buffer=buffer, clock=clock, monotonic=clock)
        assert device.acquire() == 1.0
        clock.now += 0.75
        assert device.acquire() == 0.25
        assert buffer.progress.next_second == 0
        clock.now += 0.25
        assert device.acquire() == 1.0
        assert buffer.progress.next_second == 1


def test_after_a_pause_due_times_count_from_the_first_start(path: Path, api: FakeApi) -> None:
    wall, steady = Clock(), Clock()

    def start() -> tuple[int, float | None]:
        with DeviceBuffer(path) as buffer, client_of(api) as client:
            device = Simulator(
                MadeSource(n_seconds=None), client, buffer=buffer, speed=2.0, clock=wall,
                monotonic=steady,
            )  # fmt: skip
            while (delay := device.acquire()) == 0:
                pass
            return buffer.progress.next_second, delay

    assert start() == (0, 0.5)
    wall.now += 50.625
    steady.now = 3.0  # another boot
    assert start() == (101, 0.375)
    wall.now -= 3600  # somebody set the clock back
    assert start() == (101, 0.5)
    with DeviceBuffer(path) as buffer:
        assert buffer.progress.t0 == 1_000_000.0


def test_another_speed_goes_on_from_here(path: Path, api: FakeApi) -> None:
    clock = Clock()
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        source = MadeSource(n_seconds=None)
        slow = Simulator(source, client, buffer=buffer, clock=clock, monotonic=clock)
        clock.now += 30
        slow.acquire()
        clock.now += 1000  # off
        fast = Simulator(source, client, buffer=buffer, speed=10.0, clock=clock, monotonic=clock)
        assert fast.acquire() == pytest.approx(0.1)
        clock.now += 2
        fast.acquire()
        assert buffer.progress.next_second == 50


def test_at_full_speed_a_full_buffer_makes_the_device_wait(path: Path, api: FakeApi) -> None:
    source = MadeSource(n_seconds=200, gaps=())
    with DeviceBuffer(path, limit=90) as buffer, client_of(api) as client:
        device = Simulator(source, client, buffer=buffer, speed=None)
        assert device.acquire() == 0
        wait = device.acquire()
        assert wait
        assert device.acquire() == wait
        assert buffer.progress.pending == 90
        for _ in range(2):
            device.sender.step()
        assert buffer.progress.pending == 30
        while device.acquire() is not None:
            device.sender.step()
        while device.sender.step() is not None:
            pass
        assert arrived(api) == source.recorded


def test_a_live_device_drops_nothing_however_long_the_store_is_away(
    path: Path, api: FakeApi
) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    api.before, clock = away, Clock()
    with DeviceBuffer(path, limit=10) as buffer, client_of(api) as client:
        device = Simulator(
            MadeSource(n_seconds=None, gaps=()), client, buffer=buffer, clock=clock, monotonic=clock
        )
        for _ in range(100):
            clock.now += 1
            device.acquire()
            device.sender.step()
        assert [c.second for c in buffer.pending(200)] == list(range(100))
        assert device.report.longest_outage == 99.0
        assert device.report.retries == 100


def test_a_device_that_lost_its_buffer_goes_on_where_the_store_ends(
    tmp_path: Path, api: FakeApi
) -> None:
    source, clock = MadeSource(n_seconds=400, gaps=(3, 4, 70)), Clock()
    client = client_of(api)
    client.declare(source.recording)
    there = [c for c in map(source.chunk, range(200)) if c is not None]
    client.send(source.recording, there)
    client.send(source.recording, [source.chunk(390)])  # type: ignore[list-item]
    with DeviceBuffer(tmp_path / "new.db") as buffer:
        device = Simulator(source, client, buffer=buffer, clock=clock, monotonic=clock)
        assert device.acquire() == 1.0
        device.sender.step()
        device.acquire()
        assert device.report.resumed_from == 199
        device.sender.step()
        assert api.batches[-1] == [199]  # sent again: it proves that the signal is the same
        assert device.report.duplicates == 1
        assert {a.onset for a in api.annotations[IDS].values()} == {2.5, 140.0}
        clock.now += 10
        device.acquire()
        assert buffer.progress.next_second == 210
    with DeviceBuffer(tmp_path / "new.db") as buffer:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
    assert report.resumed_from == 210
    assert report.duplicates == 2
    assert arrived(api) == source.recorded
    assert api.closed[IDS] == 397


def test_another_signal_under_the_same_name_is_noticed(path: Path, api: FakeApi) -> None:
    source = MadeSource(n_seconds=20, gaps=())
    client = client_of(api)
    client.declare(source.recording)
    client.send(source.recording, [replace(source.chunk(9), second=s) for s in range(10)])  # type: ignore[type-var]

    class Other(MadeSource):
        def chunk(self, second: int) -> Chunk | None:
            made = super().chunk(second)
            return made and Chunk(second, made.runs, made.samples ^ np.int16(1))

    with DeviceBuffer(path) as buffer:
        report = Simulator(Other(20, ()), client, buffer=buffer, speed=None).run()
    assert report.conflicts > 0


def test_a_finished_device_may_be_started_again(path: Path, api: FakeApi) -> None:
    source = MadeSource()
    for _ in range(2):
        with DeviceBuffer(path) as buffer, client_of(api) as client:
            report = Simulator(source, client, buffer=buffer, speed=None).run()
        assert report.finished
        assert report.acknowledged == len(source.recorded)
    assert sum(map(len, api.batches)) == len(source.recorded)


def test_a_source_without_seconds(path: Path, api: FakeApi) -> None:
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        report = Simulator(MadeSource(n_seconds=0), client, buffer=buffer).run()
    assert (report.acquired, report.annotations, report.finished) == (0, 3, True)
    assert api.closed[IDS] == 0


def test_a_broken_source_stops_the_device(path: Path, api: FakeApi) -> None:
    class Broken(MadeSource):
        def chunk(self, second: int) -> Chunk | None:
            if second == 65:
                raise InvalidDataError("the electrode has fallen off")
            return super().chunk(second)

    with DeviceBuffer(path) as buffer, client_of(api) as client:
        with pytest.raises(InvalidDataError, match="fallen off"):
            Simulator(Broken(), client, buffer=buffer, speed=None).run()
        assert buffer.progress.next_second == 60


@pytest.mark.parametrize("how", ["stop", "interrupt"])
def test_stopping_leaves_the_buffer_intact(path: Path, api: FakeApi, how: str) -> None:
    source = MadeSource(n_seconds=None, gaps=())
    stop = threading.Event()
    seen: list[Report] = []

    def progress(report: Report) -> None:
        seen.append(report)
        if report.acknowledged and how == "stop":
            stop.set()
        elif report.acknowledged and len(seen) > 2:
            how_often.append(1)
            if len(how_often) == 1:
                raise KeyboardInterrupt

    how_often: list[int] = []
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        device = Simulator(
            source, client, buffer=buffer, speed=50.0, head_start=10, on_progress=progress
        )
        report = device.run(stop)
        assert not report.finished
        assert report == replace(seen[-1], wall_time=report.wall_time)
        assert report.acquired == report.acknowledged + report.pending
        waiting = {c.second for c in buffer.pending(9999)}
    assert waiting | set(arrived(api)) == set(range(report.acquired))
    assert IDS not in api.closed


def test_a_request_without_an_answer_does_not_hold_up_the_stop(path: Path, api: FakeApi) -> None:
    released, asked, stop = threading.Event(), threading.Event(), threading.Event()

    def hang(request: httpx.Request) -> None:
        if request.url.path == "/ingest":
            asked.set()
            stop.set()
            released.wait(60)

    api.before = hang  # type: ignore[assignment]
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        device = Simulator(MadeSource(n_seconds=None), client, buffer=buffer, head_start=5)
        report = device.run(stop)
        assert asked.is_set()
        assert not released.is_set()
        assert report.pending == report.acquired > 0
        released.set()
        for thread in threading.enumerate():
            if thread.name == "sender":
                thread.join()


@pytest.mark.parametrize(
    ("speed", "head_start"), [(0.0, 0), (-1.0, 0), (math.nan, 0), (math.inf, 0), (1.0, -1)]
)
def test_a_pace_that_makes_no_sense(
    path: Path, api: FakeApi, speed: float, head_start: int
) -> None:
    with DeviceBuffer(path) as buffer, pytest.raises(InvalidDataError, match="it must"):
        Simulator(MadeSource(), client_of(api), buffer=buffer, speed=speed, head_start=head_start)
    with DeviceBuffer(path) as buffer:
        assert buffer.recording is None


def test_a_buffer_of_another_recording(path: Path, api: FakeApi) -> None:
    with DeviceBuffer(path) as buffer:
        Simulator(MadeSource(), client_of(api), buffer=buffer)
        with pytest.raises(InvalidDataError, match="differs in sample_type"):
            Simulator(MadeSource(sample_type=SampleType.INT32), client_of(api), buffer=buffer)

import math
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegstore.client import Client
from eegstore.device_buffer import DeviceBuffer
from eegstore.edf.read import EdfFile
from eegstore.errors import (
    AccessError,
    ConflictError,
    InvalidDataError,
    NotFoundError,
    StoreUnavailableError,
)
from eegstore.model import Annotation, Chunk, SampleType
from eegstore.signal.synthetic import SyntheticEeg
from eegstore.simulator import EdfSource, Report, Simulator, SyntheticSource
from tests.unit.fake_api import KEY, FakeApi, answer, serving
from tests.unit.made_source import IDS, MadeSource


def arrived(api: FakeApi, ids: tuple[str, str] = IDS) -> dict[int, bytes]:
    return {second: c.samples.tobytes() for second, c in sorted(api.seconds[ids].items())}


def client_of(api: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client("http://api.test", KEY, transport=httpx.MockTransport(api))


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "buffer.db"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Killed(BaseException):
    """The device dies in the middle of a request."""


class Weather:
    """What happens to requests, drawn from a seed, until `n_faults` have happened."""

    def __init__(self, api: FakeApi, clock: Clock, seed: int, n_faults: int) -> None:
        self._rng, self._clock, self._left = random.Random(seed), clock, n_faults
        self._down_until = -math.inf
        api.before, api.after = self._before, self._after

    def _strikes(self) -> bool:
        strikes = self._left > 0 and self._rng.random() < 0.25
        self._left -= strikes
        return strikes

    def _before(self, request: httpx.Request) -> httpx.Response | None:
        if self._clock.now < self._down_until:
            raise httpx.ConnectError("refused")
        if not self._strikes():
            return None
        match self._rng.choice(["restart", "lost", "503", "500", "login", "killed"]):
            case "restart":
                self._down_until = self._clock.now + self._rng.uniform(1, 200)
                raise httpx.ConnectError("refused")
            case "lost":
                raise httpx.ReadTimeout("lost on the way there")
            case "503":
                body = {"error": "StoreUnavailableError", "detail": "busy"}
                return answer(503, body, {"Retry-After": "3"})
            case "500":
                return httpx.Response(500, text="Internal Server Error")
            case "login":
                return httpx.Response(200, text="<html>Please log in</html>")
        raise Killed

    def _after(self, request: httpx.Request) -> httpx.Response | None:
        if not self._strikes():
            return None
        if self._rng.random() < 0.3:
            raise Killed
        raise httpx.RemoteProtocolError("lost on the way back")


def live(
    source: MadeSource,
    api: FakeApi,
    path: Path,
    clock: Clock,
    seed: int,
    *,
    speed: float | None = 1.0,
    json: bool = False,
    make: type[DeviceBuffer] = DeviceBuffer,
) -> Report:
    """A device's whole life on one thread and a made clock, switched on again when killed."""
    rng = random.Random(seed)
    for _ in range(1000):
        with make(path) as buffer, client_of(api) as client:
            device = Simulator(
                source, client, buffer=buffer, speed=speed, json=json, rng=rng,
                clock=clock, monotonic=clock,
            )  # fmt: skip
            acquire_at = send_at = clock.now
            ended = False
            try:
                for _ in range(10_000):
                    clock.now = max(clock.now, min(acquire_at, send_at))
                    if acquire_at <= clock.now:
                        delay = device.acquire()
                        ended = delay is None
                        late = rng.choice([0, 0, 0, rng.uniform(0, 20)])
                        acquire_at = math.inf if delay is None else clock.now + delay + late
                    if send_at <= clock.now:
                        delay = device.sender.step()
                        if delay is None:
                            assert ended
                            return device.report
                        send_at = clock.now + delay
                    if rng.random() < 0.005:
                        raise Killed
            except Killed:
                clock.now += rng.uniform(0, 30)
                continue
        raise AssertionError("10,000 steps, and the device is not done")
    raise AssertionError("the device dies all the time")


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


def test_backoff_is_full_jitter_and_honours_the_store(path: Path, api: FakeApi) -> None:
    ceilings: list[float] = []

    class Jitter(random.Random):
        def uniform(self, a: float, b: float) -> float:
            ceilings.append(b)
            return a + (b - a) / 4

    down: list[httpx.Response | None] = [None]
    api.before = lambda request: down[0]
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        device = Simulator(MadeSource(), client, buffer=buffer, speed=None, rng=Jitter())
        device.acquire()
        sender = device.sender
        sender.step()
        down[0] = httpx.Response(502)
        delays = [sender.step() for _ in range(9)]
        assert ceilings == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
        assert delays == [ceiling / 4 for ceiling in ceilings]
        assert sender.lost
        down[0] = answer(503, {}, {"Retry-After": "7"})
        assert sender.step() == 7 + 30 / 4
        down[0] = None
        assert sender.step() == 0
        assert not sender.lost
        down[0] = httpx.Response(429)
        assert sender.step() == 0.5 / 4


def test_a_backlog_goes_in_batches_and_live_seconds_alone(path: Path, api: FakeApi) -> None:
    clock = Clock()
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        device = Simulator(
            MadeSource(n_seconds=None, gaps=()), client, buffer=buffer, head_start=100,
            clock=clock, monotonic=clock,
        )  # fmt: skip
        while device.acquire() == 0:
            pass
        for _ in range(4):
            device.sender.step()
        for _ in range(3):
            clock.now += 1
            device.acquire()
            device.sender.step()
    assert [len(batch) for batch in api.batches] == [60, 40, 1, 1, 1]


def test_conflicts_and_refusals_go_to_quarantine_and_hold_up_nothing(
    path: Path, api: FakeApi
) -> None:
    source = MadeSource(n_seconds=20, gaps=())
    other = replace(source.chunk(5), samples=source.chunk(5).samples + np.int16(1))  # type: ignore[arg-type, union-attr]
    client = client_of(api)
    client.declare(source.recording)
    client.send(source.recording, [other])
    api.rejected = {11, 12}
    with DeviceBuffer(path) as buffer:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
        kept = {c.second: (c.samples.tobytes(), why) for c, why in buffer.quarantined()}
    assert kept == {
        5: (source.recorded[5], "stored already with other samples"),
        11: (source.recorded[11], "second 11 does not fit"),
        12: (source.recorded[12], "second 12 does not fit"),
    }
    assert (report.conflicts, report.refused, report.acknowledged) == (1, 2, 17)
    assert arrived(api)[5] == other.samples.tobytes()
    assert arrived(api).keys() == set(range(20)) - {11, 12}
    assert report.finished
    assert IDS not in api.closed  # two seconds may still come


def test_a_recording_with_a_conflict_alone_is_closed(path: Path, api: FakeApi) -> None:
    source = MadeSource(n_seconds=9, gaps=())
    client = client_of(api)
    client.declare(source.recording)
    client.send(source.recording, [replace(MadeSource().chunk(6), second=5)])  # type: ignore[type-var]
    with DeviceBuffer(path) as buffer:
        assert Simulator(source, client, buffer=buffer, speed=None).run().conflicts == 1
    assert api.closed[IDS] == 9


def test_seconds_after_a_recording_was_closed_are_kept(path: Path, api: FakeApi) -> None:
    source = MadeSource(n_seconds=9, gaps=())
    client = client_of(api)
    client.declare(source.recording)
    client.close_recording(*IDS)
    with DeviceBuffer(path) as buffer:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
        assert {why for _, why in buffer.quarantined()} == {"the recording is closed"}
    assert (report.refused, report.acknowledged, report.finished) == (9, 0, True)


def test_requests_shrink_to_what_the_store_takes(path: Path, api: FakeApi) -> None:
    api.most = 7
    source = MadeSource()
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
    assert arrived(api) == source.recorded
    assert report.refused == 0
    assert api.n_too_large < 12  # all of them while the first batch was cut to size


def test_json_and_frames_send_the_same_chunks(tmp_path: Path) -> None:
    for sample_type in SampleType:
        source = MadeSource(n_seconds=30, sample_type=sample_type)
        stores = []
        for json in (False, True):
            api = FakeApi()
            with DeviceBuffer(tmp_path / f"{sample_type}-{json}") as buffer:
                device = Simulator(source, client_of(api), buffer=buffer, speed=None, json=json)
                assert device.run().finished
            stores.append(api)
        frames, jsons = stores
        assert arrived(jsons) == arrived(frames) == source.recorded
        assert {s: c.runs for s, c in jsons.seconds[IDS].items()} == {
            s: c.runs for s, c in frames.seconds[IDS].items()
        }
        posted = [r.headers["Content-Type"] for r in jsons.requests if r.url.path == "/ingest"]
        assert posted.count("application/json") == 27  # second 7 is incomplete
        assert posted.count("application/octet-stream") == 1


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


@pytest.mark.parametrize(
    ("path_", "said", "error"),
    [
        ("/recordings", answer(401, {"error": "AccessError", "detail": "no"}), AccessError),
        ("/recordings", answer(409, {"error": "ConflictError", "detail": "no"}), ConflictError),
        ("/recordings", answer(422, {"error": "InvalidDataError", "detail": ""}), InvalidDataError),
        ("/ingest", answer(404, {"error": "NotFoundError", "detail": "gone"}), NotFoundError),
        ("/ingest", answer(401, {"error": "AccessError", "detail": "no"}), AccessError),
    ],
)
def test_what_waiting_does_not_mend_stops_the_device(
    path: Path, api: FakeApi, path_: str, said: httpx.Response, error: type[Exception]
) -> None:
    api.before = lambda request: said if request.url.path.startswith(path_) else None
    source = MadeSource(n_seconds=None, gaps=())
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        with pytest.raises(error):
            Simulator(source, client, buffer=buffer, head_start=30).run()
        assert buffer.progress.pending == buffer.progress.acquired


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


def test_annotations_that_the_store_refuses_are_kept(path: Path, api: FakeApi) -> None:
    refusal = answer(422, {"error": "InvalidDataError", "detail": "too long"})
    api.before = lambda request: refusal if request.url.path == "/annotations" else None
    source = MadeSource()
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
        refused = buffer.refused_annotations()
    assert report.finished
    assert report.annotations == 0
    assert [(a.onset, why) for a, why in refused] == [
        (2.5, "too long"), (2.5, "too long"), (140.0, "too long")
    ]  # fmt: skip


def test_an_annotation_has_one_id_however_often_it_is_sent(tmp_path: Path, api: FakeApi) -> None:
    source = MadeSource(n_seconds=10)
    for n in range(2):
        with DeviceBuffer(tmp_path / f"{n}.db") as buffer, client_of(api) as client:
            Simulator(source, client, buffer=buffer, speed=None).run()
    assert len(api.annotations[IDS]) == 3


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
        Simulator(
            MadeSource(), client_of(api), buffer=buffer, speed=speed, head_start=head_start
        )
    with DeviceBuffer(path) as buffer:
        assert buffer.recording is None


def test_a_buffer_of_another_recording(path: Path, api: FakeApi) -> None:
    with DeviceBuffer(path) as buffer:
        Simulator(MadeSource(), client_of(api), buffer=buffer)
        with pytest.raises(InvalidDataError, match="differs in sample_type"):
            Simulator(MadeSource(sample_type=SampleType.INT32), client_of(api), buffer=buffer)


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


DEVICE = """
import signal, sys
from pathlib import Path
from eegstore.client import Client
from eegstore.device_buffer import DeviceBuffer
from eegstore.simulator import Simulator
from tests.unit.made_source import MadeSource
url, path, key, n_seconds, speed = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
with DeviceBuffer(Path(path)) as buffer, Client(url, key) as client:
    source = MadeSource(n_seconds=int(n_seconds))
    report = Simulator(source, client, buffer=buffer, speed=float(speed)).run()
    print(report.acknowledged, report.duplicates, report.finished)
"""


def switch_on(url: str, path: Path, n_seconds: int, speed: float) -> subprocess.Popen[str]:
    """A device in a process of its own."""
    root = Path(__file__).parents[2]
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


def test_the_synthetic_signal_as_a_source(path: Path, api: FakeApi) -> None:
    eeg = SyntheticEeg(seed=3, seizure_every=100.0)
    source = SyntheticSource(eeg, "p1", "synthetic", n_seconds=61)
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
    assert report.acknowledged == 61
    there = api.seconds["p1", "synthetic"]
    assert np.array_equal(there[60].samples, eeg.chunk(60).samples)
    assert source.chunk(61) is None
    begun = [a for a in eeg.annotations(0, 61) if a.onset < 61]
    assert begun
    sent = api.annotations["p1", "synthetic"].values()
    assert [replace(a, annotation_id=None) for a in sent] == begun
    assert None not in {a.annotation_id for a in sent}


@pytest.mark.parametrize(
    "name",
    [
        "edf/discontinuous_edfplus_d.edf",
        "edf/annotations_utf8.edf",
        "edf/sleep_psg_24bit.bdf",
        "edf/hypnogram_annotations_only.edf",
        "edf/rate_12.8hz.edf",
    ],
)
def test_a_file_as_a_source(path: Path, api: FakeApi, shared_data: Path, name: str) -> None:
    file_path = shared_data / name
    with EdfSource(file_path, "p1") as source, DeviceBuffer(path) as buffer:
        report = Simulator(source, client_of(api), buffer=buffer, speed=None).run()
    with closing(EdfFile(file_path)) as file:
        recording = file.recording("p1", file_path.name)
        chunks = list(file.chunks(0, file.n_seconds))
        annotations = file.annotations
    ids = ("p1", file_path.name)
    assert api.recordings[ids] == recording
    assert report.acknowledged == len(chunks) == api.closed[ids]
    there = api.seconds[ids]
    assert [there[c.second].runs for c in chunks] == [c.runs for c in chunks]
    assert all(there[c.second].samples.tobytes() == c.samples.tobytes() for c in chunks)
    noted = api.annotations[ids].values()
    assert sorted((a.onset, a.description) for a in noted) == sorted(
        (a.onset, a.description) for a in annotations
    )


def test_events_before_the_first_sample_and_after_the_last_are_not_lost(
    path: Path, api: FakeApi, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onsets = [-2.5, 0.0, 9.5, 600.0]
    monkeypatch.setattr(EdfFile, "annotations", [Annotation(t, None, "event") for t in onsets])
    file_path = shared_data / "edf/annotations_utf8.edf"
    with EdfSource(file_path, "p1") as source, DeviceBuffer(path) as buffer:
        assert source.n_seconds == 10
        Simulator(source, client_of(api), buffer=buffer, speed=None).run()
    assert [a.onset for a in api.annotations["p1", file_path.name].values()] == onsets

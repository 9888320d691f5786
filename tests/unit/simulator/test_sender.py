import random
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import (
    AccessError,
    ConflictError,
    InvalidDataError,
    NotFoundError,
)
from eegstore.model import SampleType
from eegstore.simulator import Simulator
from tests.unit.fake_api import FakeApi, answer
from tests.unit.simulator.life import Clock
from tests.unit.simulator.made_source import IDS, MadeSource, arrived, client_of


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

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.model import Annotation, Channel, Chunk, Recording, SampleType
from eegstore.timebase import full_runs

CHANNELS = (
    Channel("C3", Fraction(64, 5), physical_min=-800.0, physical_max=800.0,
            digital_min=-2048, digital_max=2047),
    Channel("C4", Fraction(16), physical_min=-800.0, physical_max=800.0,
            digital_min=-2048, digital_max=2047),
)  # fmt: skip
RECORDING = Recording("chb01", "night-1", CHANNELS, SampleType.INT16)


def chunk(second: int, of: Recording = RECORDING) -> Chunk:
    runs = full_runs(of.channels, second)
    size = sum(count for channel in runs for _, count in channel)
    samples = np.random.default_rng(second).integers(-99, 99, size)
    return Chunk(second, runs, samples.astype(of.sample_type.dtype))


def same(one: Chunk, other: Chunk) -> bool:
    return (
        (one.second, one.runs, one.samples.dtype) == (other.second, other.runs, other.samples.dtype)
        and one.samples.tobytes() == other.samples.tobytes()
    )  # fmt: skip


def button(second: float, name: str = "a") -> Annotation:
    return Annotation(second, None, "button", annotation_id=name, source="device")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "device" / "buffer.db"


@pytest.fixture
def buffer(path: Path) -> Iterator[DeviceBuffer]:
    with DeviceBuffer(path) as buffer:
        buffer.begin(RECORDING, 1000.25, 2.0, 5)
        yield buffer


def test_a_new_buffer(path: Path) -> None:
    with DeviceBuffer(path) as buffer:
        assert buffer.recording is None
        begun = buffer.begin(RECORDING, 1000.25, None, 0)
        assert (begun.t0, begun.speed, begun.next_second, begun.ended) == (1000.25, None, 0, False)
        assert buffer.recording == RECORDING
        assert buffer.pending(60) == []
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_waits_until_it_is_acknowledged(buffer: DeviceBuffer) -> None:
    partial = Chunk(2, (((0, 3), (5, 2)), ()), np.arange(5, dtype="<i2"))
    buffer.put(5, [chunk(0), partial, chunk(4)])
    waiting = buffer.pending(60)
    assert [c.second for c in waiting] == [0, 2, 4]
    assert same(waiting[0], chunk(0))
    assert same(waiting[1], partial)
    buffer.acknowledge([0], [4])
    assert [c.second for c in buffer.pending(60)] == [2]
    done = buffer.progress
    assert (done.next_second, done.acquired, done.stored, done.duplicates) == (5, 3, 1, 1)
    assert (done.acknowledged, done.pending) == (2, 1)
    buffer.acknowledge([0, 99], [4])  # an answer that comes twice counts once
    assert buffer.progress == done


def test_a_batch_is_bounded_in_seconds_and_in_bytes(buffer: DeviceBuffer) -> None:
    buffer.put(10, [chunk(second) for second in range(10)])
    assert [c.second for c in buffer.pending(3)] == [0, 1, 2]
    size = chunk(0).samples.nbytes
    assert [c.second for c in buffer.pending(60, 3 * size + 2)] == [0, 1, 2]
    assert [c.second for c in buffer.pending(60, 1)] == [0]


@pytest.mark.parametrize("sample_type", SampleType)
def test_everything_is_there_after_reopening(path: Path, sample_type: SampleType) -> None:
    recording = replace(RECORDING, sample_type=sample_type, device="amp 7")
    with DeviceBuffer(path) as buffer:
        buffer.begin(recording, 1000.25, 2.0, 5)
        buffer.put(3, [chunk(second, recording) for second in range(3)], [button(1.5)])
        buffer.acknowledge([0], [])
        before = buffer.progress
    with DeviceBuffer(path) as buffer:
        assert buffer.recording == recording
        assert buffer.progress == before
        assert buffer.begin(recording, 5555.0, 9.0, 9) == before
        assert all(map(same, buffer.pending(9), [chunk(1, recording), chunk(2, recording)]))
        buffer.rebase(7.5, None, 0)
        assert buffer.progress == before._replace(t0=7.5, speed=None, head_start=0)


def test_what_is_refused_stays_in_quarantine(buffer: DeviceBuffer) -> None:
    buffer.put(4, [chunk(second) for second in range(4)])
    buffer.quarantine(1, "other samples", conflict=True)
    buffer.quarantine(3, "no such channel", conflict=False)
    assert [c.second for c in buffer.pending(60)] == [0, 2]
    kept = buffer.quarantined()
    assert [(c.second, reason) for c, reason in kept] == [
        (1, "other samples"), (3, "no such channel")
    ]  # fmt: skip
    assert same(kept[0][0], chunk(1))
    done = buffer.progress
    assert (done.conflicts, done.refused, done.pending) == (1, 1, 2)


def test_annotations_go_out_after_their_seconds(buffer: DeviceBuffer) -> None:
    buffer.put(1, [chunk(0)], [button(0.5, "a")])
    buffer.put(3, [chunk(1), chunk(2)], [button(1.5, "b")])
    buffer.put(4, [], [button(3.5, "gap")])
    assert buffer.annotations() == []
    buffer.acknowledge([0], [])
    assert buffer.annotations() == [button(0.5, "a")]
    buffer.annotated("a")
    buffer.acknowledge([1], [])
    assert buffer.annotations() == []
    buffer.quarantine(2, "refused", conflict=False)
    assert buffer.annotations() == [button(1.5, "b"), button(3.5, "gap")]
    buffer.annotated("b", refused="no such channel")
    assert buffer.annotations() == [button(3.5, "gap")]
    assert buffer.refused_annotations() == [(button(1.5, "b"), "no such channel")]
    assert buffer.progress.annotations == 1


def test_a_source_without_seconds_may_have_annotations(buffer: DeviceBuffer) -> None:
    buffer.put(0, annotations=[button(0.0)], ended=True)
    assert buffer.annotations() == [button(0.0)]
    assert buffer.progress.ended


def test_a_buffer_of_another_recording(buffer: DeviceBuffer, path: Path) -> None:
    other = replace(RECORDING, recording_id="night-2", device="amp 8")
    buffer.put(1, [chunk(0)])
    with pytest.raises(InvalidDataError, match=r"'night-1' of patient 'chb01'; .* differs in reco"):
        buffer.begin(other, 0.0, 1.0, 0)
    changed = replace(RECORDING, channels=CHANNELS[:1])
    with pytest.raises(InvalidDataError, match="differs in channels"):
        buffer.begin(changed, 0.0, 1.0, 0)
    assert buffer.recording == RECORDING
    assert same(buffer.pending(1)[0], chunk(0))


def test_two_devices_on_one_buffer(buffer: DeviceBuffer, path: Path) -> None:
    with pytest.raises(
        StoreUnavailableError, match=f"{path.name} is in use by process {os.getpid()}"
    ):
        DeviceBuffer(path)
    script = (
        "import sys; from pathlib import Path; from eegstore.device_buffer import DeviceBuffer\n"
        "DeviceBuffer(Path(sys.argv[1]))"
    )
    other = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert "is in use by process" in other.stderr
    buffer.close()
    buffer.close()
    DeviceBuffer(path).close()


def test_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"my diary, not a database" * 100)
    with pytest.raises(InvalidDataError, match="no sound device buffer"):
        DeviceBuffer(path)
    assert path.read_bytes().startswith(b"my diary")
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE diary (day)")
        db.execute("PRAGMA user_version = 1")
    db.close()
    before = path.read_bytes()
    with pytest.raises(InvalidDataError, match="no device buffer of version 1"):
        DeviceBuffer(path)
    assert path.read_bytes() == before
    (path.parent / "file").touch()
    with pytest.raises(StoreUnavailableError, match="cannot be read or written"):
        DeviceBuffer(path.parent / "file" / "buffer.db")


def test_every_commit_reaches_the_disk(buffer: DeviceBuffer) -> None:
    assert buffer._rows("PRAGMA journal_mode") == [("wal",)]
    assert buffer._rows("PRAGMA synchronous") == [(2,)]  # FULL


def test_a_full_disk_loses_nothing(buffer: DeviceBuffer) -> None:
    ((pages,),) = buffer._rows("PRAGMA page_count")
    buffer._rows(f"PRAGMA max_page_count = {pages + 8}")

    def fill() -> None:
        for second in range(10_000):
            buffer.put(second + 1, [chunk(second)])

    with pytest.raises(StoreUnavailableError, match="full; what it holds stays there") as caught:
        fill()
    assert str(buffer.path) in str(caught.value)
    count = buffer.progress.acquired
    assert count > 0
    assert [c.second for c in buffer.pending(10_000)] == list(range(count))
    assert buffer.progress.next_second == count
    buffer.acknowledge(range(count), [])
    buffer.put(count + 1, [chunk(count)])
    assert same(buffer.pending(9)[0], chunk(count))


def test_a_failed_change_changes_nothing(buffer: DeviceBuffer) -> None:
    buffer.put(2, [chunk(0), chunk(1)])
    before = buffer.progress
    with pytest.raises(InvalidDataError):
        buffer.put(4, [chunk(2), chunk(1)], [button(2.5)])
    assert buffer.progress == before
    assert [c.second for c in buffer.pending(9)] == [0, 1]
    buffer.put(3, [chunk(2)])
    assert buffer.progress.acquired == 3


def test_a_kill_between_any_two_statements_leaves_a_sound_buffer(path: Path) -> None:
    """What is on disk before every statement is opened as after a kill at that moment."""
    killed: list[Path] = []

    def copy(statement: str) -> None:
        there = path.parent / f"killed-{len(killed)}"
        there.mkdir()
        for suffix in ("", "-wal"):
            if path.with_name(path.name + suffix).exists():
                shutil.copy(path.with_name(path.name + suffix), there)
        killed.append(there / path.name)

    with DeviceBuffer(path) as buffer:
        buffer.begin(RECORDING, 0.0, 1.0, 0)
        buffer._db.set_trace_callback(copy)
        for n in (0, 2, 4):
            buffer.put(n + 2, [chunk(n), chunk(n + 1)], [button(n, str(n))])
        buffer.acknowledge([0, 1], [2])
        buffer.annotated("0")
        buffer.quarantine(3, "refused", conflict=False)
        buffer._db.set_trace_callback(None)
    assert len(killed) > 20
    seen = set()
    for place in killed:
        with DeviceBuffer(place) as found:
            now = found.progress
            waiting = [c.second for c in found.pending(99)]
            aside = [c.second for c, _ in found.quarantined()]
            assert now.next_second == now.acquired
            assert len(waiting) == now.pending
            assert sorted(waiting + aside) == list(range(now.acknowledged, now.acquired))
            assert all(same(c, chunk(c.second)) for c in found.pending(99))
            seen.add((now.acquired, now.acknowledged, now.refused, now.annotations))
    assert seen == {
        (0, 0, 0, 0), (2, 0, 0, 0), (4, 0, 0, 0), (6, 0, 0, 0), (6, 3, 0, 0), (6, 3, 0, 1),
    }  # fmt: skip


VERBS = st.sampled_from(["put", "gap", "ack", "dup", "quarantine", "reopen"])


@given(st.lists(st.tuples(VERBS, st.integers(1, 5)), max_size=25))
def test_it_behaves_like_a_queue(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("queue") / "buffer.db"
    queue: list[int] = []
    aside: list[int] = []
    position = acquired = stored = duplicates = 0
    buffer = DeviceBuffer(path)
    buffer.begin(RECORDING, 0.0, 1.0, 0)
    for what, n in operations:
        head = queue[:n]
        if what == "put":
            buffer.put(position + n, [chunk(second) for second in range(position, position + n)])
            queue += range(position, position + n)
            position, acquired = position + n, acquired + n
        elif what == "gap":
            position += n
            buffer.put(position)
        elif what == "ack":
            buffer.acknowledge(head, [])
            queue, stored = queue[n:], stored + len(head)
        elif what == "dup":
            buffer.acknowledge([], head)
            queue, duplicates = queue[n:], duplicates + len(head)
        elif what == "quarantine":
            for second in head:
                buffer.quarantine(second, "odd", conflict=True)
            queue, aside = queue[n:], aside + head
        else:
            buffer.close()
            buffer = DeviceBuffer(path)
        assert [c.second for c in buffer.pending(999)] == queue
        assert [c.second for c, _ in buffer.quarantined()] == aside
        now = buffer.progress
        assert (now.next_second, now.acquired, now.stored) == (position, acquired, stored)
        assert (now.duplicates, now.conflicts, now.pending) == (duplicates, len(aside), len(queue))
    buffer.close()

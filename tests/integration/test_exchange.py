"""Files come out of the store as they went in: byte for byte, or as a clean EDF+."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import numpy as np
import pyedflib
import pytest

from eegstore.edf import EdfFile, write_edf
from eegstore.errors import EdfError, NotFoundError, SpanError
from eegstore.model import Annotation, Channel, Chunk, Recording, SampleType
from eegstore.service import annotations
from eegstore.service.edf_export import export_edf, plan
from eegstore.service.exporting import export_original
from eegstore.service.importing import Imported, import_edf
from eegstore.service.verifying import verify
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import made, put, used
from tests.integration.postgres_processes import do
from tests.unit.edf.files import cropped, read, stretches_of
from tests.unit.edf.test_shared_files import CROPS, FILES, counts_by_edfio

START = datetime(2001, 8, 2, 23, 59, 58)
ANNOTATIONS = [Annotation(0.5, 2.0, "seizure"), Annotation(3.0, None, "Auge zu")]
files = pytest.mark.parametrize("name", FILES)


@dataclass
class Store:
    """A database into which a file is imported when it is first asked for."""

    urls: Urls
    done: dict[Path, Imported] = field(default_factory=dict)

    def imported(self, path: Path) -> Imported:
        if path not in self.done:
            self.done[path] = used(self.urls.app, lambda database: import_edf(database, path, "p"))
        return self.done[path]

    def exported(self, of: Path, to: Path, **options: Any) -> Path:
        self.imported(of)
        used(self.urls.app, lambda database: export_edf(database, "p", of.name, to, **options))
        return to


@pytest.fixture(scope="module")
def store(common: Urls) -> Store:
    return Store(common)


@pytest.fixture(scope="module")
def edfcheck(shared_data: Path) -> Callable[[str, str], int]:
    """A comparer that knows nothing of eegstore; 0 when two files are equal."""
    path = shared_data.parent / "tools" / "edfcheck.py"
    if not path.is_file():
        pytest.skip(f"no independent comparer: {path}")
    spec = importlib.util.spec_from_file_location("edfcheck", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    compare: Callable[[str, str], int] = module.main
    return compare


def counts_by_another(path: Path) -> list[np.ndarray]:
    """Samples as pyedflib reads them, or edfio what pyedflib refuses."""
    try:
        reader = pyedflib.EdfReader(str(path))
    except OSError:
        return counts_by_edfio(path)
    try:
        return [reader.readSignal(row, digital=True) for row in range(reader.signals_in_file)]
    finally:
        reader.close()


@files
def test_the_original_comes_back_byte_for_byte(
    store: Store, shared_data: Path, tmp_path: Path, name: str
) -> None:
    path, back = shared_data / name, tmp_path / "back"
    store.imported(path)
    size = used(store.urls.app, lambda database: export_original(database, "p", path.name, back))
    assert back.read_bytes() == path.read_bytes()
    assert size == path.stat().st_size
    assert [found.name for found in tmp_path.iterdir()] == ["back"]


@files
def test_an_import_says_what_the_file_holds_and_the_second_is_skipped(
    store: Store, shared_data: Path, name: str
) -> None:
    path = shared_data / name
    done = store.imported(path)
    with EdfFile(path) as file:
        per_record = sum(signal.n_samples for signal in file.original.parsed.ordinary)
        n_samples, said = file.n_records * per_record, file.annotations
    assert (done.recording_id, done.file_bytes) == (path.name, path.stat().st_size)
    assert (done.n_samples, done.n_annotations) == (n_samples, len(said))
    assert (done.skipped, done.loss) == (False, None)
    again = used(store.urls.app, lambda database: import_edf(database, path, "p"))
    assert again == replace(done, skipped=True)


@files
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # of the comparer
def test_an_export_is_equal_in_the_eyes_of_others(
    store: Store, shared_data: Path, tmp_path: Path, name: str,
    edfcheck: Callable[[str, str], int],
) -> None:  # fmt: skip
    path = shared_data / name
    out = store.exported(path, tmp_path / path.name)
    assert edfcheck(str(path), str(out)) == 0
    mine, theirs = counts_by_another(path), counts_by_another(out)
    assert len(mine) == len(theirs) == FILES[name]
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "name",
    ["chbmit/chb01_04_1467-1494s.edf", "edf/discontinuous_edfplus_d.edf", "edf/rate_12.8hz.edf",
     "edf/hypnogram_annotations_only.edf", "edf/sleep_psg_24bit.bdf",
     "edf/ten_sampling_rates.edf"],
)  # fmt: skip
def test_an_imported_file_is_verified(store: Store, shared_data: Path, name: str) -> None:
    store.imported(shared_data / name)
    (found,) = used(
        store.urls.app, lambda database: verify(database, "p", (shared_data / name).name)
    )
    assert found.faults == []


@pytest.mark.parametrize(
    "name",
    ["chbmit/chb01_04_1467-1494s.edf", "edf/rate_12.8hz.edf", "edf/discontinuous_edfplus_d.edf",
     "edf/sleep_psg_24bit.bdf", "edf/subsecond_start_inverted_range.edf"],
)  # fmt: skip
def test_a_crop_of_a_real_file_is_a_slice(
    store: Store, shared_data: Path, tmp_path: Path, name: str
) -> None:
    path = shared_data / name
    start, stop = CROPS.get(name, (F(1), F(4)))
    out = store.exported(path, tmp_path / path.name, start=start, stop=stop)
    recording, chunks, _ = read(path)
    back, found, _ = read(out)
    assert stretches_of(back, found) == cropped(
        recording, stretches_of(recording, chunks), start, stop
    )
    assert back.channels == recording.channels


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of ours: 9 s of mixed rates with a gap, annotations, a start."""
    path = tmp_path_factory.mktemp("own") / "own.edf"
    recording, chunks = made(9, [F(256), F(64), F(256)], start_time=START)
    write_edf(path, recording, [c for c in chunks if c.second not in (4, 5)], ANNOTATIONS)
    return path


def test_a_file_of_ours_goes_in_and_comes_out_in_every_way(
    store: Store, own: Path, tmp_path: Path
) -> None:
    done = store.imported(own)
    assert (done.recording_id, done.n_seconds, done.skipped) == ("own.edf", 7, False)
    back = tmp_path / "back"
    used(store.urls.app, lambda database: export_original(database, "p", "own.edf", back))
    assert back.read_bytes() == own.read_bytes()
    out = store.exported(own, tmp_path / "out.edf")
    recording, chunks, said = read(own)
    again, found, told = read(out)
    assert (again, told) == (recording, said)
    assert stretches_of(again, found) == stretches_of(recording, chunks)
    assert [len(parts) for parts in stretches_of(again, found)] == [2, 2, 2]  # the gap is one
    (verified,) = used(store.urls.app, lambda database: verify(database, "p", "own.edf"))
    assert verified.faults == []


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 9), (1, 3), (F(1, 2), F(7, 2)), (3, 7), (F(1, 64), F(577, 64)), (4, 7), (None, 2),
     (8, None)],
)  # fmt: skip
def test_a_crop_is_a_slice(
    store: Store, own: Path, tmp_path: Path, start: F | None, stop: F | None
) -> None:
    """Half-open, also within seconds and over a gap."""
    lo, hi = (None if at is None else F(at) for at in (start, stop))
    out = store.exported(own, tmp_path / "crop.edf", start=lo, stop=hi)
    recording, chunks, _ = read(own)
    back, found, _ = read(out)
    stretches = stretches_of(recording, chunks)
    assert stretches_of(back, found) == cropped(recording, stretches, lo or F(0), hi or F(9))


@pytest.mark.parametrize(
    ("start", "stop", "error"),
    [(F(4), F(6), EdfError), (F(20), F(30), EdfError), (F(3), F(1), SpanError)],
)
def test_a_crop_without_samples_or_turned_round_writes_no_file(
    store: Store, own: Path, tmp_path: Path, start: F, stop: F, error: type[Exception]
) -> None:
    with pytest.raises(error):
        store.exported(own, tmp_path / "crop.edf", start=start, stop=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_live_recording_is_exported_and_has_no_original(common: Urls, tmp_path: Path) -> None:
    recording, chunks = made(5, [F(256), F(64)], recording_id="live", start_time=START)
    edit = replace(ANNOTATIONS[0], annotation_id="1" * 8 + "-1111-4111-8111-" + "1" * 12)

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        await annotations.add(database, "p1", "live", [edit])
        better = replace(edit, annotation_id=None, onset=0.25, supersedes=edit.annotation_id)
        rejected = Annotation(2.0, 1.0, "not this", status="rejected")
        await annotations.add(database, "p1", "live", [better, rejected])
        await export_edf(database, "p1", "live", tmp_path / "live.edf")
        with pytest.raises(NotFoundError, match="'live' was not imported from a file"):
            await export_original(database, "p1", "live", tmp_path / "original")
        with pytest.raises(NotFoundError, match="no recording 'nobody'"):
            await export_edf(database, "p1", "nobody", tmp_path / "nobody.edf")

    used(common.app, work)
    back, found, said = read(tmp_path / "live.edf")
    assert stretches_of(back, found) == stretches_of(recording, chunks)
    assert (back.channels, back.start_time) == (recording.channels, START)
    assert [(a.onset, a.duration, a.description) for a in said] == [(0.25, 2.0, "seizure")]
    assert [path.name for path in tmp_path.iterdir()] == ["live.edf"]


def test_what_comes_in_while_a_file_is_taken_is_left_out(common: Urls, tmp_path: Path) -> None:
    """And no connection is kept in between: the pool has two, twenty files are taken."""
    recording, chunks = made(300, [F(4)], recording_id="taken", start_time=START)
    late = [chunk for chunk in chunks if chunk.second in (5, 130, 250)]
    early = [chunk for chunk in chunks if chunk not in late]

    async def work(database: Database) -> list[bytes]:
        await put(database, recording, early)
        exports = [await plan(database, "p1", "taken", stop=F(280)) for _ in range(20)]
        takers = [export.parts(database) for export in exports]
        files = [[await anext(taker), await anext(taker)] for taker in takers]
        await put(database, recording, late)
        for file, taker in zip(files, takers, strict=True):
            file += [part async for part in taker]
        assert {sum(map(len, file)) for file in files} == {exports[0].size}
        return [b"".join(file) for file in files]

    first, *others = used(common.app, work)
    assert set(others) == {first}
    path = tmp_path / "taken.edf"
    path.write_bytes(first)
    back, found, _ = read(path)
    expected = cropped(recording, stretches_of(recording, early), F(0), F(280))
    assert stretches_of(back, found) == expected


def physical(recording: Recording, chunks: list[Chunk]) -> list[np.ndarray]:
    """All values of every channel [unit]."""
    scale = recording.sample_type is not SampleType.FLOAT32
    return [
        np.concatenate([np.array(counts, float) for _, counts in parts])
        * (channel.gain if scale else 1) + (channel.offset if scale else 0)
        for channel, parts in zip(recording.channels, stretches_of(recording, chunks), strict=True)
    ]  # fmt: skip


def wide_recording(sample_type: SampleType) -> tuple[Recording, list[Chunk]]:
    """Two channels that 16 bits cannot hold."""
    channels = tuple(
        Channel(name, F(64), "uV", -8388608.0, 8388607.0, -8388608, 8388607) for name in "AB"
    )
    recording = Recording("p1", f"wide-{sample_type}", channels, sample_type, START)
    rng = np.random.default_rng(2)
    values = rng.integers(-(1 << 23), 1 << 23, (3, 128)).astype(sample_type.dtype)
    return recording, [Chunk(n, (((0, 64),),) * 2, values[n]) for n in range(3)]


@pytest.mark.parametrize(
    ("sample_type", "ending", "bits"),
    [(SampleType.FLOAT32, "edf", 16), (SampleType.FLOAT32, "bdf", 24),
     (SampleType.INT32, "edf", 16)],
)  # fmt: skip
def test_what_does_not_fit_is_refused_unless_lossy_is_asked_for(
    common: Urls, tmp_path: Path, sample_type: SampleType, ending: str, bits: int
) -> None:
    """Then it is off by at most half a step of the new grid."""
    recording, chunks = wide_recording(sample_type)
    out = tmp_path / f"wide.{ending}"

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        with pytest.raises(EdfError, match=f"samples are {sample_type}, .* {bits} bits"):
            await export_edf(database, "p1", recording.recording_id, out)
        assert list(tmp_path.iterdir()) == []
        await export_edf(database, "p1", recording.recording_id, out, lossy=True)

    used(common.app, work)
    back, found, _ = read(out)
    pairs = zip(physical(recording, chunks), physical(back, found), strict=True)
    for channel, (mine, written) in zip(back.channels, pairs, strict=True):
        step = np.ptp(mine) / (1 << bits)
        assert abs(channel.gain) <= 1.001 * step * (1 << bits) / ((1 << bits) - 1)
        assert np.abs(mine - written).max() <= 0.51 * abs(channel.gain)


def test_24_bits_are_exact_in_bdf(common: Urls, tmp_path: Path) -> None:
    recording, chunks = wide_recording(SampleType.INT32)
    recording = replace(recording, recording_id="exact")

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        await export_edf(database, "p1", "exact", tmp_path / "exact.bdf")
        await import_edf(database, tmp_path / "exact.bdf", "p2")

    used(common.app, work)
    back, found, _ = read(tmp_path / "exact.bdf")
    assert stretches_of(back, found) == stretches_of(recording, chunks)
    assert back.channels == recording.channels


def test_an_original_that_cannot_be_given_back_is_not_given(
    urls: Urls, own: Path, tmp_path: Path
) -> None:
    """Nor a file that is there already touched."""
    used(urls.app, lambda database: import_edf(database, own, "p"))
    do(
        urls.admin,
        "ALTER TABLE original DISABLE TRIGGER ALL",
        "UPDATE original SET header = overlay(header PLACING 'x'::bytea FROM 10)",
    )
    target = tmp_path / "there"
    target.write_bytes(b"as before")
    with pytest.raises(EdfError, match="SHA-256"):
        used(urls.app, lambda database: export_original(database, "p", "own.edf", target))
    assert target.read_bytes() == b"as before"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_large_file_goes_in_portions(common: Urls, tmp_path: Path) -> None:
    """More seconds than are inserted, read or proved at a time."""
    path = tmp_path / "long.edf"
    recording, chunks = made(400, [F(4), F(1)], start_time=START)
    write_edf(path, recording, chunks, [Annotation(float(n), 0.5, f"n {n}") for n in range(400)])
    told: list[tuple[str, int, int]] = []

    async def work(database: Database) -> Imported:
        done = await import_edf(
            database, path, "p", progress=lambda what, at, of: told.append((what, at, of))
        )
        await export_original(database, "p", "long.edf", tmp_path / "back")
        return done

    assert used(common.app, work).n_seconds == 400
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    assert [at for what, at, _ in told if what == "import"] == [*range(60, 400, 60), 400]
    proved = [at for what, at, _ in told if what == "prove"]
    assert proved == sorted(proved)
    assert (len(proved) > 3, proved[-1]) == (True, 400)
    with EdfFile(path) as file:
        assert {of for _, _, of in told} == {file.n_seconds}

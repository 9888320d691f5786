"""Real files made by others: read as others read them, rebuilt to the byte, exported and judged."""

import hashlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import edfio
import mne
import numpy as np
import pyedflib
import pytest

from eegstore.edf import EdfFile, OriginalRebuilder
from eegstore.edf.header import header_size, parse_header
from eegstore.errors import EdfError
from eegstore.model import Channel, SampleType
from eegstore.timebase import full_runs, n_samples
from tests.unit.edf.files import cropped, export, read, source_of, stretches_of

FILES = {
    "chbmit/chb01_03_2996-3036s.edf": 23,
    "chbmit/chb01_04_1467-1494s.edf": 23,
    "chbmit/chbmit_5min.edf": 23,
    "edf/annotations_overlapping_64ch.edf": 64,
    "edf/annotations_utf8.edf": 11,
    "edf/apsg_mixed_rates_900s.edf": 19,
    "edf/cpap_60s_records.edf": 3,
    "edf/cpap_half_hz.edf": 10,
    "edf/digital_range_per_channel.edf": 42,
    "edf/discontinuous_edfplus_d.edf": 11,
    "edf/duplicate_labels.edf": 3,
    "edf/eeg_16ch_256hz.edf": 16,
    "edf/header_utf8.edf": 1,
    "edf/hypnogram_annotations_only.edf": 0,
    "edf/one_record_of_9.59s.edf": 25,
    "edf/out_of_declared_range_139ch.edf": 139,
    "edf/rate_12.8hz.edf": 2,
    "edf/record_count_minus_one.bdf": 17,
    "edf/sleep_psg_24bit.bdf": 7,
    "edf/sleep_psg_30s_records_mixed_rates.edf": 7,
    "edf/subsecond_start_inverted_range.edf": 3,
    "edf/ten_sampling_rates.edf": 139,
}
"""Every good file and how many ordinary signals it has."""

REFUSED_BY_PYEDFLIB = {"edf/discontinuous_edfplus_d.edf", "edf/record_count_minus_one.bdf"}

READ_BY_MNE = [  # of one rate in uV: MNE resamples others, and knows no counts
    "chbmit/chbmit_5min.edf",
    "edf/discontinuous_edfplus_d.edf",
    "edf/eeg_16ch_256hz.edf",
    "edf/record_count_minus_one.bdf",
    "edf/subsecond_start_inverted_range.edf",
]

CROPS = {
    "edf/cpap_60s_records.edf": (F(60), F(240)),
    "edf/cpap_half_hz.edf": (F(120), F(600)),
    "edf/discontinuous_edfplus_d.edf": (F(2), F(100)),
    "edf/rate_12.8hz.edf": (F(5, 4), F(10)),
}
"""Elsewhere from 1 to 4 s."""

BAD = {
    "broken_header.bdf": r"61632 bytes, its header says -1 records.*; 2 are there.* from 10 on",
    "broken_header.edf": r"signal 1 'C1': samples per record is ''; it must be a number",
    "mangled_by_utf8.edf": r"46636 bytes, .* 16270 \(63 records of 242 bytes\).*EF BF BD",
    "no_data_records.edf": r"1024 bytes, not one whole record",
    "one_stray_byte.edf": r"25585 bytes, its header describes 25584 \(11 records of 2256 bytes\)",
    "truncated.edf": r"20000 bytes, its header describes 495872 \(60 records of 8192 bytes\)",
}

files = pytest.mark.parametrize("name", FILES)


def counts_by_pyedflib(path: Path) -> list[np.ndarray]:
    reader = pyedflib.EdfReader(str(path))
    try:
        return [reader.readSignal(row, digital=True) for row in range(reader.signals_in_file)]
    finally:
        reader.close()


def counts_by_edfio(path: Path) -> list[np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # -1 records
        opened = (edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf)(path)
        return [signal.digital for signal in opened.signals]


def in_file_order(path: Path) -> tuple[tuple[Channel, ...], list[np.ndarray]]:
    """The samples of every channel one after another, gaps left out."""
    recording, chunks, _ = read(path)
    dtype = recording.sample_type.dtype
    return recording.channels, [
        np.concatenate([np.array(counts, dtype) for _, counts in parts])
        for parts in stretches_of(recording, chunks)
    ]


def test_no_file_is_left_out(shared_data: Path) -> None:
    there = {
        f"{path.parent.name}/{path.name}"
        for path in [*shared_data.glob("edf/*"), *shared_data.glob("chbmit/*.edf")]
    }
    assert there == FILES.keys()
    bad = {path.name for path in shared_data.glob("bad/*")}
    assert bad == BAD.keys()


@files
def test_chunks_tile_the_file(shared_data: Path, name: str) -> None:
    with EdfFile(shared_data / name) as file:
        recording, header = file.recording("p", "r"), file.original.parsed
        chunks = list(file.chunks(0, file.n_seconds))
        n_records, n_seconds = file.n_records, file.n_seconds
    assert len(recording.channels) == FILES[name]
    stretches = stretches_of(recording, chunks)
    for signal, parts in zip(header.ordinary, stretches, strict=True):
        assert sum(len(counts) for _, counts in parts) == n_records * signal.n_samples
        if not header.is_discontinuous:
            assert len(parts) == 1
    if not header.is_discontinuous and chunks:
        inner = [chunk for chunk in chunks if chunk.second < n_seconds - 1]
        assert all(c.runs == full_runs(recording.channels, c.second) for c in inner)
        assert len(inner) == sum(
            any(n_samples(second, c.sfreq) for c in recording.channels)
            for second in range(n_seconds - 1)
        )


@pytest.mark.parametrize("reader", [counts_by_pyedflib, counts_by_edfio])
@files
def test_counts_are_those_that_other_readers_find(
    shared_data: Path, name: str, reader: Callable[[Path], list[np.ndarray]]
) -> None:
    path = shared_data / name
    if reader is counts_by_pyedflib and name in REFUSED_BY_PYEDFLIB:
        with pytest.raises(OSError, match=r"discontinuous|Number of Datarecords"):
            reader(path)
        return
    theirs = reader(path)
    channels, ours = in_file_order(path)
    assert len(theirs) == len(ours) == FILES[name]
    for row, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_array_equal(mine, other, err_msg=f"{row} {channels[row].label}")


@pytest.mark.parametrize("name", READ_BY_MNE)
def test_counts_are_those_that_mne_scales(shared_data: Path, name: str) -> None:
    path = shared_data / name
    opened = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = opened(path, stim_channel=None, verbose="ERROR")
        volts = raw.get_data()
        raw.close()
    channels, ours = in_file_order(path)
    compared = [row for row, channel in enumerate(channels) if channel.unit == "uV"]
    assert len(compared) >= 3
    for row in compared:
        counts = np.rint((volts[row] * 1e6 - channels[row].offset) / channels[row].gain)
        np.testing.assert_array_equal(ours[row], counts, err_msg=channels[row].label)


@files
def test_header_fields_are_those_that_edfio_reads(shared_data: Path, name: str) -> None:
    path = shared_data / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened = (edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf)(path)
    with EdfFile(path) as file:
        recording, annotations = file.recording("p", "r"), file.annotations
    for channel, signal in zip(recording.channels, opened.signals, strict=True):
        assert channel.label == signal.label
        assert channel.unit == signal.physical_dimension
        assert channel.transducer == signal.transducer_type
        assert channel.prefiltering == signal.prefiltering
        assert channel.physical_min == signal.physical_min
        assert channel.physical_max == signal.physical_max
        assert (channel.digital_min, channel.digital_max) == signal.digital_range
        assert float(channel.sfreq) == pytest.approx(signal.sampling_frequency, rel=1e-12)
    assert recording.start_time is not None
    assert recording.start_time.time().replace(microsecond=0) == opened.starttime.replace(
        microsecond=0
    )
    assert [(pytest.approx(a.onset, abs=1e-9), a.duration, a.text) for a in opened.annotations] == [
        (a.onset, a.duration, a.description)
        for a in sorted(annotations, key=lambda a: (a.onset, a.duration or -1, a.description))
    ]


@pytest.mark.parametrize("name", sorted(FILES.keys() - REFUSED_BY_PYEDFLIB))
def test_start_is_the_one_that_pyedflib_reads(shared_data: Path, name: str) -> None:
    reader = pyedflib.EdfReader(str(shared_data / name))
    theirs = reader.getStartdatetime()
    reader.close()
    ours = read(shared_data / name)[0].start_time
    assert ours is not None
    assert ours.replace(microsecond=0) == theirs.replace(microsecond=0)


def test_2_1_1_the_gaps_of_an_edf_plus_d_file(shared_data: Path) -> None:
    recording, chunks, annotations = read(shared_data / "edf/discontinuous_edfplus_d.edf")
    (first, *_) = stretches_of(recording, chunks)
    assert len(first) == 600
    assert [start for start, _ in first] == [300 * record for record in range(600)]
    assert [(a.onset, a.duration, a.description) for a in annotations] == [
        (0.0, 0.0, "Recording starts"),
        (600.0, 0.0, "Recording ends"),
    ]


def test_2_2_3_annotations_in_chinese(shared_data: Path) -> None:
    _, _, annotations = read(shared_data / "edf/header_utf8.edf")
    assert [a.description for a in annotations].count("中文测试八个字") == 1
    assert annotations[0].onset == 1.9511719 - 0.3945312


@files
def test_the_file_comes_back_byte_for_byte(shared_data: Path, name: str) -> None:
    path, digest = shared_data / name, hashlib.sha256()
    with EdfFile(path) as file:
        rebuilder = OriginalRebuilder(file.original, file.recording("p", "r"))
        for second in range(0, file.n_seconds, 60):
            digest.update(rebuilder.feed(list(file.chunks(second, second + 60))))
        for record in range(0, file.n_records, 13):
            digest.update(rebuilder.feed([], file.annotation_bytes(record, record + 13)))
        digest.update(rebuilder.finish())
    assert digest.digest() == hashlib.sha256(path.read_bytes()).digest()


def judged(shared_data: Path, one: Path, other: Path) -> str:
    """What the independent comparer has against the two files."""
    comparer = shared_data.parent / "tools" / "edfcheck.py"
    if not comparer.exists():
        pytest.skip(f"no independent comparer: {comparer}")
    done = subprocess.run(
        [sys.executable, str(comparer), str(one), str(other)], capture_output=True, text=True
    )
    return f"{done.returncode}{done.stdout}{done.stderr}"


@pytest.mark.parametrize("with_original", [True, False])
@files
def test_a_whole_export_is_judged_equal(
    shared_data: Path, tmp_path: Path, name: str, with_original: bool
) -> None:
    path, made = shared_data / name, tmp_path / Path(name).name
    with EdfFile(path) as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        options: dict[str, Any] = source_of(file) if with_original else {}
        export(made, recording, chunks, file.annotations, **options)
        annotations = file.annotations
        if with_original:
            assert made.read_bytes()[236:244].strip() == str(file.n_records).encode()
    assert judged(shared_data, path, made) == "0"
    back, found, again = read(made)
    assert back.channels == recording.channels
    assert back.start_time == recording.start_time
    assert again == sorted(annotations, key=lambda a: a.onset)
    assert stretches_of(back, found) == stretches_of(recording, chunks)
    if b"+C" in made.read_bytes()[192:197]:
        theirs = counts_by_pyedflib(made)
        for mine, other in zip(in_file_order(path)[1], theirs, strict=True):
            np.testing.assert_array_equal(mine, other)


def test_the_comparer_sees_a_difference(shared_data: Path, tmp_path: Path) -> None:
    path, made = shared_data / "edf/rate_12.8hz.edf", tmp_path / "a.edf"
    shutil.copyfile(path, made)
    made.chmod(0o600)
    data = bytearray(made.read_bytes())
    data[-1] ^= 1
    made.write_bytes(data)
    assert "differ" in judged(shared_data, path, made)


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"edf/hypnogram_annotations_only.edf"}))
def test_a_crop_is_a_slice(shared_data: Path, tmp_path: Path, name: str) -> None:
    start, stop = CROPS.get(name, (F(1), F(4)))
    made = tmp_path / Path(name).name
    with EdfFile(shared_data / name) as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        export(made, recording, chunks, file.annotations, start=start, stop=stop, **source_of(file))
    back, found, _ = read(made)
    expected = cropped(recording, stretches_of(recording, chunks), start, stop)
    assert stretches_of(back, found) == expected
    assert back.channels == recording.channels
    assert recording.start_time is not None
    assert back.start_time is not None
    late = back.start_time - recording.start_time
    assert abs(late - timedelta(seconds=float(start))) <= timedelta(microseconds=1)
    theirs = counts_by_edfio(made)
    for parts, other in zip(expected, theirs, strict=True):
        np.testing.assert_array_equal(np.concatenate([c for _, c in parts]), other)


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_the_reason(shared_data: Path, name: str) -> None:
    with pytest.raises(EdfError, match=f"{name}: .*{BAD[name]}"):
        EdfFile(shared_data / "bad" / name)


def test_2_1_3_10_a_header_that_was_never_completed_is_salvaged(shared_data: Path) -> None:
    with EdfFile(shared_data / "bad" / "broken_header.bdf", salvage=True) as file:
        assert (file.n_records, file.original.parsed.n_records) == (2, -1)
        assert file.recording("p", "r").sample_type is SampleType.INT32
        assert file.loss is not None


def test_salvage_of_a_truncated_file(shared_data: Path) -> None:
    with EdfFile(shared_data / "bad" / "truncated.edf", salvage=True) as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        assert file.n_records == 1
        assert file.loss is not None
        assert "kept 1 whole records (1 s), lost 59" in file.loss
        assert len(file.original.trailing) == 20000 - 4352 - 8192
        rebuilder = OriginalRebuilder(file.original, recording)
        assert (
            rebuilder.feed(chunks) + rebuilder.finish()
            == (shared_data / "bad" / "truncated.edf").read_bytes()
        )
    with EdfFile(shared_data / "edf" / "eeg_16ch_256hz.edf") as whole:
        (first,) = whole.chunks(0, 1)
    np.testing.assert_array_equal(chunks[0].samples, first.samples)


@pytest.mark.parametrize("name", ["edf/rate_12.8hz.edf", "edf/annotations_utf8.edf"])
def test_truncation_at_any_length_is_refused(shared_data: Path, tmp_path: Path, name: str) -> None:
    data = (shared_data / name).read_bytes()
    lengths = np.random.default_rng(5).integers(0, len(data), 50)
    for length in [*lengths, len(data) - 1]:
        (tmp_path / "cut.edf").write_bytes(data[:length])
        with pytest.raises(EdfError, match=r"cut\.edf: "):
            EdfFile(tmp_path / "cut.edf")


def test_changed_headers_are_read_or_refused(shared_data: Path) -> None:
    rng = np.random.default_rng(11)
    outcomes: list[str | None] = []
    for name in FILES:
        with open(shared_data / name, "rb") as file:
            good = file.read(header_size(name, file.read(256)) - 256)
            file.seek(0)
            good = file.read(256) + good
        for _ in range(20):
            bad = bytearray(good)
            for at in rng.integers(0, len(bad), rng.integers(1, 6)):
                bad[at] = rng.choice(list(b" -+.0e9\0\xff"))
            if rng.random() < 0.5:
                bad[rng.integers(184, 256)] = rng.integers(256)
            try:
                parse_header(name, bytes(bad))
                outcomes.append(None)
            except EdfError as error:
                outcomes.append(str(error))
                assert outcomes[-1].startswith(f"{name}: ")
    assert len(outcomes) == 440
    assert 0 < outcomes.count(None) < 440

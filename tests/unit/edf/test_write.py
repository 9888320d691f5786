"""Clean export: EDF+ 2.1 and 2.2 as they are written."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest

from eegstore.edf import EdfWriter, write_edf
from eegstore.errors import EdfError, SpanError
from eegstore.model import Annotation, Chunk, SampleType
from tests.unit.edf.files import (
    START,
    cropped,
    export,
    fixed_fields,
    read,
    simple,
    stretches_of,
)
from tests.unit.recordings import make_recording


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.edf"


def test_a_live_recording_becomes_edf_plus_c_of_one_second_records(out: Path) -> None:
    recording, chunks = simple(device="Amp 3")
    export(out, recording, chunks)
    assert fixed_fields(out) == {
        "version": "0", "patient": "p1 X X X", "recording": "Startdate 02-AUG-2001 X X Amp_3",
        "date": "02.08.01", "time": "23.59.58", "size": "1280", "reserved": "EDF+C",
        "records": "5", "duration": "1", "signals": "4",
    }  # fmt: skip
    back, found, annotations = read(out)
    assert back.channels == recording.channels
    assert back.start_time == START
    assert stretches_of(back, found) == stretches_of(recording, chunks)
    assert annotations == []


def test_2_2_4_every_record_begins_with_the_time_it_starts(out: Path) -> None:
    recording, chunks = simple()
    export(out, recording, chunks)
    data = out.read_bytes()
    size = (len(data) - 1280) // 5
    for record in range(5):
        slot = data[1280 + record * size + 36 : 1280 + (record + 1) * size]
        assert slot.rstrip(b"\0") == f"+{record + 0.25}\x14\x14".encode()


def test_2_2_1_the_annotation_signal_is_declared_as_the_paragraph_says(out: Path) -> None:
    recording, chunks = simple()
    export(out, recording, chunks)
    data = out.read_bytes()
    assert data[256 + 48 : 256 + 64] == b"EDF Annotations "
    numbers = [data[256 + 4 * at + 24 :][:8].decode().strip() for at in (104, 112, 120, 128)]
    assert numbers == ["-1", "1", "-32768", "32767"]


@pytest.mark.parametrize(
    ("start", "date", "recording_id"),
    [
        (datetime(2085, 1, 2, 3, 4, 5), "02.01.yy", "Startdate 02-JAN-2085 X X X"),
        (datetime(1984, 12, 31), "31.12.yy", "Startdate 31-DEC-1984 X X X"),
        (None, "01.01.85", "Startdate X X X X"),
    ],
)
def test_2_1_3_2_years_outside_1985_to_2084(
    out: Path, start: datetime | None, date: str, recording_id: str
) -> None:
    recording, chunks = simple(start_time=start)
    export(out, recording, chunks)
    fields = fixed_fields(out)
    assert (fields["date"], fields["recording"]) == (date, recording_id)
    if start is not None:
        assert read(out)[0].start_time == start


def test_2_1_1_a_gap_stays_a_gap(out: Path) -> None:
    recording, chunks = simple(9)
    held = [chunk for chunk in chunks if chunk.second not in (2, 3, 6)]
    export(out, recording, held)
    back, found, _ = read(out)
    assert fixed_fields(out)["reserved"] == "EDF+D"
    assert stretches_of(back, found) == stretches_of(recording, held)


def test_a_recording_that_begins_late_begins_there(out: Path) -> None:
    recording, chunks = simple(9)
    export(out, recording, chunks[4:], [Annotation(4.5, None, "here")])
    back, found, annotations = read(out)
    assert back.start_time == datetime(2001, 8, 3, 0, 0, 2, 250_000)
    assert fixed_fields(out)["recording"] == "Startdate 03-AUG-2001 X X X"
    assert stretches_of(back, found) == cropped(
        recording, stretches_of(recording, chunks), F(4), F(9)
    )
    assert [(a.onset, a.description) for a in annotations] == [(0.5, "here")]


@pytest.mark.parametrize(
    ("start", "stop"),
    [(F(1), F(4)), (F(1, 2), F(9, 2)), (None, F(5, 2)), (F(2), None), (F(0), F(100))],
)
def test_a_crop_is_a_slice(out: Path, start: F | None, stop: F | None) -> None:
    recording, chunks = simple()
    export(out, recording, chunks, start=start, stop=stop)
    back, found, _ = read(out)
    expected = cropped(recording, stretches_of(recording, chunks), start or F(0), stop or F(9))
    assert stretches_of(back, found) == expected


def test_annotations_of_a_crop(out: Path) -> None:
    recording, chunks = simple(10)
    annotations = [
        Annotation(1.0, None, "before"),
        Annotation(1.0, 1.0, "ends where the crop starts"),
        Annotation(1.0, 2.5, "reaches in"),
        Annotation(2.0, None, "first"),
        Annotation(4.5, 9.0, "reaches out"),
        Annotation(5.0, None, "after"),
    ]
    export(out, recording, chunks, annotations, start=F(2), stop=F(5))
    assert [(a.onset, a.duration, a.description) for a in read(out)[2]] == [
        (0.0, 1.5, "reaches in"),
        (0.0, None, "first"),
        (2.5, 9.0, "reaches out"),
    ]


def test_without_a_crop_annotations_outside_the_data_stay(out: Path) -> None:
    recording, chunks = simple(3)
    annotations = [Annotation(-2.5, 1.0, "early"), Annotation(0.1, None, "in"),
                   Annotation(1e4, None, "late")]  # fmt: skip
    export(out, recording, chunks, annotations)
    assert [(a.onset, a.duration, a.description) for a in read(out)[2]] == [
        (a.onset, a.duration, a.description) for a in annotations
    ]


def test_2_2_2_a_crowd_of_annotations_is_spread(out: Path) -> None:
    recording, chunks = simple(20)
    annotations = [Annotation(15 + n / 1000, 0.5, f"event {n}") for n in range(600)]
    export(out, recording, chunks, annotations)
    assert sorted(a.description for a in read(out)[2]) == sorted(a.description for a in annotations)
    assert out.stat().st_size < 1280 + 20 * (36 + 30 + 40 * 600 // 20)


def test_texts_3_3_an_annotation_of_channels_names_their_labels(out: Path) -> None:
    recording, chunks = simple()
    export(out, recording, chunks, [Annotation(1.0, None, "spike", channels=(0, 2))])
    assert [a.description for a in read(out)[2]] == ["spike@@C0", "spike@@C2"]


def test_counts_outside_the_declared_range_are_kept(out: Path) -> None:
    recording = make_recording([F(4)])
    chunk = Chunk(0, (((0, 4),),), np.array([-32768, 32767, -2049, 2048], "<i2"))
    export(out, recording, [chunk])
    assert read(out)[1][0].samples.tolist() == chunk.samples.tolist()


def test_int32_becomes_bdf_plus(tmp_path: Path) -> None:
    recording = make_recording([F(3), F(1)], SampleType.INT32)
    samples = np.array([-8388608, 8388607, 5, 1 << 20], "<i4")
    path = tmp_path / "a.bdf"
    export(path, recording, [Chunk(0, (((0, 3),), ((0, 1),)), samples)])
    back, (chunk,), _ = read(path)
    assert path.read_bytes()[192:197] == b"BDF+C"
    assert back.sample_type is SampleType.INT32
    assert chunk.samples.tolist() == samples.tolist()
    wide = Chunk(0, (((0, 3),), ((0, 1),)), samples + 1)
    with pytest.raises(EdfError, match=r"channel 1: counts reach from -8388607 to 8388608"):
        export(path, recording, [wide])


def test_int16_may_be_written_as_bdf(tmp_path: Path) -> None:
    recording, chunks = simple()
    export(tmp_path / "a.bdf", recording, chunks, bdf=True)
    back, found, _ = read(tmp_path / "a.bdf")
    assert stretches_of(back, found) == stretches_of(recording, chunks)


def test_chunks_must_be_those_that_were_announced(out: Path) -> None:
    recording, chunks = simple()
    runs = [(chunk.second, chunk.runs) for chunk in chunks]

    def fed(*given: Chunk) -> EdfWriter:
        writer = EdfWriter(recording, runs)
        writer.feed(given)
        return writer

    with pytest.raises(EdfError, match="4 of 5 records"):
        fed(*chunks[:4]).finish()
    with pytest.raises(EdfError, match=r"second 2: .* announced"):
        fed(chunks[0], chunks[2])
    with pytest.raises(EdfError, match=r"second 5: .* announced"):
        fed(*chunks, replace(chunks[0], second=5))
    part = Chunk(1, (((0, 4),), ((0, 4),), ((0, 1),)), chunks[1].samples[:9])
    with pytest.raises(EdfError, match=r"second 1: .* announced"):
        fed(chunks[0], part)
    with pytest.raises(EdfError, match="second 0 comes after second 1"):
        fed(chunks[0], chunks[1], chunks[0])


def test_nothing_to_export(out: Path) -> None:
    recording, chunks = simple()
    with pytest.raises(EdfError, match="no samples"):
        export(out, recording, [])
    with pytest.raises(EdfError, match="no samples"):
        export(out, recording, chunks, start=F(7), stop=F(9))
    with pytest.raises(SpanError):
        export(out, recording, chunks, start=F(3), stop=F(2))


def test_annotations_alone_are_a_file(out: Path) -> None:
    recording = make_recording([], start_time=START)
    export(out, recording, [], [Annotation(30.0, 30.0, "Sleep stage W")])
    back, found, annotations = read(out)
    assert (back.channels, found, back.start_time) == ((), [], START)
    assert [(a.onset, a.duration) for a in annotations] == [(30.0, 30.0)]
    assert fixed_fields(out)["duration"] == "0"


def test_write_edf_is_all_or_nothing(tmp_path: Path) -> None:
    recording, chunks = simple()
    path = tmp_path / "a.edf"
    write_edf(path, recording, iter(chunks), [Annotation(1.0, None, "a")])
    back, found, (annotation,) = read(path)
    assert stretches_of(back, found) == stretches_of(recording, chunks)
    assert annotation.description == "a"
    before = path.read_bytes()
    wrong = [*chunks[:4], replace(chunks[4], samples=chunks[4].samples[:3])]
    with pytest.raises(EdfError, match="second 4"):
        write_edf(path, recording, wrong)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_write_edf_goes_by_the_suffix(tmp_path: Path) -> None:
    counts, chunks = simple(sample_type=SampleType.INT32)
    write_edf(tmp_path / "a.bdf", counts, chunks)
    assert (tmp_path / "a.bdf").read_bytes()[192:197] == b"BDF+C"
    with pytest.raises(EdfError, match="int32"):
        write_edf(tmp_path / "a.edf", counts, chunks)
    floats, parts = simple(sample_type=SampleType.FLOAT32)
    write_edf(tmp_path / "f.edf", floats, parts, lossy=True)
    back, found, _ = read(tmp_path / "f.edf")
    for row, channel in enumerate(back.channels):
        values = np.array(stretches_of(back, found)[row][0][1]) * channel.gain + channel.offset
        expected = stretches_of(floats, parts)[row][0][1]
        np.testing.assert_allclose(values, expected, atol=channel.gain)

"""Annotations as files, read by others."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import edfio
import mne
import pyedflib
import pytest

from eegstore.annotation_export import Format, Row, write
from eegstore.model import Annotation, Recording, SampleType
from tests.unit.recordings import make_recording

START = datetime(2026, 11, 22, 8, 0, 0, 250_000)
AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def recording() -> Recording:
    return make_recording(start_time=START, utc_offset=3600)


def row(onset: float, duration: float | None, text: str, *labels: str, **fields: object) -> Row:
    said = Annotation(onset - 10, duration, text, **fields)  # type: ignore[arg-type]
    return Row(said, onset, "b", labels, tuple(f"{label}-0" for label in labels), AT)


ROWS = [
    row(12.5, 40.25, "seizure"),
    row(100.1, None, "Auge zu, µV", author="dr"),
    row(3602.000001, 1.0, "spike", "Fp1", "T8-P8", status="proposed"),
]


def read(kind: Format, recording: Recording, rows: list[Row], tmp_path: Path) -> Path:
    path = tmp_path / f"x{kind.ending}"
    path.write_bytes(write(kind, recording, rows))
    return path


def test_edfio_reads_them(recording: Recording, tmp_path: Path) -> None:
    found = edfio.read_edf(read(Format.EDF, recording, ROWS, tmp_path))
    assert [(a.onset, a.duration, a.text) for a in found.annotations] == [
        (12.5, 40.25, "seizure"), (100.1, None, "Auge zu, µV"),
        (3602.000001, 1.0, "spike@@Fp1"), (3602.000001, 1.0, "spike@@T8-P8"),
    ]  # fmt: skip
    assert (found.startdate, found.starttime) == (START.date(), START.time())
    assert found.num_signals == 0


def test_pyedflib_reads_them(recording: Recording, tmp_path: Path) -> None:
    with pyedflib.EdfReader(str(read(Format.EDF, recording, ROWS, tmp_path))) as file:
        onsets, durations, texts = file.readAnnotations()
    assert texts.tolist() == ["seizure", "Auge zu, µV", "spike@@Fp1", "spike@@T8-P8"]
    assert onsets.tolist() == pytest.approx([12.5, 100.1, 3602.000001, 3602.000001], abs=1e-6)
    assert durations.tolist() == [40.25, -1.0, 1.0, 1.0]


def test_mne_reads_them(recording: Recording, tmp_path: Path) -> None:
    found = mne.read_annotations(read(Format.EDF, recording, ROWS, tmp_path))
    assert found.onset.tolist() == pytest.approx([12.5, 100.1, 3602.000001, 3602.000001])
    assert found.duration.tolist() == [40.25, 0.0, 1.0, 1.0]
    assert found.description.tolist()[:2] == ["seizure", "Auge zu, µV"]


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_many_of_any_recording_fit_into_a_file(sample_type: SampleType, tmp_path: Path) -> None:
    many = [row(n * 7.1, 1.0, f"spike {n}") for n in range(10_000)]
    path = read(Format.EDF, make_recording(sample_type=sample_type), many, tmp_path)
    found = edfio.read_edf(path).annotations
    assert [a.text for a in found] == [f"spike {n}" for n in range(10_000)]


def test_what_edf_cannot_say_it_says_otherwise(recording: Recording, tmp_path: Path) -> None:
    odd = [row(1.0, 0.0, ""), row(2.0, 0.0, "a\x14b"), row(-3.5, 1.0, "before")]
    found = edfio.read_edf(read(Format.EDF, recording, odd, tmp_path)).annotations
    assert [(a.onset, a.text) for a in found] == [
        (-3.5, "before"),
        (1.0, "(no text)"),
        (2.0, "a b"),
    ]
    none = edfio.read_edf(read(Format.EDF, recording, [], tmp_path))
    assert none.annotations == ()


def test_csv_has_all_that_is_known(recording: Recording) -> None:
    named = replace(
        ROWS[2].annotation, annotation_id="id-2", supersedes="id-1", description='a "b",\nc'
    )
    body = write(Format.CSV, recording, [replace(ROWS[2], annotation=named), ROWS[1]])
    first, second = csv.DictReader(io.StringIO(body.decode(), newline=""))
    assert first == {
        "onset": "3602.000001", "duration": "1.0", "description": 'a "b",\nc',
        "channels": "Fp1-0;T8-P8-0", "status": "proposed",
        "clock": "2026-11-22T09:00:02.250001+01:00", "recording_id": "b",
        "recording_onset": str(3602.000001 - 10), "source": "user", "author": "",
        "created_at": "2026-11-23T00:00:00+00:00", "annotation_id": "id-2", "supersedes": "id-1",
    }  # fmt: skip
    assert (second["duration"], second["author"], second["channels"]) == ("", "dr", "")
    clockless = write(Format.CSV, make_recording(), ROWS[:1]).decode()
    assert next(csv.DictReader(io.StringIO(clockless)))["clock"] == ""


def test_bids_events_have_tabs_and_say_what_is_not_known(recording: Recording) -> None:
    rows = [ROWS[2], row(1.0, None, "a\tb\n c"), row(2.0, 0.0, "")]
    lines = write(Format.BIDS, recording, rows).decode().split("\n")
    assert [line.split("\t") for line in lines] == [
        ["onset", "duration", "trial_type", "channel", "status", "source", "author", "recording"],
        ["3602.000001", "1.0", "spike", "Fp1-0,T8-P8-0", "proposed", "user", "n/a", "b"],
        ["1.0", "n/a", "a b c", "n/a", "confirmed", "user", "n/a", "b"],
        ["2.0", "0.0", "n/a", "n/a", "confirmed", "user", "n/a", "b"],
        [""],
    ]

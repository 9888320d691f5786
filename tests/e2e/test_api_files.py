"""Recordings as files over HTTP: crops, what EDF cannot hold, names."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path

import httpx
import pytest

from eegstore import Client
from eegstore.errors import EdfError, NotFoundError, SpanError
from eegstore.model import Annotation, Chunk, Recording, SampleType
from tests.e2e.asking import new_patient, place
from tests.unit.edf.files import cropped, read, stretches_of
from tests.unit.recordings import chunks_of, make_recording, make_signal

EIGHT = datetime(2026, 11, 22, 8)


@pytest.fixture
def stored(eeg: Client) -> tuple[Recording, list[Chunk]]:
    """130 s of two rates with a gap at 60 s, something said of them."""
    recording = make_recording(
        [Fraction(64), Fraction(4)], patient_id=new_patient(), recording_id="r.EDF",
        start_time=EIGHT,
    )  # fmt: skip
    chunks = chunks_of(recording, make_signal(recording, 130), 130)
    chunks = [chunk for chunk in chunks if not 60 <= chunk.second < 63]
    eeg.declare(recording)
    eeg.send(recording, chunks)
    ids = recording.patient_id, recording.recording_id
    eeg.annotate(*ids, Annotation(58.0, 8.0, "seizure"))
    eeg.annotate(*ids, Annotation(59.0, 1.0, "no", status="rejected"))
    return recording, chunks


@pytest.mark.parametrize(("start", "stop"), [(None, None), (50, 70), (Fraction(1, 2), 3)])
def test_a_crop_is_a_slice(
    eeg: Client, stored: tuple[Recording, list[Chunk]], tmp_path: Path,
    start: Fraction | int | None, stop: int | None,
) -> None:  # fmt: skip
    recording, chunks = stored
    ids = recording.patient_id, recording.recording_id
    path = tmp_path / "crop.edf"
    path.write_bytes(b"what was there before")
    assert eeg.download_edf(*ids, path, start, stop) == path.stat().st_size
    back, found, said = read(path)
    lo, hi = Fraction(start or 0), Fraction(130 if stop is None else stop)
    expected = cropped(recording, stretches_of(recording, chunks), lo, hi)
    assert stretches_of(back, found) == expected
    assert back.channels == recording.channels
    texts = [(one.onset, one.description) for one in said]
    assert texts == ([(58.0 - float(lo), "seizure")] if lo < 66 and hi > 58 else [])
    assert [found.name for found in tmp_path.iterdir()] == ["crop.edf"]


def test_a_crop_by_the_clock_says_its_name_and_size(
    api: httpx.Client, stored: tuple[Recording, list[Chunk]]
) -> None:
    recording, _ = stored
    span = {"start": "2026-11-22T08:00:50", "end": "2026-11-22T08:00:52"}
    answer = api.get(f"{place(recording)}/edf", params=span)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="r_2026-11-22T08-00-50_2026-11-22T08-00-52.edf"'
    )
    assert answer.content == api.get(
        f"{place(recording)}/edf", params={"start": "50", "end": "52"}
    ).content  # fmt: skip
    whole = api.get(f"{place(recording)}/edf").headers["Content-Disposition"]
    assert whole == 'attachment; filename="r.edf"'


def test_what_edf_cannot_hold_is_refused_before_the_first_byte(
    eeg: Client, stored: tuple[Recording, list[Chunk]], tmp_path: Path
) -> None:
    recording, _ = stored
    ids = recording.patient_id, recording.recording_id
    path = tmp_path / "x.edf"
    with pytest.raises(EdfError, match="no samples"):
        eeg.download_edf(*ids, path, 60, 63)
    with pytest.raises(SpanError):
        eeg.download_edf(*ids, path, 3, 1)
    with pytest.raises(NotFoundError, match="no recording 'r9'"):
        eeg.download_edf(recording.patient_id, "r9", path)
    floats = make_recording(
        sample_type=SampleType.FLOAT32, patient_id=recording.patient_id, recording_id="floats"
    )
    eeg.declare(floats)
    eeg.send(floats, chunks_of(floats, make_signal(floats, 2), 2))
    with pytest.raises(EdfError, match="lossy"):
        eeg.download_edf(floats.patient_id, "floats", path)
    assert list(tmp_path.iterdir()) == []
    eeg.download_edf(floats.patient_id, "floats", path, lossy=True)
    assert len(read(path)[1]) == 2


def test_24_bits_are_given_as_bdf(api: httpx.Client, eeg: Client, tmp_path: Path) -> None:
    recording = make_recording(sample_type=SampleType.INT32, patient_id=new_patient())
    chunks = chunks_of(recording, make_signal(recording, 2), 2)
    eeg.declare(recording)
    eeg.send(recording, chunks)
    answer = api.get(f"{place(recording)}/edf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="r1.bdf"'
    path = tmp_path / "x.bdf"
    path.write_bytes(answer.content)
    back, found, _ = read(path)
    assert stretches_of(back, found) == stretches_of(recording, chunks)

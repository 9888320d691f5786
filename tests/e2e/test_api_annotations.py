"""Annotations over HTTP: what stands, what it was before, who came second, and as files."""

import csv
import io
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import edfio
import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from eegstore import Client
from eegstore.cli import app
from eegstore.errors import ConflictError, InvalidDataError, NotFoundError
from eegstore.model import Annotation
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.unit.recordings import make_recording

EIGHT = datetime(2026, 11, 22, 8)


@pytest.fixture
def patient(eeg: Client) -> str:
    """A patient with a study of two files, the second an hour after the first."""
    name = new_patient()
    for recording_id, start in (("a", EIGHT), ("b", EIGHT + timedelta(hours=1))):
        eeg.declare(
            make_recording(
                patient_id=name, recording_id=recording_id, study_id="s", start_time=start
            )
        )
    return name


def test_a_study_lists_its_annotations_on_its_clock(
    api: httpx.Client, eeg: Client, patient: str
) -> None:
    late = eeg.annotate(patient, "b", Annotation(2.5, None, "button", source="device"))
    early = eeg.annotate(patient, "a", Annotation(100.0, 4000.0, "sleep", (0, 2), author="anna"))
    gone = eeg.annotate(patient, "a", Annotation(1.0, 1.0, "sz", status="rejected"))

    ids = {"patient_id": patient, "study_id": "s"}
    said = api.get("/annotations", params=ids).json()["annotations"]
    assert [(a["recording_id"], a["study_onset"], a["onset"]) for a in said] == [
        ("a", 1.0, 1.0), ("a", 100.0, 100.0), ("b", 3602.5, 2.5),
    ]  # fmt: skip
    assert datetime.fromisoformat(said[0]["created_at"]).tzinfo is not None

    listed = eeg.study_annotations(patient, "s")
    assert [entry.annotation for entry in listed] == [gone, early, late]
    assert [entry.study_onset for entry in listed] == [1.0, 100.0, 3602.5]
    touching = eeg.study_annotations(patient, "s", 3600, 3602.5)
    assert [entry.annotation for entry in touching] == [early]
    rejected = eeg.study_annotations(patient, "s", status=["rejected"])
    assert [entry.annotation for entry in rejected] == [gone]
    of_file = api.get("/annotations", params={"patient_id": patient, "recording_id": "b"}).json()
    assert of_file["annotations"] == said[2:]
    assert eeg.annotations(patient, "b", 2.5, 3) == [late]
    assert eeg.annotations(patient, "b", 3) == []


def test_edits_have_a_history_and_are_undone(eeg: Client, patient: str) -> None:
    made = eeg.annotate(patient, "b", Annotation(5.0, 1.0, "sz", status="proposed", author="anna"))
    assert made.annotation_id is not None
    edit = replace(made, annotation_id=None, onset=4.0, author="berta", status="confirmed",
                   supersedes=made.annotation_id)  # fmt: skip
    edited = eeg.annotate(patient, "b", edit)
    back = eeg.undo(patient, made.annotation_id, "carl")
    assert replace(back, annotation_id=None) == replace(
        made, annotation_id=None, author="carl", supersedes=edited.annotation_id
    )
    assert eeg.annotations(patient, "b") == [back]
    history = eeg.annotation_history(patient, made.annotation_id)
    assert [entry.annotation for entry in history] == [made, edited, back]
    assert [entry.study_onset for entry in history] == [3605.0, 3604.0, 3605.0]
    with pytest.raises(NotFoundError, match="no annotation"):
        eeg.annotation_history(patient, str(uuid.uuid4()))


def test_the_second_of_two_editors_is_told_what_happened(
    api: httpx.Client, eeg: Client, patient: str
) -> None:
    made = eeg.annotate(patient, "a", Annotation(5.0, 1.0, "sz"))
    edit = replace(made, annotation_id=None, supersedes=made.annotation_id)
    eeg.annotate(patient, "a", replace(edit, description="chewing", author="anna"))
    with pytest.raises(ConflictError, match="anna made it 'chewing' from 5 s, confirmed, at 20"):
        eeg.annotate(patient, "a", replace(edit, status="rejected", author="berta"))
    body = {"patient_id": patient, "recording_id": "a", "onset": 5, "duration": 1,
            "description": "sz", "supersedes": made.annotation_id}  # fmt: skip
    assert api.post("/annotations", json=body).status_code == 409
    assert [a.description for a in eeg.annotations(patient, "a")] == ["chewing"]


@pytest.fixture
def said(eeg: Client, patient: str) -> str:
    """The patient, with something said of either file."""
    eeg.annotate(patient, "a", Annotation(1.0, 1.0, "seizure", (1,)))
    eeg.annotate(patient, "b", Annotation(2.5, None, "button", status="proposed"))
    eeg.annotate(patient, "b", Annotation(3.0, None, "nothing", status="rejected"))
    return patient


def test_annotations_of_a_study_as_files(api: httpx.Client, eeg: Client, said: str) -> None:
    ids = {"patient_id": said, "study_id": "s"}
    table = api.get("/annotations/export", params=ids | {"format": "csv"})
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.headers["Content-Disposition"] == 'attachment; filename="s_annotations.csv"'
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert [(x["onset"], x["channels"], x["status"], x["clock"]) for x in lines] == [
        ("1.0", "C1", "confirmed", "2026-11-22T08:00:01"),
        ("3602.5", "", "proposed", "2026-11-22T09:00:02.500000"),
        ("3603.0", "", "rejected", "2026-11-22T09:00:03"),
    ]
    assert eeg.export_annotations(said, "csv", study_id="s") == table.content

    events = api.get("/annotations/export", params=ids | {"format": "bids"})
    assert events.headers["Content-Disposition"] == 'attachment; filename="s_events.tsv"'
    assert [line.split("\t")[:4] for line in events.text.splitlines()[1:]] == [
        ["1.0", "1.0", "seizure", "C1"], ["3602.5", "n/a", "button", "n/a"],
    ]  # fmt: skip
    rejected = ids | {"format": "bids", "status": "rejected"}
    assert "nothing" in api.get("/annotations/export", params=rejected).text


def test_annotations_of_a_recording_as_edf(eeg: Client, said: str, tmp_path: Path) -> None:
    path = tmp_path / "b.edf"
    path.write_bytes(eeg.export_annotations(said, "edf", recording_id="b"))
    found = edfio.read_edf(path)
    assert [(a.onset, a.duration, a.text) for a in found.annotations] == [(2.5, None, "button")]
    assert found.starttime == (EIGHT + timedelta(hours=1)).time()
    assert found.patient.code == said


def test_the_command_line_exports_what_the_name_ends_in(
    live: Live, eeg: Client, said: str, tmp_path: Path
) -> None:
    def export(path: Path) -> Result:
        given = ["annotations", "export", "--patient", said, "--study", "s", "-o", str(path)]
        return CliRunner().invoke(app, given, env={"EEGSTORE_DATA": str(live.data)})

    for name, kind in (("x.edf", "edf"), ("x.tsv", "bids"), ("x.csv", "csv")):
        path = tmp_path / name
        assert export(path).exit_code == 0
        assert path.read_bytes() == eeg.export_annotations(said, kind, study_id="s")  # type: ignore[arg-type]
    again = export(path)
    assert again.exit_code == 1
    assert "--force replaces it" in again.stderr


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ({}, InvalidDataError, "neither of study_id and recording_id"),
        ({"study_id": "s", "recording_id": "a"}, InvalidDataError, "both of study_id"),
        ({"study_id": "none"}, NotFoundError, "no study 'none'"),
        ({"study_id": "s", "status": "liked"}, InvalidDataError, "'liked'"),
    ],
)
def test_a_question_that_makes_no_sense(
    api: httpx.Client, patient: str, ids: dict[str, str], error: type[Exception], message: str
) -> None:
    for path in ("/annotations", "/annotations/export"):
        params = {"patient_id": patient, "format": "csv"} | ids
        answer = api.get(path, params=params)
        assert answer.status_code == (404 if error is NotFoundError else 422)
        assert answer.json()["error"] == error.__name__
        assert message in answer.json()["detail"]

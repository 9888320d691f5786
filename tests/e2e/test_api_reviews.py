"""Review coverage over HTTP."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from eegstore import Client
from eegstore.errors import NotFoundError
from eegstore.review import Review
from tests.e2e.asking import new_patient
from tests.unit.recordings import chunks_of, make_recording, make_signal


@pytest.fixture
def patient(eeg: Client) -> str:
    """A study of two files of 4 s, the second 10 s after the first."""
    name = new_patient()
    for recording_id, after in (("a", 0), ("b", 10)):
        recording = make_recording(
            patient_id=name, recording_id=recording_id, study_id="s",
            start_time=datetime(2026, 11, 22, 8) + timedelta(seconds=after),
        )  # fmt: skip
        eeg.declare(recording)
        eeg.send(recording, chunks_of(recording, make_signal(recording, 4), 4))
    return name


def test_what_was_looked_at_and_what_was_not(api: httpx.Client, eeg: Client, patient: str) -> None:
    body: dict[str, Any] = {
        "patient_id": patient, "recording_id": "b", "author": "anna", "montage": "average",
        "lff": 1, "hff": 70, "notch": None, "seconds": [[1, 3], [3, 99]],
    }  # fmt: skip
    answer = api.post("/reviews", json=body)
    assert answer.status_code == 201
    said = answer.json()
    assert said["spans"] == [[1, 4]]
    again = api.post("/reviews", json=body | {"review_id": said["review_id"]})
    assert (again.status_code, again.json()) == (200, said | {"new": False})
    nothing = api.post("/reviews", json=body | {"seconds": [[4, 9]]})
    assert (nothing.status_code, nothing.json()["spans"]) == (200, [])

    listed = api.get("/reviews", params={"patient_id": patient, "study_id": "s"}).json()
    said.pop("new")
    assert listed == {
        "reviews": [said], "seen": [[11.0, 14.0]], "unseen": [[0.0, 4.0], [10.0, 11.0]],
    }  # fmt: skip
    short = {"patient_id": patient, "study_id": "s", "reviews": "false"}
    del listed["reviews"]
    assert api.get("/reviews", params=short).json() == listed
    assert said["lff"] == 1.0
    assert datetime.fromisoformat(said["at"]).tzinfo is not None

    seen = eeg.review(patient, Review("a", ((0, 6),), "recorded", author="berta"))
    assert seen is not None
    assert seen.spans == ((0, 4),)
    assert eeg.review(patient, replace(seen, review_id=None, spans=((8, 9),))) is None
    found = eeg.coverage(patient, "s")
    assert [review.author for review in found.reviews] == ["anna", "berta"]
    assert found.reviews[1] == seen
    assert (found.seen, found.unseen) == (((0.0, 4.0), (11.0, 14.0)), ((10.0, 11.0),))
    assert eeg.coverage(patient, "s", ["berta"]).seen == ((0.0, 4.0),)
    with pytest.raises(NotFoundError):
        eeg.coverage(patient, "none")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"patient_id": 5}, "patient_id is 5; it must be a string"),
        ({"recording_id": None}, "review.recording_id"),
        ({"seconds": None}, "seconds is NoneType; it must be a JSON array"),
        ({"seconds": []}, "0 spans"),
        ({"seconds": [[0, 1.5]]}, "review.spans.0.1"),
        ({"seconds": [[2, 1]]}, "seconds 2 to 1 are no span"),
        ({"montage": None}, "review.montage"),
        ({"lff": -1}, "lff is -1.0 Hz"),
        ({"author": "a\0"}, "U+0000"),
    ],
)
def test_what_is_no_review_is_refused(
    api: httpx.Client, patient: str, changed: dict[str, Any], message: str
) -> None:
    body = {"patient_id": patient, "recording_id": "a", "montage": "average", "seconds": [[0, 1]]}
    answer = api.post("/reviews", json=body | changed)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    ids = {"patient_id": patient, "study_id": "s"}
    assert api.get("/reviews", params=ids).json()["reviews"] == []

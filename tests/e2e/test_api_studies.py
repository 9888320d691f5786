"""Studies over HTTP: what is listed, and what the client makes of it."""

from datetime import date, datetime
from fractions import Fraction

import httpx
import pytest

from eegstore import Client
from eegstore.errors import InvalidDataError, NotFoundError
from eegstore.model import Annotation
from eegstore.tally import Day
from tests.e2e.asking import new_patient
from tests.unit.recordings import chunks_of, make_recording, make_signal


def test_studies_are_listed_with_their_recordings_on_one_clock(
    api: httpx.Client, eeg: Client
) -> None:
    patient = new_patient()
    for name, start, seconds in (("b", datetime(2026, 11, 22, 9, 0, 30), 3), ("a", None, 2)):
        start = start or datetime(2026, 11, 22, 8)
        recording = make_recording(
            patient_id=patient, recording_id=name, study_id="stay", start_time=start
        )
        eeg.declare(recording)
        eeg.send(recording, chunks_of(recording, make_signal(recording, seconds), seconds))
    eeg.annotate(patient, "b", Annotation(1.0, 1.0, "seizure"))
    eeg.annotate(patient, "b", Annotation(2.0, 1.0, "seizure", status="rejected"))
    eeg.annotate(patient, "b", Annotation(2.0, 1.0, "no seizure"))
    eeg.declare(make_recording(patient_id=patient, recording_id="alone"))

    said = api.get("/studies", params={"patient_id": patient}).json()["studies"]
    assert [study["study_id"] for study in said] == ["stay", "alone"]
    stay = said[0]
    assert stay["start_time"] == "2026-11-22T08:00:00"
    assert (stay["duration"], stay["n_seizures"], stay["closed"]) == (3633.0, 1, False)
    assert [(r["recording"]["recording_id"], r["offset"]) for r in stay["recordings"]] == [
        ("a", 0.0), ("b", 3630.0),
    ]  # fmt: skip
    assert api.get(f"/studies/{patient}/stay").json().items() >= stay.items()

    assert api.get(f"/studies/{patient}/stay").json()["hours"][1] == {
        "start": 3600.0, "clock": "2026-11-22T09:00:00", "seconds": 3.0, "n_seizures": 1,
    }  # fmt: skip
    counted = eeg.seizures(patient, "stay")
    assert counted.days == (Day(1, date(2026, 11, 22), 5.0, 1),)
    assert [(hour.start, hour.seconds, hour.n_events) for hour in counted.hours] == [
        (0.0, 2.0, 0), (3600.0, 3.0, 1),
    ]  # fmt: skip
    assert eeg.seizures(patient, "alone").days == ()

    listed = eeg.studies(patient)
    assert [info.study.offset("b") for info in listed[:1]] == [Fraction(3630)]
    assert listed[0].infos == tuple(eeg.recording(patient, name) for name in ("a", "b"))
    assert eeg.study(patient, "alone") == listed[1]
    assert [info for info in eeg.studies() if info.study.patient_id == patient] == listed


def test_an_unknown_study_is_not_found(eeg: Client) -> None:
    assert eeg.studies(new_patient()) == []
    with pytest.raises(NotFoundError, match="no study 'stay' of patient"):
        eeg.study(new_patient(), "stay")
    with pytest.raises(InvalidDataError, match="patient_id: character '!'"):
        eeg.studies("a!")

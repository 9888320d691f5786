"""Who a pseudonym is: said in bodies only, in no URL, error or log."""

from pathlib import Path

import httpx
import pytest

from eegstore import Client
from eegstore.errors import NotFoundError
from eegstore.model import Identity
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.unit.recordings import make_recording

ERIKA = Identity("Mustermann, Erika", "1964-08-12", "F", "12345-6")


def test_a_patient_is_identified_and_corrected(eeg: Client) -> None:
    patient = new_patient()
    with pytest.raises(NotFoundError, match=f"no patient '{patient}'"):
        eeg.identity(patient)
    eeg.declare(make_recording(patient_id=patient))
    assert eeg.identity(patient) is None
    eeg.identify(patient, ERIKA)
    assert eeg.identity(patient) == ERIKA
    eeg.identify(patient, Identity("Müller, Erika"))
    assert eeg.identity(patient) == Identity("Müller, Erika")


def test_a_patient_may_be_identified_before_the_first_recording(
    api: httpx.Client, eeg: Client
) -> None:
    patient = new_patient()
    answer = api.put(f"/patients/{patient}", json={"name": "X", "sex": None})
    fields = {"name": "X", "birth_date": None, "sex": None, "hospital_number": None}
    assert (answer.status_code, answer.json()) == (
        200, {"patient_id": patient, "identity": fields},
    )  # fmt: skip
    read = api.get(f"/patients/{patient}")
    assert read.json() == answer.json()
    assert read.headers["Cache-Control"] == "no-store"
    assert patient not in eeg.patients()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": ""}, "name has 0 characters; allowed are 1 to 200"),
        ({"name": "Geheim" * 50}, "name has 300 characters"),
        ({"hospital_number": 12345}, "hospital_number is int; it must be a string"),
        ({"sex": "Geheim\n"}, "sex contains a character that cannot be printed"),
        ({"nmae": "Geheim"}, "no field 'nmae'; it has name, birth_date, sex, hospital_number"),
    ],
)
def test_what_is_no_identity_is_refused_without_repeating_it(
    live: Live, api: httpx.Client, eeg: Client, body: dict[str, object], message: str
) -> None:
    patient = new_patient()
    eeg.identify(patient, ERIKA)
    answer = api.put(f"/patients/{patient}", json=body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    assert "Geheim" not in answer.text
    assert eeg.identity(patient) == ERIKA


def test_no_log_and_no_representation_says_a_name(live: Live, eeg: Client) -> None:
    patient = new_patient()
    eeg.identify(patient, ERIKA)
    eeg.identity(patient)
    logs = [path.read_text(errors="replace") for path in Path(live.data).rglob("*.log")]
    assert logs  # of PostgreSQL
    for text in (live.said, repr(ERIKA), *logs):
        assert "Mustermann" not in text

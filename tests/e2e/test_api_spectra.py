"""Spectra over HTTP."""

import time
from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pytest

from eegstore import Client
from eegstore.model import Recording
from eegstore.signal.montage import Line
from eegstore.wire.spectrum import unpack_spectrogram
from eegstore.wire.trends import unpack_trends
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.unit.made_pages import counts, electrodes, seconds

FRAME = {"Accept": "application/octet-stream"}


@pytest.fixture(scope="module")
def stored(eeg: Client) -> Recording:
    recording = electrodes(
        patient_id=new_patient(), study_id="s", start_time=datetime(2026, 11, 22, 8)
    )
    eeg.declare(recording)
    eeg.send(recording, seconds(recording, counts(recording, 40), range(40)))
    return recording


def asked(stored: Recording, **more: Any) -> dict[str, Any]:
    ids = {"patient_id": stored.patient_id, "recording_id": "r1"}
    return ids | {"start": 10, "end": 20, "trace": "Fp1-F7", "montage": "longitudinal"} | more


def test_frames_json_and_the_client_show_the_same(
    api: httpx.Client, eeg: Client, stored: Recording
) -> None:
    said = api.get("/spectrogram", params=asked(stored, lff="1", hff="30")).json()
    assert (said["trace"], said["unit"], said["recording_id"]) == ("Fp1-F7", "uV", "r1")
    key = (stored.patient_id, "r1", 10, 20, "Fp1-F7", "longitudinal")
    found = eeg.spectrogram(*key, lff=1, hff=30)
    np.testing.assert_allclose(found.times, said["times"])
    np.testing.assert_array_equal(found.frequencies, said["frequencies"])
    right = np.array(said["decibels"], float)
    assert np.abs(found.decibels - right).max() <= 0.25
    few = eeg.spectrogram(*key[:4], "mine", [Line("Fp1-F7", "mine")], px=5)
    assert len(few.times) <= 6


def test_a_spectrogram_of_a_study_by_its_clock(
    api: httpx.Client, eeg: Client, stored: Recording
) -> None:
    times = {"start": "2026-11-22T08:00:10", "end": "2026-11-22T08:00:20"}
    look = asked(stored, **times) | {"study_id": "s"}
    del look["recording_id"]
    body = api.get("/spectrogram", params=look, headers=FRAME)
    found = unpack_spectrogram(body.content)
    right = eeg.spectrogram(stored.patient_id, None, 10, 20, "Fp1-F7", "longitudinal", study_id="s")
    np.testing.assert_array_equal(found.decibels, right.decibels)
    assert body.headers["Cache-Control"] == "no-cache"


def test_it_may_be_kept(api: httpx.Client, stored: Recording) -> None:
    first = api.get("/spectrogram", params=asked(stored), headers=FRAME)
    assert "immutable" in first.headers["Cache-Control"]
    known = FRAME | {"If-None-Match": first.headers["ETag"]}
    assert api.get("/spectrogram", params=asked(stored), headers=known).status_code == 304


def test_spectrograms_with_little_or_nothing_in_them(eeg: Client, stored: Recording) -> None:
    key = (stored.patient_id, "r1")
    assert eeg.spectrogram(*key, 10, "10.00001", "EKG").decibels.shape == (65, 1)
    far = eeg.spectrogram(*key, 10**6, 10**6 + 10, "EKG", lff=1)
    assert np.isnan(far.decibels).all()


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"trace": "Fz-Cz"}, "no trace 'Fz-Cz': no channel has Fz, Cz"),
        ({"trace": "SpO2"}, "a window of 1 s has 1 samples at 1 Hz"),
        ({"px": "4001"}, "px is 4001; it must be in 1 .. 4000"),
        ({"study_id": "s"}, "both of study_id and recording_id are given"),
        ({"end": "3611"}, "3601 s is too long"),
        ({"lff": "7"}, "LFF 7 Hz is not one of"),
    ],
)
def test_bad_questions_are_told_why(
    api: httpx.Client, stored: Recording, look: dict[str, Any], says: str
) -> None:
    answer = api.get("/spectrogram", params=asked(stored, **look))
    assert answer.status_code == (413 if "too long" in says else 422)
    assert says in answer.json()["detail"]


def test_trends_are_complete_in_the_end(
    api: httpx.Client, eeg: Client, stored: Recording, live: Live
) -> None:
    """What is due is made behind the answer, once there is much of it."""
    ids = {"patient_id": stored.patient_id, "recording_id": "r1"}
    found = eeg.trends(*ids.values(), px=40)
    assert (found.complete, found.unit, found.codes.shape) == (True, 1, (16, 40))
    said = api.get("/trends", params=ids | {"px": 40, "group": "all"}).json()
    np.testing.assert_array_equal(np.array(said["decibels"], float), found.decibels)
    signal = counts(stored, 300, seed=1)
    eeg.send(stored, seconds(stored, signal, range(40, 300)))
    assert not eeg.trends(*ids.values()).complete
    deadline = time.monotonic() + 120
    while not (found := eeg.trends(*ids.values(), px=300)).complete:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (found.codes[:, 40:] != 255).all()
    of_study = eeg.trends(stored.patient_id, None, study_id="s", px=5, group="left")
    assert (of_study.unit, of_study.group, of_study.study_id) == (60, "left", "s")
    times = {"start": "2026-11-22T08:01:00", "end": "2026-11-22T08:02:00", "px": "60"}
    part = api.get("/trends", params=ids | times, headers=FRAME)
    np.testing.assert_array_equal(unpack_trends(part.content).codes, found.codes[:, 60:120])
    known = FRAME | {"If-None-Match": part.headers["ETag"]}
    assert api.get("/trends", params=ids | times, headers=known).status_code == 304
    assert eeg.trends(*ids.values(), px=40, group="EEG Fp1-REF").codes.shape[1] == 38
    assert live.cli("verify", "--patient", stored.patient_id).returncode == 0


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"group": "EKG"}, "group 'EKG' is not one of all, left, right, nor a channel of EEG"),
        ({"px": "0"}, "px is 0; it must be in 1 .. 10000"),
        ({"study_id": "s"}, "both of study_id and recording_id are given"),
        ({"start": "5", "end": "5"}, "end 5 s is not after start 5 s"),
        ({"start": "yesterday"}, "start 'yesterday' is neither seconds nor"),
    ],
)
def test_bad_questions_about_trends_are_told_why(
    api: httpx.Client, stored: Recording, look: dict[str, Any], says: str
) -> None:
    ids = {"patient_id": stored.patient_id, "recording_id": "r1"}
    answer = api.get("/trends", params=ids | look)
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True)

"""Overviews over HTTP: what was sent, decimated, in every shape; and roll-ups made behind."""

import time
from dataclasses import replace
from datetime import datetime
from fractions import Fraction as F
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import psycopg
import pytest

from eegstore import Client, Overview
from eegstore.errors import SpanError
from eegstore.model import Annotation, Channel, Chunk, Recording
from tests.conftest import Urls, plain
from tests.e2e.asking import new_patient
from tests.e2e.made_edf import make_edf
from tests.e2e.program import error, running
from tests.integration.overviews import right, seconds_of, slow_recording

if TYPE_CHECKING:
    from eegstore.store import postgres

SPANS = [("0", "500", 50), ("0", "500", 7), ("3", "8", 40), ("1/3", "22/7", 9), ("0", "5000", 3),
         ("100", "300", 500)]  # fmt: skip


Stored = tuple[Recording, dict[int, Chunk]]


@pytest.fixture(scope="module")
def stored(eeg: Client) -> Stored:
    """Three channels, two of one label, one of which counts against its values; a gap."""
    made = slow_recording(patient_id=new_patient(), start_time=datetime(2026, 11, 22, 8, 0, 0))
    first, second, third = made.channels
    channels = (
        replace(first, label="T8-P8"),
        Channel("EKG", second.sfreq, "mV", 5.0, -5.0, -2048, 2047),
        replace(third, label="T8-P8"),
    )
    recording = replace(made, channels=channels)
    chunks = seconds_of(recording, {*range(200), *range(260, 500)})
    eeg.declare(recording)
    eeg.send(recording, list(chunks.values()))
    return recording, chunks


def asked(stored: Stored, start: str, end: str, px: object, **more: Any) -> dict[str, Any]:
    ids = {"patient_id": stored[0].patient_id, "recording_id": "r1"}
    return ids | {"start": start, "end": end, "px": px} | more


def wanted(stored: Stored, found: Overview) -> tuple[Any, Any]:
    return right(*stored, found, range(3))


@pytest.mark.parametrize(("start", "end", "px"), SPANS)
def test_client_overviews(eeg: Client, stored: Stored, start: str, end: str, px: int) -> None:
    found = eeg.overview(stored[0].patient_id, "r1", start, end, px)
    limits, seconds = wanted(stored, found)
    np.testing.assert_array_equal(found.digital, limits)
    assert found.n_seconds.tolist() == seconds
    assert found.channels == stored[0].channels
    assert len(found.edges) == found.digital.shape[1] + 1 <= px + 1
    assert found.edges[0] <= float(F(start))
    assert found.edges[-1] >= float(F(end))
    one = eeg.overview(stored[0].patient_id, "r1", start, end, px, "T8-P8-1")
    np.testing.assert_array_equal(one.digital, limits[2:])


@pytest.mark.parametrize(("start", "end", "px"), SPANS)
def test_json_and_frames_hold_the_same(
    api: httpx.Client, eeg: Client, stored: Stored, start: str, end: str, px: int
) -> None:
    found = api.get("/eeg", params=asked(stored, start, end, px)).json()
    overview = eeg.overview(stored[0].patient_id, "r1", F(start), F(end), px)
    assert found["channels"] == ["T8-P8-0", "EKG", "T8-P8-1"]
    assert found["unit"] == ["uV", "mV", "uV"]
    assert found["edges"] == overview.edges.tolist()
    assert found["n_seconds"] == overview.n_seconds.tolist()
    assert found["bucket"] == overview.bucket
    for side, name in enumerate(("min", "max")):
        values = np.array(found[name], np.float64)  # None is NaN
        np.testing.assert_array_equal(values, overview.physical(np.float64)[..., side])
    some = np.array(found["min"], float) <= np.array(found["max"], float)
    assert (some | np.isnan(np.array(found["min"], float))).all()
    physical = api.get(
        "/eeg", params=asked(stored, start, end, px, values="physical"),
        headers={"Accept": "application/octet-stream"},
    )  # fmt: skip
    limits = np.ascontiguousarray(overview.data).tobytes()
    assert limits in physical.content


def test_clock_times_pick_recording_and_span(
    api: httpx.Client, eeg: Client, stored: Stored
) -> None:
    clock = {"start": "2026-11-22T08:00:10", "end": "2026-11-22T08:01:10", "px": 6}
    found = api.get("/eeg", params={"patient_id": stored[0].patient_id} | clock).json()
    assert (found["recording_id"], found["bucket"]) == ("r1", 10)
    assert found["start_time"] == "2026-11-22T08:00:10"
    assert found["edges"] == [10, 20, 30, 40, 50, 60, 70]
    overview = eeg.overview(
        stored[0].patient_id, "r1", datetime(2026, 11, 22, 8, 0, 10), clock["end"], 6
    )
    assert overview.edges.tolist() == found["edges"]
    with pytest.raises(SpanError, match="not after start"):
        eeg.overview(stored[0].patient_id, "r1", 10, 10, 6)


def test_spans_and_gaps(api: httpx.Client, stored: Stored) -> None:
    path = f"/recordings/{stored[0].patient_id}/r1/spans"
    assert api.get(path).json() == {
        "spans": [[0, 200], [260, 500]], "gaps": [[200, 260]], "n_seconds": 440, "closed": False,
    }  # fmt: skip
    assert api.get(path.replace("r1", "r2")).status_code == 404


def test_seizures_are_counted_in_the_listing(eeg: Client, stored: Stored) -> None:
    key = (stored[0].patient_id, "r1")
    assert eeg.recording(*key).n_seizures == 0
    eeg.annotate(*key, Annotation(3.0, 4.0, "seizure"))
    eeg.annotate(*key, Annotation(9.0, 4.0, "spike"))
    (info,) = eeg.recordings(key[0])
    assert info.n_seizures == 1


def roll_ups(server: "postgres.Server", patient_id: str) -> int:
    with psycopg.connect(plain(server.admin_url)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM summary_envelope WHERE patient_id = %s", (patient_id,)
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("path", ["/eeg", "/recordings", "/recordings/{}/r1/spans"])
def test_who_reads_many_seconds_has_roll_ups_made_behind(
    api: httpx.Client, eeg: Client, server: "postgres.Server", path: str
) -> None:
    """And reads the same again."""
    recording = slow_recording(patient_id=new_patient())
    eeg.declare(recording)
    chunks = list(seconds_of(recording, range(2400)).values())
    eeg.send(recording, chunks[:250])
    patient = recording.patient_id
    params = asked((recording, {}), "0", "2400", 40) if path == "/eeg" else {"patient_id": patient}
    api.get(path.format(patient), params=params).raise_for_status()
    eeg.send(recording, chunks[250:])
    assert roll_ups(server, patient) == 0
    before = api.get(path.format(patient), params=params)
    deadline = time.monotonic() + 60
    while roll_ups(server, patient) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    after = api.get(path.format(patient), params=params)
    assert before.status_code == after.status_code == 200
    assert before.content == after.content


def test_roll_ups_are_made_anew_and_verified_by_the_program(urls: Urls, tmp_path: Any) -> None:
    run = running(
        {
            "EEGSTORE_DATABASE_URL": urls.app,
            "EEGSTORE_ADMIN_DATABASE_URL": urls.admin,
            "EEGSTORE_DATA": str(tmp_path / "data"),
        }
    )
    make_edf(tmp_path / "a.edf")
    run("import", tmp_path / "a.edf", "--patient", "p1")
    assert "p1 a.edf: 0 roll-ups" in run("db", "rebuild-summaries").stdout
    with psycopg.connect(plain(urls.app), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO summary_envelope (patient_id, recording_id, bucket, start, n_seconds, "
            "n_samples, stored_bytes, missing_start, missing_stop, envelope) "
            "VALUES ('p1', 'a.edf', 10, 0, 1, 1, 1, '{1}', '{3600}', '')"
        )
    assert "roll-up of 10 s from 0 s: " in run("verify", code=1).stderr
    assert "0 roll-ups" in run("db", "rebuild-summaries", "a.edf", "--patient", "p1").stdout
    run("verify")
    said = error(run("db", "rebuild-summaries", "a.edf", code=1))
    assert said == "a recording is named by --patient as well"
    said = error(run("db", "rebuild-summaries", "--patient", "p2", code=1))
    assert said == "nothing of p2 is stored"
    said = error(run("db", "rebuild-summaries", "b.edf", "--patient", "p1", code=1))
    assert said == "nothing of p1 b.edf is stored"

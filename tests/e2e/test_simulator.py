"""A device that plays a file sends what an import of the file would store."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from fractions import Fraction as F
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from typer.testing import Result

from eegstore import Client
from eegstore.device_buffer import DeviceBuffer
from eegstore.model import Annotation
from eegstore.simulator import EdfSource, Simulator
from tests.conftest import plain
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.e2e.made_edf import make_edf
from tests.e2e.program import Run, running

if TYPE_CHECKING:
    from eegstore.store import postgres

MODES = pytest.mark.parametrize("mode", [(), ("--json",)], ids=["frames", "json"])


@pytest.fixture
def run(live: Live) -> Run:
    """The program on the database and the API of the run."""
    return running({"EEGSTORE_DATA": str(live.data), "EEGSTORE_API_URL": live.url})


@pytest.fixture
def edf(tmp_path: Path) -> Path:
    path = tmp_path / "night.edf"
    make_edf(path)
    return path


@pytest.fixture
def patient() -> str:
    return new_patient()


@pytest.fixture
def rows(server: "postgres.Server") -> Any:
    """Asks the database for rows."""

    def ask(columns: str, table: str, patient: str, recording: str) -> list[tuple[Any, ...]]:
        statement = (
            f"SELECT {columns} FROM {table} WHERE patient_id = %s AND recording_id = %s ORDER BY 1"
        )
        with psycopg.connect(plain(server.admin_url)) as connection:
            return connection.execute(statement.encode(), (patient, recording)).fetchall()

    return ask


def play(run: Run, edf: Path, patient: str, *words: object, code: int = 0) -> Result:
    """Play a file as fast as it can be sent."""
    return run("simulate", edf, "--patient", patient, "--speed", "max", *words, code=code)


def said(annotations: list[Annotation]) -> list[tuple[float, float | None, str, str]]:
    return sorted((a.onset, a.duration, a.description, a.source) for a in annotations)


def same_as_import(
    run: Run, rows: Any, live: Live, edf: Path, patient: str, mode: tuple[str, ...]
) -> int:
    """Play and import a file, compare all that is stored; returns the number of seconds."""
    done = play(run, edf, patient, "--recording", "played", *mode)
    assert done.stderr == ""
    run("import", edf, "--patient", patient, "--recording", "imported")
    digests = "second, content_sha256, envelope"
    played = rows(digests, "chunk", patient, "played")
    assert played == rows(digests, "chunk", patient, "imported")
    with Client(live.url, live.api_key) as eeg:
        assert said(eeg.annotations(patient, "played")) == said(
            eeg.annotations(patient, "imported")
        )
        infos = [eeg.recording(patient, name) for name in ("played", "imported")]
        assert eeg.have(patient, "played") == eeg.have(patient, "imported")
    assert infos[0].recording.channels == infos[1].recording.channels
    assert [info.closed for info in infos] == [True, True]
    assert f"{len(played)} s acknowledged (0 were there already), 0 waiting" in done.stdout
    return len(played)


@MODES
def test_a_made_file(
    run: Run, rows: Any, live: Live, edf: Path, patient: str, mode: tuple[str, ...]
) -> None:
    """20 s with a gap of three, and three annotations."""
    assert same_as_import(run, rows, live, edf, patient, mode) == 17
    with Client(live.url, live.api_key) as eeg:
        spans = eeg.have(patient, "played")
        assert [(span.start, span.stop) for span in spans] == [(F(0), F(8)), (F(11), F(20))]
        assert len(eeg.annotations(patient, "played")) == 3


@MODES
def test_five_minutes_of_chbmit(
    run: Run, rows: Any, live: Live, shared_data: Path, patient: str, mode: tuple[str, ...]
) -> None:
    file = shared_data / "chbmit" / "chbmit_5min.edf"
    assert same_as_import(run, rows, live, file, patient, mode) == 300


@pytest.mark.parametrize(
    "name",
    ["discontinuous_edfplus_d.edf", "sleep_psg_24bit.bdf", "subsecond_start_inverted_range.edf",
     "rate_12.8hz.edf"],
)  # fmt: skip
def test_shared_files(
    run: Run, rows: Any, live: Live, shared_data: Path, patient: str, name: str
) -> None:
    """A gap stays a gap; 24 bits, polarity and odd rates stay what they are."""
    assert same_as_import(run, rows, live, shared_data / "edf" / name, patient, ()) > 0


def test_played_again_nothing_is_new(
    run: Run, rows: Any, live: Live, edf: Path, patient: str, tmp_path: Path
) -> None:
    """With the buffer of the first time and with an empty one.

    How many seconds go out again depends on when the device learns what is there.
    """
    play(run, edf, patient)
    stored = "second, content_sha256, ingested_at", "chunk", patient, "night.edf"
    before = rows(*stored)
    play(run, edf, patient)
    empty = play(run, edf, patient, "--buffer", tmp_path / "another.sqlite")
    told = re.search(r"(\d+) s acknowledged \((\d+) were there already\)", empty.stdout)
    assert told is not None
    assert told[1] == told[2] != "0"
    assert rows(*stored) == before
    columns = "chunk_start_sec, chunk_end_sec, outcome"
    events = rows(columns, "ingestion_log", patient, "night.edf")
    once = [n for start, stop, said in events if said == "stored" for n in range(start, stop)]
    assert sorted(once) == [row[0] for row in before]
    assert len(before) == 17
    assert not [said for *_, said in events if said == "conflict"]
    assert len(rows("annotation_id", "annotation", patient, "night.edf")) == 3


def test_another_signal_under_the_same_name_changes_nothing(
    run: Run, rows: Any, edf: Path, patient: str, tmp_path: Path
) -> None:
    play(run, edf, patient)
    before = rows("second, content_sha256", "chunk", patient, "night.edf")
    make_edf(edf, seed=1)
    other = play(run, edf, patient, "--buffer", tmp_path / "another.sqlite", code=1)
    assert " 0 s acknowledged " in other.stdout
    assert re.search(r"[1-9]\d* conflicts, 0 refused, kept in the buffer", other.stdout)
    assert rows("second, content_sha256", "chunk", patient, "night.edf") == before


def test_no_second_is_sent_before_it_is_over(
    run: Run, rows: Any, edf: Path, patient: str, tmp_path: Path
) -> None:
    """At 20 times real time: second k of the file ends (k + 1) / 20 s after the start."""
    buffer = tmp_path / "buffer.sqlite"
    run("simulate", edf, "--patient", patient, "--speed", "20", "--buffer", buffer)
    with sqlite3.connect(buffer) as kept:
        t0, speed = kept.execute("SELECT t0, speed FROM device").fetchone()
    kept.close()
    assert speed == 20
    sent = rows("second, device_time", "chunk", patient, "night.edf")
    assert len(sent) == 17
    for second, device_time in sent:
        assert device_time >= datetime.fromtimestamp(t0 + (second + 1) / 20 - 0.001, UTC)


def test_the_device_waits_for_the_api_and_goes_on_later(
    run: Run, live: Live, edf: Path, patient: str, tmp_path: Path
) -> None:
    """Nobody listens where it sends to; Ctrl-C ends it, and the next run has it all."""
    buffer = tmp_path / "buffer.sqlite"
    closed = Live(live.data)
    words = ["simulate", str(edf), "--patient", patient, "--speed", "max", "--buffer", str(buffer)]
    with subprocess.Popen(
        [sys.executable, "-m", "eegstore", *words, "--url", closed.url], env=live.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as device:  # fmt: skip
        while waiting(buffer) < 17:
            assert device.poll() is None, device.communicate()
            time.sleep(0.05)
        device.send_signal(signal.SIGINT)
        out, err = device.communicate(timeout=60)
    assert device.returncode == 130
    assert "17 s recorded, 0 s acknowledged (0 were there already), 17 waiting" in out
    assert err.splitlines()[-1] == "not finished; start it again to go on"
    assert "Traceback" not in err
    with Client(live.url, live.api_key) as eeg:
        assert eeg.recordings(patient) == []
        later = run(*words)
        assert "17 s acknowledged (0 were there already), 0 waiting" in later.stdout
        assert "resumed from second 20" in later.stdout
        assert eeg.recording(patient, "night.edf").closed
        assert len(eeg.annotations(patient, "night.edf")) == 3


def waiting(buffer: Path) -> int:
    """How many seconds a device keeps."""
    if not buffer.exists():
        return 0
    kept = sqlite3.connect(buffer)
    try:
        return int(kept.execute("SELECT count(*) FROM pending").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return 0
    finally:
        kept.close()


def test_the_library_plays_too(live: Live, edf: Path, patient: str, tmp_path: Path) -> None:
    """As the example in `eegstore.simulator` has it."""
    told: list[int] = []
    with (
        Client(live.url, live.api_key) as client,
        DeviceBuffer(tmp_path / "device.db") as buffer,
        EdfSource(edf, patient) as source,
    ):
        report = Simulator(
            source, client, buffer=buffer, speed=None, head_start=5,
            on_progress=lambda r: told.append(r.acknowledged),
        ).run()  # fmt: skip
    assert report.finished
    assert (report.acquired, report.acknowledged, report.pending) == (17, 17, 0)
    assert (report.annotations, report.retries, report.conflicts) == (3, 0, 0)
    assert told[-1] == 17

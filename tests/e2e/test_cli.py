"""The command line: files in and out, listings, verify, the database, and how it fails."""

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import orjson
import psycopg
import pytest
import typer

from eegstore import Client
from eegstore.cli import app
from eegstore.cli.terminal import console
from eegstore.edf import write_edf
from eegstore.model import SampleType
from eegstore.store.schema import head_revision
from tests.conftest import Urls, plain
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.e2e.made_edf import ANNOTATIONS, make_edf, read_edf, same_seconds
from tests.e2e.program import Run, error, running
from tests.unit.recordings import chunks_of, make_recording, make_signal

COMMANDS = {"demo", "serve", "view", "simulate", "import", "export", "verify", "recordings",
            "annotations", "db"}  # fmt: skip


@pytest.fixture
def run(urls: Urls, tmp_path: Path) -> Run:
    """The program on an empty database of its own, with no API."""
    return running(
        {
            "EEGSTORE_DATABASE_URL": urls.app,
            "EEGSTORE_ADMIN_DATABASE_URL": urls.admin,
            "EEGSTORE_DATA": str(tmp_path / "data"),
        }
    )


@pytest.fixture
def edf(tmp_path: Path) -> Path:
    path = tmp_path / "night.edf"
    make_edf(path)
    return path


def test_help_lists_the_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "eegstore", "--help"], capture_output=True)
    assert done.returncode == 0
    assert done.stderr == b""
    found = typer.main.get_command(app)
    assert set(found.commands) == COMMANDS  # type: ignore[attr-defined]
    assert all(f" {command} " in done.stdout.decode() for command in COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    assert f"{command} [OPTIONS]" in running({"NO_COLOR": "1"})(command, "--help").stdout


def test_import_is_told_once_and_done_once(run: Run, edf: Path) -> None:
    first = run("import", edf, "--patient", "p1")
    assert first.stdout.startswith("night.edf: 17 s, 3264 samples, 3 annotations; ")
    assert first.stderr == ""
    assert run("import", edf, "--patient", "p1").stdout == "night.edf: imported before, skipped\n"
    (listed,) = orjson.loads(run("recordings", "--json").stdout)
    assert listed["recording"]["recording_id"] == "night.edf"
    assert (listed["n_seconds"], listed["n_samples"], listed["duration"]) == (17, 3264, 20.0)
    assert listed["closed"] is True


def test_progress_goes_to_stderr(live: Live, edf: Path) -> None:
    """On a terminal; nothing of it stands in a pipe that takes the output."""
    done = subprocess.run(
        [sys.executable, "-m", "eegstore", "import", edf, "--patient", new_patient()],
        env=live.environment | {"FORCE_COLOR": "1", "TERM": "xterm"}, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith("night.edf: 17 s")
    assert len(done.stdout.splitlines()) == 1
    assert "night.edf" in done.stderr


def test_an_import_is_there_for_the_api(live: Live, edf: Path) -> None:
    """Into the embedded server of the data directory, without asking the API."""
    patient = new_patient()
    running({"EEGSTORE_DATA": str(live.data)})(
        "import", edf, "--patient", patient, "--recording", "n1", "--study", "s1"
    )
    with Client(live.url, live.api_key) as eeg:
        info = eeg.recording(patient, "n1")
        assert (info.recording.study_id, info.n_seconds, info.closed) == ("s1", 17, True)
        found = eeg.annotations(patient, "n1")
    assert [(a.onset, a.duration, a.description) for a in found] == [
        (a.onset, a.duration, a.description) for a in ANNOTATIONS
    ]


def test_a_bad_file_does_not_keep_the_good_ones_out(run: Run, tmp_path: Path) -> None:
    first, bad, last = (tmp_path / name for name in ("a.edf", "b.edf", "c.edf"))
    make_edf(first, seed=1)
    bad.write_bytes(b"0       no EDF at all")
    make_edf(last, seed=2)
    done = run("import", first, bad, last, "--patient", "p1", code=1)
    assert "b.edf" in error(done)
    listed = orjson.loads(run("recordings", "--json").stdout)
    assert [i["recording"]["recording_id"] for i in listed] == ["a.edf", "c.edf"]


def test_a_truncated_file_is_taken_only_when_asked(run: Run, edf: Path) -> None:
    edf.write_bytes(edf.read_bytes()[:-100])
    assert "night.edf" in error(run("import", edf, "--patient", "p1", code=1))
    assert orjson.loads(run("recordings", "--json").stdout) == []
    done = run("import", edf, "--patient", "p1", "--salvage")
    assert done.stdout.startswith("night.edf: 16 s")
    assert done.stderr.startswith("night.edf: ")
    original = edf.with_name("again.edf")
    run("export", "night.edf", "--patient", "p1", "--original", "-o", original)
    assert original.read_bytes() == edf.read_bytes()


def test_another_file_of_the_same_name_is_refused(run: Run, edf: Path) -> None:
    run("import", edf, "--patient", "p1")
    make_edf(edf, seed=9)
    assert "night.edf" in error(run("import", edf, "--patient", "p1", code=1))
    assert run("verify").stdout.endswith("1 recordings verified, 0 with faults\n")


def test_export_gives_the_original_back(run: Run, edf: Path, tmp_path: Path) -> None:
    run("import", edf, "--patient", "p1")
    out = tmp_path / "out"
    out.mkdir()
    done = run("export", "night.edf", "--patient", "p1", "--original", "-o", out)
    assert done.stdout.startswith(f"{out / 'night.edf'}: ")
    assert (out / "night.edf").read_bytes() == edf.read_bytes()


def test_export_is_a_clean_file_with_the_same_content(
    run: Run, edf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a name it is written here, under the recording's."""
    run("import", edf, "--patient", "p1", "--recording", "n1")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    run("export", "n1", "--patient", "p1")
    was, now = read_edf(edf), read_edf(tmp_path / "here" / "n1.edf")
    assert now[0].channels == was[0].channels
    assert now[0].start_time == was[0].start_time
    assert same_seconds(now[1], was[1])
    assert now[2] == was[2]


def test_export_does_not_replace_a_file_unless_forced(run: Run, edf: Path) -> None:
    run("import", edf, "--patient", "p1")
    before = edf.read_bytes()
    words = ("export", "night.edf", "--patient", "p1", "-o", edf, "--start", "1", "--end", "3")
    assert error(run(*words, code=1)) == f"{edf} exists; --force replaces it"
    assert edf.read_bytes() == before
    run(*words, "--force")
    assert len(read_edf(edf)[1]) == 2


def test_export_of_a_part(run: Run, edf: Path, tmp_path: Path) -> None:
    """From 5 s to 13.5 s, over the gap from 8 to 11 s."""
    run("import", edf, "--patient", "p1")
    part = tmp_path / "part.edf"
    run("export", "night.edf", "--patient", "p1", "-o", part, "--start", "5", "--end", "27/2")
    was, now = read_edf(edf), read_edf(part)
    assert [chunk.second for chunk in now[1]] == [0, 1, 2, 6, 7, 8]
    whole = {chunk.second: chunk for chunk in was[1]}
    for chunk in now[1][:-1]:
        assert chunk.samples.tobytes() == whole[chunk.second + 5].samples.tobytes()
    half = whole[13].samples.reshape(3, 64)[:, :32]
    assert now[1][-1].runs == (((0, 32),),) * 3
    assert now[1][-1].samples.tobytes() == half.tobytes()
    assert [(a.onset, a.duration, a.description) for a in now[2]] == [
        (0.0, 1.5, "Augen zu"), (7.25, 0.75, "blink"),
    ]  # fmt: skip


def test_24_bits_and_float32_out(run: Run, tmp_path: Path) -> None:
    wide = make_recording((Fraction(8),), SampleType.INT32, recording_id="wide")
    wide = replace(
        wide, channels=(replace(wide.channels[0], digital_min=-(1 << 23), digital_max=8388607),)
    )
    chunks = chunks_of(wide, make_signal(wide, 3), 3)
    write_edf(tmp_path / "wide.bdf", wide, chunks)
    run("import", tmp_path / "wide.bdf", "--patient", "p1", "--recording", "wide")
    out = tmp_path / "out"
    out.mkdir()
    run("export", "wide", "--patient", "p1", "-o", out / "wide.bdf")
    assert same_seconds(read_edf(out / "wide.bdf")[1], chunks)
    assert "lossy" in error(run("export", "wide", "--patient", "p1", "-o", out / "w.edf", code=1))
    assert not (out / "w.edf").exists()
    run("export", "wide", "--patient", "p1", "-o", out / "w.edf", "--lossy")
    assert read_edf(out / "w.edf")[0].sample_type is SampleType.INT16


def test_recordings_as_a_table(run: Run, edf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("recordings").stdout == "no recordings\n"
    run("import", edf, "--patient", "p1")
    monkeypatch.setattr(console, "width", 120)
    table = run("recordings", "--patient", "p1").stdout
    for word in ("p1", "night.edf", "2026-11-22 08:00:00", "20", "3", "closed"):
        assert word in table
    assert run("recordings", "--patient", "p2").stdout == "no recordings\n"


def test_chbmit_annotations(run: Run, shared_data: Path) -> None:
    """A summary of many files and a .seizures file of one say the same of 40 s."""
    chbmit = shared_data / "chbmit"
    said = chbmit / "annotations"
    files = [said / "chb01-summary.txt", said / "chb01_03.edf.seizures"]
    run("import", chbmit / "chb01_03_2996-3036s.edf", "--patient", "chb01",
        "--recording", "chb01_03.edf")  # fmt: skip
    first = run("annotations", "import", *files, "--patient", "chb01").stdout
    assert first.splitlines().count("chb01_03.edf: 1 new of 1") == 2
    assert "chb01_04.edf: no such recording of chb01; left out" in first
    again = run("annotations", "import", *files, "--patient", "chb01").stdout
    assert again.splitlines().count("chb01_03.edf: 0 new of 1") == 2

    as_json = ("annotations", "list", "chb01_03.edf", "--patient", "chb01", "--json")
    found = orjson.loads(run(*as_json).stdout)
    assert sorted((a["onset"], a["duration"], a["description"], a["source"]) for a in found) == [
        (2996.0, 40.0, "seizure", "chbmit-seizures"),
        (2996.0, 40.0, "seizure", "chbmit-summary"),
    ]
    table = run("annotations", "list", "chb01_03.edf", "--patient", "chb01").stdout
    assert table.count("chbmit-s") == 2
    nobody = run("annotations", "import", files[1], "--patient", "chb02", code=1)
    assert "'chb02'" in error(nobody)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE chunk SET blob = set_byte(blob, octet_length(blob) / 2, "
         "get_byte(blob, octet_length(blob) / 2) # 1) WHERE second = 7",
         "second 7: the stored bytes are not those that were stored"),
        ("UPDATE chunk SET (blob, blob_sha256) = (SELECT o.blob, o.blob_sha256 FROM chunk o "
         "WHERE o.second = 6) WHERE second = 7", "7"),
        ("UPDATE chunk SET content_sha256 = sha256('') WHERE second = 7",
         "second 7: the samples do not have their content digest"),
        ("UPDATE chunk SET envelope = set_byte(envelope, 0, get_byte(envelope, 0) # 1) "
         "WHERE second = 7", "second 7: the envelope is not that of the samples"),
        ("UPDATE chunk SET n_samples = 1 WHERE second = 7", "second 7: n_samples is 1, not 192"),
        ("DELETE FROM chunk WHERE second = 7", "second 7: logged as imported, not stored"),
        ("INSERT INTO chunk SELECT patient_id, recording_id, 30, n_samples, device_time, "
         "ingested_at, content_sha256, blob_sha256, envelope, blob FROM chunk WHERE second = 7",
         "second 30: stored, but not in the ingestion log"),
        ("UPDATE original SET header = set_byte(header, 10, 120)",
         "night.edf: the rebuilt file has SHA-256 "),
        ("UPDATE recording SET channels = jsonb_set(channels, '{0,label}', '\"Cz\"')",
         "the channel table does not have the digest stored with it"),
    ],
)  # fmt: skip
def test_verify_names_what_was_changed(
    run: Run, urls: Urls, edf: Path, damage: str, said: str
) -> None:
    """By somebody who may do anything to the database, and switches its triggers off."""
    run("import", edf, "--patient", "p1")
    sound = run("verify", "night.edf", "--patient", "p1")
    assert sound.stdout.startswith("p1 night.edf: 17 s, ")
    with psycopg.connect(plain(urls.admin), autocommit=True) as connection:
        for table in ("chunk", "original", "recording"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        assert connection.execute(damage.encode()).rowcount == 1
    done = run("verify", code=1)
    assert done.stdout == "1 recordings verified, 1 with faults\n"
    assert any(said in line for line in done.stderr.splitlines())
    assert all(line.startswith("p1 night.edf: ") for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("import {tmp}/nowhere.edf --patient p1", "nowhere.edf"),
        ("import {tmp} --patient p1", "Is a directory"),
        ("import {tmp}/night.edf --patient a/b", "patient_id: character '/' at position 1"),
        ("import {tmp}/night.edf --patient p1 --recording .x", "recording_id: character '.'"),
        ("import {tmp}/night.edf --patient p1 --study a:b", "study_id: character ':'"),
        ("import {tmp}/night.edf {tmp}/night.edf --patient p1 --recording x", "2 files are given"),
        ("export r9 --patient p1", "no recording 'r9' of patient 'p1'"),
        ("export r9 --patient p1 --original", "no recording 'r9' of patient 'p1'"),
        ("export r9 --patient p1 --original --start 1", "--original gives the whole file"),
        ("export r9.edf --patient p1 --start noon", "--start is 'noon'; it must be seconds"),
        ("export ../r9 --patient p1", "recording_id: character '.' at position 0"),
        ("recordings --patient a/b", "patient_id: character '/'"),
        ("verify r9", "--patient"),
        ("verify r9 --patient p1", "nothing of 'p1' r9 is stored"),
        ("annotations list r9 --patient p1", "no recording 'r9' of patient 'p1'"),
        ("annotations import {tmp}/nowhere.txt --patient p1", "nowhere.txt"),
        ("annotations import {tmp}/night.edf --patient p1", "night.edf begins with"),
        ("simulate {tmp}/nowhere.edf --patient p1", "nowhere.edf"),
        ("simulate {tmp}/night.edf --patient a/b", "patient_id: character '/'"),
        ("simulate {tmp}/night.edf --patient p1 --speed fast", "--speed is 'fast'"),
        ("simulate {tmp}/night.edf --patient p1 --speed 0", "speed is 0.0"),
        ("simulate {tmp}/night.edf --patient p1 --url ftp://x", "ftp://x"),
        ("serve --host 192.0.2.1", "cannot listen on 192.0.2.1:8765"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    run: Run, edf: Path, tmp_path: Path, words: str, said: str
) -> None:
    done = run(*words.format(tmp=tmp_path).split(), code=1)
    assert said.format(tmp=tmp_path) in error(done)
    assert done.stdout == ""
    assert orjson.loads(run("recordings", "--json").stdout) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EEGSTORE_DATABASE_URL", "mysql://x/y", "it must be postgresql+psycopg://"),
        ("EEGSTORE_DATABASE_URL", "postgresql+psycopg://u:secret@127.0.0.1:1/d", "no connection"),
        ("EEGSTORE_DATABASE_URL", "user:secret@host", "the database URL is none"),
        ("EEGSTORE_PG_VERSION", "eighteen", "EEGSTORE_PG_VERSION is 'eighteen'"),
        ("EEGSTORE_PG_BIN", "/nowhere", "/nowhere"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, name: str, value: str, said: str) -> None:
    done = running({"EEGSTORE_DATA": str(tmp_path), name: value})("recordings", code=1)
    assert said in error(done)
    assert "secret" not in done.output


def test_the_database_of_a_data_directory(tmp_path: Path, edf: Path) -> None:
    """It starts when it is needed, has the schema, lets the application in, and stops."""
    run = running({"EEGSTORE_DATA": str(tmp_path / "own")})
    try:
        url = run("db", "url").stdout.strip()
        with psycopg.connect(plain(url)) as connection:
            found = connection.execute("SELECT current_user, count(*) FROM recording").fetchone()
            assert found == ("eegstore_app", 0)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM chunk")
        assert run("db", "upgrade").stdout == f"the schema is at {head_revision()}\n"
        run("import", edf, "--patient", "p1")
        assert run("db", "stop").stdout == "stopped\n"
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(plain(url), connect_timeout=5)
        assert run("db", "stop").stdout.startswith("no server is running on ")
        assert run("verify").stdout.endswith("1 recordings verified, 0 with faults\n")
    finally:
        run("db", "stop")

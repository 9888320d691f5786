"""Annotation files by content, ids that stay, and where two sources agree."""

import re
import struct
import uuid
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.annotations import (
    agreement,
    annotation_id_for,
    read_annotation_file,
    read_chbmit_seizures,
    read_chbmit_summary,
    seizure_annotations,
)
from eegstore.errors import InvalidDataError

SUMMARY = """\
Data Sampling Rate: 200 Hz

File Name: q1_01.edf
Number of Seizures in File: 2
Seizure 1 Start Time: 5 seconds
Seizure 1 End Time: 11 seconds
Seizure 2 Start Time: 80 seconds
Seizure 2 End Time: 95 seconds
File Name: q1_02.edf
Number of Seizures in File: 0
File Name: q1_03.edf
Number of Seizures in File: 1
Seizure Start Time: 7 seconds
Seizure End Time: 9 seconds
"""
SEIZURES = (
    struct.pack("<HH", 22 << 10, 63 << 10 | 22)
    + b"## time resolution: 10"
    + struct.pack("<HHH", 32 << 10 | 55, 33 << 10 | 20, 0)
)


@pytest.fixture
def summary_path(tmp_path: Path) -> Path:
    path = tmp_path / "any name at all"
    path.write_text(SUMMARY)
    return path


def test_a_summary_is_recognised_by_its_content(summary_path: Path) -> None:
    found = read_annotation_file(summary_path)
    assert list(found) == ["q1_01.edf", "q1_02.edf", "q1_03.edf"]
    assert [(a.onset, a.duration) for a in found["q1_01.edf"]] == [(5, 6), (80, 15)]
    assert found["q1_02.edf"] == []
    (seizure,) = found["q1_03.edf"]
    assert (seizure.description, seizure.source) == ("seizure", "chbmit-summary")
    assert (seizure.status, seizure.channels) == ("confirmed", ())


def test_a_seizure_file_speaks_of_the_file_it_is_named_after(tmp_path: Path) -> None:
    path = tmp_path / "q1_16+.edf.seizures"
    path.write_bytes(SEIZURES)
    found = read_annotation_file(str(path))
    assert list(found) == ["q1_16+.edf"]
    (seizure,) = found["q1_16+.edf"]
    assert (seizure.onset, seizure.duration) == (5.5, 2.0)
    assert (seizure.description, seizure.source) == ("seizure", "chbmit-seizures")
    renamed = path.rename(tmp_path / "seizures.bin")
    with pytest.raises(InvalidDataError, match=re.escape("seizures.bin: which recording")):
        read_annotation_file(renamed)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"\x89PNG and so on")
    with pytest.raises(InvalidDataError, match=r"notes.txt begins with b'\\x89PNG and so"):
        read_annotation_file(path)


def test_reading_again_gives_the_same_ids(summary_path: Path) -> None:
    first, second = read_annotation_file(summary_path), read_annotation_file(summary_path)
    assert first == second
    ids = [a.annotation_id for found in first.values() for a in found]
    assert len(set(ids)) == 3
    assert all(uuid.UUID(i).version == 5 for i in ids if i is not None)
    assert None not in ids


def test_ids_outlive_the_version_that_made_them() -> None:
    """What is stored already would be stored twice if these changed."""
    (seizure,) = seizure_annotations("q1_01.edf", [(Fraction(5), Fraction(11))], "chbmit-summary")
    assert seizure.annotation_id == "4b37901b-32b2-56fb-9dc3-4af8f2df912f"
    made = annotation_id_for("q1", "q1_01.edf", 0, 5.0, None, "Lights off")
    assert made == "e2e05ae5-7e04-5818-b33f-413984084d1d"


def test_an_id_says_file_source_onset_and_duration() -> None:
    spans = [(5, 11), (5, 12), (6, 11)]
    ids = {
        annotation.annotation_id
        for name in ("a.edf", "b.edf")
        for source in ("chbmit-summary", "chbmit-seizures")
        for annotation in seizure_annotations(name, spans, source)
    }
    assert len(ids) == 12
    exact = [(Fraction(a), Fraction(b)) for a, b in spans]
    assert seizure_annotations("a.edf", exact, "x") == seizure_annotations("a.edf", spans, "x")


_PARTS = st.tuples(
    st.sampled_from(["p", "p1", "p,1"]),
    st.sampled_from(["r", "1r", ",1r"]),
    st.integers(0, 2),
    st.sampled_from([0.0, 1.0, 0.1]),
    st.sampled_from([None, 0.0, 1.0]),
    st.sampled_from(["", "None", "µV 0.0"]),
)


@given(_PARTS, _PARTS)
def test_ids_differ_exactly_when_the_annotations_do(
    one: tuple[str, str, int, float, float | None, str],
    other: tuple[str, str, int, float, float | None, str],
) -> None:
    assert (annotation_id_for(*one) == annotation_id_for(*other)) == (one == other)


def test_agreement_says_what_differs_and_what_cannot_be_compared() -> None:
    summary = read_chbmit_summary(SUMMARY)
    spans = {
        "q1_01.edf": [(Fraction(80), Fraction(95)), (Fraction(5), Fraction(11))],
        "q1_04.edf": [(Fraction(1), Fraction(2))],
    }
    found = agreement(summary, spans)
    assert found.agree == ("q1_01.edf", "q1_02.edf")
    assert found.differ == {}
    assert found.not_compared == {
        "q1_03.edf": "summary 7-9 s, there is no .seizures file",
        "q1_04.edf": "there is a .seizures file, the summary does not list it",
    }
    spans = {"q1_01.edf": spans["q1_01.edf"], "q1_03.edf": [(Fraction(7), Fraction(19, 2))]}
    spans["q1_02.edf"] = [(Fraction(1), Fraction(2))]
    assert agreement(summary, spans).differ == {
        "q1_02.edf": "summary none, .seizures 1-2 s",
        "q1_03.edf": "summary 7-9 s, .seizures 7-9.5 s",
    }


SUBJECTS = [f"chb{n:02d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 12, 24)]
WITHOUT = {"chb24_21.edf": "summary 2804-2872 s, there is no .seizures file"}


def test_every_published_subject_is_compared(shared_data: Path) -> None:
    folder = shared_data / "chbmit" / "annotations"
    assert sorted(p.name[:5] for p in folder.glob("*-summary.txt")) == SUBJECTS


@pytest.mark.parametrize("subject", SUBJECTS)
def test_published_summary_and_seizures_agree(shared_data: Path, subject: str) -> None:
    folder = shared_data / "chbmit" / "annotations"
    summary = read_chbmit_summary(folder / f"{subject}-summary.txt")
    seizures = {
        path.name.removesuffix(".seizures"): read_chbmit_seizures(path)
        for path in folder.glob(f"{subject}_*.seizures")
    }
    assert seizures
    found = agreement(summary, seizures)
    assert found.differ == {}
    assert found.not_compared == (WITHOUT if subject == "chb24" else {})
    assert len(found.agree) + len(found.not_compared) == len(summary.files)

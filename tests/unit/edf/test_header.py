"""Header fields: EDF 1992 and EDF+ 2.1.1, 2.1.3."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from eegstore.edf import EdfFile
from eegstore.edf.identification import plus_patient, plus_recording
from eegstore.errors import EdfError, NotFoundError
from eegstore.model import Channel, SampleType
from tests.unit.edf.raw import Signal, annotation_signal, edf_bytes, plus

COUNTS = [[1, 2, 3, 4]]

Opened = Callable[..., EdfFile]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def opened(data: bytes, name: str = "a.edf", **options: bool) -> EdfFile:
        path = tmp_path / name
        path.write_bytes(data)
        return EdfFile(path, **options)

    return opened


def test_every_field_of_a_signal_is_read(opened: Opened) -> None:
    signal = Signal(
        4, "EEG Fpz-Cz", "AgAgCl electrode", "uV", "-440.5", "510", "-2048", "2047",
        "HP:0.1Hz LP:75Hz N:50Hz",
    )  # fmt: skip
    with opened(edf_bytes([signal], [COUNTS], duration="0.5")) as file:
        recording = file.recording("p1", "r1", "s1")
    assert recording.channels == (
        Channel(
            "EEG Fpz-Cz", Fraction(8), "uV", -440.5, 510.0, -2048, 2047, "AgAgCl electrode",
            "HP:0.1Hz LP:75Hz N:50Hz",
        ),
    )  # fmt: skip
    assert (recording.patient_id, recording.recording_id, recording.study_id) == ("p1", "r1", "s1")
    assert recording.sample_type is SampleType.INT16


def test_bdf_is_int32(opened: Opened) -> None:
    data = edf_bytes([Signal()], [[[-8388608, 8388607, 0, -1]]], version=b"\xffBIOSEMI")
    with opened(data, "a.bdf") as file:
        assert file.recording("p", "r").sample_type is SampleType.INT32
        (chunk,) = file.chunks(0, 1)
    assert chunk.samples.dtype == "<i4"
    assert chunk.samples.tolist() == [-8388608, 8388607, 0, -1]


def test_2_1_3_1_bytes_that_are_no_ascii_are_utf8_or_else_latin1(opened: Opened) -> None:
    data = edf_bytes([Signal(label="EEG"), Signal(label="EOG")], [COUNTS * 2])
    data = data.replace(b"EEG  ", "Ö€".encode()).replace(b"EOG", b"\xd6OG")
    with opened(data) as file:
        assert [c.label for c in file.recording("p", "r").channels] == ["Ö€", "ÖOG"]


@pytest.mark.parametrize(
    ("date", "recording", "start"),
    [
        ("02.08.84", "X", datetime(2084, 8, 2, 20, 15, 30)),
        ("02.08.85", "X", datetime(1985, 8, 2, 20, 15, 30)),
        ("02.08.51", "Startdate 02-AUG-1951 X X X", datetime(1951, 8, 2, 20, 15, 30)),
        ("02.08.yy", "Startdate 02-AUG-2085 X X X", datetime(2085, 8, 2, 20, 15, 30)),
        ("02.08.yy", "Startdate X X X X", None),
        ("02.08.51", "Startdate 03-AUG-1951 X X X", datetime(2051, 8, 2, 20, 15, 30)),
        ("02.08.51", "Startdate 02-AUG-1952 X X X", datetime(2051, 8, 2, 20, 15, 30)),
        ("42.00.00", "X", None),
        ("xx.xx.xx", "Startdate 02-AUG-2001 X X X", datetime(2001, 8, 2, 20, 15, 30)),
        (" 2. 8.51", "X", datetime(2051, 8, 2, 20, 15, 30)),
    ],
)
def test_2_1_3_2_startdate_is_clipped_at_1985(
    opened: Opened, date: str, recording: str, start: datetime | None
) -> None:
    with opened(edf_bytes([Signal()], [COUNTS], date=date, recording=recording)) as file:
        assert file.recording("p", "r").start_time == start


def test_a_time_that_cannot_be_read_leaves_the_start_open(opened: Opened) -> None:
    with opened(edf_bytes([Signal()], [COUNTS], time="26.00.99")) as file:
        assert file.recording("p", "r").start_time is None


def test_2_2_4_the_first_record_starts_a_fraction_after_the_header(opened: Opened) -> None:
    with opened(plus(["+0.3945312", "+1.3945312"], reserved="EDF+C")) as file:
        start = file.recording("p", "r").start_time
    assert start == datetime(2001, 8, 2, 20, 15, 30, 394531)


@pytest.mark.parametrize(
    ("patient", "reserved", "identity"),
    [
        (
            "MCH-0234567 F 02-MAY-1951 Haagse_Harry",
            "EDF+C",
            {
                "hospital_number": "MCH-0234567",
                "sex": "F",
                "birth_date": "1951-05-02",
                "name": "Haagse Harry",
            },
        ),
        ("X X X X", "EDF+C", {}),
        ("X M X X", "EDF+C", {"sex": "M"}),
        ("7 X 1951 X", "EDF+C", {"hospital_number": "7", "birth_date": "1951"}),
        ("Haagse Harry, 7", "", {"name": "Haagse Harry, 7"}),
        ("X X X X", "", {}),
        ("", "", {}),
    ],
)
def test_2_1_3_3_identity(
    opened: Opened, patient: str, reserved: str, identity: dict[str, str]
) -> None:
    with opened(plus(["+0"], reserved=reserved, patient=patient)) as file:
        assert file.identity == identity


@pytest.mark.parametrize(
    ("plain", "converted"),
    [
        ("J. B. (1066 28)", "X X X J._B._(1066_28)"),
        ("", "X X X X"),
        ("MCH-7 F 02-MAY-1951 Haagse_Harry", "MCH-7 F 02-MAY-1951 Haagse_Harry"),
        ("X X X X 06ED 54DC", "X X X X 06ED 54DC"),
        ("a b c d", "X X X a_b_c_d"),
        ("Jürgen", "X X X Jurgen"),
    ],
)
def test_2_1_3_3_a_plain_patient_field_becomes_subfields(plain: str, converted: str) -> None:
    assert plus_patient(plain) == converted


def test_2_1_3_4_a_plain_recording_field_becomes_subfields() -> None:
    day = datetime(1997, 4, 25).date()
    assert plus_recording("Alerting (RHYTHM)", day) == (
        "Startdate 25-APR-1997 X X X Alerting_(RHYTHM)"
    )
    assert plus_recording("Startdate 24-APR-1997 PSG-1 NN T3 more", day) == (
        "Startdate 25-APR-1997 PSG-1 NN T3 more"
    )
    assert plus_recording("Startdate X", None) == "Startdate X X X X"
    assert plus_recording("", None) == "Startdate X X X X"
    assert len(plus_recording("a" * 80, day)) == 80


def test_2_1_3_6_a_comma_for_the_decimal_point_is_understood(opened: Opened) -> None:
    with opened(edf_bytes([Signal(physical_min="-440,5")], [COUNTS])) as file:
        assert file.recording("p", "r").channels[0].physical_min == -440.5


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (Signal(label="A", physical_min="8e+003.5"), ["signal 1 'A'", "physical_min", "8e+003.5"]),
        (Signal(physical_max="nan"), ["physical_max", "'nan'", "number"]),
        (Signal(digital_min="-2048.5"), ["digital_min", "-2048.5", "integer"]),
        (Signal(digital_max="1e9"), ["digital_max", "1e9", "99999999"]),
        (Signal(digital_min="7", digital_max="7"), ["digital_min and digital_max", "7"]),
    ],
)
def test_a_field_that_makes_no_sense_is_named(
    opened: Opened, signal: Signal, words: list[str]
) -> None:
    with pytest.raises(EdfError) as caught:
        opened(edf_bytes([signal], [COUNTS]), "odd.edf")
    assert all(word in str(caught.value) for word in ["odd.edf", *words])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"version": b"1       "}, ["version", "1       "]),
        ({"duration": "abc"}, ["duration", "'abc'"]),
        ({"duration": "-1"}, ["duration", "-1"]),
        ({"duration": "1e-7"}, ["sfreq", "1000000"]),
        ({"duration": "99999999", "n_records": 1}, None),
        ({"n_records": -2}, ["number of records", "-2"]),
        ({"n_records": "1x"}, ["number of records", "1x"]),
        ({"reserved": "EDF+D"}, ["EDF+D", "EDF Annotations"]),
        ({"duration": "0"}, ["0 s", "annotations"]),
    ],
)
def test_a_file_field_that_makes_no_sense_is_named(
    opened: Opened, fields: dict[str, object], words: list[str] | None
) -> None:
    data = edf_bytes([Signal()], [COUNTS], **fields)  # type: ignore[arg-type]
    if words is None:
        with opened(data) as file:
            assert file.n_seconds == 3 * 99999999 // 4 + 1
        return
    with pytest.raises(EdfError) as caught:
        opened(data, "odd.edf")
    assert all(word in str(caught.value) for word in ["odd.edf", *words])


def test_more_than_ten_years_are_refused(opened: Opened) -> None:
    data = edf_bytes([Signal(1)], [[[0]]] * 5, duration="99999999")
    with pytest.raises(EdfError, match=r"lasts 399999997 s; at most 316224000 s"):
        opened(data)


def test_bytes_in_header_must_fit_the_number_of_signals(opened: Opened) -> None:
    data = edf_bytes([Signal()], [COUNTS])
    with pytest.raises(EdfError, match=r"a.edf: bytes in header is 768; 1 signals make 512"):
        opened(data[:184] + b"768     " + data[192:])


def test_a_file_without_a_whole_header_is_refused(opened: Opened) -> None:
    data = edf_bytes([Signal()], [COUNTS])
    with pytest.raises(EdfError, match=r"file has 0 bytes"):
        opened(b"")
    with pytest.raises(EdfError, match=r"file has 300 bytes, its header alone 512"):
        opened(data[:300])


def test_no_file_and_no_regular_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nothing\.edf"):
        EdfFile(tmp_path / "nothing.edf")
    with pytest.raises(EdfError, match="cannot be"):
        EdfFile(tmp_path)


def test_2_2_1_annotations_only_make_a_recording_without_channels(opened: Opened) -> None:
    data = edf_bytes(
        [annotation_signal(40)],
        [[b"+0\x14\x14\0+30\x1530\x14Sleep stage W\x14\0"]],
        duration="0",
        reserved="EDF+C",
    )
    with opened(data) as file:
        assert file.recording("p", "r").channels == ()
        assert file.n_seconds == 0
        assert list(file.chunks(0, 10)) == []
        (annotation,) = file.annotations
    assert (annotation.onset, annotation.duration) == (30.0, 30.0)
    assert annotation.description == "Sleep stage W"
    assert annotation.source == "edf"


def test_labels_repeat_and_polarity_may_be_inverted(opened: Opened) -> None:
    signal = Signal(label="T8-P8", physical_min="8711", physical_max="-8711")
    with opened(edf_bytes([signal, replace(signal)], [COUNTS * 2])) as file:
        channels = file.recording("p", "r").channels
    assert [channel.label for channel in channels] == ["T8-P8", "T8-P8"]
    assert channels[0].gain < 0

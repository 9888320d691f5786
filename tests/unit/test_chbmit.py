"""The annotation files of CHB-MIT: made here in every variant, and as published."""

import re
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.chbmit import read_chbmit_seizures, read_chbmit_summary
from eegstore.errors import InvalidDataError

HEAD = "Data Sampling Rate: 128 Hz\n***\n\nChannels in EDF Files:\n******\n"
TABLE = "Channel 1: A1-B1\nChannel 2: -\nChannel 3: B1-C1\n\n"
NOTE = struct.pack("<HH", 22 << 10, 63 << 10 | 23) + b"## time resolution: 100\0"
END = b"\0\0"


def one_file(*lines: str) -> str:
    return HEAD + TABLE + "\n".join(["File Name: xy03_07.edf", *lines]) + "\n"


def step(samples: int, code: int) -> bytes:
    """A SKIP over `samples`, then an annotation of `code`."""
    return struct.pack("<HHH", 59 << 10, samples >> 16 & 0xFFFF, samples & 0xFFFF) + struct.pack(
        "<H", code << 10
    )


def test_summary_of_one_file() -> None:
    text = one_file(
        "File Start Time: 09:08:07",
        "File End Time: 9:58:07",
        "Number of Seizures in File: 1",
        "Seizure Start Time: 700 seconds",
        "Seizure End Time: 745 seconds",
    )
    summary = read_chbmit_summary(text)
    assert (summary.subject, summary.sfreq) == ("xy03", Fraction(128))
    (file,) = summary.files
    assert file.name == "xy03_07.edf"
    assert file.channels == ("A1-B1", "-", "B1-C1")
    assert (file.start_clock, file.end_clock) == (32887, 35887)
    assert file.seizures == ((700, 745),)


def test_hours_beyond_midnight_are_kept() -> None:
    (file,) = read_chbmit_summary(
        one_file("File Start Time: 22:30:00", "File End Time: 25:30:01")
    ).files
    assert (file.start_clock, file.end_clock) == (81000, 91801)


def test_a_file_without_clock_and_without_seizures() -> None:
    (file,) = read_chbmit_summary(one_file("Number of Seizures in File: 0")).files
    assert (file.start_clock, file.end_clock, file.seizures) == (None, None, ())


def test_numbered_seizures_double_spaces_trailing_spaces_and_crlf(tmp_path: Path) -> None:
    text = one_file(
        "Number of Seizures in File:  2  ",
        "Seizure 1 Start Time:  10 seconds ",
        "Seizure 1 End Time:   25  seconds",
        "  Seizure 2 Start Time: 300 seconds\t",
        "Seizure 2 End Time: 321 seconds",
    )
    path = tmp_path / "xy03-summary.txt"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert read_chbmit_summary(path).files[0].seizures == ((10, 25), (300, 321))
    assert read_chbmit_summary(str(path)) == read_chbmit_summary(text)


def test_a_misprinted_seizure_number_does_not_matter() -> None:
    (file,) = read_chbmit_summary(
        one_file(
            "Number of Seizures in File: 2",
            "Seizure 1 Start Time: 10 seconds",
            "Seizure 1 End Time: 25 seconds",
            "Seizure 2 Start Time: 9000 seconds",
            "Seizure 1 End Time: 9040 seconds",
        )
    ).files
    assert file.seizures == ((10, 25), (9000, 9040))


def test_channels_change_between_files() -> None:
    text = (
        one_file("Number of Seizures in File: 0")
        + "\nChannels changed:\n****\nChannel 1: Q\nChannel 2: ECG\n\n"
        + "File Name: xy03_07+.edf\nNumber of Seizures in File: 0\n"
        + "File Name: xy03_08.edf\nNumber of Seizures in File: 0\n"
    )
    files = read_chbmit_summary(text).files
    assert [f.name for f in files] == ["xy03_07.edf", "xy03_07+.edf", "xy03_08.edf"]
    assert [f.channels for f in files] == [
        ("A1-B1", "-", "B1-C1"),
        ("Q", "ECG"),
        ("Q", "ECG"),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Number of Seizures in File: 2"], "line 10: xy03_07.edf states 2 seizures and lists 0"),
        (["Number of Seizures in File: two"], "line 11: 'two' is not a whole number"),
        (["Seizure Start Time: 4 seconds"], "the seizure at 4 s has no end"),
        (["Seizure End Time: 4 seconds"], "line 11: 'seizure end 4' is not start and end in turn"),
        (
            ["Seizure Start Time: 9 seconds", "Seizure End Time: 4 seconds"],
            "line 12: '4' is not an end after the start at 9 s",
        ),
        (["Seizure Start Time: soon"], "line 11: 'soon' is not a whole number seconds"),
        (["Seizure Begin: 7 seconds"], "line 11: 'Seizure Begin: 7 seconds' is not a line"),
        (["File Start Time: 9:61:00"], "line 11: '9:61:00' is not a time"),
        (["File Name:"], "line 11: 'File Name:' is not the name of a file"),
        (["File Name: xy03_07.edf"], "line 11: xy03_07.edf is described twice"),
    ],
)
def test_a_damaged_summary_is_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "xy03-summary.txt"
    path.write_text(one_file(*lines))
    with pytest.raises(InvalidDataError, match=re.escape(message)) as caught:
        read_chbmit_summary(path)
    assert str(caught.value).startswith("xy03-summary.txt, line ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("once upon a time\n", "names no sampling rate"),
        (HEAD + TABLE, "names no file"),
        ("Data Sampling Rate: 0 Hz\n", "'0 Hz' is not a rate above 0 Hz"),
        ("Data Sampling Rate: 8 Hz\nSeizure Start Time: 4 seconds\n", "line 2: comes before any"),
    ],
)
def test_what_is_no_summary_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read_chbmit_summary(text)


def test_seizures_far_apart_and_close_by() -> None:
    near = struct.pack("<HH", 32 << 10 | 150, 33 << 10 | 1023)
    origin = step(-1, 0)[:6] + struct.pack("<H", 1)  # back to sample 0, as the files begin
    data = NOTE + origin + step(7_000_050, 32) + step(4_000, 33) + near + END
    assert read_chbmit_seizures(data) == (
        (Fraction(140001, 2), Fraction(140081, 2)),
        (Fraction(70042), Fraction(7005223, 100)),
    )


def test_fields_that_are_no_annotations_take_no_time() -> None:
    fields = struct.pack("<HHH", 60 << 10 | 5, 61 << 10 | 1023, 62 << 10 | 7)
    data = NOTE + step(400, 32) + fields + step(100, 33) + fields + END
    assert read_chbmit_seizures(data) == ((Fraction(4), Fraction(5)),)


def test_no_seizures_and_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "xy03_07.edf.seizures"
    path.write_bytes(NOTE + END)
    assert read_chbmit_seizures(path) == read_chbmit_seizures(str(path)) == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut short, byte 0 of 0"),
        (END, "no time resolution"),
        (NOTE.replace(b"100", b"0.0") + END, "no time resolution is stated, or it is 0 Hz"),
        (NOTE + step(9, 32), "cut short, byte 36 of 36"),
        (NOTE[:20], "cut short, byte 28 of 20"),
        (NOTE + step(9, 32) + END, "the seizure at sample 9 has no end"),
        (NOTE + step(9, 33) + END, "byte 34: code 33 at sample 9"),
        (NOTE + step(9, 32) + step(9, 32) + END, "byte 42: code 32 at sample 18"),
        (NOTE + step(9, 32) + step(-9, 33) + END, "byte 42: code 33 at sample 0"),
        (NOTE + step(9, 1) + END, "byte 34: code 1 at sample 9"),
        (NOTE + END + b"\0\1", "2 bytes follow the end at byte 28"),
        (b"\4\xfc1234" + END, "byte 0: a text belongs to no annotation"),
    ],
)
def test_a_damaged_seizure_file_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read_chbmit_seizures(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for content in (data, NOTE + data):
        try:
            found = read_chbmit_seizures(content)
        except InvalidDataError:
            continue
        assert all(start < stop for start, stop in found)


@given(st.text(alphabet="Seizure Start End Time:File Name 0123456789\n", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for content in (text + "\n", one_file(text)):
        try:
            files = read_chbmit_summary(content).files
        except InvalidDataError:
            continue
        assert all(start < stop for file in files for start, stop in file.seizures)


@given(st.lists(st.integers(1, 1 << 28), max_size=8).filter(lambda gaps: len(gaps) % 2 == 0))
def test_what_is_written_is_read(gaps: list[int]) -> None:
    data = NOTE + b"".join(step(gap, 33 if i % 2 else 32) for i, gap in enumerate(gaps)) + END
    times = [Fraction(sum(gaps[: i + 1]), 100) for i in range(len(gaps))]
    expected = tuple(zip(times[::2], times[1::2], strict=True))
    assert read_chbmit_seizures(data) == expected


def test_published_files(shared_data: Path) -> None:
    """Counts by hand from the files; `test_annotations` compares the two kinds."""
    folder = shared_data / "chbmit" / "annotations"
    summaries = {path.name[:5]: read_chbmit_summary(path) for path in folder.glob("*-summary.txt")}
    assert all(summary.subject == key for key, summary in summaries.items())
    assert {s.sfreq for s in summaries.values()} == {256}
    assert sum(len(s.files) for s in summaries.values()) == 290
    assert sum(len(f.seizures) for s in summaries.values() for f in s.files) == 100
    changes = {len(f.channels) for f in summaries["chb12"].files}
    assert changes == {28, 29}
    assert summaries["chb12"].files[10].channels[3] == "-"
    assert {f.start_clock for f in summaries["chb24"].files} == {None}
    assert max(f.end_clock or 0 for f in summaries["chb04"].files) > 24 * 3600
    assert "chb02_16+.edf" in [f.name for f in summaries["chb02"].files]
    found = [read_chbmit_seizures(path) for path in folder.glob("*.seizures")]
    assert sum(map(len, found)) == 99

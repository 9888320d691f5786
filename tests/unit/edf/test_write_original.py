"""Exports of what came from a file: its header fields, records and times again."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction as F
from pathlib import Path

import pytest

from eegstore.edf import EdfFile
from eegstore.errors import EdfError
from tests.unit.edf.files import (
    export,
    fixed_fields,
    read,
    simple,
    source_of,
    stretches_of,
)
from tests.unit.edf.raw import Signal, edf_bytes, plus


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.edf"


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], EdfFile]:
    def source(data: bytes) -> EdfFile:
        (tmp_path / "source.edf").write_bytes(data)
        return EdfFile(tmp_path / "source.edf")

    return source


def test_the_whole_of_a_file_keeps_its_records_and_header_fields(
    out: Path, source: Callable[[bytes], EdfFile]
) -> None:
    signal = Signal(
        30, "EEG Ä", "AgAgCl", "uV", "-440.50", "+510", "-2048", "2047.0", "HP:1Hz", "r"
    )
    data = edf_bytes(
        [signal, Signal(1)], [[range(30), [n]] for n in range(4)], duration="30.0",
        patient="J. B. (1066 28)", recording="Alerting", date="25.04.97",
    )  # fmt: skip
    with source(data) as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        export(out, recording, chunks, **source_of(file))
    made = out.read_bytes()
    fields = fixed_fields(out)
    assert (fields["records"], fields["duration"]) == ("4", "30.0")
    assert fields["patient"] == "X X X J._B._(1066_28)"
    assert fields["recording"] == "Startdate 25-APR-1997 X X X Alerting"
    position = 256
    for width in (16, 80, 8, 8, 8, 8, 8, 80, 8, 32):
        old = data[256 + (position - 256) // 3 * 2 :][: 2 * width]
        assert made[position : position + 2 * width] == old
        position += 3 * width
    back, found, _ = read(out)
    assert back.channels == recording.channels
    assert stretches_of(back, found) == stretches_of(recording, chunks)


def test_2_2_4_exact_onsets_come_back(out: Path, source: Callable[[bytes], EdfFile]) -> None:
    onsets = ["+0.3945312", "+1.4945313", "+7.7"]
    with source(plus(onsets, [b"", b"+2\x14note\x14\0", b""])) as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        export(out, recording, chunks, file.annotations, **source_of(file))
        expected = source_of(file)["onsets"]
        notes = file.annotations
    with EdfFile(out) as made:
        assert source_of(made)["onsets"] == expected
        assert made.annotations == notes
        assert made.recording("p", "r").start_time == recording.start_time


def test_a_crop_of_a_file_starts_at_the_exact_time(
    out: Path, source: Callable[[bytes], EdfFile]
) -> None:
    with source(plus(["+0.3945312", "+1.3945312", "+2.3945312"], reserved="EDF+C")) as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        export(out, recording, chunks, start=F(1, 2), stop=F(5, 2), **source_of(file))
    with EdfFile(out) as made:
        assert source_of(made)["onsets"] == [F("0.8945312"), F("1.8945312")]
        assert made.recording("p", "r").start_time == datetime(2001, 8, 2, 20, 15, 30, 894531)


def test_an_original_of_other_channels_is_refused(
    out: Path, source: Callable[[bytes], EdfFile]
) -> None:
    recording, chunks = simple()
    with (
        source(plus(["+0"])) as file,
        pytest.raises(EdfError, match="3 channels, the original header has 1"),
    ):
        export(out, recording, chunks, original=file.original)

"""The original file again, byte for byte."""

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eegstore.edf import EdfFile, Original, OriginalRebuilder, record_onsets
from eegstore.errors import EdfError
from tests.unit.edf.raw import Signal, annotation_signal, edf_bytes, plus

RNG = np.random.default_rng(3)
SIGNALS = [Signal(5), annotation_signal(8), Signal(10), Signal(10), annotation_signal(6)]


def records(n_records: int) -> list[list[bytes | np.ndarray]]:
    return [
        [
            RNG.bytes(2 * signal.n_samples)
            if "Annotations" in signal.label
            else RNG.integers(-32768, 32768, signal.n_samples)
            for signal in SIGNALS
        ]
        for _ in range(n_records)
    ]


FILES = {
    "junk_in_unused_bytes.edf": edf_bytes(
        SIGNALS, records(31), duration="1.5", patient=b"\xff\0 x"
    ),
    "gaps.edf": plus(["+0", "+1.3", "+2.3", "+50"]),
    "one_long_record.edf": edf_bytes([Signal(5000)], [[RNG.integers(0, 99, 5000)]], duration="50"),
    "short_records.edf": edf_bytes(
        [Signal(1)] * 2, [[[n], [-n]] for n in range(500)], duration=".01"
    ),
    "unknown_count.bdf": edf_bytes(
        [Signal(9), annotation_signal(5, "BDF Annotations"), Signal(4)],
        [
            [RNG.integers(-(1 << 23), 1 << 23, 9), RNG.bytes(15), RNG.integers(-9, 9, 4)]
            for _ in range(11)
        ],
        version=b"\xffBIOSEMI",
        n_records=-1,
    ),
    "annotations_only.edf": edf_bytes(
        [annotation_signal(20)], [[b"+0\x14\x14\0"], [b"+9\x14\x14\0"]], duration="0",
        reserved="EDF+C",
    ),
}  # fmt: skip


@pytest.fixture(params=FILES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    path.write_bytes(FILES[request.param])
    return path


@pytest.mark.parametrize(("seconds", "n_records"), [(1, 100), (60, 1), (3, 2), (10**6, 10**6)])
def test_the_file_comes_back_from_portions_of_any_size(
    path: Path, seconds: int, n_records: int
) -> None:
    with EdfFile(path) as file:
        rebuilder = OriginalRebuilder(file.original, file.recording("p", "r"))
        parts = []
        for second in range(0, file.n_seconds, seconds):
            parts.append(rebuilder.feed(list(file.chunks(second, second + seconds))))
        for record in range(0, file.n_records, n_records):
            annotations = file.annotation_bytes(record, record + n_records)
            parts.append(rebuilder.feed([], annotations))
        parts.append(rebuilder.finish())
    assert b"".join(parts) == path.read_bytes()


def test_records_leave_as_soon_as_they_are_complete(tmp_path: Path) -> None:
    data = plus(["+0", "+1", "+2"], reserved="EDF+C")
    (tmp_path / "a.edf").write_bytes(data)
    with EdfFile(tmp_path / "a.edf") as file:
        rebuilder = OriginalRebuilder(file.original, file.recording("p", "r"))
        chunks = list(file.chunks(0, 3))
        annotations = [file.annotation_bytes(record, record + 1) for record in range(3)]
        size = file.original.parsed.layout.record_bytes
    assert rebuilder.feed(chunks[:1]) == data[:768]
    assert rebuilder.feed(chunks[1:2]) == b""
    assert rebuilder.feed([], annotations[0]) == data[768 : 768 + size]
    assert rebuilder.feed(chunks[2:], b"".join(annotations[1:])) == data[768 + size :]
    assert rebuilder.finish() == b""


def test_what_is_missing_or_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(plus(["+0", "+1", "+2"], reserved="EDF+C"))
    with EdfFile(tmp_path / "a.edf") as file:
        original, recording = file.original, file.recording("p", "r")
        chunks, annotations = list(file.chunks(0, 3)), file.annotation_bytes(0, 3)

    def rebuilt(given: list, words: bytes, of: Original = original) -> None:
        rebuilder = OriginalRebuilder(of, recording)
        rebuilder.feed(given, words)
        rebuilder.finish()

    rebuilt(chunks, annotations)
    with pytest.raises(EdfError, match="2 of 3 records"):
        rebuilt(chunks[:2], annotations)
    with pytest.raises(EdfError, match="2 of 3 records"):
        rebuilt(chunks, annotations[:-1])
    with pytest.raises(EdfError, match="left after 3 records"):
        rebuilt(chunks, annotations + b"\0")
    with pytest.raises(EdfError, match="second 1 comes after second 2"):
        rebuilt([chunks[0], chunks[2], chunks[1]], annotations)
    changed = replace(chunks[1], samples=chunks[1].samples + 1)
    with pytest.raises(EdfError, match="SHA-256"):
        rebuilt([chunks[0], changed, chunks[2]], annotations)
    with pytest.raises(EdfError, match="SHA-256"):
        rebuilt(chunks, annotations, replace(original, header=original.header[:-1] + b"x"))
    with pytest.raises(EdfError, match="samples are int32"):
        rebuilt([replace(chunks[0], samples=chunks[0].samples.astype("<i4"))], b"")
    with pytest.raises(EdfError, match="its runs say 4"):
        rebuilt([replace(chunks[0], samples=chunks[0].samples[:3])], b"")
    with pytest.raises(EdfError, match="rates"):
        OriginalRebuilder(original, replace(recording, channels=recording.channels * 2))


def test_what_was_salvaged_comes_back_too(tmp_path: Path) -> None:
    data = FILES["junk_in_unused_bytes.edf"][:-100]
    (tmp_path / "cut.edf").write_bytes(data)
    with EdfFile(tmp_path / "cut.edf", salvage=True) as file:
        original = file.original
        rebuilder = OriginalRebuilder(original, file.recording("p", "r"))
        made = rebuilder.feed(
            list(file.chunks(0, file.n_seconds)), file.annotation_bytes(0, file.n_records)
        )
        made += rebuilder.finish()
    assert made == data
    assert (original.n_records, original.size) == (29, len(data))
    assert original.sha256 == hashlib.sha256(data).hexdigest()


def test_onsets_of_all_records(tmp_path: Path) -> None:
    def onsets(data: bytes, n_known: int | None = None) -> list[Fraction]:
        (tmp_path / "a.edf").write_bytes(data)
        with EdfFile(tmp_path / "a.edf") as file:
            count = file.n_records if n_known is None else n_known
            return record_onsets(file.original, file.annotation_bytes(0, count))

    assert onsets(plus(["+0.1", "+1.3", "+50"])) == [
        Fraction(1, 10), Fraction(13, 10), Fraction(50),
    ]  # fmt: skip
    assert onsets(plus(["+0.1", "+7"], reserved="EDF+C"), 1) == [Fraction(1, 10), Fraction(11, 10)]
    assert onsets(edf_bytes([Signal(1)], [[[0]]] * 3, duration="0.1"), 0) == [
        0, Fraction(1, 10), Fraction(1, 5),
    ]  # fmt: skip
    with pytest.raises(EdfError, match=r"record 2 of an EDF\+D file"):
        onsets(plus(["+0.1", "+1.3", "+50"]), 2)

"""EDF files made byte by byte, by hand: what the tests hold against eegstore's own reading."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Signal:
    """The header fields of one signal, as text."""

    n_samples: int = 4
    label: str = "EEG Fp1"
    transducer: str = ""
    unit: str = "uV"
    physical_min: str = "-100"
    physical_max: str = "100"
    digital_min: str = "-2048"
    digital_max: str = "2047"
    prefiltering: str = ""
    reserved: str = ""


def annotation_signal(n_samples: int, label: str = "EDF Annotations") -> Signal:
    """An annotation signal of so many samples per record."""
    return Signal(n_samples, label, unit="", physical_min="-1", physical_max="1")


def encoded(counts: Sequence[int] | np.ndarray, width: int) -> bytes:
    """Counts as little-endian two's complement of `width` bytes."""
    return b"".join(int(count).to_bytes(width, "little", signed=True) for count in counts)


def edf_bytes(
    signals: Sequence[Signal],
    records: Sequence[Sequence[bytes | Sequence[int] | np.ndarray]],
    *,
    version: bytes = b"0       ",
    patient: str | bytes = "X X X X",
    recording: str | bytes = "Startdate 02-AUG-2001 X X X",
    date: str = "02.08.01",
    time: str = "20.15.30",
    reserved: str = "",
    duration: str = "1",
    n_records: int | str | None = None,
) -> bytes:
    """A file: for every record and signal its counts, or its bytes (annotations)."""
    width = 3 if version[:1] == b"\xff" else 2
    count = len(records) if n_records is None else n_records

    def field(value: str | bytes | int, size: int) -> bytes:
        data = value if isinstance(value, bytes) else str(value).encode()
        assert len(data) <= size
        return data.ljust(size)

    parts = [
        version, field(patient, 80), field(recording, 80), field(date, 8), field(time, 8),
        field(256 * (1 + len(signals)), 8), field(reserved, 44), field(count, 8),
        field(duration, 8), field(len(signals), 4),
    ]  # fmt: skip
    widths = {
        "label": 16, "transducer": 80, "unit": 8, "physical_min": 8, "physical_max": 8,
        "digital_min": 8, "digital_max": 8, "prefiltering": 80, "n_samples": 8, "reserved": 32,
    }  # fmt: skip
    for name, size in widths.items():
        parts += [field(getattr(signal, name), size) for signal in signals]
    for record in records:
        for signal, content in zip(signals, record, strict=True):
            data = content if isinstance(content, bytes) else encoded(content, width)
            assert len(data) <= signal.n_samples * width
            parts.append(data.ljust(signal.n_samples * width, b"\0"))
    return b"".join(parts)


def plus(
    onsets: Sequence[str],
    texts: Sequence[bytes] | None = None,
    *,
    reserved: str = "EDF+D",
    n_samples: int = 4,
    **fields: object,
) -> bytes:
    """EDF+ with one channel that counts 0, 1, 2 ..., whose records start at these onsets."""
    texts = texts or [b""] * len(onsets)
    records = [
        [
            range(record * n_samples, (record + 1) * n_samples),
            onset.encode() + b"\x14\x14\0" + text,
        ]
        for record, (onset, text) in enumerate(zip(onsets, texts, strict=True))
    ]
    signals = [Signal(n_samples), annotation_signal(40)]
    return edf_bytes(signals, records, reserved=reserved, **fields)  # type: ignore[arg-type]

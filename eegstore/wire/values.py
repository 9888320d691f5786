"""Windows as JSON, for those who read numbers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, SampleType
from eegstore.window import Block, Window
from eegstore.wire.metadata import dump


def unique_labels(channels: Sequence[Channel]) -> list[str]:
    """Labels made unique the way MNE does: ``T8-P8`` twice becomes ``T8-P8-0``, ``T8-P8-1``."""
    labels = [channel.label for channel in channels]
    taken, counters, unique = set(labels), dict.fromkeys(labels, 0), []
    for label in labels:
        name = label
        if labels.count(label) > 1:
            while name in taken:
                name = f"{label}-{counters[label]}"
                counters[label] += 1
            taken.add(name)
        unique.append(name)
    return unique


def rows_json(window: Window, clock: datetime | None = None) -> bytes:
    """A window as label -> ``[{"timestamp", "value"}, ...]``, samples that exist only.

    `timestamp` is seconds from recording start, or with `clock`, the recording's start
    time, local ISO 8601.
    """
    unique = unique_labels(window.channels)
    parts: list[bytes] = [b""] * len(unique)
    for block in window.blocks:
        heads = [b'{"timestamp":' + t + b',"value":' for t in _timestamps(block, clock)]
        values = _json_values(window, block)
        for at, row in enumerate(block.rows):
            numbers = dump(values[at])[1:-1].split(b",") if heads else []
            pairs = zip(heads, numbers, strict=True)
            if block.present is None:
                items = [head + number for head, number in pairs]
            else:
                there = block.present[at].tolist()
                items = [h + n for (h, n), p in zip(pairs, there, strict=True) if p]
            body = b"},".join(items) + b"}" if items else b""
            parts[row] = dump(unique[row]) + b":[" + body + b"]"
    return b"{" + b",".join(parts) + b"}"


def columns_json(window: Window, clock: datetime | None = None) -> bytes:
    """A window as one array of values per channel, null where there is no sample."""
    samples: list[Any] = [None] * len(window.channels)
    first: list[float] = [0.0] * len(window.channels)
    for block in window.blocks:
        values = _json_values(window, block)
        for at, row in enumerate(block.rows):
            samples[row] = values[at]
            first[row] = float(block.first_sample / block.sfreq)
    return dump(
        {
            "patient_id": window.patient_id,
            "recording_id": window.recording_id,
            "start": float(window.start),
            "end": float(window.stop),
            "start_time": None if clock is None else clock + _timedelta(window.start),
            "channels": unique_labels(window.channels),
            "unit": [channel.unit for channel in window.channels],
            "sfreq": [channel.sfreq for channel in window.channels],
            "first_sample_time": first,
            "samples": samples,
        }
    )


def _json_values(window: Window, block: Block) -> NDArray[Any]:
    # 24-bit counts need more digits than float32 has.
    wide = window.sample_type is SampleType.INT32
    return np.ascontiguousarray(window.physical(block, np.float64 if wide else np.float32))


def _timestamps(block: Block, clock: datetime | None) -> list[bytes]:
    if clock is None:
        text = dump(block.times)[1:-1]
        return text.split(b",") if text else []
    start = np.datetime64(clock, "us")
    micro = np.rint(block.times * 1e6).astype("timedelta64[us]")
    texts = np.datetime_as_string(start + micro, unit="us").tolist()
    return [b'"' + text.encode() + b'"' for text in texts]


def _timedelta(seconds: Fraction) -> timedelta:
    return timedelta(microseconds=round(seconds * 1_000_000))

"""Windows as JSON, for those who read numbers."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, SampleType
from eegstore.window import Block, Window
from eegstore.wire.metadata import dump

Clock = Callable[[int], datetime]


def unique_labels(channels: Sequence[Channel]) -> list[str]:
    """Labels made unique the way MNE does: ``T8-P8`` twice becomes ``T8-P8-0``, ``T8-P8-1``."""
    labels = [channel.label for channel in channels]
    taken, counters, unique = set(labels), dict.fromkeys(labels, 0), []
    times = Counter(labels)
    for label in labels:
        name = label
        if times[label] > 1:
            while name in taken:
                name = f"{label}-{counters[label]}"
                counters[label] += 1
            taken.add(name)
        unique.append(name)
    return unique


def rows_json(window: Window, clock: Clock | None = None) -> bytes:
    """A window as label -> ``[{"timestamp", "value"}, ...]``, samples that exist only.

    `timestamp` is seconds from recording start, or with `clock`, which tells what it showed
    at a second, ISO 8601.
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


def columns_json(window: Window, clock: Clock | None = None) -> bytes:
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
            "start_time": None if clock is None else _start(window, clock),
            "channels": unique_labels(window.channels),
            "unit": [channel.unit for channel in window.channels],
            "sfreq": [channel.sfreq for channel in window.channels],
            "first_sample_time": first,
            "samples": samples,
        }
    )


def _start(window: Window, clock: Clock) -> datetime:
    second = window.start.numerator // window.start.denominator
    return clock(second) + timedelta(microseconds=round((window.start - second) * 1_000_000))


def _json_values(window: Window, block: Block) -> NDArray[Any]:
    # Counts must be found again from their values: float32 has not the digits for that.
    counts = window.sample_type is not SampleType.FLOAT32
    return np.ascontiguousarray(window.physical(block, np.float64 if counts else np.float32))


def _timestamps(block: Block, clock: Clock | None) -> list[bytes]:
    if clock is None:
        text = dump(block.times)[1:-1]
        return text.split(b",") if text else []
    micro = np.rint(block.times * 1e6).astype(np.int64)
    seconds = micro // 1_000_000
    texts: list[bytes] = []
    if not len(micro):
        return texts
    whole, firsts = np.unique(seconds, return_index=True)
    for second, part in zip(whole.tolist(), np.split(micro, firsts[1:]), strict=True):
        shown = clock(second)
        offset = shown.isoformat()[len(shown.replace(tzinfo=None).isoformat()) :]
        within = (part - second * 1_000_000).astype("timedelta64[us]")
        local = np.datetime64(shown.replace(tzinfo=None), "us") + within
        end = offset.encode() + b'"'
        texts += [b'"' + t.encode() + end for t in np.datetime_as_string(local, "us").tolist()]
    return texts

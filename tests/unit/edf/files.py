"""Steps that several tests of EDF files take."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from eegstore.edf import EdfFile, EdfWriter, record_onsets
from eegstore.model import Annotation, Chunk, Recording
from eegstore.timebase import first_sample
from tests.unit.recordings import chunks_of, make_recording, make_signal

START = datetime(2001, 8, 2, 23, 59, 58, 250_000)

Stretches = list[tuple[int, list[int]]]
"""Of one channel: (first sample, its counts) of every run without a gap."""


def stretches_of(recording: Recording, chunks: Iterable[Chunk]) -> list[Stretches]:
    """The samples of every channel on the sample counter, runs joined where they meet."""
    found: list[Stretches] = [[] for _ in recording.channels]
    for chunk in chunks:
        position = 0
        for row, runs in enumerate(chunk.runs):
            base = first_sample(chunk.second, recording.channels[row].sfreq)
            for first, count in runs:
                part = chunk.samples[position : position + count].tolist()
                position += count
                last = found[row][-1] if found[row] else None
                if last is not None and last[0] + len(last[1]) == base + first:
                    last[1].extend(part)
                else:
                    found[row].append((base + first, part))
    return found


def read(path: Path) -> tuple[Recording, list[Chunk], list[Annotation]]:
    """All of a file."""
    with EdfFile(path) as file:
        return file.recording("p", "r"), list(file.chunks(0, file.n_seconds)), file.annotations


def export(
    path: Path,
    recording: Recording,
    chunks: Sequence[Chunk],
    annotations: Iterable[Annotation] = (),
    portion: int = 7,
    **options: Any,
) -> EdfWriter:
    """Write chunks with an EdfWriter, `portion` at a time, and check the size it promised."""
    start, stop = options.get("start"), options.get("stop")
    touched = [
        chunk
        for chunk in chunks
        if (start is None or chunk.second + 1 > start) and (stop is None or chunk.second < stop)
    ]
    writer = EdfWriter(recording, ((c.second, c.runs) for c in touched), annotations, **options)
    parts = [writer.header()]
    for at in range(0, len(touched), portion):
        parts.append(writer.feed(touched[at : at + portion]))
    parts.append(writer.finish())
    path.write_bytes(b"".join(parts))
    assert path.stat().st_size == writer.size
    return writer


def source_of(file: EdfFile) -> dict[str, Any]:
    """What an export of `file` uses of it again."""
    onsets = record_onsets(file.original, file.annotation_bytes(0, file.n_records))
    return {"original": file.original, "onsets": onsets}


def cropped(
    recording: Recording, stretches: list[Stretches], start: Fraction, stop: Fraction
) -> list[Stretches]:
    """What slicing ``start <= n / sfreq < stop`` leaves, counted from the first sample left."""
    kept: list[Stretches] = []
    for channel, parts in zip(recording.channels, stretches, strict=True):
        lo, hi = first_sample(start, channel.sfreq), first_sample(stop, channel.sfreq)
        sliced = [
            (max(first, lo), np.array(counts)[max(lo - first, 0) : max(hi - first, 0)].tolist())
            for first, counts in parts
        ]
        kept.append([(first, counts) for first, counts in sliced if counts])
    begin = min(
        first / channel.sfreq
        for channel, parts in zip(recording.channels, kept, strict=True)
        for first, _ in parts
    )
    return [
        [(first - int(begin * channel.sfreq), counts) for first, counts in parts]
        for channel, parts in zip(recording.channels, kept, strict=True)
    ]


def simple(seconds: int = 5, **fields: Any) -> tuple[Recording, list[Chunk]]:
    """A live recording of two channels of 8 Hz and one of 2 Hz."""
    recording = make_recording(
        **({"rates": [Fraction(8), Fraction(8), Fraction(2)], "start_time": START} | fields)
    )
    return recording, chunks_of(recording, make_signal(recording, seconds), seconds)


def fixed_fields(path: Path) -> dict[str, str]:
    """The first 256 bytes of a header."""
    head = path.read_bytes()[:256].decode()
    names = ("version", "patient", "recording", "date", "time", "size", "reserved", "records",
             "duration", "signals")  # fmt: skip
    ends = (8, 88, 168, 176, 184, 192, 236, 244, 252, 256)
    return {
        name: head[begin:end].strip()
        for name, begin, end in zip(names, (0, *ends), ends, strict=False)
    }

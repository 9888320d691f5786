"""EDF files with a gap and annotations, for import and for the simulator."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from eegstore.edf import EdfFile, write_edf
from eegstore.model import Annotation, Chunk, Recording
from tests.unit.recordings import chunks_of, make_recording, make_signal

GAP = range(8, 11)  # [s]
ANNOTATIONS = (
    Annotation(2.5, None, "button"),
    Annotation(5.0, 1.5, "Augen zu"),
    Annotation(12.25, 0.75, "blink"),
)


def make_edf(
    path: Path,
    seconds: int = 20,
    gap: Sequence[int] = GAP,
    rates: Sequence[Fraction] = (Fraction(64),) * 3,
    annotations: Sequence[Annotation] = ANNOTATIONS,
    seed: int = 0,
) -> list[Chunk]:
    """Write a file, EDF+D where it has a gap; returns its seconds."""
    recording = make_recording(rates, start_time=datetime(2026, 11, 22, 8))
    chunks = [
        chunk
        for chunk in chunks_of(recording, make_signal(recording, seconds, seed), seconds)
        if chunk.second not in gap
    ]
    write_edf(path, recording, chunks, annotations)
    return chunks


def read_edf(path: Path) -> tuple[Recording, list[Chunk], list[Annotation]]:
    """All of a file, its annotations without ids."""
    with EdfFile(path) as file:
        recording = file.recording("p", "r")
        chunks = list(file.chunks(0, file.n_seconds))
        return recording, chunks, [replace(a, annotation_id=None) for a in file.annotations]


def same_seconds(found: Sequence[Chunk], wanted: Sequence[Chunk]) -> bool:
    """Whether these are the same seconds with the same runs and samples."""
    return [(c.second, c.runs, c.samples.tobytes()) for c in found] == [
        (c.second, c.runs, c.samples.tobytes()) for c in wanted
    ]

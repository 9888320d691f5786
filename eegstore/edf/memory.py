"""A recording that is in memory, written to a file."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from eegstore.edf.write import EdfWriter
from eegstore.model import Annotation, Chunk, Recording, SampleType


def write_edf(
    path: str | Path,
    recording: Recording,
    chunks: Iterable[Chunk],
    annotations: Iterable[Annotation] = (),
    *,
    lossy: bool = False,
) -> None:
    """Write a recording as EDF+, or as BDF+ where the name ends in ``.bdf``.

    The file appears whole or not at all. With `lossy`, float32 is requantised over the range
    that each channel really has.

    Raises
    ------
    EdfError
        As `EdfWriter`.
    """
    path, chunks = Path(path), list(chunks)
    ranges = None
    if lossy and recording.sample_type is SampleType.FLOAT32:
        ranges = _ranges(recording, chunks)
    writer = EdfWriter(
        recording,
        ((chunk.second, chunk.runs) for chunk in chunks),
        annotations,
        bdf=path.suffix.lower() == ".bdf",
        lossy=lossy,
        ranges=ranges,
    )
    fresh = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with open(fresh, "xb") as file:
            file.write(writer.header())
            for at in range(0, len(chunks), 60):
                file.write(writer.feed(chunks[at : at + 60]))
            file.write(writer.finish())
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _ranges(recording: Recording, chunks: Iterable[Chunk]) -> list[tuple[float, float]]:
    """Least and greatest sample of every channel."""
    found: list[tuple[float, float] | None] = [None] * len(recording.channels)
    for chunk in chunks:
        position = 0
        for row, runs in enumerate(chunk.runs):
            count = sum(size for _, size in runs)
            part = chunk.samples[position : position + count]
            position += count
            if count:
                low, high = float(part.min()), float(part.max())
                known = found[row] or (low, high)
                found[row] = (min(low, known[0]), max(high, known[1]))
    return [known or (0.0, 1.0) for known in found]

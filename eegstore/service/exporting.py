"""Recordings out as files: the original byte for byte, or a clean EDF+."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

from eegstore import codec
from eegstore.edf import EdfWriter, Original, OriginalRebuilder, record_onsets
from eegstore.errors import EdfError, NotFoundError
from eegstore.model import Chunk, Recording
from eegstore.service import annotations
from eegstore.service.parameters import Kept, named
from eegstore.service.recordings import declared
from eegstore.signal.envelope import read_envelopes
from eegstore.store import chunks as chunk_table
from eegstore.store import originals
from eegstore.store.database import Connection, Database, Raw, Row, raw

MAX_PART = 1 << 30  # [byte]


async def export_original(
    database: Database, patient_id: str, recording_id: str, path: Path
) -> int:
    """Write the imported file back, byte for byte; returns its size [byte].

    `path` appears only when it is complete and its SHA-256 is that of the imported file.

    Raises
    ------
    NotFoundError
        No such recording, or it came from no file.
    EdfError
        What is stored does not give the file back.
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    digest = hashlib.sha256()
    async with database.snapshot() as connection:
        stored = await _original(connection, recording)
        with replacing(path) as file:
            async for part in rebuilt(connection, recording):
                digest.update(part)
                file.write(part)
            if digest.digest() != bytes(stored["file_sha256"]):
                raise EdfError(
                    f"{recording_id!r} gives a file of SHA-256 {digest.hexdigest()}; imported was "
                    f"{bytes(stored['file_sha256']).hex()}; run eegstore verify"
                )
    return int(stored["file_size"])


async def export_edf(
    database: Database,
    patient_id: str,
    recording_id: str,
    path: Path,
    *,
    start: Fraction | None = None,
    stop: Fraction | None = None,
    lossy: bool = False,
) -> int:
    """Write a recording, or a crop of it, as a clean EDF+ file; returns its size [byte].

    The name's ending decides: ``.bdf`` has 24 bits, ``.edf`` 16. Annotations that were
    rejected are left out.

    Parameters
    ----------
    start, stop : Fraction, optional
        [s] from recording start; default all of it.

    Raises
    ------
    NotFoundError
    EdfError
        EDF cannot hold this exactly; says why.
    SpanError
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    key = (patient_id, recording_id)
    first = 0 if start is None else max(0, start.numerator // start.denominator)
    last = 1 << 62 if stop is None else -(-stop.numerator // stop.denominator)
    kept: Kept = {}
    async with database.snapshot() as connection:
        driver = await raw(connection)
        said = await annotations.of_recording_in(connection, *key)
        row = await originals.find(connection, *key)
        original = None if row is None else original_of(row)
        runs = [
            (second, codec.read_header(head).runs)
            async for portion in chunk_table.heads_in_portions(driver, *key, first, last)
            for second, head in portion
        ]
        writer = EdfWriter(
            recording,
            runs,
            [annotation for annotation in said if annotation.status != "rejected"],
            original=original,
            onsets=None if original is None else await _onsets(connection, recording, original),
            start=start,
            stop=stop,
            bdf={".bdf": True, ".edf": False}.get(path.suffix.lower()),
            lossy=lossy,
            ranges=await _ranges(driver, recording, first, last) if lossy else None,
        )
        with replacing(path) as file:
            file.write(writer.header())
            async for stored in chunk_table.in_portions(driver, *key, first, last):
                shared = await named(driver, key[0], [blob for _, blob in stored], kept)
                file.write(await asyncio.to_thread(_fed, writer.feed, stored, shared))
            file.write(writer.finish())
    return writer.size


async def _onsets(
    connection: Connection, recording: Recording, original: Original
) -> list[Fraction]:
    """When the records of the imported file start [s after the header's start]."""
    parts = b""
    async for part in originals.parts(connection, recording.patient_id, recording.recording_id):
        parts += codec.decompress_any(bytes(part["annotation_bytes"]), MAX_PART)
        if not original.parsed.is_discontinuous:
            break
    return record_onsets(original, parts)


async def _ranges(
    driver: Raw, recording: Recording, first: int, last: int
) -> list[tuple[float, float]]:
    """Smallest and largest stored sample of every channel, from the envelopes."""
    key = (recording.patient_id, recording.recording_id)
    rows = await chunk_table.envelopes(driver, *key, first, last)
    limits = read_envelopes([e for _, e in rows], recording.sample_type, len(recording.channels))
    if not len(limits):
        return [(0.0, 0.0)] * len(recording.channels)
    low, high = limits[:, :, 0].min(axis=0), limits[:, :, 1].max(axis=0)
    return [
        (float(lo), float(hi)) if lo <= hi else (0.0, 0.0) for lo, hi in zip(low, high, strict=True)
    ]


async def rebuilt(connection: Connection, recording: Recording) -> AsyncIterator[bytes]:
    """The imported file in portions, from what `connection` sees of it.

    Raises
    ------
    NotFoundError, EdfError
    """
    row = await _original(connection, recording)
    original = original_of(row)
    duration = original.parsed.duration
    rebuilder = OriginalRebuilder(original, recording)
    driver = await raw(connection)
    key = (recording.patient_id, recording.recording_id)
    parts = originals.parts(connection, *key)
    kept: Kept = {}
    records = 0  # of which the annotation signals have been fed
    async for portion in chunk_table.in_portions(driver, *key, 0, 1 << 62):
        fed = b""
        while records * duration <= portion[-1][0] and records < original.n_records:
            part = await anext(parts, None)
            if part is None:
                break
            fed += codec.decompress_any(bytes(part["annotation_bytes"]), MAX_PART)
            records = part["stop_record"]
        shared = await named(driver, key[0], [blob for _, blob in portion], kept)
        yield await asyncio.to_thread(_fed, rebuilder.feed, portion, shared, fed)
    async for part in parts:
        more = codec.decompress_any(bytes(part["annotation_bytes"]), MAX_PART)
        yield rebuilder.feed([], more)
    yield rebuilder.finish()


def original_of(row: Row) -> Original:
    """What is stored of an imported file."""
    return Original(
        row["file_name"], row["file_size"], bytes(row["file_sha256"]).hex(), bytes(row["header"]),
        row["n_records"], bytes(row["trailing_bytes"]),
    )  # fmt: skip


async def _original(connection: Connection, recording: Recording) -> Row:
    row = await originals.find(connection, recording.patient_id, recording.recording_id)
    if row is None:
        raise NotFoundError(f"recording {recording.recording_id!r} was not imported from a file")
    return row


def _fed(
    feed: Callable[..., bytes], stored: list[tuple[int, bytes]], shared: codec.Shared, *more: bytes
) -> bytes:
    return feed(_decoded(stored, shared), *more)


def _decoded(stored: list[tuple[int, bytes]], shared: codec.Shared) -> list[Chunk]:
    return codec.decode([blob for _, blob in stored], [second for second, _ in stored], shared)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place only when all of it is written, and on disk."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        # It holds a patient's signals and, in the original, his name.
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)

"""Imported files back, byte for byte."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import IO

from eegstore import codec
from eegstore.edf import Original, OriginalRebuilder
from eegstore.errors import CodecError, EdfError, NotFoundError
from eegstore.model import Chunk, Recording
from eegstore.service.parameters import Kept, named
from eegstore.service.recordings import declared
from eegstore.store import chunks as chunk_table
from eegstore.store import originals
from eegstore.store.database import Connection, Database, Row, raw

MAX_PART = 1 << 30  # [byte]

Stored = list[tuple[int, bytes]]
"""Seconds and their blobs, ascending."""


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
    async with database.snapshot() as connection:
        stored = await _original(connection, recording)
        with replacing(path) as file:
            try:
                async with aclosing(rebuilt(connection, recording)) as parts:
                    async for part in parts:
                        file.write(part)
            except (CodecError, EdfError) as error:
                raise EdfError(f"{error}; run eegstore verify") from error
    return int(stored["file_size"])


async def rebuilt(
    connection: Connection, recording: Recording, stored: AsyncIterator[Stored] | None = None
) -> AsyncGenerator[bytes]:
    """The imported file in portions, from what `connection` sees of it.

    The last one comes only when the SHA-256 of all is that of the file that was imported.

    Nobody else may use the connection until the last portion has come, or this is closed.

    Parameters
    ----------
    stored : async iterator, optional
        All seconds and their blobs in portions, as `chunks.in_portions` gives them.

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
    if stored is None:
        stored = chunk_table.in_portions(driver, *key, 0, 1 << 62)
    coming = asyncio.create_task(_next(stored))
    try:
        while portion := await coming:
            fed = b""
            while records * duration <= portion[-1][0] and records < original.n_records:
                part = await anext(parts, None)
                if part is None:
                    break
                fed += codec.decompress_any(bytes(part["annotation_bytes"]), MAX_PART)
                records = part["stop_record"]
            shared = await named(driver, key[0], [blob for _, blob in portion], kept)
            # From here on the connection is free: for the next portion.
            coming = asyncio.create_task(_next(stored))
            yield await asyncio.to_thread(_fed, rebuilder.feed, portion, shared, fed)
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
    async for part in parts:
        more = codec.decompress_any(bytes(part["annotation_bytes"]), MAX_PART)
        yield rebuilder.feed([], more)
    yield rebuilder.finish()


async def _next(stored: AsyncIterator[Stored]) -> Stored | None:
    return await anext(stored, None)


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


def _fed(feed: Callable[..., bytes], stored: Stored, shared: codec.Shared, *more: bytes) -> bytes:
    return feed(_decoded(stored, shared), *more)


def _decoded(stored: Stored, shared: codec.Shared) -> list[Chunk]:
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

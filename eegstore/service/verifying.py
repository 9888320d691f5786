"""Verify: read every blob again and recompute everything that is said about it."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from eegstore import codec
from eegstore.errors import CodecError, InvalidDataError, NotFoundError
from eegstore.integrity import channels_sha256, content_sha256, merkle_root
from eegstore.model import Recording, check_id
from eegstore.service import summaries, verifying_spectra
from eegstore.service.exporting import rebuilt
from eegstore.service.ingest import check
from eegstore.service.parameters import Kept, named
from eegstore.service.recordings import Declared, declared, forget
from eegstore.signal.envelope import envelope
from eegstore.store import chunks as chunk_table
from eegstore.store import logbook, originals, recordings
from eegstore.store.chunks import StoredChunk
from eegstore.store.database import Database, Raw, raw

PORTION = 300  # [s] read at a time
MAX_FAULTS = 100  # told per recording

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Verified:
    """What was found of one recording."""

    patient_id: str
    recording_id: str
    n_seconds: int = 0
    n_bytes: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(text)


async def verify(
    database: Database,
    patient_id: str | None = None,
    recording_id: str | None = None,
    *,
    progress: Progress = lambda what, done, of: None,
) -> list[Verified]:
    """Verify some recordings or all; faults are told, not raised.

    Of every second: the SHA-256 of the stored bytes, that they decode to a second of the
    declared channels, their content digest, the envelope and the number of samples. Of the
    recording: its channel table's digest, and that the ingestion log tells of the same
    seconds with the same digests. Of an imported file: that it can be rebuilt. Of roll-ups
    and spectral bins: that they are those of the seconds that they speak for.
    """
    for what, value in (("patient_id", patient_id), ("recording_id", recording_id)):
        if value is not None:
            check_id(what, value)
    async with database.begin() as connection:
        rows = await recordings.listing(connection, patient_id, recording_id)
    results = []
    for row in rows:
        key = (row["patient_id"], row["recording_id"])
        result = Verified(*key)
        forget(database, key)
        try:
            known = await declared(database, *key)
            async with database.snapshot() as connection:
                await _recording(await raw(connection), known, result, row["n_seconds"], progress)
                closed = await recordings.closed_at(connection, *key)
                if closed is not None and closed != result.n_seconds:
                    result.fault(f"{result.n_seconds} seconds are stored; closed with {closed}")
                if await originals.find(connection, *key) is not None:
                    async with aclosing(rebuilt(connection, known.recording)) as parts:
                        async for _ in parts:
                            pass
        except (InvalidDataError, NotFoundError) as error:
            result.fault(str(error))
        results.append(result)
    return results


async def _recording(
    driver: Raw, known: Declared, result: Verified, total: int, progress: Progress
) -> None:
    recording = known.recording
    key = (recording.patient_id, recording.recording_id)
    if channels_sha256(recording.channels, recording.sample_type) != known.channels_sha256:
        result.fault("the channel table does not have the digest stored with it")
    digests: dict[int, bytes] = {}
    kept: Kept = {}
    for start, stop in await chunk_table.pieces(driver, *key, 0, 1 << 62, PORTION):
        rows = await chunk_table.whole(driver, *key, start, stop)
        shared = await _shared(driver, recording, rows, kept)
        faults = await asyncio.to_thread(_chunks, recording, known.channels_sha256, rows, shared)
        for fault in faults:
            result.fault(fault)
        digests.update((row.second, row.content_sha256) for row in rows)
        result.n_seconds += len(rows)
        result.n_bytes += sum(len(row.blob) for row in rows)
        progress(recording.recording_id, result.n_seconds, total)
    await _log(driver, recording, result, digests)
    for fault in await summaries.check(driver, recording):
        result.fault(fault)
    for fault in await verifying_spectra.check(driver, recording):
        result.fault(fault)


async def _shared(
    driver: Raw, recording: Recording, rows: list[StoredChunk], kept: Kept
) -> codec.Shared:
    """The parameters that blobs name; one that cannot be read is found out by `_chunks`."""
    try:
        return await named(driver, recording.patient_id, [row.blob for row in rows], kept)
    except CodecError:
        for row in rows:
            with suppress(CodecError):
                await named(driver, recording.patient_id, [row.blob], kept)
        return kept


def _chunks(
    recording: Recording, table: bytes, rows: list[StoredChunk], shared: codec.Shared
) -> list[str]:
    faults = []
    for row in rows:
        if hashlib.sha256(row.blob).digest() != row.blob_sha256:
            faults.append(f"second {row.second}: the stored bytes are not those that were stored")
        try:
            (chunk,) = codec.decode([row.blob], [row.second], shared)
            check(recording, chunk)
        except CodecError as error:
            faults.append(str(error))
            continue
        except InvalidDataError as error:
            faults.append(f"not of this recording: {error}")
            continue
        if chunk.samples.dtype != recording.sample_type.dtype:
            faults.append(f"second {row.second}: samples are {chunk.samples.dtype}")
        if content_sha256(table, chunk) != row.content_sha256:
            faults.append(f"second {row.second}: the samples do not have their content digest")
        if envelope(chunk) != row.envelope:
            faults.append(f"second {row.second}: the envelope is not that of the samples")
        if chunk.samples.size != row.n_samples:
            faults.append(f"second {row.second}: n_samples is {row.n_samples}, not "
                          f"{chunk.samples.size}")  # fmt: skip
    return faults


async def _log(
    driver: Raw, recording: Recording, result: Verified, digests: dict[int, bytes]
) -> None:
    """Compare the chunks with what the ingestion log says was stored."""
    logged: set[int] = set()
    key = (recording.patient_id, recording.recording_id)
    async for entry in logbook.stored(driver, *key):
        seconds = range(entry.start, entry.stop)
        logged.update(seconds)
        missing = [second for second in seconds if second not in digests]
        if missing:
            result.fault(f"second {missing[0]}: logged as {entry.outcome}, not stored")
        elif entry.outcome == "stored" and len(seconds) == 1:
            if digests[entry.start] != entry.checksum:
                result.fault(f"second {entry.start}: the log has another digest")
        elif merkle_root([digests[second] for second in seconds]) != entry.checksum:
            result.fault(f"seconds {entry.start} to {entry.stop}: the log has another root")
    for second in sorted(digests.keys() - logged)[:1]:
        result.fault(f"second {second}: stored, but not in the ingestion log")

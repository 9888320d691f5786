"""EDF and BDF files in: one transaction each, proved before it commits."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eegstore import codec
from eegstore.annotations import annotation_id_for
from eegstore.edf import EdfFile
from eegstore.errors import ConflictError, EdfError
from eegstore.integrity import channels_sha256, merkle_root
from eegstore.model import Annotation, Recording
from eegstore.service import annotations, parameters, summaries
from eegstore.service.declaring import declare_in
from eegstore.service.exporting import rebuilt
from eegstore.service.ingest import prepare
from eegstore.service.recordings import Declared
from eegstore.store import chunks as chunk_table
from eegstore.store import originals, recordings
from eegstore.store.chunks import LogEntry, StoredChunk
from eegstore.store.database import Connection, Database, Raw, raw

PORTION = 60  # [s] prepared and inserted at a time
PART_SECONDS = 600  # [s] of annotation signals in one row
PART_BYTES = 8 << 20

Progress = Callable[[str, int, int], None]
"""Called with what is done ("import", "prove"), seconds done and seconds in all."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    recording_id: str
    n_seconds: int  # stored, or found stored
    n_samples: int
    n_annotations: int
    file_bytes: int
    stored_bytes: int  # of blobs
    skipped: bool  # the same file was imported before
    loss: str | None  # what a salvage could not keep


async def import_edf(
    database: Database,
    path: Path,
    patient_id: str,
    recording_id: str | None = None,
    study_id: str | None = None,
    *,
    salvage: bool = False,
    progress: Progress = lambda what, done, of: None,
) -> Imported:
    """Import one file; a failed import leaves nothing.

    Before the commit the file is rebuilt from what the transaction holds and compared by
    SHA-256, so that `exporting.export_original` can give it back.

    Parameters
    ----------
    recording_id : str, optional
        Default: the file's name with its extension.
    salvage : bool
        Take a truncated file; what is lost is recorded.

    Raises
    ------
    EdfError
        The file is not what its header describes.
    ConflictError
        The recording exists and is not this file's.
    """
    with await asyncio.to_thread(EdfFile, path, salvage=salvage) as file:
        recording = file.recording(patient_id, recording_id or file.name, study_id)
        digest = bytes.fromhex(await asyncio.to_thread(lambda: file.sha256))
        async with database.begin() as connection:
            await recordings.wait_for_locks(connection)
            await recordings.lock(connection, patient_id, recording.recording_id)
            before = await originals.find(connection, patient_id, recording.recording_id)
            if before is not None:
                if bytes(before["file_sha256"]) != digest:
                    raise ConflictError(
                        f"recording {recording.recording_id!r} of {patient_id!r} was imported "
                        f"from another file, {before['file_name']}"
                    )
                return await _skipped(connection, recording, file, before["loss"])
            imported = await _Import(connection, file, recording, progress).run()
    await summaries.catch_up(database, [(patient_id, recording.recording_id)])
    return imported


class _Import:
    """One import within its transaction."""

    def __init__(
        self, connection: Connection, file: EdfFile, recording: Recording, progress: Progress
    ) -> None:
        self._connection = connection
        self._file = file
        self._recording = recording
        self._progress = progress
        self._key = (recording.patient_id, recording.recording_id)

    async def run(self) -> Imported:
        file, recording = self._file, self._recording
        await declare_in(self._connection, recording)
        driver = await raw(self._connection)
        ledger = await self._samples(driver)
        found = await self._annotations()
        await self._original()
        await chunk_table.log(driver, *self._key, ledger.entries())
        await self._prove()
        spans = await chunk_table.spans(driver, *self._key)
        n_seconds = sum(stop - start for start, stop in spans)
        closed = await recordings.closed_at(self._connection, *self._key)
        if closed is not None and closed != n_seconds:
            raise ConflictError(
                f"recording {recording.recording_id!r} is closed with {closed} seconds; with those "
                f"of {file.name} it would have {n_seconds}"
            )
        await recordings.close(self._connection, *self._key, n_seconds)
        if file.identity:
            await recordings.identify(self._connection, recording.patient_id, file.identity)
        return Imported(
            recording.recording_id, n_seconds, ledger.n_samples, len(found), file.size,
            ledger.stored_bytes, False, file.loss,
        )  # fmt: skip

    async def _samples(self, driver: Raw) -> "_Ledger":
        recording, ledger = self._recording, _Ledger()
        declared = Declared(recording, channels_sha256(recording.channels, recording.sample_type))
        total = self._file.n_seconds
        fitted = await asyncio.to_thread(self._fitted)
        if fitted is not None:
            await parameters.add(driver, *self._key, fitted)
        # One portion is prepared while the one before it is inserted.
        prepared = self._in_turn(declared, fitted)
        waiting = asyncio.ensure_future(anext(prepared, None))
        try:
            while (portion := await waiting) is not None:
                waiting = asyncio.ensure_future(anext(prepared, None))
                stop, rows = portion
                if rows:
                    await self._insert(driver, rows)
                    ledger.add(rows)
                self._progress("import", stop, total)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        return ledger

    def _fitted(self) -> codec.Parameters | None:
        """Codec parameters, fitted to seconds from all over the file."""
        total = self._file.n_seconds
        looked_at = np.linspace(0, total - 1, min(total, codec.MAX_CHUNKS)).astype(int).tolist()
        chunks = [chunk for second in looked_at for chunk in self._file.chunks(second, second + 1)]
        return codec.fit(chunks, total)

    async def _in_turn(
        self, declared: Declared, fitted: codec.Parameters | None
    ) -> AsyncIterator[tuple[int, list[StoredChunk]]]:
        """Where each portion ends, and its rows."""
        total = self._file.n_seconds
        for start in range(0, total, PORTION):
            stop = min(start + PORTION, total)
            yield stop, await asyncio.to_thread(self._prepared, declared, start, stop, fitted)

    def _prepared(
        self, declared: Declared, start: int, stop: int, fitted: codec.Parameters | None
    ) -> list[StoredChunk]:
        return prepare(declared, list(self._file.chunks(start, stop)), fitted)

    async def _insert(self, driver: Raw, rows: Sequence[StoredChunk]) -> None:
        new = await chunk_table.insert(driver, *self._key, rows)
        if len(new) == len(rows):
            return
        there = await chunk_table.digests(driver, *self._key, [row.second for row in rows])
        for row in rows:
            if there[row.second] != row.content_sha256:
                raise ConflictError(
                    f"second {row.second} of {self._recording.recording_id!r} is stored with "
                    f"other samples than {self._file.name} has"
                )

    async def _annotations(self) -> list[Annotation]:
        found = [
            replace(
                annotation,
                annotation_id=annotation_id_for(
                    *self._key, index, annotation.onset, annotation.duration,
                    annotation.description,
                ),
            )
            for index, annotation in enumerate(self._file.annotations)
        ]  # fmt: skip
        await annotations.add_in(self._connection, *self._key, found)
        return found

    async def _original(self) -> None:
        original = self._file.original
        patient_id, recording_id = self._key
        await originals.add(
            self._connection,
            {
                "patient_id": patient_id,
                "recording_id": recording_id,
                "file_name": original.file_name,
                "file_size": original.size,
                "file_sha256": bytes.fromhex(original.sha256),
                "n_records": original.n_records,
                "header": original.header,
                "trailing_bytes": original.trailing,
                "loss": self._file.loss,
            },
        )
        header = original.parsed
        per_record = sum(size for _, size in header.layout.annotations)
        if not per_record:
            return
        by_time = int(PART_SECONDS / header.duration) + 1 if header.duration else PART_SECONDS
        records = max(1, min(by_time, PART_BYTES // per_record))
        for first in range(0, original.n_records, records):
            stop = min(first + records, original.n_records)
            await originals.add_part(
                self._connection,
                {
                    "patient_id": patient_id,
                    "recording_id": recording_id,
                    "first_record": first,
                    "stop_record": stop,
                    "annotation_bytes": codec.compress(self._file.annotation_bytes(first, stop)),
                },
            )

    async def _prove(self) -> None:
        """Raise EdfError unless what is stored gives the file back, byte for byte."""
        digest, total = hashlib.sha256(), self._file.n_seconds
        size = 0
        async for part in rebuilt(self._connection, self._recording):
            digest.update(part)
            size += len(part)
            self._progress("prove", total * size // max(self._file.size, 1), total)
        if digest.hexdigest() != self._file.sha256:
            raise EdfError(
                f"{self._file.name}: rebuilt from the store it has SHA-256 {digest.hexdigest()}, "
                f"the file has {self._file.sha256}; nothing was imported"
            )


class _Ledger:
    """What was stored, for the ingestion log: one entry per stretch of seconds."""

    def __init__(self) -> None:
        self.n_samples = 0
        self.stored_bytes = 0
        self._spans: list[tuple[int, int, int, list[bytes]]] = []

    def add(self, rows: Sequence[StoredChunk]) -> None:
        for row in rows:
            self.n_samples += row.n_samples
            self.stored_bytes += len(row.blob)
            if self._spans and self._spans[-1][1] == row.second:
                start, _, n_samples, digests = self._spans[-1]
                digests.append(row.content_sha256)
                self._spans[-1] = (start, row.second + 1, n_samples + row.n_samples, digests)
            else:
                self._spans.append(
                    (row.second, row.second + 1, row.n_samples, [row.content_sha256])
                )

    def entries(self) -> list[LogEntry]:
        return [
            LogEntry(start, stop, n_samples, merkle_root(digests), "imported")
            for start, stop, n_samples, digests in self._spans
        ] or [LogEntry(0, 0, 0, merkle_root([]), "imported")]


async def _skipped(
    connection: Connection, recording: Recording, file: EdfFile, loss: str | None
) -> Imported:
    key = (recording.patient_id, recording.recording_id)
    row = (await recordings.listing(connection, *key))[0]
    return Imported(
        recording.recording_id, row["n_seconds"], row["n_samples"], len(file.annotations),
        file.size, row["stored_bytes"], True, loss,
    )  # fmt: skip

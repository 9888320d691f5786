"""EDF and BDF files in: one transaction each, proved before it commits."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eegstore import codec
from eegstore.annotations import annotation_id_for
from eegstore.edf import EdfFile
from eegstore.encoding.order import Order
from eegstore.errors import ConflictError
from eegstore.integrity import channels_sha256, merkle_root
from eegstore.model import Annotation, Recording
from eegstore.service import annotations, parameters, summaries
from eegstore.service.beside import Beside
from eegstore.service.declaring import declare_in
from eegstore.service.exporting import Stored, rebuilt
from eegstore.service.preparing import prepare
from eegstore.service.recordings import Declared
from eegstore.store import chunks as chunk_table
from eegstore.store import originals, recordings
from eegstore.store.chunks import LogEntry, StoredChunk
from eegstore.store.database import Connection, Database, Raw, raw

PORTION = 60  # [s] prepared, inserted and proved at a time
LONG = 8 << 20  # [byte] of a file; shorter ones are in before another process has started
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
    SHA-256, so that `exporting.export_original` can give it back. Each portion is read back once
    it is inserted, while the next is encoded, of long files in another process.

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
        async with (
            Beside(wanted=file.size >= LONG) as beside,
            _hashed(file) as digest,
            database.begin() as connection,
        ):
            await recordings.wait_for_locks(connection)
            await recordings.lock(connection, patient_id, recording.recording_id)
            before = await originals.find(connection, patient_id, recording.recording_id)
            if before is not None:
                if bytes(before["file_sha256"]).hex() != await asyncio.shield(digest):
                    raise ConflictError(
                        f"recording {recording.recording_id!r} of {patient_id!r} was imported "
                        f"from another file, {before['file_name']}"
                    )
                return await _skipped(connection, recording, file, before["loss"])
            work = _Import(connection, beside, path, file, recording, progress)
            imported = await work.run(digest)
    await summaries.catch_up(database, [(patient_id, recording.recording_id)])
    return imported


@asynccontextmanager
async def _hashed(file: EdfFile) -> AsyncIterator[asyncio.Task[str]]:
    """The file's SHA-256, which is computed beside what else there is to do."""
    digest = asyncio.create_task(asyncio.to_thread(lambda: file.sha256))
    try:
        yield digest
    finally:  # the file is open until then
        await asyncio.gather(digest, return_exceptions=True)


class _Import:
    """One import within its transaction."""

    def __init__(
        self,
        connection: Connection,
        beside: Beside,
        path: Path,
        file: EdfFile,
        recording: Recording,
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._beside = beside
        self._path = path
        self._file = file
        self._recording = recording
        self._progress = progress
        self._key = (recording.patient_id, recording.recording_id)

    async def run(self, hashed: Awaitable[str]) -> Imported:
        file, recording = self._file, self._recording
        await declare_in(self._connection, recording)
        driver = await raw(self._connection)
        fitted = await asyncio.to_thread(self._fitted)
        if fitted is not None:
            await parameters.add(driver, *self._key, fitted)
        await asyncio.shield(hashed)
        await self._original()
        ledger = _Ledger()
        await self._prove(self._stored(driver, fitted, ledger))
        found = await self._annotations()
        await chunk_table.log(driver, *self._key, ledger.entries())
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

    async def _stored(
        self, driver: Raw, fitted: codec.Parameters | None, ledger: "_Ledger"
    ) -> AsyncGenerator[Stored]:
        """Store all samples; what the transaction then has of them, portion by portion."""
        recording, total = self._recording, self._file.n_seconds
        declared = Declared(recording, channels_sha256(recording.channels, recording.sample_type))
        start = 0
        async with aclosing(self._portions(declared, fitted)) as portions:
            async for rows in portions:
                stop = min(start + PORTION, total)
                if rows:
                    await self._insert(driver, rows)
                    ledger.add(rows)
                self._progress("import", stop, total)
                if there := await chunk_table.blobs(driver, *self._key, start, stop):
                    yield there
                start = stop
        async for more in chunk_table.in_portions(driver, *self._key, total, 1 << 62):
            yield more  # of no second of this file

    async def _portions(
        self, declared: Declared, fitted: codec.Parameters | None
    ) -> AsyncGenerator[list[StoredChunk]]:
        """The rows of portion after portion; the next is being made while one is in use."""
        total, beside = self._file.n_seconds, self._beside
        start, waiting = 0, self._preparing(declared, fitted, 0)
        try:
            while start < total:
                ordered = self._ordered(declared, fitted, start + PORTION)
                rows = await waiting
                start += PORTION
                if not (ordered or self._ordered(declared, fitted, start)):
                    waiting = self._preparing(declared, fitted, start)
                    yield rows
                    continue
                yield rows
                while start < total and (found := await beside.rows()) is not None:
                    yield found
                    start += PORTION
                waiting = self._preparing(declared, fitted, start)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    def _preparing(
        self, declared: Declared, fitted: codec.Parameters | None, start: int
    ) -> asyncio.Task[list[StoredChunk]]:
        """The rows of the portion from `start` on, which are being made here."""

        def prepared() -> list[StoredChunk]:
            return prepare(declared, list(self._file.chunks(start, start + PORTION)), fitted)

        return asyncio.create_task(asyncio.to_thread(prepared))

    def _ordered(self, declared: Declared, fitted: codec.Parameters | None, start: int) -> bool:
        """Have all portions from `start` on made beside this process, if that is ready."""
        wanted = self._beside.ready and start < self._file.n_seconds
        if wanted:
            self._beside.order(self._order(declared, fitted, start))
        return wanted

    def _order(self, declared: Declared, fitted: codec.Parameters | None, start: int) -> Order:
        packed = None if fitted is None else fitted.packed
        salvaged = self._file.loss is not None
        return Order(
            self._path.absolute(), self._file.size, salvaged, declared.recording,
            declared.channels_sha256, packed, start, PORTION,
        )  # fmt: skip

    def _fitted(self) -> codec.Parameters | None:
        """Codec parameters, fitted to seconds from all over the file."""
        total = self._file.n_seconds
        looked_at = np.linspace(0, total - 1, min(total, codec.MAX_CHUNKS)).astype(int).tolist()
        chunks = [chunk for second in looked_at for chunk in self._file.chunks(second, second + 1)]
        return codec.fit(chunks, total)

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

    async def _prove(self, stored: AsyncGenerator[Stored]) -> None:
        """Raise EdfError unless what is stored gives the file back, byte for byte."""
        size, total = 0, self._file.n_seconds
        parts = rebuilt(self._connection, self._recording, stored)
        async with aclosing(stored), aclosing(parts):
            async for part in parts:
                size += len(part)
                self._progress("prove", total * size // max(self._file.size, 1), total)


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

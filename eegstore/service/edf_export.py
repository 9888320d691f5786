"""Recordings out as clean EDF+ files, whole or cropped, while they are read."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from eegstore import codec
from eegstore.edf import EdfWriter, Original, record_onsets
from eegstore.model import Recording, Runs
from eegstore.service import annotations
from eegstore.service.exporting import MAX_PART, original_of, replacing
from eegstore.service.parameters import Kept, named
from eegstore.service.recordings import declared
from eegstore.signal.envelope import read_envelopes
from eegstore.store import chunks as chunk_table
from eegstore.store import originals
from eegstore.store.database import Connection, Database, Raw, raw

_AT_ONCE = 120  # seconds read and written together


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is about to be written: of what was stored when it was asked for."""

    recording: Recording
    writer: EdfWriter
    seconds: list[int]  # that it holds, ascending

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.writer.size

    async def parts(self, database: Database) -> AsyncIterator[bytes]:
        """The file, once, from beginning to end.

        No connection is kept while a part is taken: a slow reader holds nobody up. What comes in
        meanwhile is left out.
        """
        key = (self.recording.patient_id, self.recording.recording_id)
        kept: Kept = {}
        yield self.writer.header()
        for at in range(0, len(self.seconds), _AT_ONCE):
            wanted = self.seconds[at : at + _AT_ONCE]
            async with database.reading() as driver:
                stored = await chunk_table.blobs(driver, *key, wanted[0], wanted[-1] + 1)
                shared = await named(driver, key[0], [blob for _, blob in stored], kept)
            if len(stored) > len(wanted):
                there = set(wanted)
                stored = [one for one in stored if one[0] in there]
            yield await asyncio.to_thread(self._fed, stored, shared)
        yield self.writer.finish()

    def _fed(self, stored: list[tuple[int, bytes]], shared: codec.Shared) -> bytes:
        blobs, seconds = [blob for _, blob in stored], [second for second, _ in stored]
        return self.writer.feed(codec.decode(blobs, seconds, shared))


async def plan(
    database: Database,
    patient_id: str,
    recording_id: str,
    *,
    start: Fraction | None = None,
    stop: Fraction | None = None,
    bdf: bool | None = None,
    lossy: bool = False,
) -> Export:
    """What a file will be, of a recording or a crop of it.

    Annotations that were rejected are left out.

    Parameters
    ----------
    start, stop : Fraction, optional
        [s] from recording start; default all of it.
    bdf : bool, optional
        24 bits instead of 16; by default for recordings that have them.
    lossy : bool
        Allow what changes values, see `EdfWriter`.

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
    async with database.snapshot() as connection:
        driver = await raw(connection)
        said = await annotations.of_recording_in(connection, *key)
        row = await originals.find(connection, *key)
        original = None if row is None else original_of(row)
        runs: list[tuple[int, Runs]] = []
        async for portion in chunk_table.heads_in_portions(driver, *key, first, last):
            runs += await asyncio.to_thread(_runs, portion)
        onsets = None if original is None else await _onsets(connection, recording, original)
        ranges = await _ranges(driver, recording, first, last) if lossy else None
    make = partial(
        EdfWriter,
        recording,
        runs,
        [annotation for annotation in said if annotation.status != "rejected"],
        original=original,
        onsets=onsets,
        start=start,
        stop=stop,
        bdf=bdf,
        lossy=lossy,
        ranges=ranges,
    )
    return Export(recording, await asyncio.to_thread(make), [second for second, _ in runs])


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
    """Write a recording, or a crop of it, to a file; returns its size [byte].

    The name's ending decides: ``.bdf`` has 24 bits, ``.edf`` 16. Otherwise as `plan`.
    """
    bdf = {".bdf": True, ".edf": False}.get(path.suffix.lower())
    export = await plan(
        database, patient_id, recording_id, start=start, stop=stop, bdf=bdf, lossy=lossy
    )
    with replacing(path) as file:
        async for part in export.parts(database):
            file.write(part)
    return export.size


def _runs(heads: list[tuple[int, bytes]]) -> list[tuple[int, Runs]]:
    return [(second, codec.read_header(head).runs) for second, head in heads]


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
    return await asyncio.to_thread(_limits, recording, [envelope for _, envelope in rows])


def _limits(recording: Recording, envelopes: list[bytes]) -> list[tuple[float, float]]:
    limits = read_envelopes(envelopes, recording.sample_type, len(recording.channels))
    if not len(limits):
        return [(0.0, 0.0)] * len(recording.channels)
    low, high = limits[:, :, 0].min(axis=0), limits[:, :, 1].max(axis=0)
    return [
        (float(lo), float(hi)) if lo <= hi else (0.0, 0.0) for lo, hi in zip(low, high, strict=True)
    ]

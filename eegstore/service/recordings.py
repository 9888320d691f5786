"""Look a recording up, say what is stored of it, close it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from eegstore import codec
from eegstore.errors import CodecError, ConflictError, NotFoundError
from eegstore.model import Recording, RecordingInfo, Runs, check_id
from eegstore.picks import Picks, pick
from eegstore.service.declaring import declare as declare
from eegstore.service.declaring import recording_of
from eegstore.service.grid import Grid
from eegstore.service.picking import rows_of
from eegstore.store import chunks as chunk_table
from eegstore.store import recordings
from eegstore.store.database import Database, Row, raw
from eegstore.timebase import first_sample

FRESH = 2.0  # [s] that readers believe a declaration without looking again
_KEPT = 10_000
_PICKED = 8  # choices of channels kept of a recording: all, and those of a montage or two


@dataclass(frozen=True)
class Declared:
    """A stored declaration and the digest of its channel table."""

    recording: Recording
    channels_sha256: bytes
    edition: str = ""  # as it is stored; another one when an archivist has changed it
    _picks: dict[tuple[str, ...] | None, Picks] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def key(self) -> tuple[str, str]:
        """patient_id and recording_id."""
        return self.recording.patient_id, self.recording.recording_id

    @cached_property
    def grid(self) -> Grid:
        """How values of this recording become samples."""
        return Grid(self.recording)

    def picks(self, labels: Sequence[str] | None = None) -> Picks:
        """The channels with these labels made unique; default all. Asked for again, the same.

        Raises
        ------
        InvalidDataError
            Names the label that is unknown, repeated, or stands for several channels.
        """
        names = None if labels is None else tuple(labels)
        found = self._picks.get(names)
        if found is None:
            rows = None if names is None else rows_of(self.recording, names)
            if len(self._picks) >= _PICKED:
                self._picks.pop(next(iter(self._picks)))
            found = self._picks[names] = pick(self.recording, rows)
        return found


async def declared(database: Database, patient_id: str, recording_id: str) -> Declared:
    """The declaration of a recording, for those who read it: as it was some seconds ago.

    Raises
    ------
    NotFoundError
    """
    key = (patient_id, recording_id)
    now = asyncio.get_running_loop().time()
    if key in database.declared and now - database.looked.get(key, -FRESH) >= FRESH:
        async with database.reading() as driver:
            edition = await recordings.edition(driver, *key)
        if key in database.declared and database.declared[key].edition != edition:
            forget(database, key)
        database.looked[key] = now
    found = await find_declared(database, patient_id, recording_id)
    if found is None:
        raise unknown(patient_id, recording_id)
    return found


async def find_declared(database: Database, patient_id: str, recording_id: str) -> Declared | None:
    """The declaration of a recording, or None, for those whose seconds are checked once more.

    Declarations change only where an archivist has erased or corrected them.
    """
    key = (patient_id, recording_id)
    kept: Declared | None = database.declared.get(key)
    if kept is not None:
        return kept
    check_id("patient_id", patient_id)
    check_id("recording_id", recording_id)
    async with database.begin() as connection:
        row = await recordings.find(connection, patient_id, recording_id)
    return None if row is None else _keep(database, row)


async def of_patient(database: Database, patient_id: str) -> list[Recording]:
    """All recordings of a patient, by start; those asked for before are not read again."""
    check_id("patient_id", patient_id)
    async with database.begin() as connection:
        editions = await recordings.editions_of_patient(connection, patient_id)
        found: dict[str, Declared] = {}
        for name, edition in editions.items():
            kept: Declared | None = database.declared.get((patient_id, name))
            if kept is not None and kept.edition == edition:
                found[name] = kept
            elif kept is not None:
                forget(database, kept.key)
        unread = [name for name in editions if name not in found]
        for row in await recordings.of_patient(connection, patient_id, unread) if unread else ():
            found[row["recording_id"]] = _keep(database, row)
    return [found[name].recording for name in editions if name in found]


def forget(database: Database, key: tuple[str, str]) -> None:
    """Keep nothing any more of what was known of a recording."""
    for kept in (database.declared, database.looked, database.suspects, database.ends):
        kept.pop(key, None)


def _keep(database: Database, row: Row) -> Declared:
    found = Declared(recording_of(row), bytes(row["channels_sha256"]), row["edition"])
    if len(database.declared) >= _KEPT:
        oldest = next(iter(database.declared))
        database.declared.pop(oldest)
        database.looked.pop(oldest, None)
    database.declared[found.key] = found
    database.looked[found.key] = asyncio.get_running_loop().time()
    return found


async def listing(
    database: Database, patient_id: str | None = None, recording_id: str | None = None
) -> list[RecordingInfo]:
    """Recordings and what is stored of them now, by patient and start."""
    return (await listed(database, patient_id, recording_id)).infos


class Listed(NamedTuple):
    """Recordings, and which of them roll-ups are due for (`summaries.build`)."""

    infos: list[RecordingInfo]
    due: list[tuple[str, str]]


async def listed(
    database: Database, patient_id: str | None = None, recording_id: str | None = None
) -> Listed:
    """`listing`, which is slower for those that it says roll-ups are due for."""
    for what, value in (("patient_id", patient_id), ("recording_id", recording_id)):
        if value is not None:
            check_id(what, value)
    async with database.begin() as connection:
        rows = await recordings.listing(connection, patient_id, recording_id)
    infos = await asyncio.to_thread(lambda: [_info(row) for row in rows])
    return Listed(infos, [(row["patient_id"], row["recording_id"]) for row in rows if row["due"]])


async def info(database: Database, patient_id: str, recording_id: str) -> RecordingInfo:
    """One recording and what is stored of it now.

    Raises
    ------
    NotFoundError
    """
    found = await listing(database, patient_id, recording_id)
    if not found:
        raise unknown(patient_id, recording_id)
    return found[0]


async def patients(database: Database) -> list[str]:
    """All patient ids, ascending."""
    async with database.begin() as connection:
        return await recordings.patients(connection)


@dataclass(frozen=True, slots=True)
class Have:
    """The seconds that are stored, as half-open spans."""

    spans: list[tuple[int, int]]
    n_seconds: int
    closed: bool


async def have(database: Database, patient_id: str, recording_id: str) -> Have:
    """What is stored of a recording, for a device that resumes.

    Raises
    ------
    NotFoundError
    """
    await declared(database, patient_id, recording_id)
    async with database.snapshot() as connection:
        spans = await chunk_table.spans(await raw(connection), patient_id, recording_id)
        closed = await recordings.closed_at(connection, patient_id, recording_id)
    return Have(spans, sum(stop - start for start, stop in spans), closed is not None)


async def close(
    database: Database, patient_id: str, recording_id: str, n_seconds: int | None
) -> int:
    """Close a recording; returns how many seconds it has. Closing twice is closing once.

    Raises
    ------
    NotFoundError
    ConflictError
        Not as many seconds are stored as the device says it has sent.
    """
    await declared(database, patient_id, recording_id)
    async with database.begin() as connection:
        driver = await raw(connection)
        await recordings.lock(connection, patient_id, recording_id)
        spans = await chunk_table.spans(driver, patient_id, recording_id)
        stored = sum(stop - start for start, stop in spans)
        if n_seconds is not None and n_seconds != stored:
            raise ConflictError(
                f"recording {recording_id!r} has {stored} seconds stored, the device has "
                f"{n_seconds}; it stays open"
            )
        if await recordings.close(connection, patient_id, recording_id, stored):
            end = spans[-1][1] if spans else 0
            entry = chunk_table.LogEntry(0, end, 0, b"", "closed")
            await chunk_table.log(driver, patient_id, recording_id, [entry])
    if database.follower is not None:
        database.follower.ring([(patient_id, recording_id)])
    return stored


def unknown(patient_id: str, recording_id: str) -> NotFoundError:
    """The error for a recording that is not there."""
    return NotFoundError(f"no recording {recording_id!r} of patient {patient_id!r}")


def end_of(recording: Recording, second: int, runs: Runs) -> Fraction:
    """Time [s] at which the last sample of a second ends."""
    ends = [
        (first_sample(second, channel.sfreq) + runs_of[-1][0] + runs_of[-1][1]) / channel.sfreq
        for channel, runs_of in zip(recording.channels, runs, strict=True)
        if runs_of
    ]
    return max(ends, default=Fraction(second + 1))


def _info(row: Row) -> RecordingInfo:
    recording = recording_of(row)
    duration = Fraction(0)
    if row["last_second"] is not None:
        last = row["last_second"]
        try:
            runs = codec.read_header(row["last_head"]).runs
            duration = end_of(recording, last, runs)
        except (CodecError, ValueError):
            duration = Fraction(last + 1)
    return RecordingInfo(
        recording, row["n_seconds"], float(duration), row["n_samples"], row["stored_bytes"],
        row["closed"], row["n_seizures"],
    )  # fmt: skip

"""One transaction for the seconds of many requests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eegstore.errors import (
    ConflictError,
    EegStoreError,
    NotFoundError,
    StoreUnavailableError,
)
from eegstore.integrity import merkle_root
from eegstore.service.recordings import Declared, forget, unknown
from eegstore.store import append
from eegstore.store.append import Key, LogEntry, NewChunk, Place, State, StoredChunk
from eegstore.store.database import Database, Raw, raw

STORED, DUPLICATE, CONFLICT = "stored", "duplicate", "conflict"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a second: stored, duplicate (the same is there), conflict (other is)."""

    second: int
    outcome: str
    content_sha256: str


@dataclass(slots=True, eq=False)
class Batch:
    """The seconds of one recording that one request carries, none of them twice."""

    declared: Declared
    rows: Sequence[StoredChunk]
    device_time: datetime | None  # aware
    key: Key = field(init=False)
    places: list[Place] = field(init=False)  # where the rows belong, in their order

    def __post_init__(self) -> None:
        self.key = self.declared.key
        patient_id, recording_id = self.key
        self.places = [(patient_id, recording_id, row.second) for row in self.rows]


Result = list[Outcome] | EegStoreError | None
"""What became of a batch; None when another transaction has locked its recording."""


async def write(
    database: Database, batches: Sequence[Batch], *, wait: bool = False
) -> list[Result]:
    """Store batches durably, in one transaction; one that is refused does not fail the others.

    Of two batches that carry the same second, the first has it stored.

    Parameters
    ----------
    wait : bool
        Wait for a transaction that has locked a recording; for one batch alone.

    Raises
    ------
    StoreUnavailableError, NotFoundError
        The transaction failed, and nothing of any batch is stored.
    """
    async with database.begin() as connection:
        driver = await raw(connection)
        states = await append.enter(driver, sorted({b.key for b in batches}), wait=wait)
        results: list[Result] = [_refusal(batch, states) for batch in batches]
        taken = [
            at for at, batch in enumerate(batches)
            if results[at] is None and batch.key in states
        ]  # fmt: skip
        told = await _insert(driver, [batches[at] for at in taken], states)
        for at, result in zip(taken, told, strict=True):
            results[at] = result
        entries = [
            (batch.key, entry)
            for batch, result in zip(batches, results, strict=True)
            if isinstance(result, list)
            for entry in _entries(batch.rows, result)
        ]
        if entries:
            await append.log(driver, entries)
    if database.follower is not None:
        database.follower.ring(batch.key for batch in batches)
    for batch, result in zip(batches, results, strict=True):
        if isinstance(result, NotFoundError | StoreUnavailableError):
            forget(database, batch.key)  # it was read by what is no more
    return results


def _refusal(batch: Batch, states: dict[Key, State | None]) -> EegStoreError | None:
    """Why none of a batch can be stored or found stored."""
    if batch.key not in states:
        return None
    state = states[batch.key]
    if state is None:
        return unknown(*batch.key)
    if state.channels_sha256 != batch.declared.channels_sha256:
        return StoreUnavailableError(
            f"recording {batch.key[1]!r} was declared anew by an archivist; send again"
        )
    return None


async def _insert(
    driver: Raw, batches: Sequence[Batch], states: dict[Key, State | None]
) -> list[Result]:
    first: dict[Place, StoredChunk] = {}
    chunks: list[NewChunk] = []
    for batch in batches:
        state = states[batch.key]
        if state is None or state.closed:
            continue
        for place, row in zip(batch.places, batch.rows, strict=True):
            if first.setdefault(place, row) is row:
                chunks.append(NewChunk(batch.key, row, batch.device_time))
    new = await append.insert(driver, chunks) if chunks else set()
    wanted = {place for batch in batches for place in batch.places}
    held = await append.digests(driver, wanted - new) if wanted - new else {}
    held.update((place, first[place].content_sha256) for place in new)
    results: list[Result] = []
    for batch in batches:
        absent = [place[2] for place in batch.places if place not in held]
        if absent:
            error = f"recording {batch.key[1]!r} is closed; second {min(absent)} is not in it"
            results.append(ConflictError(error))
            continue
        results.append([
            Outcome(
                row.second,
                STORED if place in new and first[place] is row
                else DUPLICATE if held[place] == row.content_sha256
                else CONFLICT,
                row.content_sha256.hex(),
            )
            for place, row in zip(batch.places, batch.rows, strict=True)
        ])  # fmt: skip
    return results


def _entries(rows: Sequence[StoredChunk], outcomes: Sequence[Outcome]) -> Iterator[LogEntry]:
    """One entry for every stretch of seconds with one outcome; conflicts one by one."""
    pairs = sorted(zip(rows, outcomes, strict=True), key=lambda pair: pair[0].second)
    stretch: list[StoredChunk] = []
    outcome = ""
    for row, found in pairs:
        goes_on = stretch and stretch[-1].second + 1 == row.second and found.outcome == outcome
        if stretch and (not goes_on or outcome == CONFLICT):
            yield _entry(stretch, outcome)
            stretch = []
        stretch.append(row)
        outcome = found.outcome
    if stretch:
        yield _entry(stretch, outcome)


def _entry(rows: Sequence[StoredChunk], outcome: str) -> LogEntry:
    digests = [row.content_sha256 for row in rows]
    return LogEntry(
        rows[0].second, rows[-1].second + 1, sum(row.n_samples for row in rows),
        digests[0] if len(digests) == 1 else merkle_root(digests), outcome,
    )  # fmt: skip

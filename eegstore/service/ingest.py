"""The way in: check, encode, store, log, and only then acknowledge."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from eegstore.encoding.checks import MAX_SECOND, check, check_all
from eegstore.errors import InvalidDataError
from eegstore.model import Chunk
from eegstore.service.grouping import Group
from eegstore.service.preparing import prepare
from eegstore.service.recordings import Declared
from eegstore.service.writing import CONFLICT, DUPLICATE, STORED, Outcome
from eegstore.store.database import Database

__all__ = ["CONFLICT", "DUPLICATE", "MAX_SECOND", "STORED", "Outcome", "check", "prepare",
           "store"]  # fmt: skip

_IN_THREAD = 120  # chunks; checking one takes 10 us


async def store(
    database: Database,
    declared: Declared,
    chunks: Sequence[Chunk],
    device_time: datetime | None = None,
) -> list[Outcome]:
    """Store seconds durably; one that conflicts does not fail its neighbours.

    Returns only after the commit, which is shared with whoever stores at the same time: what
    is reported as stored or duplicate is on disk.

    Raises
    ------
    InvalidDataError
        A chunk does not fit the declaration; nothing is stored.
    ConflictError
        The recording is closed and has not these seconds; nothing is stored.
    NotFoundError
        The recording was erased.
    StoreUnavailableError
        The database cannot be reached, or too much waits already; nothing is claimed.
    """
    if len(chunks) > _IN_THREAD:
        await asyncio.to_thread(_check, declared, chunks)
    else:
        _check(declared, chunks)
    if device_time is not None and device_time.tzinfo is None:
        device_time = device_time.replace(tzinfo=UTC)
    if database.group is None:
        database.group = Group(database)
    group: Group = database.group
    return await group.store(declared, chunks, device_time)


def _check(declared: Declared, chunks: Sequence[Chunk]) -> None:
    seconds = [chunk.second for chunk in chunks]
    if len(set(seconds)) != len(seconds):
        twice = next(second for second in seconds if seconds.count(second) > 1)
        raise InvalidDataError(f"second {twice} comes twice in one request")
    check_all(declared.recording, chunks)

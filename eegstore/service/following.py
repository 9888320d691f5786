"""Recordings followed as they grow: what is stored, then every second as it is stored.

What is followed is the ingestion log, whoever writes it: this process, which rings right after
its commits, or another one, whose entries are found by looking every second (ten times as often
where the service has several processes). The first news of a reader are what is stored at one
moment, and the next what the log has gained since that moment: nothing is missing between the
two, and nothing comes twice.

The numbers of entries are given before the commit, so one may appear behind a higher one. Every
look therefore takes the latest entries again, and tells those that it has not seen.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eegstore.errors import EegStoreError, StoreUnavailableError
from eegstore.model import check_id
from eegstore.service.recordings import unknown
from eegstore.service.subscription import Subscription
from eegstore.signal.spans import Spans, union
from eegstore.store import chunks as chunk_table
from eegstore.store import logbook
from eegstore.store.append import Key
from eegstore.store.database import Database, raw

POLL = 1.0  # [s]
SOON = 0.1  # [s], where other processes of the service write, too
OVERLAP = 500  # entries of one recording that may overtake a transaction
_log = logging.getLogger("eegstore")


@asynccontextmanager
async def follow(
    database: Database, patient_id: str, recording_id: str, start: int | None
) -> AsyncIterator[Subscription]:
    """Follow a recording; see `Subscription.news` for what that may raise.

    Parameters
    ----------
    start : int or None
        The second from which on what is stored already is told too; None: nothing of it.

    Raises
    ------
    InvalidDataError
        What cannot be an id.
    """
    check_id("patient_id", patient_id)
    check_id("recording_id", recording_id)
    if database.follower is None:
        database.follower = Follower(database)
    follower: Follower = database.follower
    key = (patient_id, recording_id)
    subscription = Subscription(start)
    follower.enter(key, subscription)
    try:
        yield subscription
    finally:
        follower.leave(key, subscription)


@dataclass(slots=True, eq=False)
class _Followed:
    """A recording, its readers, and which entries of the log they have been told."""

    readers: list[Subscription] = field(default_factory=list)
    joining: list[Subscription] = field(default_factory=list)  # who have been told nothing yet
    last: int | None = None  # no entry up to this one is looked at again
    seen: set[int] = field(default_factory=set)

    def new(self, found: logbook.Since) -> Spans:
        """The seconds of the entries that were not seen before."""
        ids, spans = found.ids, found.spans
        fresh = [span for id, span in zip(ids, spans, strict=True) if id not in self.seen]
        if len(ids) > OVERLAP:
            self.last = ids[-OVERLAP - 1]
        elif self.last is None:
            self.last = ids[0] - 1 if ids else 0
        self.seen = set(ids[-OVERLAP:])
        return union(fresh)


class Follower:
    """All recordings of one database that somebody follows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followed: dict[Key, _Followed] = {}
        self._due: dict[Key, datetime] = {}  # since when something may be new
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ring(self, keys: Iterable[Key]) -> None:
        """Something of these recordings has been committed."""
        now = datetime.now(UTC)
        for key in keys:
            if key in self._followed:
                self._due.setdefault(key, now)
                self._rung.set()

    def enter(self, key: Key, subscription: Subscription) -> None:
        """Tell somebody, too."""
        self._followed.setdefault(key, _Followed()).joining.append(subscription)
        self.ring([key])
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self, key: Key, subscription: Subscription) -> None:
        """Tell somebody no more."""
        followed = self._followed.get(key)
        if followed is None:
            return
        for those in (followed.readers, followed.joining):
            if subscription in those:
                those.remove(subscription)
        if not followed.readers and not followed.joining:
            del self._followed[key]
            self._rung.set()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = POLL if self._database.alone else SOON
        next_round = clock() + pause
        while self._followed:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_round):
                    await self._rung.wait()
            self._rung.clear()
            due = {key: at for key, at in self._due.items() if key in self._followed}
            self._due.clear()
            if clock() >= next_round:
                due = dict.fromkeys(self._followed, datetime.now(UTC)) | due
                next_round = clock() + pause
            if due:
                await self._look(due)
        self._task = None

    async def _look(self, due: dict[Key, datetime]) -> None:
        """Tell what is new in some recordings."""
        before = {key: (self._followed[key], list(self._followed[key].joining)) for key in due}
        try:
            found, stored = await self._read(before)
        except Exception as error:
            if not isinstance(error, EegStoreError):
                _log.exception("following recordings")
                error = StoreUnavailableError(f"{type(error).__name__}: {error}")
            for key in list(self._followed):
                self._fail(key, error)
            return
        for key, (followed, joining) in before.items():
            if self._followed.get(key) is not followed:
                continue
            if not found[key].declared:
                self._fail(key, unknown(*key))
                continue
            seconds = followed.new(found[key])
            for reader in followed.readers:
                reader.tell(seconds, due[key])
            for reader in [one for one in joining if one in followed.joining]:
                reader.begin(stored[key], due[key])
                followed.joining.remove(reader)
                followed.readers.append(reader)
            if found[key].closed:
                for reader in followed.readers:
                    reader.close()

    async def _read(
        self, asked: dict[Key, tuple[_Followed, list[Subscription]]]
    ) -> tuple[dict[Key, logbook.Since], dict[Key, Spans]]:
        """The log's latest of some recordings, and what is stored of those with new readers."""
        lasts = [(key, followed.last) for key, (followed, _) in asked.items()]
        new = [key for key, (_, joining) in asked.items() if joining]
        if not new:
            async with self._database.reading() as driver:
                return await logbook.since(driver, lasts, OVERLAP), {}
        async with self._database.snapshot() as connection:  # one moment for both
            driver = await raw(connection)
            found = await logbook.since(driver, lasts, OVERLAP)
            return found, {key: await chunk_table.spans(driver, *key) for key in new}

    def _fail(self, key: Key, error: EegStoreError) -> None:
        followed = self._followed.pop(key)
        for reader in followed.readers + followed.joining:
            reader.fail(copy(error))  # each raises one of his own

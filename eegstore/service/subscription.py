"""What one reader of a growing recording has not been told yet."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from eegstore.errors import EegStoreError
from eegstore.signal.spans import Spans, common, union

_END = 1 << 62  # [s], later than any second


class News(NamedTuple):
    """Seconds that are stored and were not told before."""

    seconds: Spans
    duration: int  # [s] to the end of the last stored second
    at: datetime  # when they were committed, or found to be
    closed: bool  # no more will come


class Subscription:
    """The news of one recording for one reader.

    What is not fetched is joined: a slow reader gets fewer news, and none is lost or kept twice.

    Parameters
    ----------
    start : int or None
        The second from which on the first news tell what is stored; None: nothing.
    """

    def __init__(self, start: int | None) -> None:
        self._start = start
        self._seconds: Spans = []
        self._duration = 0
        self._at: datetime | None = None
        self._closed = False
        self._error: EegStoreError | None = None
        self._changed = asyncio.Event()

    def begin(self, stored: Spans, at: datetime) -> None:
        """All that is stored now."""
        self._duration = stored[-1][1] if stored else 0
        wanted = [] if self._start is None else [(self._start, _END)]
        self._add(common(stored, wanted), at)

    def tell(self, seconds: Sequence[tuple[int, int]], at: datetime) -> None:
        """More is stored."""
        if seconds:
            self._duration = max(self._duration, seconds[-1][1])
            self._add(union([*self._seconds, *seconds]), at)

    def close(self) -> None:
        """There will be no more."""
        self._closed = True
        self._changed.set()

    def fail(self, error: EegStoreError) -> None:
        """It cannot be told how it goes on."""
        self._error = error
        self._changed.set()

    async def news(self) -> News:
        """What is new; waits for it. The first comes at once, and may be of no second.

        Raises
        ------
        StoreUnavailableError
            The database is away; follow again later.
        NotFoundError
            There is no such recording, or not any more.
        """
        await self._changed.wait()
        if self._error is not None:
            raise self._error
        assert self._at is not None
        news = News(self._seconds, self._duration, self._at, self._closed)
        self._seconds = []
        self._changed.clear()
        return news

    def _add(self, seconds: Spans, at: datetime) -> None:
        self._seconds, self._at = seconds, at
        self._changed.set()

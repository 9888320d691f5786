"""Looks again and again what the store has, patiently while it is away."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from bokeh.document import Document
from bokeh.server.callbacks import TimeoutCallback

from eegstore.errors import AccessError, EegStoreError, StoreUnavailableError

from .choice import Key, count_next, key_of
from .marks import seizures
from .pages import Look, Pages

EVERY, EVERY_LIVE = 2.0, 1.0  # [s] between two looks
SHARE = 5  # a look that takes long is followed by a pause that many times as long
LONGEST = 10.0  # [s] between two tries
COUNT_FRESH, COUNT_AGAIN = 25, 2  # recordings at one look


class Watch:
    """Tells what the store has now, and when it is away.

    Parameters
    ----------
    seen : callable
        Is handed every look.
    away : callable
        Is handed words for people; empty ones when the store is back.
    counted : callable
        Is called when `counts` has changed.
    """

    def __init__(
        self,
        document: Document,
        pages: Pages,
        seen: Callable[[Look], None],
        away: Callable[[str], None],
        counted: Callable[[], None],
    ) -> None:
        self._document, self._pages = document, pages
        self._seen, self._away, self._counts_changed = seen, away, counted
        self.key: Key | None = None  # of which recording more is asked
        self.live = False
        self.counts: dict[Key, int] = {}  # seizures
        self._counted, self._counting = 0, False
        self._looks = 0  # an answer to an older look is dropped
        self._failures = 0
        self._timer: TimeoutCallback | None = None

    def look(self) -> None:
        """Look now."""
        self._stop()
        self._looks += 1
        self._pages.look(
            self.key,
            partial(self._came, self._looks, time.monotonic()),
            partial(self._failed, self._looks),
        )

    def lost(self, error: EegStoreError) -> None:
        """Something else than a look went wrong: say so, and look again after a while."""
        self._failures += 1
        pause = retry_pause(error, self._failures)
        self._away(words(error, pause))
        self._again(pause)

    def _came(self, number: int, since: float, look: Look) -> None:
        if number != self._looks:
            return
        self._failures = 0
        self._away("")
        took = time.monotonic() - since
        self._again(max(EVERY_LIVE if self.live else EVERY, SHARE * took))
        if look.contents is not None:
            self.counts[key_of(look.contents.info.recording)] = seizures(look.contents.annotations)
        self._count(look)
        self._seen(look)

    def _failed(self, number: int, error: EegStoreError) -> None:
        if number == self._looks:
            self.lost(error)

    def _again(self, pause: float) -> None:
        self._stop()
        self._timer = self._document.add_timeout_callback(self.look, int(1000 * pause))

    def _stop(self) -> None:
        if self._timer is not None:
            timer, self._timer = self._timer, None
            with suppress(ValueError):  # it has gone off already
                self._document.remove_timeout_callback(timer)

    def _count(self, look: Look) -> None:
        if self._counting:
            return
        keys = count_next(look.infos, self.counts, self._counted, COUNT_FRESH, COUNT_AGAIN)
        self._counted += COUNT_AGAIN
        if keys:
            self._counting = True
            self._pages.count(keys, self._add, lambda error: self._add({}))

    def _add(self, counts: dict[Key, int]) -> None:
        self._counting = False
        if counts.items() - self.counts.items():
            self.counts |= counts
            self._counts_changed()


def retry_pause(error: EegStoreError, failures: int) -> float:
    """How long to wait [s] after so many failures one after the other, 1 and more."""
    asked = error.retry_after if isinstance(error, StoreUnavailableError) else 0.0
    return min(max(0.25 * 2.0 ** min(failures, 10), asked), LONGEST)


def words(error: EegStoreError, pause: float) -> str:
    """What a person is told."""
    if isinstance(error, AccessError):
        return f"The store does not let this viewer in: {error}. Check EEGSTORE_API_KEY."
    if isinstance(error, StoreUnavailableError):
        return (
            f"The store does not answer; next try in {max(pause, 1):.0f} s. What is on the screen "
            f"stays. ({error})"
        )
    return f"The store has refused: {error}"

"""Pages of one client: fetched in threads, kept, and fetched ahead.

The only module of the viewer that talks to the API. The client blocks, so it works in
threads; what comes of it is handed over on the document's own thread, and everything here
but the work itself happens there.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TypeVar

from bokeh.document import Document

from eegstore.client import Client
from eegstore.errors import EegStoreError, InvalidDataError
from eegstore.model import Annotation, Recording, RecordingInfo
from eegstore.window import Window

from .choice import Key, choose
from .marks import seizures, shown
from .tiles import Spans, Tile, join, tiles, whole

KEPT = 128 << 20  # [byte] of samples
AT_ONCE = 2  # tiles
_log = logging.getLogger("eegstore.viewer")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Contents:
    """What is stored of one recording."""

    info: RecordingInfo
    spans: Spans
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What the store has: all recordings, and more of one."""

    infos: tuple[RecordingInfo, ...]
    contents: Contents | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page that someone waits for."""

    recording: Recording
    start: int
    stop: int
    tiles: tuple[Tile, ...]
    then: Callable[[Window], None]
    refused: Callable[[EegStoreError], None]


class Pages:
    """What the API has, for one document."""

    def __init__(self, client: Client, document: Document) -> None:
        self._client, self._document = client, document
        self._threads = ThreadPoolExecutor(AT_ONCE + 1, "pages")
        self._kept: OrderedDict[Tile, Window | EegStoreError] = OrderedDict()
        self._size = 0  # [byte] kept
        self._fetching: set[Tile] = set()
        self._wanted: _Wanted | None = None
        self._ahead: tuple[Tile, ...] = ()
        self._closed = False

    def close(self) -> None:
        """Let the threads go; the client is closed once nobody waits for its answer."""
        if self._closed:
            return
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        Thread(target=self._end, name="pages-end").start()

    def _end(self) -> None:
        self._threads.shutdown(wait=True)
        self._client.close()

    def look(
        self,
        key: Key | None,
        then: Callable[[Look], None],
        failed: Callable[[EegStoreError], None],
    ) -> None:
        """Ask for all recordings, and for what is stored of `key`, or else of the latest."""

        def work() -> Look:
            infos = tuple(self._client.recordings())
            info = choose(infos, key)
            if info is None:
                return Look(infos, None)
            ids = info.recording.patient_id, info.recording.recording_id
            spans = whole(self._client.have(*ids))
            return Look(infos, Contents(info, spans, shown(self._client.annotations(*ids))))

        self._ask(work, then, failed)

    def count(
        self,
        keys: Sequence[Key],
        then: Callable[[dict[Key, int]], None],
        failed: Callable[[EegStoreError], None],
    ) -> None:
        """Ask how many seizures some recordings have."""

        def work() -> dict[Key, int]:
            return {key: seizures(self._client.annotations(*key)) for key in keys}

        self._ask(work, then, failed)

    def page(
        self,
        recording: Recording,
        spans: Spans,
        start: int,
        stop: int,
        then: Callable[[Window], None],
        refused: Callable[[EegStoreError], None],
    ) -> None:
        """Ask for a page, at once where it is kept; its neighbours are fetched after it.

        The latest request wins: what an earlier one still waits for is dropped.

        Parameters
        ----------
        start, stop : int
            [s]
        then, refused : callable
            What to do with the window, or with the refusal.
        """
        length = stop - start
        self._wanted = _Wanted(
            recording, start, stop, tiles(recording, spans, start, stop), then, refused
        )
        self._ahead = tiles(recording, spans, stop, stop + length) + tiles(
            recording, spans, max(start - length, 0), start
        )
        self._deliver()
        self._fetch()

    def _deliver(self) -> None:
        """Hand the wanted page over if all of it is here."""
        wanted = self._wanted
        if wanted is None or any(tile not in self._kept for tile in wanted.tiles):
            return
        self._wanted = None
        parts = [self._take(tile) for tile in wanted.tiles]
        for part in parts:
            if isinstance(part, EegStoreError):
                wanted.refused(part)
                return
        windows = [part for part in parts if isinstance(part, Window)]
        wanted.then(join(wanted.recording, windows, wanted.start, wanted.stop))

    def _fetch(self) -> None:
        """Ask for the tiles that are needed next."""
        plan = (self._wanted.tiles if self._wanted is not None else ()) + self._ahead
        for tile in plan:
            if len(self._fetching) >= AT_ONCE:
                return
            if tile not in self._kept and tile not in self._fetching:
                self._fetching.add(tile)
                work = partial(
                    self._client.window,
                    tile.patient_id, tile.recording_id, tile.start, tile.stop,
                )  # fmt: skip
                self._ask(work, partial(self._came, tile), partial(self._failed, tile))

    def _came(self, tile: Tile, window: Window) -> None:
        self._fetching.discard(tile)
        self._keep(tile, window)
        self._deliver()
        self._fetch()

    def _failed(self, tile: Tile, error: EegStoreError) -> None:
        self._fetching.discard(tile)
        if isinstance(error, InvalidDataError):
            self._keep(tile, error)  # asking again would be answered the same
            self._deliver()
            self._fetch()
            return
        wanted, self._wanted, self._ahead = self._wanted, None, ()
        if wanted is not None:
            wanted.refused(error)

    def _take(self, tile: Tile) -> Window | EegStoreError:
        self._kept.move_to_end(tile)
        return self._kept[tile]

    def _keep(self, tile: Tile, result: Window | EegStoreError) -> None:
        self._kept[tile] = result
        self._size += _size(result)
        while self._size > KEPT and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= _size(dropped)

    def _ask(
        self,
        work: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[EegStoreError], None],
    ) -> None:
        """Do the work in a thread, and come back to the document with what came of it."""

        def run() -> None:
            try:
                back = partial(then, work())
            except EegStoreError as error:
                back = partial(failed, error)
            except Exception as error:
                if self._closed:
                    return
                _log.exception("a request to the API")
                back = partial(failed, EegStoreError(f"{type(error).__name__}: {error}"))
            if not self._closed:
                self._document.add_next_tick_callback(back)

        if not self._closed:
            self._threads.submit(run)


def _size(result: Window | EegStoreError) -> int:
    if isinstance(result, EegStoreError):
        return 1024
    present = sum(0 if b.present is None else b.present.nbytes for b in result.blocks)
    return present + sum(block.digital.nbytes for block in result.blocks)

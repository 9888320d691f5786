"""One open page of the viewer: the state, and `show`, which brings it to the screen.

Every control makes a new state and calls `show`; data flow one way.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bokeh.document import Document

from eegstore.errors import AccessError, EegStoreError, InvalidDataError, StoreUnavailableError
from eegstore.model import Annotation, RecordingInfo
from eegstore.window import Window

from .choice import Key, key_of, latest_first
from .controls import Controls, Wishes
from .header import Words
from .marks import touching
from .pages import Contents, Look, Pages
from .shading import Shading
from .stack import row_height
from .state import ViewState, around, at, before, fitting, following, lasting, moved
from .strip import Strip
from .tables import EventTable, RecordingTable
from .tiles import Spans, extent, within
from .times import seek
from .traces import TracePanel
from .watch import Watch

EMPTY = (
    "There is no recording in this store yet. Import one with “eegstore import FILE.edf”, or "
    "let “eegstore simulate” send one: it appears here by itself."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was opened for; empty where nothing was said."""

    patient_id: str = ""
    recording_id: str = ""
    time: str = ""

    def met_by(self, key: Key) -> bool:
        """Whether that recording is what was asked for."""
        wanted = (self.patient_id, self.recording_id)
        return all(one in ("", got) for one, got in zip(wanted, key, strict=True))


@dataclass(frozen=True, slots=True)
class Screen:
    """All that the picture of a page depends on; where it is equal, nothing is drawn."""

    state: ViewState
    spans: Spans  # within the page
    annotations: tuple[Annotation, ...]  # that touch the page
    closed: bool
    extent: int  # [s]; what comes after it is no gap


class Session:
    """The viewer in one browser window."""

    def __init__(self, document: Document, pages: Pages, asked: Asked) -> None:
        self._pages, self._asked = pages, asked
        self.state = ViewState(asked.patient_id, asked.recording_id)
        self._infos: tuple[RecordingInfo, ...] = ()
        self._contents: Contents | None = None
        self._sensitivity = 0  # [uV/mm] that somebody chose
        self._begun: Key | None = None  # which recording the state speaks of
        self._screen: Screen | None = None
        self.words = Words()
        self.traces = TracePanel()
        self.shading = Shading(self.traces.root)
        self.strip = Strip(lambda second: self._go(around, second))
        self.recordings = RecordingTable(self._open)
        self.events = EventTable(lambda onset: self._go(before, onset))
        self.controls = Controls(
            Wishes(self._move, self._last, self._sense, self._seek, self._follow)
        )
        self.watch = Watch(
            document, pages, self._seen, partial(self.words.tell, "store"), self._list
        )  # fmt: skip
        self.watch.key = self.state.key if asked.patient_id else None
        self.traces.root.on_change("inner_width", lambda attr, old, new: self._sized(new, 0))
        self.traces.root.on_change("inner_height", lambda attr, old, new: self._sized(0, new))

    def show(self, state: ViewState) -> None:
        """Bring a state to the screen, as soon as its page is here."""
        self.state, contents = state, self._contents
        self.watch.live = state.live
        if contents is None or not (state.width and state.height):
            return
        if not state.sensitivity:
            rows = len(contents.info.recording.channels)
            state = self.state = replace(state, sensitivity=fitting(row_height(rows, state.height)))
        self.controls.update(state, growing=not contents.info.closed)
        spans = contents.spans
        if not spans:
            self._clear("No sample of this recording is stored yet.")
            return
        screen = Screen(
            replace(state, live=False), within(spans, state.start, state.stop),
            tuple(touching(contents.annotations, state.start, state.stop)),
            contents.info.closed, min(extent(spans), state.stop),
        )  # fmt: skip
        if self._screen == screen:
            self._place(contents)
            self.controls.answered()
        else:
            self._pages.page(
                contents.info.recording, spans, state.start, state.stop,
                partial(self._draw, screen, contents), self._refused,
            )  # fmt: skip

    def _draw(self, screen: Screen, contents: Contents, window: Window) -> None:
        recording, state = contents.info.recording, screen.state
        lines = self.traces.update(state, recording, window)
        self.shading.update(
            state, screen.annotations, contents.spans, screen.closed, len(recording.channels)
        )
        self.words.describe(state, recording, lines)
        self.words.tell("page")
        self._screen = screen
        self._place(contents)
        self.controls.answered()

    def _place(self, contents: Contents) -> None:
        """Say where in the recording the page is."""
        recording, end = contents.info.recording, extent(contents.spans)
        self.words.update(self.state, recording, end)
        self.strip.update(self.state, recording, contents.spans, contents.annotations, end)

    def _refused(self, error: EegStoreError) -> None:
        self.controls.answered()
        if isinstance(error, StoreUnavailableError | AccessError):
            self.watch.lost(error)
        else:
            self._clear(f"This page cannot be shown: {error}")

    def _clear(self, text: str) -> None:
        self._screen = None
        for panel in (self.traces, self.shading, self.strip, self.words):
            panel.clear()
        self.words.tell("page", text)
        self.controls.answered()

    def _seen(self, look: Look) -> None:
        """Take what the store has now."""
        contents = look.contents
        if contents is None:
            self.words.tell("page", EMPTY)
            return
        key = key_of(contents.info.recording)
        self._contents, self.watch.key = contents, key
        self._infos = look.infos
        self.events.update(contents.info.recording, contents.annotations)
        if self._begun != key:
            self._begun = key
            self.show(self._first(contents))
        elif self.state.live:
            live = following(self.state, extent(contents.spans))
            self.show(replace(live, live=not contents.info.closed))
        else:
            self.show(self.state)
        self._list()

    def _list(self) -> None:
        """Show all recordings; after the state, for what is marked there counts as chosen."""
        self.recordings.update(latest_first(self._infos), self.watch.counts, self.watch.key)

    def _first(self, contents: Contents) -> ViewState:
        """Where a recording is opened: at the time asked for; else what is under way at its
        end, and what is complete at its beginning."""
        recording, end = contents.info.recording, extent(contents.spans)
        key, asked = key_of(recording), self._asked
        self._asked = Asked()
        state = replace(
            self.state, patient_id=key[0], recording_id=key[1], start=0, live=False,
            sensitivity=self._sensitivity,
        )  # fmt: skip
        if not asked.met_by(key):
            name = f"recording {asked.recording_id!r}" if asked.recording_id else "recording"
            self.words.tell(
                "hint",
                f"There is no {name} of patient {asked.patient_id!r} in this store; this is the "
                "latest one.",
            )
        elif asked.time:
            return self._sought(state, asked.time, contents)
        return state if contents.info.closed else following(state, end)

    def _sought(self, state: ViewState, text: str, contents: Contents) -> ViewState:
        end = extent(contents.spans)
        try:
            second = seek(contents.info.recording, text, state.start, end)
        except InvalidDataError as error:
            self.words.tell("hint", str(error))
            return state
        return at(state, int(second), end)

    def _open(self, key: Key) -> None:
        if key != self.state.key:
            self.words.tell("hint")
            self.state = replace(self.state, patient_id=key[0], recording_id=key[1], live=False)
            self._contents, self.watch.key, self.watch.live = None, key, False
            self.watch.look()

    def _change(self, change: Callable[[ViewState, Contents], ViewState]) -> None:
        """Show what a wish makes of the state, once there is a recording."""
        if self._contents is None:
            self.controls.answered()
            return
        self.words.tell("hint")
        self.show(change(self.state, self._contents))

    def _go(self, turn: Callable[[ViewState, float, int], ViewState], second: float) -> None:
        self._change(lambda state, contents: turn(state, second, extent(contents.spans)))

    def _move(self, move: str) -> None:
        self._change(lambda state, contents: moved(state, move, extent(contents.spans)))

    def _seek(self, text: str) -> None:
        self._change(lambda state, contents: self._sought(state, text, contents))

    def _last(self, duration: int) -> None:
        if duration != self.state.duration:
            self._change(lambda state, contents: lasting(state, duration, extent(contents.spans)))

    def _sense(self, sensitivity: int) -> None:
        if sensitivity != self.state.sensitivity:
            self._sensitivity = sensitivity
            self._change(lambda state, contents: replace(state, sensitivity=sensitivity))

    def _follow(self, live: bool) -> None:
        if live and not self.state.live:
            self._change(lambda state, contents: following(state, extent(contents.spans)))
            self.watch.look()
        elif self.state.live and not live:
            self._change(lambda state, contents: replace(state, live=False))

    def _sized(self, width: int, height: int) -> None:
        """Draw for a field of another width or height [px]; only the browser knows them."""
        state = self.state
        self.show(replace(state, width=width or state.width, height=height or state.height))

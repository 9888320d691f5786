"""One open page without a browser: the document, its sources, and the words."""

import queue
from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from bokeh.document import Document

from eegstore.errors import StoreUnavailableError, TooLargeError
from eegstore.model import Annotation, Channel, Recording, RecordingInfo, SampleType, Span
from eegstore.window import Block, Window
from viewer.pages import Pages
from viewer.session import Asked, Session

START = datetime(2026, 11, 22, 8, 0)


class Store:
    """A client of a store that tests change."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], int] = {}
        self.marks: dict[tuple[str, str], list[Annotation]] = {}
        self.closed = True
        self.away: Exception | None = None
        self.refused: Exception | None = None

    def _recording(self, key: tuple[str, str]) -> Recording:
        channels = (Channel("C3$$", Fraction(4)), Channel("SaO2", Fraction(1), "%", 0, 100, 0, 100))
        return Recording(*key, channels, SampleType.INT16, START)

    def recordings(self) -> list[RecordingInfo]:
        if self.away is not None:
            raise self.away
        return [
            RecordingInfo(self._recording(key), n, float(n), 5 * n, 1, self.closed)
            for key, n in self.seconds.items()
        ]

    def have(self, *key: str) -> list[Span]:
        n_seconds = self.seconds[key[0], key[1]]
        return [Span(Fraction(0), Fraction(n_seconds))] if n_seconds else []

    def annotations(self, *key: str) -> list[Annotation]:
        return self.marks.get((key[0], key[1]), [])

    def window(self, patient_id: str, recording_id: str, start: int, stop: int) -> Window:
        if self.away is not None:
            raise self.away
        if self.refused is not None:
            raise self.refused
        recording = self._recording((patient_id, recording_id))
        blocks = []
        for row, sfreq in enumerate((4, 1)):
            index = np.arange(sfreq * start, sfreq * stop, dtype="<i2")[None]
            present = index < sfreq * self.seconds[patient_id, recording_id]
            blocks.append(Block(Fraction(sfreq), (row,), sfreq * start, index * present, present))
        return Window(
            patient_id, recording_id, Fraction(start), Fraction(stop), recording.channels,
            SampleType.INT16, tuple(blocks),
        )  # fmt: skip

    def close(self) -> None:
        pass


class Ticks(Document):
    """A document whose next ticks and timeouts come when the test runs them."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: queue.Queue[Callable[[], None]] = queue.Queue()

    def add_next_tick_callback(self, callback: Callable[[], None]) -> Any:
        self.waiting.put(callback)

    def run_until(self, done: Callable[[], Any]) -> None:
        while not done():
            self.waiting.get(timeout=30)()


class Desk:
    """A session on a store, with a field of 900 by 600 px."""

    def __init__(self, store: Store, asked: Asked) -> None:
        self.document = Ticks()
        self.pages = Pages(store, self.document)  # type: ignore[arg-type]
        self.session = Session(self.document, self.pages, asked)
        for root in (self.session.traces.root, self.session.controls.root):
            self.document.add_root(root)
        self.session._sized(900, 0)
        self.session._sized(0, 600)
        self.session.watch.look()

    def drawn(self, start: int) -> dict[str, Any]:
        """The traces once the page that starts at `start` [s] is drawn."""
        page = self.session.strip.page
        self.document.run_until(lambda: page.data["left"] == [start])
        return dict(self.session.traces.source.data)

    def told(self, words: str) -> None:
        """Wait until a notice says that."""
        self.document.run_until(lambda: words in self.session.words.notice.text)

    def look(self) -> None:
        """Look again, and take what comes."""
        seen: list[object] = []
        self.session.watch.look()
        watch = self.session.watch
        number = watch._looks
        original = watch._seen
        watch._seen = lambda look: (original(look), seen.append(look))  # type: ignore[assignment,func-returns-value]
        self.document.run_until(lambda: seen or watch._failures)
        watch._seen = original
        assert watch._looks == number


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def opened(store: Store) -> Iterator[Callable[..., Desk]]:
    desks = []

    def open_(*asked: str) -> Desk:
        desks.append(Desk(store, Asked(*asked)))
        return desks[-1]

    yield open_
    for desk in desks:
        desk.pages.close()


def test_an_empty_store_says_so_and_shows_what_comes(
    store: Store, opened: Callable[..., Desk]
) -> None:
    desk = opened()
    desk.told("no recording in this store yet")
    store.seconds["p", "r"] = 30
    desk.look()
    assert len(desk.drawn(0)["ys"]) == 2
    assert desk.session.words.notice.text == ""


def test_a_recording_without_samples_says_so(store: Store, opened: Callable[..., Desk]) -> None:
    store.seconds["p", "r"] = 0
    desk = opened()
    desk.told("No sample of this recording is stored yet")
    assert desk.session.traces.source.data["ys"] == []


def test_an_unknown_recording_is_told_and_the_latest_is_shown(
    store: Store, opened: Callable[..., Desk]
) -> None:
    store.seconds["p", "r"] = 30
    desk = opened("<b>", "x")
    desk.drawn(0)
    desk.told("There is no recording &#x27;x&#x27; of patient &#x27;&lt;b&gt;&#x27;")
    assert desk.session.state.key == ("p", "r")
    desk.session._move("next")
    desk.drawn(10)
    assert desk.session.words.notice.text == ""


def test_time_is_sought_when_a_recording_is_opened(
    store: Store, opened: Callable[..., Desk]
) -> None:
    store.seconds["p", "r"] = 120
    opened("p", "r", "08:01:05").drawn(65)
    desk = opened("p", "", "99:99")
    desk.drawn(0)
    desk.told("99:99")


def test_labels_are_no_formulas(store: Store, opened: Callable[..., Desk]) -> None:
    store.seconds["p", "r"] = 30
    desk = opened()
    desk.drawn(0)
    shown = desk.session.traces.root.yaxis[0].major_label_overrides
    assert shown[0].text == "C3$$"
    assert shown[-1].startswith("SaO2  ")


def test_what_grows_is_opened_at_its_end_and_followed(
    store: Store, opened: Callable[..., Desk]
) -> None:
    store.seconds["p", "r"], store.closed = 33, False
    desk = opened()
    before = desk.drawn(25)
    assert desk.session.controls.live.active
    assert np.isnan(before["ys"][0][32:]).all()
    store.seconds["p", "r"] = 34
    desk.look()
    traces = desk.session.traces
    desk.document.run_until(lambda: np.isfinite(traces.source.data["ys"][0][:36]).all())
    desk.session._move("home")
    desk.drawn(0)
    store.seconds["p", "r"] = 47
    desk.look()
    assert desk.session.state.start == 0
    desk.session.controls.live.active = True
    desk.drawn(40)
    store.closed = True
    desk.look()
    assert not desk.session.state.live
    assert desk.session.controls.live.disabled


def test_nothing_is_drawn_twice(store: Store, opened: Callable[..., Desk]) -> None:
    store.seconds["p", "r"] = 30
    desk = opened()
    data = desk.drawn(0)
    desk.look()
    assert desk.session.traces.source.data["ys"] is data["ys"]
    store.marks["p", "r"] = [Annotation(3, 100, "seizure")]
    desk.look()
    desk.document.run_until(lambda: desk.session.shading.source.data["left"])
    assert desk.session.shading.source.data["right"] == [103]
    assert desk.session.recordings.source.data["seizures"] == ["1 seizure"]


def test_the_store_goes_and_comes_back(store: Store, opened: Callable[..., Desk]) -> None:
    store.seconds["p", "r"] = 300
    desk = opened()
    before = desk.drawn(0)
    store.away = StoreUnavailableError("connection <refused>")
    desk.session._move("end")
    desk.told("The store does not answer")
    assert "connection &lt;refused&gt;" in desk.session.words.notice.text
    assert desk.session.traces.source.data["ys"] is before["ys"]
    store.away = None
    desk.look()
    desk.drawn(290)
    assert desk.session.words.notice.text == ""


def test_a_page_that_is_refused_is_told_and_the_next_one_shown(
    store: Store, opened: Callable[..., Desk]
) -> None:
    store.seconds["p", "r"] = 300
    store.refused = TooLargeError("64 is the limit")
    desk = opened("p", "r", "100")
    desk.told("This page cannot be shown: 64 is the limit")
    assert desk.session.traces.source.data["ys"] == []
    store.refused = None
    desk.session._move("end")
    desk.drawn(290)
    assert desk.session.words.notice.text == ""


def test_the_sensitivity_fits_the_rows_until_someone_chooses(
    store: Store, opened: Callable[..., Desk]
) -> None:
    store.seconds |= {("p", "r"): 30, ("q", "r"): 30}
    desk = opened("p", "r")
    desk.drawn(0)
    assert desk.session.controls.sensitivity.value == "2"
    desk.session.controls.sensitivity.value = "7"
    assert "7 µV/mm" in desk.session.words.foot.text
    desk.session._open(("q", "r"))
    desk.document.run_until(lambda: "<b>q</b>" in desk.session.words.title.text)
    assert desk.session.controls.sensitivity.value == "7"


def test_the_address_names_the_page(store: Store, opened: Callable[..., Desk]) -> None:
    store.seconds["p+1", "r@x.edf"] = 30
    desk = opened()
    desk.drawn(0)
    assert desk.session.controls.keys.address == "?patient=p%2B1&recording=r%40x.edf&time=0"

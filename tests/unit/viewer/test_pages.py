"""Pages from a client that answers when it is told to."""

import queue
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from bokeh.document import Document

from eegstore.errors import EegStoreError, NotFoundError, StoreUnavailableError, TooLargeError
from eegstore.model import Annotation, Channel, Recording, RecordingInfo, SampleType, Span
from eegstore.window import Block, Window
from viewer.pages import Look, Pages

RECORDING = Recording("p", "r", (Channel("C3", Fraction(4)),), SampleType.INT16)
STORED = ((0, 100),)


class Ticks(Document):
    """A document whose next ticks come when the test runs them."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: queue.Queue[Callable[[], None]] = queue.Queue()

    def add_next_tick_callback(self, callback: Callable[[], None]) -> Any:
        self.waiting.put(callback)

    def run_until(self, done: Callable[[], Any]) -> None:
        while not done():
            self.waiting.get(timeout=30)()


class FakeClient:
    """Counts of every sample are its index; some spans may be refused, or wait."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.refusals: dict[int, EegStoreError] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.closed = threading.Event()

    def window(self, patient_id: str, recording_id: str, start: int, stop: int) -> Window:
        self.asked.append((start, stop))
        assert self.gate.wait(30)
        if start in self.refusals:
            raise self.refusals[start]
        digital = np.arange(4 * start, 4 * stop, dtype="<i2")[None]
        block = Block(Fraction(4), (0,), 4 * start, digital, None)
        return Window(
            patient_id, recording_id, Fraction(start), Fraction(stop), RECORDING.channels,
            SampleType.INT16, (block,),
        )  # fmt: skip

    def recordings(self) -> list[RecordingInfo]:
        return [RecordingInfo(RECORDING, 12, 12.0, 48, 1, False)]

    def have(self, patient_id: str, recording_id: str) -> list[Span]:
        return [Span(Fraction(0), Fraction(12))]

    def annotations(self, patient_id: str, recording_id: str) -> list[Annotation]:
        if patient_id == "gone":
            raise NotFoundError("gone")
        return [Annotation(5, 2, "seizure"), Annotation(1, None, "sz", status="rejected")]

    def close(self) -> None:
        self.closed.set()


class Desk:
    """Pages, and what came of asking for them."""

    def __init__(self) -> None:
        self.client, self.document = FakeClient(), Ticks()
        self.pages = Pages(self.client, self.document)  # type: ignore[arg-type]
        self.came: list[Window] = []
        self.refused: list[EegStoreError] = []

    def ask(self, start: int, stop: int, stored: tuple[tuple[int, int], ...] = STORED) -> None:
        self.pages.page(RECORDING, stored, start, stop, self.came.append, self.refused.append)

    def idle(self, n_asked: int) -> None:
        """Run until so many tiles were asked for, and have come."""
        self.document.run_until(lambda: len(self.client.asked) == n_asked)
        while self.pages._fetching:
            self.document.waiting.get(timeout=30)()


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk()
    yield one
    one.client.gate.set()
    one.pages.close()


def test_a_page_across_tiles_is_whole(desk: Desk) -> None:
    desk.ask(17, 27)
    desk.document.run_until(lambda: desk.came)
    (window,) = desk.came
    assert (window.start, window.stop) == (17, 27)
    np.testing.assert_array_equal(window.digital, np.arange(68, 108)[None])


def test_neighbours_are_fetched_ahead_and_then_come_at_once(desk: Desk) -> None:
    desk.ask(20, 30)
    desk.idle(3)
    assert desk.client.asked == [(20, 30), (30, 40), (10, 20)]
    desk.ask(30, 40)
    assert len(desk.came) == 2
    desk.idle(4)
    assert desk.client.asked[3:] == [(40, 50)]


def test_no_tile_is_asked_for_twice_or_where_nothing_is_stored(desk: Desk) -> None:
    desk.ask(0, 10, ((0, 4),))
    desk.document.run_until(lambda: desk.came)
    desk.ask(0, 10, ((0, 4),))
    assert len(desk.came) == 2
    assert desk.client.asked == [(0, 10)]
    assert np.isnan(desk.came[0].data).sum() == 0


def test_a_tile_that_has_grown_is_asked_for_again(desk: Desk) -> None:
    desk.ask(0, 10, ((0, 4),))
    desk.document.run_until(lambda: desk.came)
    desk.ask(0, 10, ((0, 6),))
    desk.document.run_until(lambda: len(desk.came) == 2)
    assert desk.client.asked == [(0, 10), (0, 10)]


def test_a_page_of_which_nothing_is_stored_is_a_gap_and_needs_no_answer(desk: Desk) -> None:
    desk.ask(40, 50, ((0, 10),))
    assert np.isnan(desk.came[0].data).all()
    assert desk.client.asked == []


def test_the_latest_request_wins(desk: Desk) -> None:
    desk.client.gate.clear()
    for start in range(0, 90, 10):
        desk.ask(start, start + 10)
    desk.client.gate.set()
    desk.document.run_until(lambda: desk.came)
    assert [int(window.start) for window in desk.came] == [80]
    assert set(desk.client.asked) <= {(0, 10), (10, 20), (70, 80), (80, 90), (90, 100)}


def test_a_store_that_is_away_refuses_and_is_asked_again(desk: Desk) -> None:
    desk.client.refusals[0] = StoreUnavailableError("away")
    desk.ask(0, 10)
    desk.document.run_until(lambda: desk.refused)
    assert desk.came == []
    desk.client.refusals.clear()
    desk.ask(0, 10)
    desk.document.run_until(lambda: desk.came)
    assert len(desk.refused) == 1


def test_what_cannot_be_had_is_refused_once_and_not_asked_for_again(desk: Desk) -> None:
    desk.client.refusals[0] = TooLargeError("too large")
    desk.ask(0, 10)
    desk.document.run_until(lambda: desk.refused)
    desk.idle(2)
    desk.ask(0, 10)
    assert [str(error) for error in desk.refused] == ["too large", "too large"]
    assert desk.client.asked.count((0, 10)) == 1


def test_a_refused_neighbour_does_not_disturb(desk: Desk) -> None:
    desk.client.refusals[10] = TooLargeError("too large")
    desk.ask(0, 10)
    desk.document.run_until(lambda: desk.came)
    desk.idle(2)
    assert desk.refused == []


def test_no_more_is_kept_than_there_is_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.pages.KEPT", 3 * 80)  # [byte]: three tiles of 40 int16
    desk.ask(20, 30)
    desk.idle(3)
    desk.ask(50, 60)
    desk.idle(6)
    desk.ask(50, 60)
    assert len(desk.came) == 3
    desk.ask(20, 30)
    assert len(desk.came) == 3
    desk.document.run_until(lambda: len(desk.came) == 4)


def test_look_and_count(desk: Desk) -> None:
    looks: list[Look] = []
    counts: list[dict[tuple[str, str], int]] = []
    desk.pages.look(None, looks.append, desk.refused.append)
    desk.document.run_until(lambda: looks)
    contents = looks[0].contents
    assert contents is not None
    assert contents.info.recording is RECORDING
    assert contents.spans == ((0, 12),)
    assert [one.onset for one in contents.annotations] == [5]
    desk.pages.count([("p", "r")], counts.append, desk.refused.append)
    desk.document.run_until(lambda: counts)
    assert counts == [{("p", "r"): 1}]
    desk.pages.count([("gone", "r")], counts.append, desk.refused.append)
    desk.document.run_until(lambda: desk.refused)
    assert isinstance(desk.refused[0], NotFoundError)


def test_a_fault_of_our_own_is_told_too(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.client.have = lambda *ids: 1 / 0  # type: ignore[assignment,method-assign,misc]
    desk.pages.look(None, lambda look: None, desk.refused.append)
    desk.document.run_until(lambda: desk.refused)
    assert "ZeroDivisionError" in str(desk.refused[0])
    assert "a request to the API" in caplog.text


def test_after_closing_nothing_comes_back(desk: Desk) -> None:
    desk.client.gate.clear()
    desk.ask(0, 10)
    desk.pages.close()
    assert not desk.client.closed.is_set()
    desk.client.gate.set()
    assert desk.client.closed.wait(30)
    desk.ask(50, 60)
    assert desk.document.waiting.empty()

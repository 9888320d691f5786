"""Looking again and again, patiently while the store is away."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from eegstore.errors import AccessError, EegStoreError, NotFoundError, StoreUnavailableError
from eegstore.model import Annotation, Channel, Recording, RecordingInfo, SampleType
from viewer.pages import Contents, Look
from viewer.watch import EVERY, EVERY_LIVE, LONGEST, Watch, retry_pause, words

INFO = RecordingInfo(
    Recording("p", "r", (Channel("C3", Fraction(4)),), SampleType.INT16), 12, 12.0, 48, 1, False
)
LOOK = Look((INFO,), Contents(INFO, ((0, 12),), (Annotation(3, 4, "seizure"),)))


class Timers:
    """A document that has nothing but timeouts."""

    def __init__(self) -> None:
        self.timers: dict[Callable[[], None], int] = {}

    def add_timeout_callback(self, callback: Callable[[], None], milliseconds: int) -> Any:
        self.timers[callback] = milliseconds
        return callback

    def remove_timeout_callback(self, callback: Callable[[], None]) -> None:
        if callback not in self.timers:
            raise ValueError("it has gone off")
        del self.timers[callback]

    def go_off(self) -> None:
        ((callback, _),) = self.timers.items()
        self.timers.clear()
        callback()


class Asked:
    """Pages that keep the questions."""

    def __init__(self) -> None:
        self.looks: list[tuple[Any, ...]] = []
        self.counts: list[tuple[Any, ...]] = []

    def look(self, *question: Any) -> None:
        self.looks.append(question)

    def count(self, *question: Any) -> None:
        self.counts.append(question)


class Desk:
    def __init__(self) -> None:
        self.timers, self.pages = Timers(), Asked()
        self.seen: list[Look] = []
        self.away: list[str] = []
        self.counted = 0
        self.watch = Watch(
            self.timers, self.pages, self.seen.append, self.away.append, self._count  # type: ignore[arg-type]
        )  # fmt: skip

    def _count(self) -> None:
        self.counted += 1


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_came_is_handed_on_and_looked_for_again(desk: Desk) -> None:
    desk.watch.key = ("p", "r")
    desk.watch.look()
    key, came, _ = desk.pages.looks[0]
    assert key == ("p", "r")
    assert desk.timers.timers == {}
    came(LOOK)
    assert desk.seen == [LOOK]
    assert desk.away == [""]
    assert desk.watch.counts == {("p", "r"): 1}
    (pause,) = desk.timers.timers.values()
    assert pause >= 1000 * EVERY
    desk.timers.go_off()
    assert len(desk.pages.looks) == 2


def test_live_looks_more_often(desk: Desk) -> None:
    desk.watch.live = True
    desk.watch.look()
    desk.pages.looks[0][1](LOOK)
    (pause,) = desk.timers.timers.values()
    assert pause >= 1000 * EVERY_LIVE


def test_the_answer_to_an_older_look_is_dropped(desk: Desk) -> None:
    desk.watch.look()
    desk.watch.look()
    desk.pages.looks[0][1](LOOK)
    desk.pages.looks[0][2](StoreUnavailableError("away"))
    assert desk.seen == []
    assert desk.away == []
    desk.pages.looks[1][1](LOOK)
    assert desk.seen == [LOOK]


def test_failures_wait_longer_each_time_and_success_forgets_them(desk: Desk) -> None:
    pauses = []
    desk.watch.look()
    for number in range(8):
        desk.pages.looks[number][2](StoreUnavailableError("refused", 0.0))
        pauses += desk.timers.timers.values()
        desk.timers.go_off()
    assert pauses == [500, 1000, 2000, 4000, 8000, 10000, 10000, 10000]
    assert all("The store does not answer" in said for said in desk.away)
    desk.pages.looks[8][1](LOOK)
    assert desk.away[-1] == ""
    desk.watch.look()
    desk.pages.looks[9][2](StoreUnavailableError("refused", 0.0))
    assert list(desk.timers.timers.values()) == [500]


def test_seizures_are_counted_one_batch_after_the_other(desk: Desk) -> None:
    desk.watch.look()
    desk.pages.looks[0][1](Look((INFO,), None))
    keys, came, failed = desk.pages.counts[0]
    assert keys == [("p", "r")]
    desk.watch.look()
    desk.pages.looks[1][1](Look((INFO,), None))
    assert len(desk.pages.counts) == 1
    came({("p", "r"): 4})
    assert desk.watch.counts == {("p", "r"): 4}
    assert desk.counted == 1
    came({("p", "r"): 4})
    failed(NotFoundError("gone"))
    assert desk.counted == 1


def test_the_store_says_when_to_come_back() -> None:
    assert retry_pause(StoreUnavailableError("busy", 7.0), 1) == 7.0
    assert retry_pause(StoreUnavailableError("busy", 3600.0), 1) == LONGEST
    assert retry_pause(NotFoundError("gone"), 1) == 0.5
    assert retry_pause(StoreUnavailableError("away", 0.0), 10_000) == LONGEST


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AccessError("the API key is wrong"), "does not let this viewer in: the API key is wrong"),
        (StoreUnavailableError("connection refused"), "next try in 4 s.*connection refused"),
        (EegStoreError("KeyError: 'x'"), "has refused: KeyError: 'x'"),
    ],
)
def test_words(error: EegStoreError, said: str) -> None:
    assert re.search(said, words(error, 4.0))

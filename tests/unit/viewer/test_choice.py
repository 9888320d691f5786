"""Which recording is shown."""

from datetime import datetime
from fractions import Fraction

from eegstore.model import Channel, Recording, RecordingInfo, SampleType
from viewer.choice import choose, count_next, key_of, latest_first


def info(patient: str, name: str, day: int | None, seconds: int = 10) -> RecordingInfo:
    start = None if day is None else datetime(2026, 11, day)
    channels = (Channel("C3", Fraction(256)),)
    recording = Recording(patient, name, channels, SampleType.INT16, start)
    return RecordingInfo(recording, seconds, float(seconds), 256 * seconds, 1, False)


STORED = (
    info("a", "old", 1),
    info("b", "new", 20),
    info("a", "unknown", None),
    info("a", "empty", 21, 0),
)


def test_the_latest_comes_first_and_those_without_a_clock_last() -> None:
    assert [one.recording.recording_id for one in latest_first(STORED)] == [
        "empty", "new", "old", "unknown",
    ]  # fmt: skip


def chosen(key: tuple[str, str] | None) -> tuple[str, str] | None:
    found = choose(STORED, key)
    return None if found is None else key_of(found.recording)


def test_choose() -> None:
    assert chosen(None) == ("b", "new")
    assert chosen(("a", "old")) == ("a", "old")
    assert chosen(("a", "empty")) == ("a", "empty")
    assert chosen(("a", "")) == ("a", "old")
    assert chosen(("a", "gone")) == ("b", "new")
    assert chosen(("nobody", "")) == ("b", "new")
    assert choose((), ("a", "old")) is None
    assert choose(STORED[3:], None) is STORED[3]


def test_what_was_never_counted_is_counted_first_then_all_in_turn() -> None:
    keys = [key_of(one.recording) for one in STORED]
    assert count_next(STORED, {}, 0, 3, 2) == keys[:3]
    assert count_next(STORED, dict.fromkeys(keys[:3], 1), 0, 3, 2) == keys[3:]
    full = dict.fromkeys(keys, 0)
    assert count_next(STORED, full, 0, 3, 2) == keys[:2]
    assert count_next(STORED, full, 3, 3, 2) == [keys[3], keys[0]]
    assert count_next(STORED[:1], full, 5, 3, 2) == keys[:1]
    assert count_next((), {}, 0, 3, 2) == []

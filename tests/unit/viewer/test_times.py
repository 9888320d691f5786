"""Clock and elapsed time, read and written."""

from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import SpanError
from eegstore.model import Channel, Recording, SampleType
from viewer.times import clock, clock_at, elapsed, seek

CHANNELS = (Channel("FP1-F7", Fraction(256)),)
EVENING = datetime(2026, 11, 21, 22, 58, 30)


def recorded(
    start: datetime | None, zone: str | None = None, utc_offset: int | None = None
) -> Recording:
    return Recording("p", "r", CHANNELS, SampleType.INT16, start, zone, utc_offset)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (0, "0:00:00"),
        (59.99, "0:00:59"),
        (2996, "0:49:56"),
        (93735, "26:02:15"),
        (360000, "100:00:00"),
    ],
)
def test_elapsed(second: float, text: str) -> None:
    assert elapsed(second) == text


def test_clock_without_start_time_is_elapsed_time() -> None:
    assert clock_at(recorded(None), 10) is None
    assert clock(recorded(None), 2996) == "0:49:56"


def test_clock_runs_over_midnight() -> None:
    assert clock(recorded(EVENING), 3700) == "00:00:10"


def test_clock_changes_with_its_zone() -> None:
    """The clocks in Berlin go back at 03:00 on 25 Oct 2026, and forward at 02:00 on 29 Mar."""
    autumn = recorded(datetime(2026, 10, 25, 2, 30), "Europe/Berlin", 7200)
    assert clock(autumn, 3600) == "02:30:00"
    assert clock(recorded(datetime(2026, 10, 25, 2, 30)), 3600) == "03:30:00"
    spring = recorded(datetime(2026, 3, 29, 1, 30), "Europe/Berlin", 3600)
    assert clock(spring, 3600) == "03:30:00"


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("0", 0), ("299.5", Fraction(599, 2)), ("+120", 120), (" 22:59 ", 30), ("22:58:30", 0),
        ("23:00:00.5", Fraction(181, 2)), ("+0:03:20", 200), ("2026-11-21T23:00:00", 90),
        ("2026-11-21 23:00:00", 90),
    ],
)  # fmt: skip
def test_seek(text: str, second: Fraction) -> None:
    assert seek(recorded(EVENING), text, 0, 300) == second


def test_seek_without_start_time_takes_hours_as_elapsed() -> None:
    assert seek(recorded(None), "0:03:20", 0, 300) == 200


def test_seek_takes_the_nearest_of_several_days() -> None:
    day = 86_400
    assert seek(recorded(EVENING), "23:00:00", 0, 3 * day) == 90
    assert seek(recorded(EVENING), "23:00:00", 1.6 * day, 3 * day) == 90 + 2 * day
    assert seek(recorded(EVENING), "06:00:00", 0, day) == 7 * 3600 + 90


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("301", "301 is not within the recording, 22:58:30 to 23:03:30"),
        ("07:00:00", "07:00:00 is not within the recording"),
        ("+1:00:00", "not within the recording"),
        ("2026-11-22T00:00:00", "not within the recording"),
        ("25:00:00", r"25:00:00 is no time of day; put a \+ in front"),
        ("soon", "neither seconds nor an ISO 8601 time"),
        ("22:58:30:00", "neither seconds nor an ISO 8601 time"),
        ("-5", "neither seconds nor an ISO 8601 time"),
    ],
)
def test_seek_refuses_in_words(text: str, words: str) -> None:
    with pytest.raises(SpanError, match=words):
        seek(recorded(EVENING), text, 0, 300)


@given(st.integers(0, 200_000), st.integers(0, 86_399))
def test_seek_finds_what_the_clock_says(second: int, start: int) -> None:
    recording = recorded(
        datetime(2026, 11, 21) + (datetime.min.replace(second=1) - datetime.min) * start
    )
    assert seek(recording, clock(recording, second), second, 200_001) == second

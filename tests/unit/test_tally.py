"""Events by day and hour of the clock, and how much of each is stored."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.model import Annotation, Recording
from eegstore.tally import Day, Hour, is_seizure, tally
from tests.unit.recordings import make_recording

HOUR = 3600


def at(*clock: int, **fields: object) -> Recording:
    return make_recording(start_time=datetime(*clock), **fields)  # type: ignore[arg-type]


def hours_of(recording: Recording, *spans: tuple[float, float], events: object = ()) -> list[Hour]:
    return list(tally(recording, spans, events).hours)  # type: ignore[arg-type]


def test_hours_are_those_of_the_clock() -> None:
    """From 8:45 to 10:30, with a hole from 9:30 to 10:00."""
    found = tally(
        at(2026, 11, 22, 8, 45), [(0, 2700), (4500, 6300)], [0.0, 900.0, 899.999999, 3000.0, 6299.0]
    )
    assert found.hours == (
        Hour(-2700.0, datetime(2026, 11, 22, 8), 900.0, 2),
        Hour(900.0, datetime(2026, 11, 22, 9), 1800.0, 2),
        Hour(4500.0, datetime(2026, 11, 22, 10), 1800.0, 1),
    )
    assert found.days == (Day(1, date(2026, 11, 22), 4500.0, 5),)
    assert found.days[0].per_hour == 4.0


def test_an_hour_may_begin_within_a_second_of_the_study() -> None:
    found = hours_of(at(2026, 11, 22, 8, 59, 59, 700_000), (0, 1), events=[0.299999, 0.3])
    assert [(hour.start, hour.seconds, hour.n_events) for hour in found] == [
        (-3599.7, 0.3, 1), (0.3, 0.7, 1),
    ]  # fmt: skip


def test_days_are_those_of_the_calendar_and_numbered() -> None:
    found = tally(at(2026, 12, 31, 23), [(0, HOUR), (30 * HOUR, 31 * HOUR)], [1.0, 30 * HOUR + 1.0])
    assert found.days == (
        Day(1, date(2026, 12, 31), 3600.0, 1), Day(3, date(2027, 1, 2), 3600.0, 1),
    )  # fmt: skip


def test_without_a_start_hours_count_from_the_beginning() -> None:
    found = tally(make_recording(), [(0, 25 * HOUR)], [24.5 * HOUR])
    assert [(hour.start, hour.clock) for hour in found.hours] == [
        (hour * 3600.0, None) for hour in range(25)
    ]
    assert found.days == (Day(1, None, 24 * 3600.0, 0), Day(2, None, 3600.0, 1))


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = at(2026, 10, 25, 1, 30, zone="Europe/Berlin", utc_offset=7200)
    found = hours_of(night, (0, 3 * HOUR), events=[0.5 * HOUR, 1.5 * HOUR, 1.6 * HOUR])
    assert [(hour.seconds, hour.n_events) for hour in found] == [
        (1800.0, 0), (3600.0, 1), (3600.0, 2), (1800.0, 0),
    ]  # fmt: skip
    shown = [hour.clock for hour in found if hour.clock is not None]
    assert [(clock.hour, clock.utcoffset()) for clock in shown] == [
        (hour, datetime(2026, 10, 25, hour, fold=fold, tzinfo=berlin).utcoffset())
        for hour, fold in ((1, 0), (2, 0), (2, 1), (3, 0))
    ]


def test_an_event_in_a_hole_has_its_hour_and_one_outside_all_has_none() -> None:
    found = tally(
        at(2026, 11, 22, 8), [(0, 60), (3 * HOUR, 3 * HOUR + 60)],
        [-1.0, 1.5 * HOUR, 3.9 * HOUR, 4 * HOUR],
    )  # fmt: skip
    assert [(h.start, h.seconds, h.n_events) for h in found.hours] == [
        (0.0, 60.0, 0), (3600.0, 0.0, 1), (10800.0, 60.0, 1),
    ]  # fmt: skip
    assert tally(at(2026, 11, 22, 8), [], [1.0]).hours == ()
    assert tally(at(2026, 11, 22, 8), [], [1.0]).days == ()


def test_a_day_of_which_nothing_is_recorded_has_no_rate() -> None:
    found = tally(make_recording(), [(0, 60), (60 * HOUR, 60 * HOUR + 60)], [30.0 * HOUR])
    assert [(day.number, day.per_hour) for day in found.days] == [(1, 0.0), (2, None), (3, 0.0)]


@given(
    st.datetimes(datetime(1985, 1, 1), datetime(2084, 1, 1)),
    st.lists(st.integers(0, 300_000), min_size=2, max_size=8, unique=True),
)
def test_every_stored_second_lies_in_one_hour_and_in_one_day(
    start: datetime, edges: list[int]
) -> None:
    edges = sorted(edges)[: len(edges) // 2 * 2]
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    recording = make_recording(start_time=start)
    found = tally(recording, spans, [float(first) for first, _ in spans])
    total = sum(stop - first for first, stop in spans)
    assert sum(hour.seconds for hour in found.hours) == pytest.approx(total)
    assert sum(day.seconds for day in found.days) == pytest.approx(total)
    assert sum(day.n_events for day in found.days) == len(spans)
    assert all(0 < hour.seconds <= 3600 for hour in found.hours)


@pytest.mark.parametrize(
    ("description", "expected"),
    [("seizure", True), (" Sz onset", True), ("SEIZ.", True), ("seizures?", False),
     ("no seizure", False), ("szene", False), ("", False)],
)  # fmt: skip
def test_what_a_seizure_is_called(description: str, expected: bool) -> None:
    assert is_seizure(Annotation(0.0, None, description)) is expected

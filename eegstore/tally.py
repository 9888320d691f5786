"""How many events there were, and in how much recorded time: by day and by hour of the clock.

Pure. An hour is one of the study's local clock, so the first and the last are rarely whole; a
study without a start has hours and days counted from its beginning. `seconds` says how much of
each is stored: two seizures in a day of which an hour was recorded are not two a day.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from eegstore.model import Annotation, Recording
from eegstore.timebase import clock_at

HOUR = 3600  # [s]

_SEIZURE = re.compile(r"\s*(seizure|seiz|sz)\b", re.IGNORECASE)
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour in which something is stored or happened."""

    start: float  # [s of study time]; below 0 where the study begins within it
    clock: datetime | None  # what the clock showed then
    seconds: float  # stored of it
    n_events: int  # that begin in it


@dataclass(frozen=True, slots=True)
class Day:
    """A day with such hours."""

    number: int  # from 1, by the calendar
    date: date | None
    seconds: float
    n_events: int

    @property
    def per_hour(self) -> float | None:
        """Events per recorded hour; None where nothing is recorded."""
        return self.n_events / self.seconds * HOUR if self.seconds else None


@dataclass(frozen=True, slots=True)
class Tally:
    """Events by hour and by day, but for those before or after all that is stored."""

    hours: tuple[Hour, ...]
    days: tuple[Day, ...]


def is_seizure(annotation: Annotation) -> bool:
    """Whether the description begins with "seizure" or "sz"; "no seizure" does not."""
    return _SEIZURE.match(annotation.description) is not None


def tally(
    first: Recording,
    spans: Iterable[tuple[Fraction | float, Fraction | float]],
    onsets: Iterable[float],
) -> Tally:
    """Count events by the hours and days of a study.

    Parameters
    ----------
    first : Recording
        The earliest of the study, whose clock it is.
    spans : iterable of (start, stop)
        What is stored, half-open, apart [s of study time].
    onsets : iterable of float
        Of the events [s of study time].
    """
    clocks: dict[Fraction, datetime | None] = {}
    seconds: dict[Fraction, Fraction] = {}
    for span in spans:
        at, stop = (_micro(limit) for limit in span)
        while at < stop:
            start, clock = _hour(first, at)
            end = min(start + HOUR, stop)
            clocks[start] = clock
            seconds[start] = seconds.get(start, Fraction(0)) + end - at
            at = end
    counts = dict.fromkeys(seconds, 0)
    low, high = min(counts, default=0), max(counts, default=-HOUR) + HOUR
    for onset in onsets:
        if low <= onset < high:
            start, clocks_then = _hour(first, _micro(onset))
            clocks.setdefault(start, clocks_then)
            counts[start] = counts.get(start, 0) + 1
    hours = tuple(
        Hour(float(start), clocks[start], float(seconds.get(start, 0)), counts[start])
        for start in sorted(counts)
    )
    return Tally(hours, _days(hours))


def _days(hours: Sequence[Hour]) -> tuple[Day, ...]:
    together: dict[int, list[Hour]] = {}
    zero = hours[0].clock.date() if hours and hours[0].clock is not None else None
    for hour in hours:
        if zero is None or hour.clock is None:
            number = int(hour.start // (24 * HOUR))
        else:
            number = (hour.clock.date() - zero).days
        together.setdefault(number, []).append(hour)
    return tuple(
        Day(
            number + 1,
            None if zero is None else zero + timedelta(days=number),
            sum(hour.seconds for hour in group),
            sum(hour.n_events for hour in group),
        )
        for number, group in sorted(together.items())
    )


def _hour(first: Recording, at: Fraction) -> tuple[Fraction, datetime | None]:
    """Where the hour begins in which `at` lies [s of study time], and the clock there."""
    if first.start_time is None:
        return Fraction(at // HOUR * HOUR), None
    clock = clock_at(first, at // 1)  # sums would lose which of two equal hours it is
    past = _past(clock) + at % 1
    if past >= HOUR:  # within this very second
        clock, past = clock_at(first, at // 1 + 1), past - HOUR
    return at - past, clock.replace(minute=0, second=0, microsecond=0)


def _past(clock: datetime) -> Fraction:
    """How much of the hour is over [s]."""
    return clock.minute * 60 + clock.second + Fraction(clock.microsecond, _MICRO)


def _micro(time: Fraction | float) -> Fraction:
    return Fraction(round(Fraction(time) * _MICRO), _MICRO)

"""Clock and elapsed time as people write them, both ways."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import Recording
from eegstore.timebase import parse_clock, second_of_clock

_HMS = re.compile(r"(\+?)(\d{1,4}):([0-5]?\d)(?::([0-5]?\d(?:\.\d{1,6})?))?")
_NUMBER = re.compile(r"\+?(\d{1,9}(?:\.\d{1,6})?)")
_DAY = 86_400  # [s]


def elapsed(second: float) -> str:
    """Time from recording start: "0:49:56"; hours go on beyond 24."""
    whole = int(second // 1)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def clock_at(recording: Recording, second: float) -> datetime | None:
    """What the clock on the wall showed at `second` [s]; None without a start_time.

    In a zone the clock changes at night as the zone's clocks did; without a zone it runs on.
    """
    start, since = recording.start_time, timedelta(seconds=second)
    if start is None:
        return None
    if recording.zone is None or recording.utc_offset is None:
        return start + since
    in_utc = (start - timedelta(seconds=recording.utc_offset) + since).replace(tzinfo=UTC)
    return in_utc.astimezone(ZoneInfo(recording.zone)).replace(tzinfo=None)


def clock(recording: Recording, second: float) -> str:
    """Clock time "22:58:30" at `second` [s], or the elapsed time without a start_time."""
    showed = clock_at(recording, second)
    return elapsed(second) if showed is None else f"{showed:%H:%M:%S}"


def seek(recording: Recording, text: str, near: float, extent: int) -> Fraction:
    """The second [s] that someone means.

    Parameters
    ----------
    text : str
        Clock time ("22:58", "22:58:30", ISO 8601 with a date), or time from recording
        start: seconds ("2996"), or "+0:49:56". Without a start_time "0:49:56" is that too.
    near : float
        In a recording of several days, the clock time nearest to this second [s] is meant.
    extent : int
        How far the recording reaches [s].

    Raises
    ------
    SpanError
        The text is no time, or the time lies outside the recording; says where it lies.
    """
    text = text.strip()
    if number := _NUMBER.fullmatch(text):
        return _inside(recording, Fraction(number[1]), text, extent)
    parts = _HMS.fullmatch(text)
    if parts is None:
        return _inside(recording, second_of_clock(recording, parse_clock(text)), text, extent)
    since = 3600 * int(parts[2]) + 60 * int(parts[3]) + Fraction(parts[4] or 0)
    if parts[1] or recording.start_time is None:
        return _inside(recording, since, text, extent)
    if since >= _DAY:
        raise SpanError(f"{text} is no time of day; put a + in front for time from the start")
    inside = [second for second in _of_day(recording, since, extent) if 0 <= second < extent]
    if not inside:
        raise SpanError(f"{text} is not within the recording, {_limits(recording, extent)}")
    return min(inside, key=lambda second: abs(second - near))


def _of_day(recording: Recording, since: Fraction, extent: int) -> list[Fraction]:
    """The seconds at which the clock showed a time of day, `since` midnight [s]."""
    assert recording.start_time is not None
    midnight = datetime.combine(recording.start_time, datetime.min.time())
    found = []
    for day in range(extent // _DAY + 2):
        showed = midnight + timedelta(days=day, microseconds=int(since * 1_000_000))
        try:
            found.append(second_of_clock(recording, showed))
        except InvalidDataError:
            continue  # the night the clocks change skips it, or has it twice
    return found


def _inside(recording: Recording, second: Fraction, text: str, extent: int) -> Fraction:
    if not 0 <= second <= extent:
        raise SpanError(f"{text} is not within the recording, {_limits(recording, extent)}")
    return second


def _limits(recording: Recording, extent: int) -> str:
    return f"{clock(recording, 0)} to {clock(recording, extent)} ({elapsed(extent)})"

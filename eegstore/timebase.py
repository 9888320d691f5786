"""Seconds, samples and clock time, exactly.

Truth is the sample counter. `sfreq` is a Fraction, so the boundaries of chunks are exact
integers at any rate: 256 Hz, 12.8 Hz (13 or 12 samples a second), 1/30 Hz (mostly none).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import Channel, Recording, Runs

# Bounded, because a Fraction takes the memory that its text asks for ("1e999999999"); wide
# enough for what repr makes of a float (0.0033333333333333335), and for that as a fraction.
_NUMBER = re.compile(
    r"[+-]?(\d{1,40}(\.\d{0,40})?(e[+-]?\d{1,2})?|\d{1,200}/\d{1,200})",
    re.ASCII | re.IGNORECASE,
)


def first_sample(time: Fraction | int, sfreq: Fraction) -> int:
    """Index of the first sample at or after `time` [s] from recording start.

    Chunk k holds ``first_sample(k) <= n < first_sample(k + 1)``. The boundaries telescope,
    so chunks of any rate abut without drift.
    """
    return -(-time.numerator * sfreq.numerator // (time.denominator * sfreq.denominator))


def n_samples(second: int, sfreq: Fraction) -> int:
    """How many samples of a channel fall into second `second`."""
    return first_sample(second + 1, sfreq) - first_sample(second, sfreq)


def full_runs(channels: tuple[Channel, ...], second: int) -> Runs:
    """The runs of a second in which nothing is missing."""
    runs = []
    before, of_channel = None, _runs(0)
    for channel in channels:
        rate = channel.sfreq.numerator, channel.sfreq.denominator
        if rate != before:  # neighbours mostly share theirs
            before, of_channel = rate, _runs(n_samples(second, channel.sfreq))
        runs.append(of_channel)
    return tuple(runs)


def runs_by_second(channels: tuple[Channel, ...]) -> Callable[[int], Runs]:
    """`full_runs` of any second, quick when asked for many."""
    if any(channel.sfreq.denominator != 1 for channel in channels):
        return partial(full_runs, channels)
    alike = full_runs(channels, 0)
    return lambda second: alike


def _runs(count: int) -> tuple[tuple[int, int], ...]:
    return ((0, count),) if count else ()


def exact(text: str) -> Fraction:
    """The number in a decimal or fraction such as "2996", "12.8", "1e-3", "200000/1001".

    Raises
    ------
    ValueError
        It is none, or longer than a number of this kind needs to be.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a number")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise ValueError(f"{text!r} divides by zero") from None


def parse_clock(text: str, what: str = "time") -> datetime:
    """The ISO 8601 time in `text`, aware when it carries an offset, else naive (local)."""
    try:
        clock = datetime.fromisoformat(text)
    except ValueError:
        raise SpanError(f"{what} {text!r} is neither seconds nor an ISO 8601 time") from None
    if not 1 < clock.year < 9999:  # an offset would lead out of the calendar
        raise SpanError(f"{what} {text!r} is not in the years 2 to 9998")
    return clock


def local_start(clock: datetime, zone: str | None) -> tuple[datetime, int | None]:
    """Local naive start and its UTC offset [s] (None where neither `zone` nor offset says it).

    Raises
    ------
    InvalidDataError
        Unknown zone; a local time that the zone skips, or has twice and no offset decides;
        an offset that the zone does not have at that time.
    """
    if zone is None:
        if clock.tzinfo is None:
            return clock, None
        offset = clock.utcoffset() or timedelta()
        return clock.replace(tzinfo=None), int(offset.total_seconds())
    tz = zone_named(zone)
    if clock.tzinfo is not None:
        offset = clock.utcoffset() or timedelta()
        if clock.astimezone(tz).utcoffset() != offset:
            raise InvalidDataError(f"{clock.isoformat()} has an offset that {zone} has not then")
        return clock.replace(tzinfo=None), int(offset.total_seconds())
    return clock, int(_offset(clock, tz, zone).total_seconds())


def second_of_clock(recording: Recording, clock: datetime) -> Fraction:
    """Seconds from recording start at which the clock showed `clock`.

    Raises
    ------
    SpanError
        The recording has no start_time; an offset is given that cannot be compared; or a
        local time that the zone skips, or has twice and no offset decides.
    """
    start = recording.start_time
    if start is None:
        raise SpanError(f"recording {recording.recording_id!r} has no start_time; ask in seconds")
    if clock.tzinfo is None and recording.zone is None:
        return _exact(clock - start)
    if recording.utc_offset is None:
        raise SpanError(
            f"{clock.isoformat()} has an offset, but recording {recording.recording_id!r} "
            "has neither a zone nor an offset; ask in local time or in seconds"
        )
    if clock.tzinfo is None:
        assert recording.zone is not None
        try:
            offset = _offset(clock, zone_named(recording.zone), recording.zone)
        except InvalidDataError as error:
            raise SpanError(str(error)) from None
        in_utc = clock - offset
    else:
        in_utc = clock.astimezone(UTC).replace(tzinfo=None)
    return _exact(in_utc - (start - timedelta(seconds=recording.utc_offset)))


def clock_at(recording: Recording, second: int) -> datetime:
    """What the clock shows `second` s after the start; aware when zone or offset is known.

    Raises
    ------
    SpanError
        The recording has no start_time.
    """
    start = recording.start_time
    if start is None:
        raise SpanError(f"recording {recording.recording_id!r} has no start_time")
    later = start + timedelta(seconds=second)
    if recording.utc_offset is None:
        return later
    offset = timedelta(seconds=recording.utc_offset)
    if recording.zone is None:
        return later.replace(tzinfo=timezone(offset))
    return (later - offset).replace(tzinfo=UTC).astimezone(zone_named(recording.zone))


def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone of that name, else InvalidDataError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError):
        raise InvalidDataError(f"zone {str(name)[:40]!r} is not an IANA time zone") from None


def _offset(clock: datetime, tz: ZoneInfo, zone: str) -> timedelta:
    """UTC offset of a local time that exists once in `tz`."""
    early, late = (clock.replace(tzinfo=tz, fold=fold).utcoffset() for fold in (0, 1))
    assert early is not None
    assert late is not None
    if early == late:
        return early
    if late < early:
        raise InvalidDataError(
            f"{clock.isoformat()} comes twice in {zone} (the clocks go back); give its offset"
        )
    raise InvalidDataError(f"{clock.isoformat()} does not exist in {zone} (the clocks go forward)")


def _exact(delta: timedelta) -> Fraction:
    return Fraction(delta // timedelta(microseconds=1), 1_000_000)

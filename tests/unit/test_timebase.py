"""Seconds, samples and clock time: exact at any rate, and on both clock-change nights."""

import math
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction as F
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import Channel, Recording
from eegstore.timebase import (
    clock_at,
    exact,
    first_sample,
    full_runs,
    local_start,
    n_samples,
    parse_clock,
    second_of_clock,
)
from tests.unit.recordings import make_recording

BERLIN = "Europe/Berlin"
SPRING, AUTUMN = datetime(2026, 3, 29), datetime(2026, 10, 25)  # 02:00 -> 03:00, 03:00 -> 02:00

sfreqs = st.fractions(F(1, 3600), 10_000, max_denominator=5000)
whole_seconds = st.integers(0, 10**9)


def on(night: datetime, clock: str, offset: int | None = None) -> datetime:
    """A clock time of that night, with its UTC offset [h] where given."""
    time = datetime.combine(night, datetime.strptime(clock, "%H:%M:%S.%f").time())
    return time if offset is None else time.replace(tzinfo=timezone(timedelta(hours=offset)))


@given(sfreqs, whole_seconds, st.integers(1, 40))
def test_chunks_of_any_rate_tile_the_recording(sfreq: F, start: int, seconds: int) -> None:
    """Every sample is in exactly one chunk, in that of the second it was taken in."""
    bounds = [first_sample(second, sfreq) for second in range(start, start + seconds + 1)]
    for second, lo, hi in zip(range(start, start + seconds), bounds, bounds[1:], strict=False):
        assert n_samples(second, sfreq) == hi - lo
        if hi > lo:
            assert second <= lo / sfreq
            assert (hi - 1) / sfreq < second + 1
        assert (lo - 1) / sfreq < second
        assert hi / sfreq >= second + 1


@given(sfreqs, st.fractions(0, 10**6))
def test_first_sample_is_the_first_at_or_after(sfreq: F, time: F) -> None:
    sample = first_sample(time, sfreq)
    assert (sample - 1) / sfreq < time <= sample / sfreq


@pytest.mark.parametrize(
    ("sfreq", "counts"),
    [
        (F(256), [256] * 6),
        (F(64, 5), [13, 13, 13, 13, 12, 13]),
        (F(200000, 1001), [200] * 5 + [199]),
        (F(1, 2), [1, 0, 1, 0, 1, 0]),
    ],
)
def test_counts_of_known_rates(sfreq: F, counts: list[int]) -> None:
    assert [n_samples(second, sfreq) for second in range(6)] == counts


def test_a_rate_of_one_in_thirty_seconds_leaves_most_chunks_empty() -> None:
    counts = [n_samples(second, F(1, 30)) for second in range(90)]
    assert [second for second, count in enumerate(counts) if count] == [0, 30, 60]
    channels = (Channel("slow", F(1, 30)), Channel("fast", F(3)))
    assert full_runs(channels, 29) == ((), ((0, 3),))
    assert full_runs(channels, 30) == (((0, 1),), ((0, 3),))


def test_ten_years_do_not_drift() -> None:
    """In binary floating point 12.8 Hz would be off by then."""
    seconds = 10 * 366 * 86400
    assert first_sample(seconds, F(64, 5)) == math.ceil(F(64, 5) * seconds) == seconds * 64 // 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2996", F(2996)), ("12.8", F(64, 5)), ("-0.5", F(-1, 2)), ("+3", F(3)),
        ("1e-3", F(1, 1000)), ("1E2", F(100)), ("200000/1001", F(200000, 1001)), ("5.", F(5)),
        ("007", F(7)), ("0/5", F(0)), ("-1/30", F(-1, 30)),
    ],
)  # fmt: skip
def test_exact_numbers(text: str, value: F) -> None:
    assert exact(text) == value


numbers = st.floats(-1e17, 1e17).filter(lambda x: x == 0 or abs(x) > 1e-75)


@given(numbers)
@example(1 / 300)
@example(1e-5 / 3)
def test_exact_reads_what_repr_of_a_float_says(value: float) -> None:
    """As JSON does; and reads its own result again."""
    found = exact(repr(value))
    assert found == F(repr(value))
    assert exact(str(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1\n", "abc", "nan", "inf", "-inf", "1_000", "0x10", "1e", "1/0", "1/-2",
     "1.5/2", "--1", "٣", "½", "1e999999999", "1e-999999999", "1e100", "9" * 41, "1." + "0" * 41,
     "1/" + "9" * 201, "1,5", "2026-01-01"],
)  # fmt: skip
def test_what_is_no_number_or_asks_for_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a number|divides by zero"):
        exact(text)


def test_the_message_of_a_long_text_is_short() -> None:
    with pytest.raises(ValueError, match="is not a number") as raised:
        exact("9" * 100_000)
    assert len(str(raised.value)) < 100


def test_iso_without_offset_is_local_and_with_one_is_aware() -> None:
    assert parse_clock("2026-10-25T02:30:00") == datetime(2026, 10, 25, 2, 30)
    assert parse_clock("2026-10-25T02:30:00Z") == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    with pytest.raises(SpanError, match="start 'yesterday' is neither seconds nor an ISO 8601"):
        parse_clock("yesterday", "start")


@pytest.mark.parametrize(
    ("night", "clock", "given", "hours"),
    [
        (SPRING, "01:59:59.999999", None, 1),
        (SPRING, "03:00:00.0", None, 2),
        (SPRING, "01:30:00.0", 1, 1),
        (SPRING, "03:30:00.0", 2, 2),
        (AUTUMN, "01:59:59.999999", None, 2),
        (AUTUMN, "03:00:00.0", None, 1),
        (AUTUMN, "02:30:00.0", 2, 2),
        (AUTUMN, "02:30:00.0", 1, 1),
    ],
)
def test_a_start_in_a_clock_change_night(
    night: datetime, clock: str, given: int | None, hours: int
) -> None:
    """What is unambiguous, or made so by an offset, is taken: local time and offset [s]."""
    assert local_start(on(night, clock, given), BERLIN) == (on(night, clock), hours * 3600)


@pytest.mark.parametrize(
    ("night", "clock", "given", "message"),
    [
        (AUTUMN, "02:00:00.0", None, "comes twice in Europe/Berlin"),
        (AUTUMN, "02:59:59.999999", None, "comes twice in Europe/Berlin"),
        (SPRING, "02:00:00.0", None, "does not exist in Europe/Berlin"),
        (SPRING, "02:59:59.999999", None, "does not exist in Europe/Berlin"),
        (AUTUMN, "02:30:00.0", 3, "has an offset that Europe/Berlin has not then"),
        (AUTUMN, "01:30:00.0", 1, "has an offset that Europe/Berlin has not then"),
        (AUTUMN, "03:30:00.0", 2, "has an offset that Europe/Berlin has not then"),
        (SPRING, "02:30:00.0", 1, "has an offset that Europe/Berlin has not then"),
        (SPRING, "02:30:00.0", 2, "has an offset that Europe/Berlin has not then"),
        (SPRING, "12:00:00.0", 1, "has an offset that Europe/Berlin has not then"),
    ],
)
def test_a_start_that_no_clock_showed_or_two_did_is_refused(
    night: datetime, clock: str, given: int | None, message: str
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        local_start(on(night, clock, given), BERLIN)


def test_a_start_without_a_zone_is_what_it_says() -> None:
    assert local_start(on(AUTUMN, "02:30:00.0"), None) == (on(AUTUMN, "02:30:00.0"), None)
    assert local_start(on(AUTUMN, "02:30:00.0", -5), None) == (on(AUTUMN, "02:30:00.0"), -18000)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe", "../../etc/passwd", "/etc", "a\0b"])
def test_unknown_zones_are_refused(zone: str) -> None:
    with pytest.raises(InvalidDataError, match="is not an IANA time zone"):
        local_start(datetime(2026, 1, 1), zone)


def evening(night: datetime, zone: str | None = BERLIN) -> Recording:
    """A recording that began at 22:00 before a clock-change night."""
    start, offset = local_start(night - timedelta(hours=2), zone)
    return make_recording(start_time=start, zone=zone, utc_offset=offset)


@pytest.mark.parametrize(
    ("night", "clock", "given", "hours"),
    [
        (SPRING, "01:30:00.0", None, F(7, 2)),
        (SPRING, "03:30:00.0", None, F(9, 2)),
        (AUTUMN, "01:30:00.0", None, F(7, 2)),
        (AUTUMN, "02:30:00.0", 2, F(9, 2)),
        (AUTUMN, "02:30:00.0", 1, F(11, 2)),
        (AUTUMN, "03:30:00.0", None, F(13, 2)),
        (AUTUMN, "01:30:00.0", 0, F(11, 2)),  # UTC
    ],
)
def test_seconds_of_a_clock_time_count_through_the_change(
    night: datetime, clock: str, given: int | None, hours: F
) -> None:
    assert second_of_clock(evening(night), on(night, clock, given)) == hours * 3600


@pytest.mark.parametrize(
    ("night", "message"), [(AUTUMN, "comes twice"), (SPRING, "does not exist")]
)
def test_clock_times_that_two_clocks_showed_or_none_are_refused(
    night: datetime, message: str
) -> None:
    with pytest.raises(SpanError, match=message):
        second_of_clock(evening(night), on(night, "02:30:00.0"))


def test_without_a_zone_local_times_are_compared_as_they_stand() -> None:
    recording = evening(AUTUMN, None)
    assert second_of_clock(recording, on(AUTUMN, "02:30:00.0")) == F(9, 2) * 3600
    with pytest.raises(SpanError, match="neither a zone nor an offset"):
        second_of_clock(recording, on(AUTUMN, "02:30:00.0", 1))


def test_an_offset_without_a_zone_is_enough_to_compare() -> None:
    recording = make_recording(start_time=datetime(2026, 1, 1, 12), utc_offset=3600)
    assert second_of_clock(recording, datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)) == 3601
    assert second_of_clock(recording, datetime(2026, 1, 1, 11, 59)) == -60


def test_microseconds_are_exact() -> None:
    recording = make_recording(start_time=datetime(2001, 1, 1))
    days = (datetime(2026, 1, 1) - datetime(2001, 1, 1)).days
    asked = datetime(2026, 1, 1, 0, 0, 0, 1)
    assert second_of_clock(recording, asked) == days * 86400 + F(1, 10**6)


def test_without_start_time_clock_times_are_refused() -> None:
    with pytest.raises(SpanError, match="'r1' has no start_time; ask in seconds"):
        second_of_clock(make_recording(), datetime(2026, 1, 1))


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
    st.integers(-(10**12), 10**12),
    st.sampled_from([BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_what_the_clock_shows_after_t_seconds_is_second_t(
    start: datetime, microseconds: int, zone: str
) -> None:
    """Whatever the zone does in between."""
    local, offset = local_start(start.astimezone(ZoneInfo(zone)), zone)
    recording = make_recording(start_time=local, zone=zone, utc_offset=offset)
    shown = (start + timedelta(microseconds=microseconds)).astimezone(ZoneInfo(zone))
    as_sent = parse_clock(shown.isoformat())
    assert second_of_clock(recording, as_sent) == F(microseconds, 10**6)
    second = microseconds // 10**6
    assert second_of_clock(recording, clock_at(recording, second)) == second


@pytest.mark.parametrize(
    ("night", "hours", "shown"),
    [
        (SPRING, 4, "2026-03-29T03:00:00+02:00"),
        (AUTUMN, 4, "2026-10-25T02:00:00+02:00"),
        (AUTUMN, 5, "2026-10-25T02:00:00+01:00"),
        (AUTUMN, 8, "2026-10-25T05:00:00+01:00"),
    ],
)
def test_what_the_clock_shows_in_a_clock_change_night(
    night: datetime, hours: int, shown: str
) -> None:
    assert clock_at(evening(night), hours * 3600).isoformat() == shown


def test_what_the_clock_shows_as_far_as_it_is_known() -> None:
    """Local time alone, or with the one offset that was said."""
    local = make_recording(start_time=datetime(2026, 10, 24, 22))
    assert clock_at(local, 8 * 3600).isoformat() == "2026-10-25T06:00:00"
    fixed = make_recording(start_time=datetime(2026, 10, 24, 22), utc_offset=7200)
    assert clock_at(fixed, 8 * 3600).isoformat() == "2026-10-25T06:00:00+02:00"
    with pytest.raises(SpanError, match="'r1' has no start_time"):
        clock_at(make_recording(), 0)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"])
def test_the_ends_of_the_calendar_are_refused(text: str) -> None:
    """Converted to another zone they would lead out of it."""
    with pytest.raises(SpanError, match="is not in the years 2 to 9998"):
        parse_clock(text)

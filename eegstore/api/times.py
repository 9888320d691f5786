"""Times in questions: seconds, or what the clock showed; and of which recording."""

from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

from eegstore.errors import NotFoundError, SpanError
from eegstore.model import Recording, check_id
from eegstore.service import recordings, studies
from eegstore.store.database import Database
from eegstore.timebase import exact, parse_clock, second_of_clock

Time: TypeAlias = Fraction | datetime
Times: TypeAlias = tuple[Time, Time]


def time_of(text: str, what: str) -> Time:
    """Seconds where `text` is a number, else a clock time."""
    try:
        return exact(text)
    except ValueError:
        # "+02:00" in a query that was not percent-encoded arrives as " 02:00".
        return parse_clock(text.replace(" ", "+") if "T" in text else text, what)


def seconds_of(recording: Recording, at: Time) -> Fraction:
    """A time on the timeline that begins with a recording [s]."""
    return second_of_clock(recording, at) if isinstance(at, datetime) else at


async def span_of_study(
    database: Database, key: tuple[str, str], asked: Times
) -> tuple[tuple[Fraction, Fraction], Recording | None]:
    """Two times as seconds of study time, and the recording by whose clock, if they are clock
    times; `key` is that of the study.

    Raises
    ------
    NotFoundError, SpanError
    """
    start, stop = asked
    if isinstance(start, Fraction) and isinstance(stop, Fraction):
        return (start, stop), None
    first = (await studies.declared(database, *key)).first
    return (seconds_of(first, start), seconds_of(first, stop)), first


async def recording_at(database: Database, patient_id: str, start: Time, end: Time) -> Recording:
    """The one recording of a patient that was under way between two clock times.

    Raises
    ------
    NotFoundError, SpanError
        None, or several.
    """
    check_id("patient_id", patient_id)
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise SpanError("without recording_id, start and end are ISO 8601 clock times")
    touched: list[Recording] = []
    unclear: SpanError | None = None
    listed = await recordings.listing(database, patient_id)
    if not listed:
        raise NotFoundError(f"no recording of patient {patient_id!r}")
    for info in listed:
        if info.recording.start_time is None:
            continue
        try:
            lo = second_of_clock(info.recording, start)
            hi = second_of_clock(info.recording, end)
        except SpanError as error:
            unclear = unclear or error
            continue
        if lo < Fraction(info.duration) and hi > 0:
            touched.append(info.recording)
    if len(touched) > 1:
        names = ", ".join(recording.recording_id for recording in touched)
        raise SpanError(f"{start} to {end} matches {len(touched)} recordings ({names}); name one")
    if not touched and unclear is not None:
        raise unclear
    if not touched:
        raise NotFoundError(f"no recording of {patient_id!r} between {start} and {end}")
    return touched[0]

"""Times in questions: seconds, or what the clock showed."""

from datetime import datetime
from fractions import Fraction

from eegstore.model import Recording
from eegstore.timebase import exact, parse_clock, second_of_clock


def time_of(text: str, what: str) -> Fraction | datetime:
    """Seconds where `text` is a number, else a clock time."""
    try:
        return exact(text)
    except ValueError:
        # "+02:00" in a query that was not percent-encoded arrives as " 02:00".
        return parse_clock(text.replace(" ", "+") if "T" in text else text, what)


def seconds_of(recording: Recording, at: Fraction | datetime) -> Fraction:
    """A time of a question on the timeline that begins with a recording [s]."""
    return second_of_clock(recording, at) if isinstance(at, datetime) else at

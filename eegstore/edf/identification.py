"""Who and when: the identification fields and the start of a file (EDF+ 2.1.3, items 1 to 4)."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from fractions import Fraction

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_STARTDATE = re.compile(r"Startdate (\d{1,2}-[A-Za-z]{3}-\d{4})(?: |$)", re.ASCII)
_DAY = re.compile(r"(\d{1,2})\D\s*(\d{1,2})\D\s*(\d\d|yy)", re.ASCII)
_TIME = re.compile(r"(\d{1,2})\D\s*(\d{1,2})\D\s*(\d{1,2})", re.ASCII)


def parse_date(text: str) -> date | None:
    """The date in ``02-AUG-1951``, None when it is none."""
    parts = text.upper().split("-")
    if len(parts) != 3 or parts[1] not in MONTHS:
        return None
    try:
        return date(int(parts[2]), MONTHS.index(parts[1]) + 1, int(parts[0]))
    except ValueError:
        return None


def format_date(day: date) -> str:
    """``02-AUG-1951``, whatever the locale."""
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}"


def parse_start(day: str, time: str, recording: str) -> datetime | None:
    """Local start of a file from its fields startdate, starttime and recording identification.

    Two digits of a year mean 1985 to 2084; the year of ``Startdate dd-MMM-yyyy`` decides where
    it names the same day, and the whole date where the field startdate names none.
    None when the date or the time cannot be read (EDF+ 2.1.3, items 2 and 4).
    """
    stated = _STARTDATE.match(recording)
    full = parse_date(stated[1]) if stated else None
    start, clock = _DAY.fullmatch(day), _TIME.fullmatch(time)
    if clock is None:
        return None
    try:
        if start is not None:
            named = (int(start[1]), int(start[2]))
            same = full is not None and (full.day, full.month) == named
            if not (same and full and start[3] in ("yy", f"{full.year % 100:02d}")):
                year = int(start[3])
                full = date(year + (1900 if year >= 85 else 2000), named[1], named[0])
        if full is None:
            return None
        hour, minute, second = (int(part) for part in clock.groups())
        return datetime(full.year, full.month, full.day, hour, minute, second)
    except ValueError:
        return None


def later(start: datetime | None, seconds: Fraction) -> datetime | None:
    """`start` and `seconds` [s], to the microsecond; None where there is no such time."""
    if start is None:
        return None
    try:
        return start + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError:
        return None


def identity_of(patient: str, is_plus: bool) -> dict[str, str]:
    """What the patient identification says of a person (EDF+ 2.1.3, item 3).

    Returns
    -------
    dict
        Those of hospital_number, sex, birth_date (ISO 8601 where it is a date) and name that
        are not ``X``. A plain EDF file has no subfields: the whole field is the name.
    """
    parts = patient.split()
    if all(part == "X" for part in parts):
        return {}
    if not is_plus:
        return {"name": patient}
    found = dict(zip(("hospital_number", "sex", "birth_date", "name"), parts, strict=False))
    found = {key: value.replace("_", " ") for key, value in found.items() if value != "X"}
    born = parse_date(found.get("birth_date", ""))
    if born is not None:
        found["birth_date"] = born.isoformat()
    return found


def plus_patient(patient: str) -> str:
    """The patient identification with the subfields of EDF+, at most 80 characters.

    What has them stays; anything else becomes the name.
    """
    parts = patient.split()
    if (
        len(parts) >= 4
        and parts[1] in ("F", "M", "X")
        and (parts[2] == "X" or parse_date(parts[2]))
    ):
        return ascii_text(" ".join(parts))[:80]
    return f"X X X {subfield(patient)}"[:80]


def plus_recording(recording: str, start: date | None) -> str:
    """The recording identification with the subfields of EDF+ and this startdate.

    Subfields that are there stay; any other text follows them as an additional subfield.
    """
    parts = recording.split()
    day = "X" if start is None else format_date(start)
    if parts[:1] == ["Startdate"]:
        rest = parts[2:] + ["X"] * (5 - len(parts))
    else:
        rest = ["X", "X", "X", *([subfield(recording)] if parts else [])]
    return ascii_text(" ".join(["Startdate", day, *rest]))[:80]


def subfield(text: str) -> str:
    """`text` as one subfield: spaces become underscores, nothing becomes ``X``."""
    return ascii_text("_".join(text.split())) or "X"


def ascii_text(text: str) -> str:
    """`text` in printable US-ASCII: accents fall, other characters become underscores."""
    flat = unicodedata.normalize("NFKD", text.replace("µ", "u").replace("μ", "u"))
    bare = "".join(c for c in flat if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else "_" for c in bare)

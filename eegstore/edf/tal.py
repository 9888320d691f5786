"""Time-stamped annotation lists, the text of annotation signals (EDF+ 2.2).

A TAL is ``onset [21 duration] 20 {text 20} 0``, its times decimal seconds from the header's
start. The first TAL of every record has an empty first text: it says when the record starts.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from eegstore.errors import EdfError
from eegstore.model import Annotation, Channel

MAX_ONSET = 10**10  # [s]; beyond that no clock time exists

_TAL = re.compile(rb"([+-][\d.]{1,40})(?:\x15([\d.]{0,40}))?\x14(.*)", re.DOTALL)
_NO_TEXT = re.compile(rb"(?:[+-][\d.]{1,40}\x14\x14)?\0*")
_DIGITS = 15  # of the fraction of a second, at most


class Tal(NamedTuple):
    """One list: texts that share onset and duration [s]."""

    onset: Fraction
    duration: Fraction | None
    texts: tuple[bytes, ...]  # the first is empty when it keeps the time of the record


def parse_tals(raw: bytes) -> Iterator[Tal]:
    """The TALs of one annotation signal in one record; what is none is passed over."""
    for piece in raw.split(b"\0"):
        match = _TAL.fullmatch(piece)
        if match is None:
            continue
        try:
            onset = Fraction(match[1].decode())
            duration = Fraction(match[2].decode()) if match[2] else None
        except ValueError:
            continue
        if abs(onset) <= MAX_ONSET:
            yield Tal(onset, duration, tuple(match[3].split(b"\x14")))


def record_onset(signals: Sequence[bytes]) -> Fraction | None:
    """When a record starts, from its annotation signals, if one says so (EDF+ 2.2.4)."""
    for raw in signals:
        for tal in parse_tals(raw):
            if not tal.texts[0]:
                return tal.onset
    return None


def annotations_of(raw: bytes, start: Fraction) -> Iterator[Annotation]:
    """The annotations of one annotation signal in one record.

    Texts are UTF-8 (EDF+ 2.2.3); bytes that are not are read as Latin-1.

    Parameters
    ----------
    start : Fraction
        Onset of the first record [s].
    """
    if _NO_TEXT.fullmatch(raw):
        return  # most records only say when they start
    for tal in parse_tals(raw):
        for text in filter(None, tal.texts):
            try:
                description = text.decode()
            except UnicodeDecodeError:
                description = text.decode("latin-1")
            duration = None if tal.duration is None else float(tal.duration)
            yield Annotation(float(tal.onset - start), duration, description, source="edf")


def decimal(value: Fraction) -> str:
    """`value` in decimal digits, exact where 15 of them after the point suffice."""
    if value.denominator == 1:
        return str(value.numerator)
    twice = 2 * value.denominator
    scaled = (2 * abs(value.numerator) * 10**_DIGITS + value.denominator) // twice
    whole, part = divmod(scaled, 10**_DIGITS)
    digits = f"{part:0{_DIGITS}d}".rstrip("0")
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def timekeeping(onset: Fraction) -> bytes:
    """The TAL that says when a record starts."""
    return f"{_signed(onset)}\x14\x14\0".encode()


def format_tal(
    onset: Fraction, duration: Fraction | None, annotation: Annotation, channels: Sequence[Channel]
) -> bytes:
    """The TAL of an annotation at `onset` [s after the header's start].

    One that concerns some channels becomes a text ``description@@label`` for each of them
    (standard texts of EDF+, 3.3).

    Raises
    ------
    EdfError
        Its text is empty or holds a byte that ends a text.
    """
    if not annotation.description or set(annotation.description) & {"\x14", "\0"}:
        raise EdfError(
            f"annotation {annotation.description!r} at {annotation.onset} s: EDF+ keeps no empty "
            "text and none with characters 0 or 20"
        )
    span = "" if duration is None else "\x15" + decimal(duration)
    labels = [f"@@{channels[row].label}" for row in annotation.channels] or [""]
    texts = "".join(f"{annotation.description}{label}\x14" for label in labels)
    return f"{_signed(onset)}{span}\x14{texts}\0".encode()


def spread(tals: Sequence[tuple[int, bytes]], n_records: int) -> tuple[int, dict[int, bytes]]:
    """Room that every record needs for annotations, and what goes where.

    A TAL goes into its own record or, where a crowd has filled that, into the next with room;
    after the last record the first ones follow. Room for the mean and one longest TAL more
    always suffices: a record that has to turn one away holds more than the mean.

    Parameters
    ----------
    tals : sequence of (record, bytes), by record

    Returns
    -------
    room : int
        [byte]
    placed : dict of int to bytes
        The records that hold any.
    """
    total = sum(len(tal) for _, tal in tals)
    longest = max((len(tal) for _, tal in tals), default=0)
    room = min(total, -(-total // n_records) + longest)
    placed: dict[int, bytes] = {}
    left = list(tals)
    for _ in range(2):
        late, at = [], 0
        for record, tal in left:
            at = max(at, record)
            while at < n_records and len(placed.get(at, b"")) + len(tal) > room:
                at += 1
            if at < n_records:
                placed[at] = placed.get(at, b"") + tal
            else:
                late.append((0, tal))
        left = late
    return room, placed


def _signed(value: Fraction) -> str:
    digits = decimal(value)
    return digits if digits.startswith("-") else "+" + digits

"""Montages that people make and keep: what one may hold.

Whether a recording can show a line is decided when it is derived, recording by recording.
"""

import re
from dataclasses import dataclass

from eegstore.errors import InvalidDataError
from eegstore.signal.derivations import STANDARD
from eegstore.signal.montage import Line

MAX_LINES = 256
MAX_NAME = 64  # [character]
MAX_TEXT = 128  # [character], of a line
COLOR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]{1,32}")

_APART = "|"  # between text, name and colour of a line in a question
_TAKEN = (*STANDARD, "custom")


@dataclass(frozen=True, slots=True)
class OwnMontage:
    """A montage under a name.

    Raises
    ------
    InvalidDataError
        Names the line and what is wrong with it.
    """

    name: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        _check("name", self.name, MAX_NAME, "/")
        if self.name.lower() in _TAKEN:
            raise InvalidDataError(f"name {self.name!r} is taken; so are {', '.join(_TAKEN)}")
        if not 1 <= len(self.lines) <= MAX_LINES:
            raise InvalidDataError(f"{len(self.lines)} lines; allowed are 1 to {MAX_LINES}")
        for at, line in enumerate(self.lines):
            _check(f"line {at}: text", line.text, MAX_TEXT, _APART)
            if line.name is not None:
                _check(f"line {at}: name", line.name, MAX_NAME, _APART)
            if line.color is not None and not COLOR.fullmatch(line.color):
                raise InvalidDataError(
                    f"line {at}: color {line.color[:40]!r} is neither a name nor #RRGGBB"
                )


def _check(what: str, text: str, most: int, without: str) -> None:
    if not 1 <= len(text) <= most:
        raise InvalidDataError(f"{what} has {len(text)} characters; allowed are 1 to {most}")
    if not text.isprintable() or text != text.strip() or without in text:
        raise InvalidDataError(
            f"{what} is {text!r}; it must be printable, without {without!r} and without space at "
            "either end"
        )

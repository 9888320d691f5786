"""Electrode names: what a channel's label says of where it was measured.

Names follow the 10-10 system; T3, T4, T5, T6 are the older names of T7, T8, P7, P8 (ACNS
Guideline 2, 2016). Odd numbers lie on the left, even ones on the right, z on the midline.
EDF+ writes "EEG Fp1-Cz" for Fp1 minus Cz (EDF+ specification, standard texts).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

REFERENCE = "REF"
"""The common electrode of all channels whose label names none."""

AVERAGE = "AVG"

OLD = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
NEW = {new: old for old, new in OLD.items()}

_COMMON = {
    REFERENCE: REFERENCE, "RF": REFERENCE,
    AVERAGE: AVERAGE, "AV": AVERAGE, "AVE": AVERAGE, "CAR": AVERAGE,
    "LE": "LE", "A1A2": "LE", "A1+A2": "LE", "A2+A1": "LE",
    "LM": "LM", "M1M2": "LM", "M1+M2": "LM", "M2+M1": "LM",
}  # fmt: skip
_PREFIX = re.compile(
    r"(EEG|SEEG|ECOG|POL)[\s_-]+(?=\S)|(EOG|ECG|EKG|EMG|ERG|RESP|SAO2|DIG)\s+(?=\S)"
)
_POSITION = re.compile(r"(?!T[Z1-6]$)(N|FP|AF|F|FT|FC|T|C|TP|CP|P|PO|O|I)(Z|10|[1-9])")
_OTHER_SITE = re.compile(r"(A|M|PG|SP|T)([12])")  # ear, mastoid, sphenoidal, anterior temporal ...
_NAME = re.compile(r"[A-Z0-9$][A-Z0-9'\u2019_+]{0,15}")
_SEPARATOR = re.compile(r"\s*[-\u2013:/]\s*")
_REPEAT = re.compile(r"(.*[^\s-])-(0|[1-9]\d?)")
_LETTERED = re.compile(r"([A-UWYZ])'?(\d{1,2})")  # V1 is of an EKG, X1 a spare input
_HIGHEST = {"A": 2, "C": 6, "E": 2, "F": 10, "I": 2, "M": 2, "N": 2, "O": 10, "P": 10, "T": 12}
_LETTERED_FROM = 3  # electrodes that can only be numbered through
_ZERO_FOR_O = {"01": "O1", "02": "O2"}
_EYES = {"LOC": -1, "ROC": 1, "E1": -1, "E2": 1}  # outer canthi, by older names and the AASM's


class Side(StrEnum):
    """Of the head."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    NONE = "none"  # an electrode without a known place


@dataclass(frozen=True, slots=True)
class Name:
    """A label, taken apart. What is None was not said.

    `plus` minus `minus` is what the channel shows.
    """

    prefix: str  # "EEG", "POL" ..., upper case; "" when there is none
    plus: str | None  # canonical, "Fp1"
    minus: str | None  # canonical, "T7", or a common reference: REF, AVG, LE, LM
    placed: bool  # whether a number in the electrodes' names tells a side


def electrode(text: str, placed: bool = True) -> str | None:
    """The canonical name of an electrode or common reference; None when it cannot be one.

    "FP1", "Fp1." and " fp1 " are "Fp1", "T3" is "T7", "fcz" is "FCz", "la1" is "LA1". Where
    names tell no places (`placed` is False) they stay what they are.
    """
    upper = text.strip(" .").upper()
    if upper in _COMMON:
        return _COMMON[upper]
    if not placed:
        return upper if _NAME.fullmatch(upper) else None
    upper = OLD.get(upper, upper)
    if place := _POSITION.fullmatch(upper):
        return ("Fp" if place[1] == "FP" else place[1]) + place[2].lower()
    return upper if _NAME.fullmatch(upper) else None


def is_common(name: str) -> bool:
    """Whether it is a common reference (or an average of electrodes), not one electrode."""
    return name in _COMMON.values()


def is_scalp(name: str) -> bool:
    """Whether it is a position of the 10-10 system."""
    return _POSITION.fullmatch(name.upper()) is not None


def read_labels(labels: Sequence[str]) -> tuple[Name, ...]:
    """What the labels of one recording say, row by row.

    They are read together, because some can only be understood so:

    - Where electrodes are numbered through by letters, as on caps and depth electrodes
      (A1 ... A32, B1 ...), C3 or F7 is no place on the scalp, and no number tells a side.
    - "01" and "02" are O1 and O2 with a zero for the letter, unless channels are numbered.
    - "T8-P8-0" is T8-P8, the first of several; see `mne.io.read_raw_edf`.
    """
    bare = [_without_prefix(label)[1] for label in labels]
    zero = {text for text in bare if text.isdigit()} <= _ZERO_FOR_O.keys()
    firsts = [_LETTERED.fullmatch(_SEPARATOR.split(text)[0]) for text in bare]
    beyond = {one[0] for one in firsts if one and int(one[2]) > _HIGHEST.get(one[1], 0)}
    placed = len(beyond) < _LETTERED_FROM
    return tuple(_read(label, zero, placed) for label in labels)


def side_of(plus: str | None, minus: str | None) -> Side:
    """The side on which a derivation lies.

    A derivation across the midline lies on it; one from the midline to a side lies on that
    side. A common reference, an ear or a mastoid as the second electrode counts for nothing.
    """
    if minus is not None and (is_common(minus) or re.fullmatch(r"[AM][12]", minus)):
        minus = None
    places = [_place(name) for name in (plus, minus) if name is not None]
    if not places or None in places:
        return Side.NONE
    total = sum(place for place in places if place is not None)
    return Side.LEFT if total < 0 else Side.RIGHT if total > 0 else Side.MIDLINE


def _place(name: str) -> int | None:
    """-1 on the left, 0 on the midline, 1 on the right; None where the name does not tell."""
    upper = name.upper()
    if upper in _EYES:
        return _EYES[upper]
    found = _POSITION.fullmatch(upper) or _OTHER_SITE.fullmatch(upper)
    if found is None:
        return None
    if found[2] == "Z":
        return 0
    return -1 if int(found[2]) % 2 else 1


def _without_prefix(label: str) -> tuple[str, str]:
    """Prefix and rest of a label, in upper case."""
    upper = label.strip(" .").upper()
    found = _PREFIX.match(upper)
    return (found[1] or found[2], upper[found.end() :]) if found else ("", upper)


def _read(label: str, zero: bool, placed: bool) -> Name:
    prefix, text = _without_prefix(label)
    if repeat := _REPEAT.fullmatch(text):
        of_name = repeat[1].isalpha() and not is_scalp(repeat[1])  # LA-1 is LA1, Cz-1 is Cz
        text = "".join(repeat.groups()) if of_name else repeat[1]
    parts = [part.strip(" .") for part in _SEPARATOR.split(text)]
    if zero:
        parts = [_ZERO_FOR_O.get(part, part) for part in parts]
    found = [electrode(part, placed) for part in parts]
    if None in found or not 1 <= len(found) <= 2:
        return Name(prefix, None, None, placed)
    return Name(prefix, found[0], found[1] if len(found) == 2 else None, placed)

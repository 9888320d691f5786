"""Which filters a reader chose: numbers on the filter bar, and which kinds of channel they suit.

LFF is the low (frequency) filter, a high-pass; HFF the high filter, a low-pass. ACNS Guideline 1
(2016) asks for an LFF of no more than 1 Hz and an HFF of no less than 70 Hz.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from eegstore.errors import InvalidDataError
from eegstore.signal.leads import Kind

LFF = (0.1, 0.3, 0.5, 1.0, 1.6, 3.0, 5.0)  # [Hz]
HFF = (15.0, 30.0, 35.0, 50.0, 70.0, 100.0)  # [Hz]
NOTCH = (50.0, 60.0)  # [Hz]
OFF = "off"


@dataclass(frozen=True, slots=True)
class Setting:
    """Labels of the three filters [Hz], None for off.

    `zero_phase` filters forwards and backwards: nothing is delayed, nothing turned over.
    Otherwise the filters run forwards only, as those of analog machines did.

    Raises
    ------
    InvalidDataError
        A label that is not offered; names it and those that are.
    """

    lff: float | None = 1.0
    hff: float | None = 70.0
    notch: float | None = None
    zero_phase: bool = True

    def __post_init__(self) -> None:
        for name, value, offered in (
            ("LFF", self.lff, LFF), ("HFF", self.hff, HFF), ("notch", self.notch, NOTCH)
        ):  # fmt: skip
            if value is not None and value not in offered:
                told = ", ".join(f"{label:g}" for label in offered)
                raise InvalidDataError(f"{name} {value:g} Hz is not one of {told} Hz or off")

    @property
    def is_off(self) -> bool:
        """Whether nothing is filtered."""
        return self.lff is None and self.hff is None and self.notch is None


UNFILTERED = Setting(None, None, None)


@dataclass(frozen=True, slots=True)
class Suits:
    """Which filters a kind of channel gets."""

    lff: bool = False
    hff: bool = False
    notch: bool = False


POLICY: Mapping[Kind, Suits] = MappingProxyType(
    {
        Kind.EEG: Suits(lff=True, hff=True, notch=True),
        Kind.EOG: Suits(lff=True, hff=True, notch=True),
        Kind.EKG: Suits(lff=True, notch=True),
        Kind.EMG: Suits(lff=True, notch=True),
    }
)
"""EKG and EMG are not low-passed; what is no voltage (SpO2 is a level) is not filtered."""


def parse(lff: str = "1", hff: str = "70", notch: str = OFF, zero_phase: bool = True) -> Setting:
    """A setting from texts such as "0.3", "70" and "off".

    Raises
    ------
    InvalidDataError
        A text that is neither "off" nor a label that is offered.
    """
    return Setting(_label("LFF", lff), _label("HFF", hff), _label("notch", notch), zero_phase)


def of_kind(setting: Setting, kind: Kind, policy: Mapping[Kind, Suits] = POLICY) -> Setting:
    """What of a setting applies to channels of that kind."""
    suits = policy.get(kind, Suits())
    return replace(
        setting,
        lff=setting.lff if suits.lff else None,
        hff=setting.hff if suits.hff else None,
        notch=setting.notch if suits.notch else None,
    )


def _label(name: str, text: str) -> float | None:
    if text.strip().casefold() == OFF:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidDataError(f"{name} {text[:40]!r} is neither a number of Hz nor off") from None

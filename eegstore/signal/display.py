"""Clinical conventions of the screen: which way is up, millimetres, steps of a page."""

from fractions import Fraction

from eegstore.errors import InvalidDataError
from eegstore.signal.leads import Kind

SPEED = 30.0  # [mm/s], the speed of paper

_NEGATIVE_UP = frozenset({Kind.EEG, Kind.EOG})


def polarity(kind: Kind, negative_up: bool = True) -> int:
    """-1 where a negative value is drawn upwards, else 1.

    EEG and EOG are drawn negative up, by clinical convention, unless `negative_up` is False;
    EKG, EMG, respiration, SpO2 and all else positive up.
    """
    return -1 if negative_up and kind in _NEGATIVE_UP else 1


def px_per_mm(pixels: float, millimetres: float) -> float:
    """How many pixels a millimetre has, from a line on the screen that somebody measured.

    Raises
    ------
    InvalidDataError
        Either length is not positive, or the result is no screen's: 1 to 40 px/mm.
    """
    if not (pixels > 0 and millimetres > 0):
        raise InvalidDataError(f"{pixels:g} px are {millimetres:g} mm; both must be positive")
    result = pixels / millimetres
    if not 1 <= result <= 40:
        raise InvalidDataError(f"{result:g} px/mm; screens have 1 to 40")
    return result


def px_per_unit(sensitivity: float, per_mm: float) -> float:
    """Height on the screen of one unit [px].

    Parameters
    ----------
    sensitivity : float
        [unit/mm], 7 uV/mm for EEG.
    per_mm : float
        Pixels a millimetre.
    """
    if not sensitivity > 0:
        raise InvalidDataError(f"sensitivity {sensitivity:g}/mm is not positive")
    return per_mm / sensitivity


def page_at_speed(pixels: float, per_mm: float, speed: float = SPEED) -> Fraction:
    """How long a page of that width is at paper speed [s], in whole tenths.

    Parameters
    ----------
    pixels : float
        Width of the field of traces.
    per_mm : float
        Pixels a millimetre.
    speed : float
        [mm/s]
    """
    tenths = round(10 * pixels / per_mm / speed)
    return Fraction(max(tenths, 1), 10)


def step(duration: Fraction | int, tenths: int = 1) -> Fraction:
    """Some tenths of a page [s]: 1 s of 10 s, 0.5 s of 5 s."""
    return Fraction(duration) * tenths / 10

"""How a channel's values become a deflection on the screen.

The field of traces is measured in rows: trace k lies at ``-k``, up is positive. Every trace
is centred on its median over the page, for offsets of electrodes are no EEG. Potentials
follow the sensitivity [uV/mm], negative up (the convention of EEG); EKG is a tenth as
sensitive, and positive up. Other quantities have no uV: what the page holds of them fills
the row, and up is more. Each trace that does not follow the stated sensitivity says its own.
"""

import re
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel

from .state import PX_PER_MM

_MICROVOLT = {"nv": 1e-3, "uv": 1.0, "μv": 1.0, "mv": 1e3, "v": 1e6}  # [uV]
_EKG = re.compile(r"(^|[^a-z])(ecg|ekg)", re.IGNORECASE)
_FILLED = 0.8  # of a row
_LEAST = 0.02  # of the physical range; what varies less is not blown up to fill the row


@dataclass(frozen=True, slots=True)
class Scale:
    """From a channel's unit to rows: ``y = (value - baseline) * gain``."""

    gain: float  # [row/unit]; negative where negative is up
    baseline: float  # [unit]
    text: str  # "10 µV/mm", "5 °C/mm"


def is_potential(channel: Channel) -> bool:
    """Whether the unit is volts of some size."""
    return channel.unit.strip().casefold() in _MICROVOLT


def is_ekg(channel: Channel) -> bool:
    """Whether it is called EKG or ECG."""
    return _EKG.search(channel.label) is not None


def scale_of(
    channel: Channel, values: NDArray[Any], sensitivity: float, row_height: float
) -> Scale:
    """The scale of one channel on one page.

    Parameters
    ----------
    values : ndarray of float, (n_samples,)
        What the page holds of it, in the channel's unit, NaN in gaps.
    sensitivity : float
        Of potentials [uV/mm].
    row_height : float
        [px]
    """
    row = row_height / PX_PER_MM  # [mm]
    there = values[np.isfinite(values)]
    baseline = float(np.median(there)) if there.size else 0.0
    if is_potential(channel):
        microvolt = _MICROVOLT[channel.unit.strip().casefold()]
        if is_ekg(channel):
            return Scale(microvolt / (10 * sensitivity * row), baseline, stated(10 * sensitivity))
        return Scale(-microvolt / (sensitivity * row), baseline, stated(sensitivity))
    farthest = 2 * float(np.abs(there - baseline).max()) if there.size else 0.0
    least = _LEAST * abs(channel.physical_max - channel.physical_min)
    per_mm = round_up(max(farthest, least, 1e-9) / (_FILLED * row))
    return Scale(1 / (per_mm * row), baseline, f"{per_mm:g} {channel.unit.strip()}/mm")


def stated(sensitivity: float) -> str:
    """A sensitivity [uV/mm] as it is written."""
    return f"{sensitivity:g} µV/mm"


def round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... that is not below `value` > 0."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def bar(sensitivity: float, longest: float) -> tuple[int, float]:
    """A scale bar: a round number of [uV], and its height [px], at most `longest` [px]."""
    limit = max(longest / PX_PER_MM * sensitivity, 1)
    steps = (step * 10**power for power in range(6) for step in (1, 2, 5))
    value = max(step for step in steps if step <= limit)
    return value, value / sensitivity * PX_PER_MM

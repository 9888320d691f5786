"""What the page's script is told of the rooms below it."""

from typing import Any

from bokeh.palettes import Viridis256

from eegstore.signal.filter_design import HFF_ORDER, LFF_ORDER, NOTCH_WIDTH, design
from eegstore.signal.filter_setting import HFF, LFF, NOTCH, Setting

_USUAL = 256  # [Hz]; the response is as long at others


def offers() -> dict[str, Any]:
    """The filters that may be chosen [Hz], how they are made, and the colours of a spectrogram."""
    return {
        "lff": [f"{label:g}" for label in LFF],
        "hff": [f"{label:g}" for label in HFF],
        "notch": [f"{label:g}" for label in NOTCH],
        "order": {"lff": LFF_ORDER, "hff": HFF_ORDER, "notch_width": NOTCH_WIDTH},
        "reach": {"zero": _reaches(zero_phase=True), "single": _reaches(zero_phase=False)},
        "palette": Viridis256,  # perceptually even, also for the colour-blind
    }


def _reaches(*, zero_phase: bool) -> dict[str, dict[str, int]]:
    """By LFF: how far before and after a moment [s] the filters look for what they show of it."""
    found = {}
    for lff in (None, *LFF):
        made = [
            design(Setting(lff, hff, notch, zero_phase), _USUAL)
            for hff, notch in ((min(HFF), None), (None, min(NOTCH)))
        ]
        found["off" if lff is None else f"{lff:g}"] = {
            "before": max(one.before for one in made), "after": max(one.after for one in made),
        }  # fmt: skip
    return found

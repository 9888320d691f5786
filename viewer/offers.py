"""What the page's script is told of the rooms below it."""

from typing import Any

from eegstore.signal.filter_design import HFF_ORDER, LFF_ORDER, NOTCH_WIDTH
from eegstore.signal.filter_setting import HFF, LFF, NOTCH


def offers() -> dict[str, Any]:
    """The filters that may be chosen [Hz], and how they are made."""
    return {
        "lff": [f"{label:g}" for label in LFF],
        "hff": [f"{label:g}" for label in HFF],
        "notch": [f"{label:g}" for label in NOTCH],
        "order": {"lff": LFF_ORDER, "hff": HFF_ORDER, "notch_width": NOTCH_WIDTH},
    }

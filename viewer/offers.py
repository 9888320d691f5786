"""What the page's script is told of the rooms below it."""

from typing import Any

from eegstore.signal.filter_design import HFF_ORDER, LFF_ORDER, NOTCH_WIDTH

_SLOPE = 6  # [dB/octave] for each order and pass


def offers() -> dict[str, Any]:
    """Words about the filters, from the numbers with which they are made."""
    return {
        "order": {
            "lff": f"Butterworth of order {LFF_ORDER}, −3 dB at the label",
            "hff": f"Butterworth of order {HFF_ORDER}, −3 dB at the label",
            "notch": f"resonator of order 2, {NOTCH_WIDTH:g} Hz wide",
            "zero": _slopes(2),
            "single": _slopes(1),
        }
    }


def _slopes(passes: int) -> str:
    times = "" if passes == 1 else f"{passes}×"
    return (
        f"order {times}{LFF_ORDER} and {times}{HFF_ORDER}, "
        f"{_SLOPE * LFF_ORDER * passes} and {_SLOPE * HFF_ORDER * passes} dB/octave"
    )

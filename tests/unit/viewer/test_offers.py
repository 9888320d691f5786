"""What the page's script is told of the filters is what the filters are."""

from itertools import product

import pytest

from eegstore.signal.filter_design import design
from eegstore.signal.filter_setting import HFF, LFF, NOTCH, Setting
from viewer.offers import offers


@pytest.mark.parametrize(("phase", "zero"), [("zero", True), ("single", False)])
@pytest.mark.parametrize("lff", [None, *LFF])
def test_a_second_is_felt_no_further_away_than_told(
    phase: str, zero: bool, lff: float | None
) -> None:
    told = offers()["reach"][phase]["off" if lff is None else f"{lff:g}"]
    for hff, notch, sfreq in product((None, HFF[0], HFF[-1]), (None, *NOTCH), (100, 256, 1000)):
        made = design(Setting(lff, hff, notch, zero), sfreq)
        assert made.before <= told["before"]
        assert made.after <= told["after"]

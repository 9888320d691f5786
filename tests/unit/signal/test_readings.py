"""What a reader measures, and the conventions of the screen."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.display import page_at_speed, polarity, px_per_mm, px_per_unit, step
from eegstore.signal.leads import Kind
from eegstore.signal.readings import amplitude, between


@given(hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e4, 1e4)), st.data())
def test_amplitudes_leave_gaps_out(data: NDArray[np.float64], draw: st.DataObject) -> None:
    missing = draw.draw(hnp.arrays(np.bool_, len(data)))
    there = data[~missing]
    holed = np.where(missing, np.nan, data)
    if there.size == 0:
        with pytest.raises(InvalidDataError, match=f"none of the {len(data)} samples"):
            amplitude(holed)
        return
    made = amplitude(holed)
    assert (made.low, made.high) == (there.min(), there.max())
    assert made.peak_to_peak == there.max() - there.min()
    assert made.rms == pytest.approx(np.sqrt(((there - there.mean()) ** 2).mean()), abs=1e-6)
    assert made.n_samples == there.size


def test_a_sine_of_50_uv() -> None:
    made = amplitude(50 * np.sin(2 * np.pi * np.arange(256) / 256 * 8) + 7)
    assert made.peak_to_peak == pytest.approx(100)
    assert made.rms == pytest.approx(35.36, abs=0.01)
    assert made.mean == pytest.approx(7)


def test_two_cursors() -> None:
    made = between((10.0, -20.0), (10.25, 55.0))
    assert (made.seconds, made.difference, made.hertz) == (0.25, 75.0, 4.0)
    back = between((10.25, 55.0), (10.0, -20.0))
    assert (back.seconds, back.difference, back.hertz) == (-0.25, -75.0, 4.0)
    assert between((1.0, 0.0), (1.0, 5.0)).hertz is None


@pytest.mark.parametrize("kind", list(Kind))
def test_eeg_and_eog_are_negative_up(kind: Kind) -> None:
    assert polarity(kind) == (-1 if kind in (Kind.EEG, Kind.EOG) else 1)
    assert polarity(kind, negative_up=False) == 1


def test_sensitivity_is_in_millimetres_of_this_screen() -> None:
    per_mm = px_per_mm(378, 100)
    assert per_mm == 3.78
    assert 70 * px_per_unit(7, per_mm) == pytest.approx(10 * per_mm)


@pytest.mark.parametrize(("pixels", "millimetres"), [(0, 10), (100, 0), (-1, 5), (100, 1),
                                                     (1, 100), (float("nan"), 1)])  # fmt: skip
def test_a_screen_that_is_none_is_refused(pixels: float, millimetres: float) -> None:
    with pytest.raises(InvalidDataError):
        px_per_mm(pixels, millimetres)


@pytest.mark.parametrize("sensitivity", [0, -7, float("nan")])
def test_a_sensitivity_is_positive(sensitivity: float) -> None:
    with pytest.raises(InvalidDataError, match="is not positive"):
        px_per_unit(sensitivity, 3.78)


def test_paper_speed() -> None:
    """1134 px of 3.78 px/mm are 300 mm: ten seconds at 30 mm/s."""
    assert page_at_speed(1134, 3.78) == 10
    assert page_at_speed(1134, 3.78, speed=15) == 20
    assert page_at_speed(1200, 3.78) == Fraction(106, 10)
    assert page_at_speed(1, 3.78) == Fraction(1, 10)


def test_steps_are_tenths_of_a_page() -> None:
    assert [step(seconds) for seconds in (5, 10, 15)] == [Fraction(1, 2), 1, Fraction(3, 2)]
    assert step(30, 10) == 30
    assert step(Fraction(53, 5), -5) == Fraction(-53, 10)

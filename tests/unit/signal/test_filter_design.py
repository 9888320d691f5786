"""The filters keep what their labels promise, at every sampling frequency."""

from fractions import Fraction
from itertools import product
from math import log2

import numpy as np
import pytest

from eegstore.errors import InvalidDataError
from eegstore.signal.filter_design import (
    HFF_ORDER,
    LFF_ORDER,
    NOTCH_WIDTH,
    design,
    response,
)
from eegstore.signal.filter_setting import (
    HFF,
    LFF,
    NOTCH,
    POLICY,
    UNFILTERED,
    Setting,
    Suits,
    of_kind,
    parse,
)
from eegstore.signal.leads import Kind

RATES = [128.0, 200.0, 256.0, 500.0, 512.0, 2048.0]
EVERY = [
    Setting(lff, hff, None, zero_phase)
    for lff, hff, zero_phase in product((None, *LFF), (None, *HFF), (True, False))
]


def decibels(setting: Setting, sfreq: float, frequency: float) -> float:
    gain = response(design(setting, sfreq), np.array([frequency]))[0]
    return float(20 * np.log10(gain))


@pytest.mark.parametrize("sfreq", RATES)
def test_labels_are_where_all_passes_together_are_down_by_3_db(sfreq: float) -> None:
    """Every setting, both filters together."""
    n_tried = 0
    for setting in EVERY:
        for label in (setting.lff, setting.hff):
            if label is not None and label < sfreq / 2:
                assert decibels(setting, sfreq, label) == pytest.approx(-3.0103, abs=1e-4), setting
                n_tried += 1
    assert n_tried > 150


@pytest.mark.parametrize("sfreq", RATES)
def test_between_the_labels_little_is_lost_and_beyond_them_much(sfreq: float) -> None:
    for zero_phase in (True, False):
        setting = Setting(0.5, 50.0, None, zero_phase)
        assert decibels(setting, sfreq, 5.0) > -0.2
        assert decibels(setting, sfreq, 0.05) < (-30 if zero_phase else -19)
        if sfreq >= 500:
            assert decibels(setting, sfreq, 200.0) < (-40 if zero_phase else -23)


@pytest.mark.parametrize("zero_phase", [True, False])
def test_slopes_are_of_the_stated_order(zero_phase: bool) -> None:
    """6 dB an octave for each order and pass, far below LFF and above HFF."""
    passes = 2 if zero_phase else 1
    low = Setting(5.0, None, None, zero_phase)
    slope = decibels(low, 2048, 0.02) - decibels(low, 2048, 0.01)
    assert slope == pytest.approx(passes * LFF_ORDER * 20 * np.log10(2), abs=0.01)
    high = Setting(None, 15.0, None, zero_phase)
    slope = decibels(high, 20_000, 400) - decibels(high, 20_000, 800)
    assert slope / log2(2) == pytest.approx(passes * HFF_ORDER * 20 * np.log10(2), abs=0.3)


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize("notch", NOTCH)
@pytest.mark.parametrize("zero_phase", [True, False])
def test_the_notch_is_as_wide_as_stated(sfreq: float, notch: float, zero_phase: bool) -> None:
    setting = Setting(None, None, notch, zero_phase)
    near = np.arange(notch - 3, min(notch + 3, sfreq / 2), 1e-3)
    gain = response(design(setting, sfreq), near)
    stopped = near[gain < np.sqrt(0.5)]
    assert np.ptp(stopped) == pytest.approx(NOTCH_WIDTH, abs=0.02)
    assert gain.min() < 1e-3
    assert near[gain.argmin()] == pytest.approx(notch, abs=2e-3)
    assert decibels(setting, sfreq, 1.0) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("sfreq", [Fraction(256), Fraction(64, 5), Fraction(1), 250.0, 20_000.0])
def test_every_setting_is_stable_at_any_rate(sfreq: Fraction | float) -> None:
    for setting, notch in product(EVERY, (None, *NOTCH)):
        made = design(Setting(setting.lff, setting.hff, notch, setting.zero_phase), sfreq)
        poles = [np.roots(section[3:]) for section in made.sos]
        assert all((np.abs(pole) < 1).all() for pole in poles)
        assert np.isfinite(made.sos).all()
        assert made.is_off == (len(made.sos) == 0)


@pytest.mark.parametrize(
    ("sfreq", "setting", "left", "notes"),
    [
        (128.0, Setting(1.0, 70.0), Setting(1.0, None), ["HFF 70 Hz is off: at 128 Hz"]),
        (128.0, Setting(1.0, 50.0, 60.0), Setting(1.0, 50.0, 60.0), []),
        (200.0, Setting(1.0, 100.0), Setting(1.0, None), ["HFF 100 Hz is off: at 200 Hz"]),
        (100.0, Setting(None, 30.0, 50.0), Setting(None, 30.0), ["notch 50 Hz is off: at 100 Hz"]),
        (1.0, Setting(1.0, 70.0, 50.0), UNFILTERED,
         ["LFF 1 Hz is off: at 1 Hz", "HFF 70 Hz is off: at 1 Hz", "notch 50 Hz is off: at 1 Hz"]),
    ],
)  # fmt: skip
def test_what_is_impossible_is_off_and_says_so(
    sfreq: float, setting: Setting, left: Setting, notes: list[str]
) -> None:
    made = design(setting, sfreq)
    assert made.setting == left
    assert len(made.notes) == len(notes)
    for note, start in zip(made.notes, notes, strict=True):
        assert note.startswith(start)


def test_off_is_off() -> None:
    made = design(UNFILTERED, 256)
    assert made.is_off
    assert (made.before, made.after, made.edge) == (0, 0, 0)
    np.testing.assert_array_equal(response(made, np.array([0.0, 60.0])), [1, 1])


@pytest.mark.parametrize("lff", LFF)
def test_padding_follows_the_low_filter(lff: float) -> None:
    """About 2.7 s at 1 Hz, and in inverse proportion; a single pass needs nothing after."""
    both = design(Setting(lff, 70.0), 256)
    assert both.before == both.after == int(np.ceil(2.69 / lff))
    single = design(Setting(lff, 70.0, None, False), 256)
    assert 0 < single.before <= both.before
    assert single.after == 0
    assert both.edge < both.before * 256


@pytest.mark.parametrize("sfreq", [128.0, 1024.0, 4096.0, 100_000.0])
def test_padding_in_seconds_does_not_depend_on_the_rate(sfreq: float) -> None:
    made = design(Setting(0.3, 50.0), sfreq)
    assert made.before == made.after == 9


@pytest.mark.parametrize(
    ("lff", "hff", "notch", "setting"),
    [("1", "70", "off", Setting()), ("off", "OFF", " off ", UNFILTERED),
     ("0.3", "35", "60", Setting(0.3, 35.0, 60.0)), ("1.60", "15.0", "50", Setting(1.6, 15, 50))],
)  # fmt: skip
def test_texts(lff: str, hff: str, notch: str, setting: Setting) -> None:
    assert parse(lff, hff, notch) == setting


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("2", "70"), "LFF 2 Hz is not one of 0.1, 0.3, 0.5, 1, 1.6, 3, 5 Hz or off"),
        (("1", "71"), "HFF 71 Hz is not one of 15, 30, 35, 50, 70, 100 Hz or off"),
        (("1", "70", "55"), "notch 55 Hz is not one of 50, 60 Hz or off"),
        (("low", "70"), "LFF 'low' is neither a number of Hz nor off"),
        (("nan", "70"), "LFF nan Hz"),
        (("inf", "70"), "LFF inf Hz"),
        (("", "70"), "LFF '' is neither"),
    ],
)
def test_what_is_not_offered_is_named(texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        parse(*texts)


def test_kinds_get_the_filters_that_suit_them() -> None:
    chosen = Setting(1.0, 70.0, 50.0, False)
    assert of_kind(chosen, Kind.EEG) == of_kind(chosen, Kind.EOG) == chosen
    assert of_kind(chosen, Kind.EKG) == Setting(1.0, None, 50.0, False)
    assert of_kind(chosen, Kind.SPO2).is_off
    assert of_kind(chosen, Kind.TRIGGER).is_off
    asked = {**POLICY, Kind.EKG: Suits(hff=True)}
    assert of_kind(chosen, Kind.EKG, asked) == Setting(None, 70.0, None, False)

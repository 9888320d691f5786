"""Labels of real recordings, taken apart."""

import re

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.signal.names import (
    NEW,
    OLD,
    Side,
    electrode,
    is_common,
    is_scalp,
    read_labels,
    side_of,
)


def pair(label: str, *others: str) -> tuple[str | None, str | None]:
    name = read_labels([label, *others])[0]
    return name.plus, name.minus


@pytest.mark.parametrize(
    ("label", "plus", "minus"),
    [
        ("FP1-F7", "Fp1", "F7"),  # CHB-MIT
        ("T8-P8-0", "T8", "P8"),
        ("T8-P8-1", "T8", "P8"),
        ("FT9-FT10", "FT9", "FT10"),
        ("P8-CS2", "P8", "CS2"),
        ("LOC-ROC", "LOC", "ROC"),
        ("EKG1-CHIN", "EKG1", "CHIN"),
        ("EEG FP1-REF", "Fp1", "REF"),  # Temple University
        ("EEG T3-LE", "T7", "LE"),
        ("EEG FP1-LE", "Fp1", "LE"),
        ("EEG Fp1-Ref", "Fp1", "REF"),  # Nihon Kohden
        ("EEG Fp1-Ref-1", "Fp1", "REF"),
        ("POL T1", "T1", None),
        ("POL $A1", "$A1", None),
        ("EEG C3-A2", "C3", "A2"),  # sleep
        ("EEG C3-A1A2", "C3", "LE"),
        ("C3-A1+A2", "C3", "LE"),
        ("C4:M1", "C4", "M1"),
        ("C4/M1", "C4", "M1"),
        ("C4 - M1", "C4", "M1"),
        ("C4\u2013M1", "C4", "M1"),
        ("EEG Fpz-Cz", "Fpz", "Cz"),
        ("EEG F3-AVG", "F3", "AVG"),
        ("F3-CAR", "F3", "AVG"),
        ("EEG-F3", "F3", None),
        ("EEG_F3", "F3", None),
        ("Fc5.", "FC5", None),  # BCI2000
        ("T10.", "T10", None),
        ("Cz..", "Cz", None),
        ("Iz..", "Iz", None),
        ("  fp2 ", "Fp2", None),
        ("EEG T6", "P8", None),
        ("T5-O1", "P7", "O1"),
        ("la1-la2", "LA1", "LA2"),
        ("Fp1-0", "Fp1", None),
        ("Cz-1", "Cz", None),
        ("POL LA-1", "LA1", None),
        ("LA-1-LA-2", None, None),
        ("--0", None, None),
        ("--4", None, None),
        ("-", None, None),
        (".", None, None),
        ("", None, None),
        ("3Hz +5/-5 V", None, None),
        ("sine 8.5 Hz", None, None),
        ("EMG chin R-ref", None, None),
        ("Fp1-F7-T7", None, None),
    ],
)
def test_labels(label: str, plus: str | None, minus: str | None) -> None:
    assert pair(label) == (plus, minus)


def test_prefixes() -> None:
    names = read_labels(["EEG Fp1", "Fp1", "POL X1", "ecg ECG1", "EEG", "REF_EEG REF_EEG"])
    assert [name.prefix for name in names] == ["EEG", "", "POL", "ECG", "", ""]


def test_a_zero_stands_for_the_letter_unless_channels_are_numbered() -> None:
    assert pair("01", "F7", "T7", "-") == ("O1", None)  # chb12 of CHB-MIT
    assert pair("P3-02", "F7") == ("P3", "O2")
    assert pair("01", "02", "03", "04") == ("01", None)


@pytest.mark.parametrize(
    ("labels", "placed"),
    [
        ([f"A{n}" for n in range(1, 17)], False),  # a cap of BioSemi
        ([f"{letter}{n}" for letter in "ABCD" for n in range(1, 33)], False),
        ([f"EEG E{n}" for n in range(1, 129)], False),  # a net of EGI
        ([f"POL {letter}{n}" for letter in "BHT" for n in range(1, 9)], False),  # depth
        ([f"A'{n}-A'{n + 1}" for n in range(3, 9)], False),
        (["A1", "A2", "C3", "C4", "F3", "F10", "T9", "P10", "T1", "M2", "E1", "E2"], True),
        (["Fp1", "D1", "V1", "V2", "V3", "V4", "X1", "X2", "X3"], True),
    ],
)
def test_electrodes_that_are_numbered_through_have_no_place(
    labels: list[str], placed: bool
) -> None:
    """C3 of such a cap is not C3 of the 10-20 system."""
    assert {name.placed for name in read_labels(labels)} == {placed}


def test_old_names_stay_where_names_tell_no_place() -> None:
    depth = read_labels([f"T{n}-T{n + 1}" for n in range(1, 9)] + ["B1", "B2", "B3"])
    assert (depth[2].plus, depth[2].minus) == ("T3", "T4")


@given(st.sampled_from(sorted(OLD)))
def test_old_names_are_new_ones(old: str) -> None:
    assert electrode(old) == OLD[old] == electrode(OLD[old])
    assert NEW[OLD[old]] == old


@given(st.text(max_size=12))
def test_any_text_is_read_and_reading_again_changes_nothing(text: str) -> None:
    name = electrode(text)
    assert name is None or electrode(name) == name
    read = read_labels([text])[0]
    assert read.minus is None or read.plus is not None


@pytest.mark.parametrize(
    ("plus", "minus", "side"),
    [
        ("Fp1", "F7", Side.LEFT),
        ("Fp2", None, Side.RIGHT),
        ("Fp1", "Fp2", Side.MIDLINE),
        ("FT9", "FT10", Side.MIDLINE),
        ("F3", "Fz", Side.LEFT),
        ("Fz", "F4", Side.RIGHT),
        ("Cz", "Pz", Side.MIDLINE),
        ("C3", "A2", Side.LEFT),
        ("C4", "M1", Side.RIGHT),
        ("A1", "T7", Side.LEFT),
        ("T10", "REF", Side.RIGHT),
        ("E1", "M2", Side.LEFT),
        ("ROC", None, Side.RIGHT),
        ("Cz", "AVG", Side.MIDLINE),
        ("LA1", "LA2", Side.NONE),
        ("C3", "CS2", Side.NONE),
        (None, None, Side.NONE),
    ],
)
def test_sides(plus: str | None, minus: str | None, side: Side) -> None:
    assert side_of(plus, minus) is side


def test_sides_and_names_are_those_of_mne() -> None:
    """Every 10-10 position of MNE's montage is known, and lies where MNE has it."""
    places = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    known = [name for name in places if re.fullmatch(r"[A-Za-z]{1,3}(z|\d+)", name)]
    n_scalp = 0
    for name in known:
        canonical = electrode(name)
        assert canonical is not None
        if not is_scalp(canonical):
            continue
        n_scalp += 1
        assert canonical == OLD.get(name, name)
        x = places[name][0]
        side = side_of(canonical, None)
        assert (
            abs(x) < 2e-3
            if side is Side.MIDLINE
            else np.sign(x) == (1 if side is Side.RIGHT else -1)
        ), name
    assert n_scalp > 80
    for old, new in OLD.items():
        np.testing.assert_array_equal(places[old], places[new])


def test_ears_and_anterior_temporal_electrodes_are_no_positions_of_the_scalp() -> None:
    assert not any(is_scalp(name) for name in ("A1", "M2", "T1", "T2", "PG1", "REF", "LE"))
    assert all(is_common(name) for name in ("REF", "AVG", "LE", "LM"))
    assert not is_common("Cz")

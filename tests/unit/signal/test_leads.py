"""What channels measure."""

from fractions import Fraction
from pathlib import Path

import pytest

from eegstore.model import Channel
from eegstore.signal.leads import Kind, Lead, microvolts, read_leads
from eegstore.signal.names import Side
from tests.unit.signal.real import load

RATE = Fraction(256)


def lead(label: str, unit: str = "uV", transducer: str = "") -> Lead:
    return read_leads([Channel(label, RATE, unit, transducer=transducer)])[0]


@pytest.mark.parametrize(
    ("label", "unit", "kind"),
    [
        ("EEG Fp1", "uV", Kind.EEG),
        ("EEG Fp1", "", Kind.EEG),
        ("FP1-F7", "uV", Kind.EEG),
        ("LA1-LA2", "mV", Kind.EEG),
        ("squarewave", "uV", Kind.EEG),
        ("EOG E1-Cz", "uV", Kind.EOG),
        ("E2-M1", "uV", Kind.EOG),
        ("LOC-ROC", "uV", Kind.EOG),
        ("EOG horizontal", "uV", Kind.EOG),
        ("VEOG", "uV", Kind.EOG),
        ("ECG", "uV", Kind.EKG),
        ("EKG1-CHIN", "uV", Kind.EKG),
        ("EEG EKG1-REF", "uV", Kind.EKG),
        ("ECG V2", "mV", Kind.EKG),
        ("EMG submental", "uV", Kind.EMG),
        ("EMG RAT", "uV", Kind.EMG),
        ("Chin1", "uV", Kind.EMG),
        ("Resp nasal", "", Kind.RESP),
        ("Resp oro-nasal", "", Kind.RESP),
        ("Thorax", "V", Kind.RESP),
        ("Flow.40ms", "L/s", Kind.RESP),
        ("SaO2", "%", Kind.SPO2),
        ("SpO2.1s", "%", Kind.SPO2),
        ("SaO2 X9", "uV", Kind.SPO2),
        ("Status", "Boolean", Kind.TRIGGER),
        ("Status", "uV", Kind.TRIGGER),
        ("C3", "Boolean", Kind.TRIGGER),
        ("Event marker", "", Kind.TRIGGER),
        ("STI 014", "", Kind.TRIGGER),
        ("DIG DTRIG", "uV", Kind.TRIGGER),
        ("POL DC01", "uV", Kind.OTHER),
        ("POL $A1", "uV", Kind.OTHER),
        ("Temp rectal", "DegC", Kind.OTHER),
        ("Pulse.1s", "bpm", Kind.OTHER),
        ("Crc16", "", Kind.OTHER),
        ("Fp1", "DegC", Kind.OTHER),
        ("--0", "uV", Kind.OTHER),
        (".", "uV", Kind.OTHER),
        ("", "uV", Kind.OTHER),
    ],
)
def test_kinds(label: str, unit: str, kind: Kind) -> None:
    assert lead(label, unit).kind is kind


@pytest.mark.parametrize(
    ("transducer", "kind"),
    [("PulseOxiMeter", Kind.SPO2), ("Effort belt", Kind.RESP), ("Marker button", Kind.TRIGGER),
     ("AgAgCl electrode", Kind.EEG)],
)  # fmt: skip
def test_the_transducer_tells_what_the_label_does_not(transducer: str, kind: Kind) -> None:
    assert lead("X", transducer=transducer).kind is kind


@pytest.mark.parametrize(
    ("label", "unit", "link"),
    [
        ("EEG Fp1", "uV", ("Fp1", "REF")),
        ("EEG Fp1-Ref", "uV", ("Fp1", "REF")),
        ("EEG Fp1-LE", "uV", ("Fp1", "LE")),
        ("P7-T7", "uV", ("P7", "T7")),
        ("EOG E1-Cz", "uV", ("E1", "Cz")),
        ("ECG ECG1", "uV", ("ECG1", "REF")),
        ("EOG LOC", "uV", ("LOC", "REF")),
        ("ECG", "uV", None),
        ("EMG chin", "uV", None),
        ("EOG horizontal", "uV", None),
        ("Fp1-Fp1", "uV", None),
        ("EEG Fp1", "", None),
        ("Resp nasal", "uV", None),
        ("-", "uV", None),
    ],
)
def test_links(label: str, unit: str, link: tuple[str, str] | None) -> None:
    assert lead(label, unit).link == link


@pytest.mark.parametrize(
    ("unit", "value"), [("uV", 1.0), ("\u00b5V", 1.0), ("\u03bcV", 1.0), (" mV ", 1e3), ("V", 1e6),
                        ("nV", 1e-3), ("%", None), ("", None)],
)  # fmt: skip
def test_microvolts(unit: str, value: float | None) -> None:
    assert microvolts(unit) == value


def test_real_recordings(shared_data: Path) -> None:
    """Kinds of every channel, as a person reads the labels."""
    expected = {
        "chbmit/chbmit_5min.edf": {Kind.EEG: 23},
        "edf/annotations_overlapping_64ch.edf": {Kind.EEG: 64},
        "edf/apsg_mixed_rates_900s.edf": {
            Kind.EEG: 8, Kind.EOG: 2, Kind.EMG: 4, Kind.EKG: 1, Kind.RESP: 3, Kind.SPO2: 1,
        },
        "edf/digital_range_per_channel.edf": {
            Kind.EEG: 32, Kind.EKG: 2, Kind.SPO2: 2, Kind.OTHER: 6,
        },
        "edf/one_record_of_9.59s.edf": {Kind.EEG: 20, Kind.EOG: 2, Kind.EKG: 2, Kind.TRIGGER: 1},
        "edf/record_count_minus_one.bdf": {Kind.EEG: 16, Kind.TRIGGER: 1},
        "edf/sleep_psg_24bit.bdf": {
            Kind.EEG: 2, Kind.EOG: 1, Kind.EMG: 1, Kind.RESP: 1, Kind.OTHER: 1, Kind.TRIGGER: 1,
        },
    }  # fmt: skip
    for name, counts in expected.items():
        kinds = [one.kind for one in read_leads(load(shared_data, name, 0, 1)[0].channels)]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == counts, name


def test_real_sides(shared_data: Path) -> None:
    leads = read_leads(load(shared_data, "chbmit/chbmit_5min.edf", 0, 1)[0].channels)
    sides = [one.side for one in leads]
    assert sides[:8] == [Side.LEFT] * 8
    assert sides[8:16] == [Side.RIGHT] * 8
    assert sides[16:18] == [Side.MIDLINE] * 2
    assert sides[18:] == [Side.LEFT, Side.LEFT, Side.MIDLINE, Side.RIGHT, Side.RIGHT]
    old = read_leads(load(shared_data, "edf/eeg_16ch_256hz.edf", 0, 1)[0].channels)
    assert [one.plus for one in old if one.old] == ["T7", "T8", "P7", "P8"]

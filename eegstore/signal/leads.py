"""What each channel of a recording measures: its kind, its electrodes, its side.

Told by label first, then by transducer and unit. EDF+ gives the texts "EEG", "EOG", "ECG",
"EMG", "Resp", "SaO2", "Event" and others; where nothing is said, a channel in volts is EEG, as
in `mne.io.read_raw_edf`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from eegstore.model import Channel
from eegstore.signal.names import REFERENCE, Name, Side, read_labels, side_of


class Kind(StrEnum):
    """What a channel measures."""

    EEG = "eeg"
    EOG = "eog"
    EKG = "ekg"
    EMG = "emg"
    RESP = "resp"
    SPO2 = "spo2"
    TRIGGER = "trigger"
    OTHER = "other"


POTENTIALS = frozenset({Kind.EEG, Kind.EOG, Kind.EKG, Kind.EMG})

_MICROVOLT = {"nv": 1e-3, "uv": 1.0, "μv": 1.0, "µv": 1.0, "mv": 1e3, "v": 1e6}  # [uV]

# The first that fits one word of the label decides.
_WORDS = (
    (Kind.TRIGGER, r"STATUS|D?TRIG\w*|STIM?\d*|EVENT|MARK(ER)?|PHOTIC|DIG|ANNOTATIONS?"),
    (Kind.SPO2, r"SP[O0]2|SA[O0]2|[O0]2SAT|OSAT|SAT"),
    (Kind.EKG, r"(ECG|EKG)\w*"),
    (Kind.EOG, r"[VH]?EOG\w*|LOC|ROC"),
    (Kind.EMG, r"EMG\w*|CHIN\d?|LAT|RAT|[LR]?LEG\d?|TIB|SUBMENTAL|MASSETER"),
    (Kind.OTHER, r"\$.*|DC\d*|[A-Z]*TEMP|LIGHT|SOUND|SNORE|PULSE|PLETH|HR|BPM|POS(ITION)?|BODY"
                 r"|(ET)?CO2|CRC\d*|BATT(ERY)?|IMP|ACC[XYZ]?|BURSTS|SUPPR|IBI|VNS|EDA|GSR"),
    (Kind.RESP, r"RESP\w*|(AIR)?FLOW|NASAL|ORO|THOR\w*|ABD\w*|CHEST|EFFORT|THERM\w*|PTAF|RIP"),
)  # fmt: skip
_TRANSDUCERS = (
    (Kind.TRIGGER, r"trigger|marker"),
    (Kind.SPO2, r"oxi"),
    (Kind.RESP, r"effort|belt|nasal|thorax|abdom|pneumo"),
)
_NUMBERED = re.compile(r"[A-Z]+[12]|LOC|ROC")


@dataclass(frozen=True, slots=True)
class Lead:
    """One row of a recording, understood."""

    row: int
    label: str  # as recorded
    kind: Kind
    plus: str | None  # electrode, canonical; None when the label names none
    minus: str | None  # electrode or common reference; None when the label names none
    side: Side
    sfreq: Fraction  # [Hz]
    unit: str  # of the recorded values
    microvolt: float | None  # one `unit` [uV]; None when it is no voltage
    old: bool  # the label has an older name (T3, T4, T5, T6)
    placed: bool  # names tell places; see `names.Name`

    @property
    def link(self) -> tuple[str, str] | None:
        """The two electrodes between which it measures, when that is known.

        A channel of EEG that names one electrode is measured against the recording's common
        reference. EOG, EKG and EMG are mostly derivations of their own: such a channel counts
        only when it names both electrodes, or is one of a numbered pair (ECG1, LOC).
        """
        if self.plus is None or self.kind not in POTENTIALS or self.microvolt is None:
            return None
        if self.minus is None and self.kind is not Kind.EEG and not _NUMBERED.fullmatch(self.plus):
            return None
        minus = REFERENCE if self.minus is None else self.minus
        return None if minus == self.plus else (self.plus, minus)


def microvolts(unit: str) -> float | None:
    """One `unit` of a voltage [uV]; None when it is no voltage."""
    return _MICROVOLT.get(unit.strip().casefold())


def read_leads(channels: Sequence[Channel]) -> tuple[Lead, ...]:
    """What the channels of one recording measure, row by row."""
    names = read_labels([channel.label for channel in channels])
    return tuple(
        _lead(row, channel, name)
        for row, (channel, name) in enumerate(zip(channels, names, strict=True))
    )


def _lead(row: int, channel: Channel, name: Name) -> Lead:
    kind = _kind_of(channel, name)
    placed = name.placed and kind in (Kind.EEG, Kind.EOG)
    side = side_of(name.plus, name.minus) if placed else Side.NONE
    old = re.search(r"\bT[3456]\b", channel.label.upper()) is not None
    return Lead(
        row, channel.label, kind, name.plus, name.minus, side, channel.sfreq,
        channel.unit.strip(), microvolts(channel.unit), old, name.placed,
    )  # fmt: skip


def _kind_of(channel: Channel, name: Name) -> Kind:
    if channel.unit.strip().casefold() == "boolean":
        return Kind.TRIGGER
    words = re.findall(r"[A-Z0-9$]+", channel.label.upper())
    for kind, pattern in _WORDS:
        if any(re.fullmatch(pattern, word) for word in words):
            return kind
    transducer = channel.transducer.casefold()
    for kind, pattern in _TRANSDUCERS:
        if re.search(pattern, transducer):
            return kind
    if name.prefix == "EEG":
        return Kind.EEG
    nameless = name.plus is None and not re.search("[A-Z]", "".join(words))
    if nameless or microvolts(channel.unit) is None:
        return Kind.OTHER
    if name.placed and name.plus in ("E1", "E2"):  # of the eyes, by the AASM's names
        return Kind.EOG
    return Kind.EEG

"""From a recording's channels to the traces of a montage."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from eegstore.errors import InvalidDataError
from eegstore.model import Channel
from eegstore.signal.algebra import Algebra
from eegstore.signal.graph import Graph
from eegstore.signal.leads import POTENTIALS, Kind, Lead, read_leads
from eegstore.signal.montage import (
    LONGITUDINAL,
    TRANSVERSE,
    Derived,
    Line,
    Trace,
    Unavailable,
)
from eegstore.signal.names import AVERAGE, electrode, is_common

STANDARD = ("recorded", "longitudinal", "transverse", "average")
"""Names of the montages that every recording has."""

_BESIDE = (Kind.EOG, Kind.EKG, Kind.EMG, Kind.RESP, Kind.SPO2)
_SPLIT = re.compile(r"\s*[-\u2013]\s*")
_REPEATED = re.compile(r"(.+)-(\d{1,4})")
_LETTERS = "electrodes are numbered through by letters, not by places on the scalp"


def derive(
    channels: Sequence[Channel], montage: str | Sequence[Line], bad: Collection[int] = ()
) -> Derived:
    """A montage of a recording.

    Parameters
    ----------
    channels : sequence of Channel
        All channels of the recording; a row is a position in it.
    montage : str or sequence of Line
        One of `STANDARD`, or the lines of a montage of one's own, in their order. Below a
        standard montage of electrodes stand the recording's EOG, EKG, EMG, respiration and
        SpO2.
    bad : collection of int
        Rows that no derivation may use. As recorded, they are still shown.

    Raises
    ------
    InvalidDataError
        Unknown montage.
    """
    algebra = Algebra(read_leads(channels), bad)
    found: list[Trace | Unavailable]
    if not isinstance(montage, str):
        return _collect(_line(algebra, line) for line in montage)
    match montage:
        case "recorded":
            return Derived(tuple(_as_recorded(lead) for lead in algebra.leads))
        case "longitudinal" | "transverse":
            pairs = LONGITUDINAL if montage == "longitudinal" else TRANSVERSE
            found = [_standard(algebra, pair) for pair in pairs]
        case "average":
            found = algebra.against(algebra.electrodes, AVERAGE, algebra.averaged)
        case _:
            raise InvalidDataError(f"montage {montage!r} is not one of {', '.join(STANDARD)}")
    return _collect([*found, *_beside(algebra)])


def graphs(channels: Sequence[Channel], bad: Collection[int] = ()) -> dict[Fraction, Graph]:
    """What can be derived, for each sampling frequency [Hz]; see `graph` and `loops`."""
    return Algebra(read_leads(channels), bad).graphs


def groups(channels: Sequence[Channel], bad: Collection[int] = ()) -> list[tuple[str, ...]]:
    """The electrodes that can be derived against each other: any two of one group."""
    return [group for graph in graphs(channels, bad).values() for group in graph.groups]


def _standard(algebra: Algebra, pair: str) -> Trace | Unavailable:
    plus, minus = pair.split("-")
    if not algebra.placed:
        return Unavailable(pair, _LETTERS)
    return algebra.difference(plus, minus)


def _line(algebra: Algebra, line: Line) -> Trace | Unavailable:
    """One line that somebody wrote."""
    found = _read(algebra, line.text.strip())
    if isinstance(found, Trace):
        return replace(found, label=line.name or found.label, color=line.color)
    return replace(found, label=line.name or found.label)


def _read(algebra: Algebra, text: str) -> Trace | Unavailable:
    lead = _named(algebra.leads, text)
    if lead is not None and lead.row not in algebra.bad:
        return _as_recorded(lead)
    match [electrode(part, algebra.placed) for part in _SPLIT.split(text)]:
        case [str(plus), str(minus)] if plus != minus:
            return algebra.difference(plus, minus)
        case [str(plus)]:
            for lead in algebra.leads:
                common = lead.minus is None or is_common(lead.minus)
                if lead.plus == plus and common and lead.row not in algebra.bad:
                    return _as_recorded(lead)
            return algebra.missing(text, plus)
    return Unavailable(text, f"{text!r} is neither a channel nor a derivation such as Fp1-F7")


def _named(leads: Sequence[Lead], text: str) -> Lead | None:
    """The row of that label, if it is one; ``T8-P8-1`` is the second of those called T8-P8."""
    alike = [lead for lead in leads if lead.label.strip() == text]
    if len(alike) == 1:
        return alike[0]
    repeated = _REPEATED.fullmatch(text)
    if repeated is None:
        return None
    alike = [lead for lead in leads if lead.label.strip() == repeated[1]]
    number = int(repeated[2])
    return alike[number] if len(alike) > 1 and number < len(alike) else None


def _beside(algebra: Algebra) -> list[Trace]:
    """EOG, EKG, EMG, respiration, SpO2; two electrodes for EKG are one trace."""
    leads = [lead for lead in algebra.leads if lead.row not in algebra.bad]
    twins = {lead.row: twin for lead in leads if (twin := _twin(leads, lead)) is not None}
    second = {twin.row for twin in twins.values()}
    traces = []
    for lead in leads:
        if lead.row in twins and lead.plus and (other := twins[lead.row].plus):
            path = {lead.row: 1.0, twins[lead.row].row: -1.0}
            traces.append(algebra.trace(f"{lead.plus}-{other}", lead.plus, other, path))
        elif lead.kind in _BESIDE and lead.row not in second:
            traces.append(_as_recorded(lead))
    return sorted(traces, key=lambda trace: _BESIDE.index(trace.kind))


def _twin(leads: Sequence[Lead], lead: Lead) -> Lead | None:
    """The second electrode for EKG, when `lead` is the first and both have one reference."""
    if lead.kind is not Kind.EKG or lead.link is None or not lead.link[0].endswith("1"):
        return None
    link = (lead.link[0][:-1] + "2", lead.link[1])
    alike = (other for other in leads if other.link == link and other.kind is Kind.EKG)
    return next((other for other in alike if other.sfreq == lead.sfreq), None)


def _as_recorded(lead: Lead) -> Trace:
    volts = lead.kind in POTENTIALS and lead.microvolt is not None
    weight = lead.microvolt if volts and lead.microvolt is not None else 1.0
    return Trace(
        lead.label.strip() or f"channel {lead.row + 1}", (lead.row,), (weight,), lead.kind,
        lead.side, lead.sfreq, "uV" if volts else lead.unit,
    )  # fmt: skip


def _collect(found: Iterable[Trace | Unavailable]) -> Derived:
    everything = list(found)
    return Derived(
        tuple(one for one in everything if isinstance(one, Trace)),
        tuple(one for one in everything if isinstance(one, Unavailable)),
    )

"""How a recording, or a crop of it, is divided into records of EDF.

All records of a file have one duration, all channels of a record begin at one time, and the
duration is a decimal of at most 8 characters (EDF 1992). What cannot be divided that way
without moving or inventing a sample is refused.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isqrt, lcm, log

from eegstore.edf.crop import crop_of
from eegstore.edf.original import Original
from eegstore.edf.placement import Placement, place
from eegstore.edf.records import RecordLayout, runs_by_group
from eegstore.edf.tal import decimal
from eegstore.errors import EdfError
from eegstore.model import Runs
from eegstore.timebase import first_sample

MAX_FIELD = 99_999_999  # the largest number that 8 characters hold


@dataclass(frozen=True, slots=True)
class Plan:
    """The records of an export."""

    duration: Fraction  # [s] of one record
    stretches: tuple[tuple[Fraction, int], ...]  # onset [s from recording start], records

    @property
    def n_records(self) -> int:
        """Of all stretches."""
        return sum(count for _, count in self.stretches)

    @property
    def is_continuous(self) -> bool:
        """Every record begins where the one before it ends."""
        return len(self.stretches) == 1

    def onsets(self, shift: Fraction) -> Iterator[Fraction]:
        """When the records start [s from `shift` before the recording's start]."""
        for begin, count in self.stretches:
            onset = begin + shift
            for _ in range(count):
                yield onset
                onset += self.duration

    def records_at(self, times: Iterable[Fraction]) -> Iterator[int]:
        """The record in which each time [s] falls, or the one before it in a gap."""
        starts = [onset for onset, _ in self.stretches]
        before = [0]
        for _, count in self.stretches:
            before.append(before[-1] + count)
        for time in times:
            at = max(bisect_right(starts, time) - 1, 0)
            onset, count = self.stretches[at]
            within = int((time - onset) / self.duration) if self.duration else 0
            yield before[at] + min(max(within, 0), count - 1)


def placements_of(
    layout: RecordLayout,
    runs: Iterable[tuple[int, Runs]],
    start: Fraction | None,
    stop: Fraction | None,
) -> list[Placement]:
    """Which samples of every group a crop holds.

    Parameters
    ----------
    runs : iterable of (second, Runs)
        Of all chunks in the crop, in order.
    start, stop : Fraction or None
        Bounds of the crop [s]: samples n with ``start <= n / sfreq < stop``.

    Raises
    ------
    EdfError
        Channels of one rate have different gaps; names the second and a crop without it.
    """
    found = [Placement() for _ in layout.rates]
    limits = [crop_of(rate, start, stop) for rate in layout.rates]
    last: Runs | None = None
    odd: dict[int, str] = {}
    for second, one in runs:
        if one is not last:
            try:
                by_group = runs_by_group(layout, second, one)
            except EdfError as error:
                odd[second] = str(error)
                continue
            last = one
        for placement, rate, (lowest, end), group in zip(
            found, layout.rates, limits, by_group, strict=True
        ):
            base = first_sample(second, rate)
            for first, count in group:
                lo, hi = max(base + first, lowest), base + first + count
                placement.add(lo, (hi if end is None else min(hi, end)) - lo)
    if odd:
        raise _refusal(next(iter(odd.values())), layout, found, start, stop, odd)
    return found


def own_plan(
    original: Original, onsets: Sequence[Fraction] | None, placements: Sequence[Placement]
) -> Plan | None:
    """The records of the original file, where `placements` hold its samples and no others.

    Parameters
    ----------
    onsets : sequence of Fraction or None
        Of all its records [s after the header's start], which only EDF+D needs.
    """
    header, n_records = original.parsed, original.n_records
    stretches = [(Fraction(0), n_records)]
    if header.is_discontinuous:
        if onsets is None or len(onsets) != n_records:
            return None
        stretches, due = [], None
        for onset in onsets:
            if onset == due:
                stretches[-1] = (stretches[-1][0], stretches[-1][1] + 1)
            else:
                stretches.append((onset - onsets[0], 1))
            due = onset + header.duration
    layout = header.layout
    for placement, rate, count in zip(placements, layout.rates, layout.counts, strict=True):
        if place(original.file_name, stretches, rate, count) != placement:
            return None
    return Plan(header.duration, tuple(stretches))


def plan_records(
    layout: RecordLayout,
    placements: Sequence[Placement],
    start: Fraction | None,
    stop: Fraction | None,
) -> Plan:
    """Records that hold exactly the samples of `placements`.

    Of one second where that is possible, else of the duration nearest to it.

    Raises
    ------
    EdfError
        EDF cannot hold them; says why, and names the nearest crop that it can.
    """
    if not layout.rates:
        return Plan(Fraction(0), ((start or Fraction(0), 1),))
    if not any(len(placement) for placement in placements):
        raise EdfError("there are no samples to export")
    try:
        return _divide(layout.rates, placements)
    except EdfError as error:
        raise _refusal(str(error), layout, placements, start, stop) from None


def _divide(rates: Sequence[Fraction], placements: Sequence[Placement]) -> Plan:
    """The plan, or an EdfError that says why there is none."""
    fastest = max(range(len(rates)), key=lambda group: rates[group])
    lead, rate = placements[fastest], rates[fastest]
    if not len(lead):
        raise EdfError("the fastest channel has no samples, slower ones have")
    starts = [first / rate for first in lead.firsts]
    lengths = [(hi - lo) / rate for lo, hi in zip(lead.firsts, lead.stops, strict=True)]
    period = _common_period(rates)
    if any((starts[0] * other).denominator != 1 for other in rates):
        raise EdfError(
            f"the data start at {_said(starts[0])} s, where not all channels have a sample; they "
            f"have one together every {_said(period)} s"
        )
    uneven = next((at for at, length in enumerate(lengths) if (length / period) % 1), None)
    if uneven is not None:
        raise EdfError(
            f"the channels are cut at different times: {_said(lengths[uneven])} s of data from "
            f"{_said(starts[uneven])} s on are no multiple of {_said(period)} s, the time from one "
            "sample that all have together to the next"
        )
    duration = _duration(period, lengths)
    stretches = tuple(
        (begin, int(length / duration)) for begin, length in zip(starts, lengths, strict=True)
    )
    relative = [(begin - starts[0], count) for begin, count in stretches]
    for other, placement in zip(rates, placements, strict=True):
        offset = int(starts[0] * other)
        expected = place("", relative, other, int(duration * other))
        moved = Placement()
        for lo, hi in zip(expected.firsts, expected.stops, strict=True):
            moved.add(lo + offset, hi - lo)
        if moved != placement:
            raise EdfError(
                f"the channels of {float(other):g} Hz and of {float(rate):g} Hz are cut at "
                "different times"
            )
    return Plan(duration, stretches)


def _duration(period: Fraction, lengths: Sequence[Fraction]) -> Fraction:
    """Duration of a record [s] that divides all lengths and can be written in the header."""
    if Fraction(1) % period == 0 and all(length.denominator == 1 for length in lengths):
        return Fraction(1)
    units = gcd(*(int(length / period) for length in lengths))
    total = sum(lengths)
    possible = [
        duration
        for duration in (period * divisor for divisor in _divisors(units))
        if is_writable(duration) and total / duration <= MAX_FIELD
    ]
    if not possible:
        raise EdfError(
            "no duration of a record that 8 characters can hold divides the "
            f"{len(lengths)} stretches of data, the shortest of {_said(min(lengths))} s"
        )
    return min(possible, key=lambda duration: abs(log(duration)))


def is_writable(duration: Fraction) -> bool:
    """`duration` is a decimal that 8 characters hold exactly."""
    digits = decimal(duration)
    return len(digits) <= 8 and Fraction(digits) == duration


def _divisors(number: int) -> Iterator[int]:
    for small in range(1, isqrt(number) + 1):
        if number % small == 0:
            yield small
            yield number // small


def _common_period(rates: Iterable[Fraction]) -> Fraction:
    """The least time [s] that is a whole number of samples at every rate."""
    period = Fraction(0)
    for rate in rates:
        one = 1 / rate
        period = (
            Fraction(lcm(period.numerator, one.numerator), gcd(period.denominator, one.denominator))
            if period
            else one
        )
    return period


def _refusal(
    why: str,
    layout: RecordLayout,
    placements: Sequence[Placement],
    start: Fraction | None,
    stop: Fraction | None,
    odd: Iterable[int] = (),
) -> EdfError:
    """What to raise; `odd` are seconds that no crop may hold."""
    crop = next(
        (
            (lo, hi)
            for lo, hi in _possible_crops(layout, placements, start, stop)
            if not any(lo < second + 1 and second < hi for second in odd)
        ),
        None,
    )
    if crop is None:
        return EdfError(f"EDF cannot hold this exactly: {why}; nor any crop of it")
    return EdfError(
        f"EDF cannot hold this exactly: {why}; the nearest crop that it can is "
        f"{_said(crop[0])} to {_said(crop[1])} s"
    )


def _possible_crops(
    layout: RecordLayout,
    placements: Sequence[Placement],
    start: Fraction | None,
    stop: Fraction | None,
) -> Iterator[tuple[Fraction, Fraction]]:
    """Smaller crops that EDF can hold: all but the ends, then the longest stretches."""
    step = _writable_step(_common_period(layout.rates))
    held = [
        (lo / rate, hi / rate)
        for placement, rate in zip(placements, layout.rates, strict=True)
        for lo, hi in zip(placement.firsts, placement.stops, strict=True)
    ]
    if step is None or not held:
        return
    first, last = min(lo for lo, _ in held), max(hi for _, hi in held)
    held.sort(key=lambda stretch: stretch[0] - stretch[1])
    whole = (first if start is None else start, last if stop is None else stop)
    for begin, end in [whole, (first, last), *held[:8]]:
        lo, hi = -(-begin // step) * step, end // step * step
        if lo >= hi:
            continue
        cropped = []
        for placement, rate in zip(placements, layout.rates, strict=True):
            lowest = first_sample(lo, rate)
            part = Placement()
            for run, count in placement.runs(lowest, first_sample(hi, rate)):
                part.add(lowest + run, count)
            cropped.append(part)
        try:
            _divide(layout.rates, cropped)
        except EdfError:
            continue
        yield lo, hi


def _writable_step(period: Fraction) -> Fraction | None:
    """The least multiple of `period` that can be the duration of a record."""
    steps = (period * divisor for divisor in _divisors(period.denominator))
    return min((step for step in steps if is_writable(step)), default=None)


def _said(value: Fraction) -> str:
    """`value` for a message: exact as a decimal, or else as a fraction."""
    digits = decimal(value)
    return digits if Fraction(digits) == value else str(value)

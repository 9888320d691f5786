"""Spectral bins of the EEG of a recording, hour by hour: what a trend of any length is made of.

A line is a channel of EEG, or a group of them: all, those on the left, those on the right. The
power of a group is the mean of its channels'. An hour holds, for every line, the bins of each
second (`trends`) and beside them a summary of each minute, so that a trend of weeks reads little.
A line is in one piece: who draws one reads no other.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel
from eegstore.signal.leads import Kind, read_leads
from eegstore.signal.names import Side
from eegstore.signal.spans import Spans, length, minus, spans_of, union
from eegstore.signal.trends import EDGES, N_BINS, NOTHING, amplitude, packed, powers, unpacked
from eegstore.timebase import first_sample

HOUR, MINUTE = 3600, 60  # [s]
MAX_ROWS = 512  # so that an hour stays below 30 MB
GROUPS = ("all", "left", "right")
MINUTES = np.dtype([("bins", "u1", N_BINS), ("n_seconds", "<u4"), ("amplitude", "<f4", 3)])
"""Mean power, of how many seconds, and their least, middle and largest amplitude [uV]."""

_VERSION = 1  # of what is computed


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a recording."""

    rows: tuple[int, ...]  # of the channel table, of EEG; the first `MAX_ROWS`
    microvolts: tuple[float, ...]  # one unit of each [uV]
    members: tuple[tuple[int, ...], ...]  # of each group, positions in `rows`
    processing: str  # another one when something else would come out

    @property
    def n_lines(self) -> int:
        """Groups and channels."""
        return len(GROUPS) + len(self.rows)

    def line(self, row: int) -> int | None:
        """The line of a channel; None when it is no EEG."""
        return len(GROUPS) + self.rows.index(row) if row in self.rows else None


class Piece(NamedTuple):
    """Samples of some channels of one sampling frequency."""

    sfreq: Fraction  # [Hz]
    rows: Sequence[int]  # of the channel table
    first_sample: int  # of column 0, from recording start
    data: NDArray[Any]  # (n_rows, n_samples) in each channel's unit, NaN in gaps


@dataclass(frozen=True, slots=True)
class Hour:
    """The bins of an hour, as far as it goes."""

    start: int  # [s] from recording start
    processing: str
    n_seconds: int  # that it speaks for
    missing: Spans  # that it does not
    bins: NDArray[np.uint8]  # (n_lines, n, 16) of its first n seconds, whole minutes
    minutes: NDArray[Any]  # (n_lines, n / 60) of `MINUTES`

    @property
    def covered(self) -> Spans:
        """The seconds that it speaks for."""
        return minus([(self.start, self.start + HOUR)], self.missing)


@lru_cache(maxsize=256)
def table_of(channels: tuple[Channel, ...]) -> Table:
    """The lines of a recording with these channels."""
    leads = [lead for lead in read_leads(channels) if lead.kind is Kind.EEG and lead.microvolt]
    leads = leads[:MAX_ROWS]
    sides = {"left": Side.LEFT, "right": Side.RIGHT}
    members = tuple(
        tuple(at for at, lead in enumerate(leads) if sides.get(group, lead.side) is lead.side)
        for group in GROUPS
    )
    rows = tuple(lead.row for lead in leads)
    told = repr((_VERSION, EDGES, GROUPS, rows, members)).encode()
    return Table(
        rows, tuple(lead.microvolt or 1.0 for lead in leads), members,
        hashlib.sha256(told).hexdigest()[:16],
    )  # fmt: skip


def bins_of(table: Table, pieces: Iterable[Piece], seconds: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The bins of some seconds, (n_lines, n_seconds, 16); a line that lacks a sample has none."""
    power = np.full((len(table.rows), len(seconds), N_BINS), np.nan)
    for piece in pieces:
        lines = [(at, table.rows.index(row)) for at, row in enumerate(piece.rows)
                 if row in table.rows]  # fmt: skip
        if not lines:
            continue
        picked, places = (list(side) for side in zip(*lines, strict=True))
        scale = np.array([table.microvolts[place] for place in places])[:, None, None]
        firsts = np.array([first_sample(int(s), piece.sfreq) for s in seconds], np.int64)
        stops = np.array([first_sample(int(s) + 1, piece.sfreq) for s in seconds], np.int64)
        counts = stops - firsts
        for count in np.unique(counts).tolist():
            which = np.flatnonzero(counts == count)
            columns = (firsts[which] - piece.first_sample)[:, None] + np.arange(count)
            values = piece.data[np.array(picked)[:, None, None], columns[None]] * scale
            power[np.array(places)[:, None], which[None]] = powers(values, float(piece.sfreq))
    groups = [_mean(power[list(members)], 0) for members in table.members]
    return packed(np.concatenate([np.array(groups), power]))


def hour_of(
    table: Table,
    start: int,
    old: Hour | None,
    seconds: NDArray[np.int64],
    bins: NDArray[np.uint8],
) -> Hour:
    """An hour of the seconds that an older one speaks for, and of more.

    Parameters
    ----------
    seconds : ndarray of int64, (n,)
        [s] from recording start, ascending, within the hour.
    bins : ndarray, (n_lines, n, 16)
    """
    covered = union([*(() if old is None else old.covered), *spans_of(seconds)])
    last = covered[-1][1] - start if covered else 0
    whole = np.full((table.n_lines, -(-last // MINUTE) * MINUTE, N_BINS), NOTHING, np.uint8)
    if old is not None:
        whole[:, : old.bins.shape[1]] = old.bins
    whole[:, seconds - start] = bins
    missing = minus([(start, start + HOUR)], covered)
    return Hour(start, table.processing, length(covered), missing, whole, minutes_of(whole))


def minutes_of(bins: NDArray[np.uint8]) -> NDArray[Any]:
    """Summaries of whole minutes, (n_lines, n_minutes), from bins (n_lines, n_seconds, 16)."""
    n_lines, n_seconds, _ = bins.shape
    made = np.zeros((n_lines, n_seconds // MINUTE), MINUTES)
    for line, summary in zip(bins, made, strict=True):
        power = unpacked(line).reshape(-1, MINUTE, N_BINS)
        summary["bins"] = packed(_mean(power, 1))
        summary["n_seconds"] = np.isfinite(power).any(axis=2).sum(axis=1)
        sizes = np.sort(amplitude(power), axis=1)  # NaN comes last
        last = np.maximum(np.isfinite(sizes).sum(axis=1) - 1, 0)
        at = np.stack([np.zeros_like(last), last // 2, last], axis=1)
        summary["amplitude"] = np.take_along_axis(sizes, at, axis=1)
    return made


def _mean(power: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean of what has a value."""
    there = np.isfinite(power)
    count = there.sum(axis=axis)
    total = np.where(there, power, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)

"""Where an amplifier was at the end of its range: what is drawn there is not what there was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, Digital
from eegstore.signal.montage import Trace
from eegstore.signal.spans import runs

AT_LEAST = 2  # samples in a row; one alone may be the peak itself


@dataclass(frozen=True, slots=True)
class Clip:
    """Samples ``start <= n < stop`` from recording start that lie at a rail, or beyond."""

    start: int  # [sample]
    stop: int  # [sample]


def clips(
    channels: Sequence[Channel],
    digital: Digital,
    present: NDArray[np.bool_] | None,
    first_sample: int,
) -> list[list[Clip]]:
    """Stretches of at least `AT_LEAST` counts at, or beyond, one and the same digital limit.

    Meant for voltages: an SpO2 of 100 % is no clipping.

    Parameters
    ----------
    channels : sequence of Channel
        Of the rows.
    digital : ndarray of int, (n_rows, n_samples)
        Counts as stored; samples in floating point have no rails.
    present : ndarray of bool, (n_rows, n_samples), or None
        Which exist; None when all do.
    first_sample : int
        Index of column 0, from recording start.

    Returns
    -------
    list of list of Clip
        One list for each row, ascending.
    """
    found: list[list[Clip]] = [[] for _ in channels]
    if digital.dtype.kind == "f":
        return found
    for row, channel in enumerate(channels):
        low = min(channel.digital_min, channel.digital_max)
        high = max(channel.digital_min, channel.digital_max)
        for at in (digital[row] <= low, digital[row] >= high):
            if not at.any():
                continue
            there = at if present is None else at & present[row]
            found[row] += [
                Clip(first_sample + lo, first_sample + hi)
                for lo, hi in runs(there)
                if hi - lo >= AT_LEAST
            ]
        found[row].sort(key=lambda clip: clip.start)
    return found


def of_trace(trace: Trace, by_row: Mapping[int, Sequence[Clip]], per_column: int = 1) -> list[Clip]:
    """Where any of the rows that a trace is made of is at a rail.

    Joined where they touch, or where no whole column of `per_column` samples lies between.
    """
    joined: list[Clip] = []
    everything = (clip for row in trace.rows for clip in by_row.get(row, ()))
    for clip in sorted(everything, key=lambda clip: clip.start):
        if joined and clip.start < joined[-1].stop + per_column:
            joined[-1] = Clip(joined[-1].start, max(joined[-1].stop, clip.stop))
        else:
            joined.append(clip)
    return joined

"""Channels picked from a recording, and what all their windows have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, Digital, Recording

_AT_ONCE = 60_000  # values that fit a core's cache as float64


class Calibration:
    """How counts become values.

    Parameters
    ----------
    channels : sequence of Channel
    """

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._gain = np.array([[channel.gain] for channel in channels], np.float64)
        self._offset = np.array([[channel.offset] for channel in channels], np.float64)
        self._every = tuple(range(len(channels)))

    def values(self, digital: Digital, rows: tuple[int, ...], dtype: type) -> NDArray[Any]:
        """Counts of some channels in each one's unit, computed in float64 and rounded once.

        Parameters
        ----------
        digital : ndarray, (n_rows, n_samples)
        rows : tuple of int
            Which of the channels these are.
        """
        gain, offset = self._gain, self._offset
        if rows != self._every:
            gain, offset = gain[list(rows)], offset[list(rows)]
        n_rows, n_samples = digital.shape
        values: NDArray[Any] = np.empty(digital.shape, dtype)
        step = max(1, _AT_ONCE // max(1, n_samples))
        exact = np.empty((min(step, n_rows), n_samples), np.float64)
        for first in range(0, n_rows, step):
            part = slice(first, first + step)
            exact = exact[: n_rows - first]
            np.copyto(exact, digital[part])
            exact *= gain[part]
            exact += offset[part]
            values[part] = exact
        return values


@dataclass(frozen=True, slots=True)
class Picks:
    """Some channels of a recording, in the order asked. To be made with `pick`."""

    recording: Recording
    rows: tuple[int, ...]  # of the recording's channel table
    channels: tuple[Channel, ...]
    rates: dict[Fraction, tuple[int, ...]]  # [Hz]: which of `channels` have it
    calibration: Calibration
    are_all: bool  # all channels there are, in their own order


def pick(recording: Recording, rows: Iterable[int] | None = None) -> Picks:
    """The channels of these rows; default all."""
    every = tuple(range(len(recording.channels)))
    rows = every if rows is None else tuple(rows)
    channels = tuple([recording.channels[row] for row in rows])
    return Picks(recording, rows, channels, rates(channels), Calibration(channels), rows == every)


def rates(channels: Sequence[Channel]) -> dict[Fraction, tuple[int, ...]]:
    """Rows by `sfreq` [Hz], in the order in which the rates first occur."""
    groups: dict[Fraction, list[int]] = {}
    last: Fraction | None = None
    for row, channel in enumerate(channels):
        if channel.sfreq is not last:  # hashing a Fraction takes longer than all else here
            last = channel.sfreq
            members = groups.setdefault(last, [])
        members.append(row)
    return {sfreq: tuple(members) for sfreq, members in groups.items()}

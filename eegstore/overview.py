"""Min and max of every channel in columns of time: what a screen can show of a long stretch.

A column contains every stored second that touches it, or every sample where samples were
read; so a spike of one sample is in some column at every zoom.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, Digital, SampleType


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns over time: `n_units` of `unit` seconds from `start`, shared out evenly.

    Column i is ``start + unit * (i * n_units // n_columns)`` to the same of i + 1, half-open.
    """

    start: Fraction  # [s] from recording start
    unit: Fraction  # [s]
    n_units: int
    n_columns: int

    @property
    def stop(self) -> Fraction:
        """Where the last column ends [s]."""
        return self.start + self.unit * self.n_units

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where columns begin and end [s], ``(n_columns + 1,)``."""
        return self._units.astype(np.float64) * float(self.unit) + float(self.start)

    @property
    def seconds(self) -> NDArray[np.int64]:
        """The edges, of a grid of whole seconds."""
        return int(self.start) + self._units * int(self.unit)

    def samples(self, sfreq: Fraction) -> NDArray[np.int64]:
        """The first sample at or after each edge, ``(n_columns + 1,)``."""
        return -self._floor(-sfreq)

    @property
    def touched(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first second that touches each column, and the one after the last."""
        if self.start.denominator == self.unit.denominator == 1:
            return self.seconds[:-1], self.seconds[1:]
        return self._floor(Fraction(1))[:-1], self.samples(Fraction(1))[1:]

    def _floor(self, sfreq: Fraction) -> NDArray[np.int64]:
        first, step = self.start * sfreq, self.unit * sfreq
        whole = lcm(first.denominator, step.denominator)  # integers, however long, stay exact
        at, by = int(first * whole), int(step * whole)
        return np.array([(at + by * n) // whole for n in self._units.tolist()], np.int64)

    @property
    def _units(self) -> NDArray[np.int64]:
        return np.arange(self.n_columns + 1, dtype=np.int64) * self.n_units // self.n_columns


@dataclass(frozen=True, slots=True)
class Overview:
    """Min and max of some channels in the columns of a grid."""

    patient_id: str
    recording_id: str | None  # None of a study
    channels: tuple[Channel, ...]
    sample_type: SampleType
    grid: Grid
    bucket: int  # [s] of what it was made from: 1 a stored second, more a roll-up, 0 samples
    digital: Digital  # (n_channels, n_columns, 2) as stored; min > max where there is no sample
    n_seconds: NDArray[np.int64]  # (n_columns,) stored seconds that touch each column
    study_id: str | None = None  # of an overview of all its recordings; times are study time

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where columns begin and end [s] from recording start, ``(n_columns + 1,)``."""
        return self.grid.edges

    @property
    def data(self) -> NDArray[np.float32]:
        """Min and max in each channel's unit, float32 ``(n_channels, n_columns, 2)``.

        NaN where there is no sample. Min is the lesser also where counts run against values.
        """
        return self.physical()

    def physical(self, dtype: type = np.float32) -> NDArray[Any]:
        """`data`, computed in float64 and rounded once to `dtype`."""
        values: NDArray[Any]
        if self.sample_type is SampleType.FLOAT32:
            values = self.digital.astype(dtype)
        else:
            gain = np.array([channel.gain for channel in self.channels], np.float64)
            offset = np.array([channel.offset for channel in self.channels], np.float64)
            exact = self.digital * gain[:, None, None] + offset[:, None, None]
            exact[gain < 0] = exact[gain < 0][..., ::-1]
            values = exact.astype(dtype)
        values[self.digital[..., 0] > self.digital[..., 1]] = np.nan
        return values


def grid_of(start: Fraction, stop: Fraction, px: int, bucket: int) -> Grid:
    """At most `px` columns that contain ``start <= t < stop`` [s].

    Parameters
    ----------
    bucket : int
        Columns begin and end on multiples of so many seconds, so they reach over `start`
        and `stop` by less; 0: exactly at ``start + i * (stop - start) / px``.
    """
    if not bucket:
        return Grid(start, (stop - start) / px, px, px)
    first, last = start // bucket, -(-stop // bucket)
    return Grid(Fraction(first * bucket), Fraction(bucket), last - first, min(px, last - first))

"""Columns of a trend, put together from seconds and from summaries of minutes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.signal.trends import N_BINS, amplitude, packed, unpacked


class TrendColumns:
    """Mean power, and amplitude, of what falls into each column.

    Parameters
    ----------
    n_columns : int
    """

    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._power = np.zeros((n_columns, N_BINS))
        self._weight = np.zeros((n_columns, N_BINS))
        self._column: list[NDArray[np.int64]] = []
        self._sizes: list[NDArray[np.float64]] = []  # (n, 3) each: least, middle, largest

    def add_seconds(self, column: NDArray[np.int64], bins: NDArray[np.uint8]) -> None:
        """Take in seconds, ascending, and their bins (n, 16)."""
        power = unpacked(bins)
        sizes = amplitude(power)
        self._add(column, power, np.ones(len(power)), np.repeat(sizes[:, None], 3, axis=1))

    def add_minutes(self, column: NDArray[np.int64], minutes: NDArray[Any]) -> None:
        """Take in summaries, ascending, (n,) of `spectral.MINUTES`."""
        power, weight = unpacked(minutes["bins"]), minutes["n_seconds"].astype(np.float64)
        self._add(column, power, weight, minutes["amplitude"].astype(np.float64))

    @property
    def bins(self) -> NDArray[np.uint8]:
        """Mean power of each column in the stored form of `trends`, (16, n_columns)."""
        there = self._weight > 0
        mean = np.where(there, self._power / np.where(there, self._weight, 1), np.nan)
        return np.ascontiguousarray(packed(mean).T)

    @property
    def amplitude(self) -> NDArray[np.float32]:
        """Least, middle and largest amplitude [uV], (3, n_columns), NaN where there is none.

        The middle is that of the seconds, or of the middles of minutes.
        """
        result = np.full((3, self._n_columns), np.nan, np.float32)
        if not self._column:
            return result
        column, sizes = np.concatenate(self._column), np.concatenate(self._sizes)
        there = np.isfinite(sizes[:, 1])
        column, sizes = column[there], sizes[there]
        if not len(column):
            return result
        order = np.lexsort((sizes[:, 1], column))
        column, sizes = column[order], sizes[order]
        firsts = np.flatnonzero(np.diff(column, prepend=-1))
        counts = np.diff(firsts, append=len(column))
        at = column[firsts]
        result[0, at] = np.minimum.reduceat(sizes[:, 0], firsts)
        result[1, at] = sizes[firsts + (counts - 1) // 2, 1]
        result[2, at] = np.maximum.reduceat(sizes[:, 2], firsts)
        return result

    def _add(
        self,
        column: NDArray[np.int64],
        power: NDArray[np.float64],
        weight: NDArray[np.float64],
        sizes: NDArray[np.float64],
    ) -> None:
        inside = (column >= 0) & (column < self._n_columns)
        column, power = column[inside], power[inside]
        weight, sizes = weight[inside], sizes[inside]
        if not len(column):
            return
        there = np.isfinite(power)
        shared = weight[:, None] * there
        firsts = np.flatnonzero(np.diff(column, prepend=-1))
        at = column[firsts]
        self._power[at] += np.add.reduceat(np.where(there, power, 0.0) * shared, firsts)
        self._weight[at] += np.add.reduceat(shared, firsts)
        self._column.append(column)
        self._sizes.append(sizes)

"""More samples than pixels: the smallest and the largest of each column, so peaks stay.

A column holds the samples ``c * k <= n < (c + 1) * k``, n counted from recording start. It
does not depend on where a page or a chunk begins, so a page moved by a second shows the same
line, and one put together from two parts has no seam.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALL_UP_TO = 3  # samples a pixel; up to this many all are drawn


@dataclass(frozen=True, slots=True)
class Reduced:
    """Lines to draw: what is left are samples that exist, two of each column."""

    samples: NDArray[np.float64]  # (n_points,), where each point is drawn [sample]
    values: NDArray[Any]  # (n_traces, n_points), NaN in gaps
    per_column: int  # how many samples became two points; 1 when all are drawn
    broken: NDArray[np.bool_]  # (n_columns,), whether any trace lacks some sample of the column

    @property
    def is_reduced(self) -> bool:
        """Whether samples were left out."""
        return self.per_column > 1


def samples_per_column(n_samples: int, pixels: int, all_up_to: int = ALL_UP_TO) -> int:
    """How many samples share a column so that `n_samples` fit into `pixels`; 1: all are drawn."""
    if pixels <= 0 or n_samples <= all_up_to * pixels:
        return 1
    return -(-n_samples // pixels)


def reduce(data: NDArray[Any], first_sample: int, per_column: int) -> Reduced:
    """Of every column the smallest and the largest sample, in the order in which they came.

    Parameters
    ----------
    data : ndarray of float, (n_traces, n_samples)
        NaN in gaps.
    first_sample : int
        Index of the first one from recording start.
    per_column : int
        1 leaves everything as it is.

    Returns
    -------
    Reduced
        A column without samples is NaN and breaks the line. A gap narrower than a column, or
        that ends within one, does not: extremes win, and `broken` marks the column.
    """
    n_traces, n_samples = data.shape
    if per_column <= 1 or n_samples == 0:
        where = np.arange(first_sample, first_sample + n_samples, dtype=np.float64)
        return Reduced(where, data, 1, ~np.isfinite(data).all(axis=0))
    lead = first_sample % per_column
    n_columns = -(-(lead + n_samples) // per_column)
    padded = np.empty((n_traces, n_columns * per_column), data.dtype)
    padded[:, lead : lead + n_samples] = data
    padded[:, :lead] = data[:, :1]  # the samples next to it, that no extreme is added
    padded[:, lead + n_samples :] = data[:, -1:]
    columns = padded.reshape(n_traces, n_columns, per_column)
    there = np.isfinite(columns)
    broken = np.zeros(n_columns, np.bool_)
    if there.all():
        low, high = columns.argmin(axis=2), columns.argmax(axis=2)
    else:
        low = np.where(there, columns, np.inf).argmin(axis=2)
        high = np.where(there, columns, -np.inf).argmax(axis=2)
        broken[:] = ~there.all(axis=(0, 2))
    picked = np.stack([np.minimum(low, high), np.maximum(low, high)], axis=2)
    values = np.take_along_axis(columns, picked, axis=2)
    values[~np.isfinite(values)] = np.nan
    middle = first_sample - lead + np.arange(n_columns)[:, None] * per_column
    quarters = np.array([0.25, 0.75]) * (per_column - 1)
    where = np.clip((middle + quarters).ravel(), first_sample, first_sample + n_samples - 1)
    return Reduced(where, values.reshape(n_traces, 2 * n_columns), per_column, broken)

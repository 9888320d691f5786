"""Montages: which traces a recording is shown as, each a weighted sum of its rows.

The standard ones follow ACNS Guideline 3 (2016): longitudinal bipolar as LB-18.3, transverse
as TB-18.1, average reference. What cannot be made from a recording is listed with the reason.

Noise factor: noise of a trace relative to that of one recorded row, when all rows have
independent noise of the same size; the root of the sum of the squared weights. A derivation
that was recorded itself has 1, a difference of two referential rows 1.41 (every derivation of
a referential recording has that), a path through k bipolar rows sqrt(k).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.leads import Kind
from eegstore.signal.names import Side


@dataclass(frozen=True, slots=True)
class Trace:
    """One line on the screen: the sum of ``weights[i] * row rows[i]``."""

    label: str
    rows: tuple[int, ...]  # of the recording; one may not stand twice
    weights: tuple[float, ...]  # [unit / unit of the row]
    kind: Kind
    side: Side
    sfreq: Fraction  # [Hz]
    unit: str  # "uV" for voltages, else as recorded
    noise: float = 1.0  # factor, see above
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A trace that this recording cannot show."""

    label: str
    reason: str  # "no channel has Oz"
    missing: tuple[str, ...] = ()  # electrodes that no channel has
    groups: tuple[tuple[str, ...], ...] = ()  # of electrodes, that no channel joins


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a montage that somebody made.

    `text` is a derivation ("Fp1-F7", "C3-A1+A2", "Cz-Avg") or the label of a channel.
    """

    text: str
    name: str | None = None  # shown instead of the text
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """A montage of one recording."""

    traces: tuple[Trace, ...]
    unavailable: tuple[Unavailable, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of the recording that the traces need, ascending."""
        return tuple(sorted({row for trace in self.traces for row in trace.rows}))


LONGITUDINAL = (
    "Fp1-F7", "F7-T7", "T7-P7", "P7-O1",
    "Fp2-F8", "F8-T8", "T8-P8", "P8-O2",
    "Fp1-F3", "F3-C3", "C3-P3", "P3-O1",
    "Fp2-F4", "F4-C4", "C4-P4", "P4-O2",
    "Fz-Cz", "Cz-Pz",
)  # fmt: skip
"""The double banana, ACNS LB-18.3: temporal chains, parasagittal chains, midline."""

TRANSVERSE = (
    "F7-Fp1", "Fp1-Fp2", "Fp2-F8",
    "F7-F3", "F3-Fz", "Fz-F4", "F4-F8",
    "T7-C3", "C3-Cz", "Cz-C4", "C4-T8",
    "P7-P3", "P3-Pz", "Pz-P4", "P4-P8",
    "P7-O1", "O1-O2", "O2-P8",
)  # fmt: skip
"""From left to right, front to back, ACNS TB-18.1."""


_FEW = 4  # rows a trace; up to here adding rows is faster than a product of matrices
_PRODUCTS = 1 << 17  # from some more on BLAS starts threads, which wait longer than they compute


def matrix(traces: Sequence[Trace], rows: Sequence[int]) -> NDArray[np.float64]:
    """The weights of some traces over some rows, (n_traces, n_rows).

    Raises
    ------
    InvalidDataError
        A trace needs a row that is not among them; names both.
    """
    at = {row: column for column, row in enumerate(rows)}
    weights = np.zeros((len(traces), len(rows)))
    for line, trace in zip(weights, traces, strict=True):
        for row, weight in zip(trace.rows, trace.weights, strict=True):
            if row not in at:
                raise InvalidDataError(
                    f"trace {trace.label!r} needs row {row}; given are rows {list(rows)}"
                )
            line[at[row]] = weight
    return weights


def apply(traces: Sequence[Trace], rows: Sequence[int], data: NDArray[Any]) -> NDArray[np.float64]:
    """The samples of some traces.

    Parameters
    ----------
    rows : sequence of int
        Which row of the recording each row of `data` is.
    data : ndarray of float, (n_rows, n_samples)
        In each channel's unit, NaN in gaps.

    Returns
    -------
    ndarray, (n_traces, n_samples)
        In each trace's unit; NaN where a row that the trace needs has no sample. A gap in
        another row does not matter.
    """
    weights = matrix(traces, rows)
    missing = ~np.isfinite(data)
    clean = np.asarray(data, np.float64)
    if missing.any():
        clean = np.where(missing, 0.0, clean)
    if np.count_nonzero(weights) > _FEW * len(weights):
        values = _product(weights, clean)
    else:
        values = np.zeros((len(weights), data.shape[1]))
        for line, weight in zip(values, weights, strict=True):
            for row in np.flatnonzero(weight):
                line += weight[row] * clean[row]
    if missing.any():
        for line, weight in zip(values, weights, strict=True):
            line[missing[weight != 0].any(axis=0)] = np.nan
    return values


def _product(weights: NDArray[np.float64], data: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.empty((len(weights), data.shape[1]))
    step = max(1, _PRODUCTS // weights.size)
    for lo in range(0, data.shape[1], step):
        np.matmul(weights, data[:, lo : lo + step], out=values[:, lo : lo + step])
    return values

"""Loops of a bipolar recording must add up to nothing; a swapped or inverted channel does not.

Kirchhoff's law: round a closed path of links the potentials cancel, whatever the brain does.
What is left is rounding and noise: 3.4 counts (SD) in the left chain of a CHB-MIT recording,
351 with F7-T7 inverted. A recording with one common reference has no loops, but for electrodes
that were recorded twice.

Not everything shows: two channels that a loop passes in the same direction may be swapped
without changing its sum, and a channel in no loop (a bridge) is not tested at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.cycles import Loop, loops_of
from eegstore.signal.graph import Graph

OPEN_RATIO = 0.05  # of what unrelated channels would leave
MAX_PAIRS = 10_000  # of rows, each tried in the other's place
OPEN_COUNTS = 3.0  # per channel of the loop; a sound chain leaves about 1.2


@dataclass(frozen=True, slots=True)
class Residual:
    """What is left round one loop."""

    loop: Loop
    sd: float  # of the sum round the loop [uV]
    members: float  # what the sum of as strong but unrelated channels would have [uV]
    is_open: bool

    @property
    def ratio(self) -> float:
        """0 in a sound loop, about 1 when the channels have nothing to do with each other."""
        return self.sd / self.members if self.members else 0.0


@dataclass(frozen=True, slots=True)
class Suspect:
    """A mistake that would explain the open loops: with it undone they close."""

    rows: tuple[int, ...]  # one row that is inverted, or two that are swapped
    sd: float  # largest residual of the loops it touches, once undone [uV]

    @property
    def inverted(self) -> bool:
        """One row upside down; else two rows in each other's place."""
        return len(self.rows) == 1


@dataclass(frozen=True, slots=True)
class LoopCheck:
    """All independent loops of a recording, and what may be wrong."""

    residuals: tuple[Residual, ...]
    suspects: tuple[Suspect, ...]  # the most likely first
    n_samples: int  # that were looked at

    @property
    def is_sound(self) -> bool:
        """Whether all loops close."""
        return not any(residual.is_open for residual in self.residuals)


def check_loops(
    graph: Graph, rows: Sequence[int], data: NDArray[Any], count: float = 0.0
) -> LoopCheck:
    """Add up the channels round every loop.

    Parameters
    ----------
    graph : Graph
        The links of the recording, see `graph.graph_of`.
    rows : sequence of int
        Which row of the recording each row of `data` is.
    data : ndarray of float, (n_rows, n_samples)
        Unfiltered, of one unit [uV]; only samples that all rows of loops have are looked at.
    count : float
        The coarsest step of the channels [uV]; loops may miss by rounding. 0 when unknown.

    Raises
    ------
    InvalidDataError
        A linked row is not among `rows`.
    """
    at = {row: index for index, row in enumerate(rows)}
    linked = sorted({link.row for link in graph.links})
    lost = [row for row in linked if row not in at]
    if lost:
        raise InvalidDataError(f"loops need rows {lost}; given are rows {list(rows)}")
    loops = loops_of(graph)
    looped = {row for loop in loops for row in loop.rows}
    there = np.isfinite(data[[at[row] for row in sorted(looped)]]).all(axis=0)
    n_samples = int(there.sum())
    if not loops or n_samples < 2:
        return LoopCheck((), (), n_samples)
    linked = [row for row in linked if np.isfinite(data[at[row], there]).all()]
    picked = data[[at[row] for row in linked]][:, there]
    covariance = np.atleast_2d(np.cov(picked.astype(np.float64), bias=True))
    signs = np.zeros((len(loops), len(linked)))
    for line, loop in zip(signs, loops, strict=True):
        for row, sign in zip(loop.rows, loop.signs, strict=True):
            line[linked.index(row)] = sign
    judge = _Judge(covariance, signs, count)
    residuals = judge.residuals(loops)
    return LoopCheck(residuals, judge.suspects([r.is_open for r in residuals], linked), n_samples)


class _Judge:
    """Residuals from the covariance of the rows, as recorded and with a mistake undone."""

    def __init__(
        self, covariance: NDArray[np.float64], signs: NDArray[np.float64], count: float
    ) -> None:
        self._covariance, self._signs, self._count = covariance, signs, count
        self._power = np.diag(covariance)

    def residuals(self, loops: Sequence[Loop]) -> tuple[Residual, ...]:
        """What is left round each loop, as recorded."""
        sd, members = self._sizes(self._signs)
        is_open = self._open(self._signs)
        return tuple(
            Residual(loop, float(sd[i]), float(members[i]), bool(is_open[i]))
            for i, loop in enumerate(loops)
        )

    def suspects(self, were_open: Sequence[bool], rows: Sequence[int]) -> tuple[Suspect, ...]:
        """The single mistakes that close open loops and leave none open that they touch.

        Those that explain fewer loops than another, and none that it does not, are left out.
        Where very many rows might have been put into another's place, none is looked for that was.
        """
        wrong = np.array(were_open)
        involved = np.nonzero((self._signs[wrong] != 0).any(axis=0))[0].tolist()
        pairs = {(min(i, j), max(i, j)) for i in involved for j in range(len(rows)) if i != j}
        if len(pairs) > MAX_PAIRS:
            pairs = set()
        found = []
        for columns in [*((i,) for i in involved), *sorted(pairs)]:
            tried = self._undone(columns)
            touched = (tried != self._signs).any(axis=1)
            if (touched & wrong).any() and not self._open(tried[touched]).any():
                worst = float(self._sizes(tried[touched])[0].max())
                explained = frozenset(np.nonzero(touched & wrong)[0].tolist())
                found.append((explained, Suspect(tuple(rows[i] for i in columns), worst)))
        kept = [one for one in found if not any(one[0] < other[0] for other in found)]
        kept.sort(key=lambda one: (-len(one[0]), len(one[1].rows), one[1].sd))
        return tuple(suspect for _, suspect in kept)

    def _undone(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """The loops' signs with one row turned over, or two put into each other's place."""
        tried = self._signs.copy()
        if len(columns) == 1:
            tried[:, columns[0]] *= -1
        else:
            tried[:, list(columns)] = tried[:, list(reversed(columns))]
        return tried

    def _sizes(self, lines: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """SD of the sum along each line, and what it would be if the rows were unrelated."""
        power = np.einsum("ij,jk,ik->i", lines, self._covariance, lines)
        return np.sqrt(np.maximum(power, 0.0)), np.sqrt((lines * lines) @ self._power)

    def _open(self, lines: NDArray[np.float64]) -> NDArray[np.bool_]:
        sd, members = self._sizes(lines)
        rounding = OPEN_COUNTS * self._count * np.sqrt((lines != 0).sum(axis=1))
        result: NDArray[np.bool_] = (sd > OPEN_RATIO * members) & (sd > rounding)
        return result

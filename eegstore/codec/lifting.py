"""Prediction across channels, in few steps for any number of channels.

Channels are predicted from others at the same time: first the upper half of all channels
from the lower half, then within each half the upper quarter from the lower one, and so on
down to groups of at most four, whose members follow one another. Each step subtracts a
rounded linear combination of what the step leaves alone, so each is undone exactly by
adding it (lifting; Daubechies & Sweldens 1998). Taken together every channel has been
predicted from all before it, as a triangular matrix would do in one step per channel.

Weights are multiples of 1/64. Sums of integers below 2**18 are then exact in float32, and
otherwise computed in float64: the result is the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHT_BITS = 6
MAX_WEIGHT = 1 << 8
_LEAF = 4  # channels that follow one another
_EXACT = float(1 << 24 - WEIGHT_BITS)
PRODUCTS = 1 << 18  # from more on BLAS starts threads, which wait longer than they compute

Rows = NDArray[np.floating[Any]]
"""Whole numbers in floats, ``(n_padded, n)``: channels, then rows of zeros."""


def shape_of(n_channels: int) -> tuple[int, int]:
    """How often the channels are halved, and how many then follow one another."""
    depth = 0
    while -(-n_channels >> depth) > _LEAF:
        depth += 1
    return depth, -(-n_channels >> depth)


def padded(n_channels: int) -> int:
    """Rows that the steps work on: channels and rows of zeros."""
    depth, leaf = shape_of(n_channels)
    return leaf << depth


@dataclass(frozen=True, eq=False)
class Lifting:
    """The weights of all steps.

    Parameters
    ----------
    halves : tuple of ndarray
        For step s the matrices ``(2**s, h, h)`` that predict upper from lower halves of h.
    leaf : ndarray, ``(leaf, leaf, 2**depth)``
        ``[c, j]``: weight of member j in the prediction of member c > j, for each group.

    Several of one shape can be one (`stacked`): then there are so many times more matrices
    and groups, and the rows of one follow those of the other.
    """

    halves: tuple[NDArray[np.float32], ...]
    leaf: NDArray[np.float32]

    def forward(self, rows: Rows) -> None:
        """Replace rows by what is left of them after prediction."""
        for weights in self.halves:
            pairs = rows.reshape(len(weights), 2, weights.shape[1], -1)
            pairs[:, 1] -= _guessed(weights, pairs[:, 0])
        groups = self._groups(rows)
        for member in range(len(self.leaf) - 1, 0, -1):
            groups[:, member] -= self._guess(groups, member)

    def backward(self, rows: Rows) -> None:
        """Undo `forward`."""
        groups = self._groups(rows)
        for member in range(1, len(self.leaf)):
            groups[:, member] += self._guess(groups, member)
        for weights in reversed(self.halves):
            pairs = rows.reshape(len(weights), 2, weights.shape[1], -1)
            pairs[:, 1] += _guessed(weights, pairs[:, 0])

    def exact_in_float32(self, largest: float) -> bool:
        """Whether `backward` is exact in float32 on numbers up to `largest`."""
        return (largest + 1) * self._growth < _EXACT

    def forward_exact_in_float32(self, largest: float) -> bool:
        """Whether `forward` is exact in float32 on numbers up to `largest`."""
        return (largest + 1) * self._forward_growth < _EXACT

    def _groups(self, rows: Rows) -> Rows:
        return rows.reshape(self.leaf.shape[2], len(self.leaf), -1)

    def _guess(self, groups: Rows, member: int) -> Rows:
        weights = self._columns[member]
        guess: Rows = weights[0] * groups[:, 0]
        for other in range(1, member):
            guess += weights[other] * groups[:, other]
        return np.rint(guess, out=guess)

    @cached_property
    def _columns(self) -> list[list[NDArray[np.float32]]]:
        """The weights of the leaf as columns, by member and by what it is predicted from."""
        return [[weights[:, None] for weights in member] for member in self.leaf]

    @cached_property
    def _growth(self) -> float:
        """How much larger than what they begin with the numbers can become in `backward`."""
        n_leaf, n_groups = len(self.leaf), self.leaf.shape[2]
        bound: NDArray[np.float64] = np.ones((n_groups, n_leaf))
        for member in range(1, n_leaf):
            for other in range(member):
                bound[:, member] += np.abs(self.leaf[member, other]) * bound[:, other]
        bound = bound.reshape(-1)
        for weights in reversed(self.halves):
            pairs = bound.reshape(len(weights), 2, -1)
            pairs[:, 1] += (np.abs(weights) @ pairs[:, 0, :, None])[..., 0]
        return float(bound.max())

    @cached_property
    def _forward_growth(self) -> float:
        """How much larger than what they begin with the numbers can become in `forward`."""
        n_leaf, n_groups = len(self.leaf), self.leaf.shape[2]
        bound = np.ones(n_leaf * n_groups)
        for weights in self.halves:
            pairs = bound.reshape(len(weights), 2, -1)
            pairs[:, 1] += (np.abs(weights) @ pairs[:, 0, :, None])[..., 0]
        groups = bound.reshape(n_groups, n_leaf)
        for member in range(n_leaf - 1, 0, -1):
            for other in range(member):
                groups[:, member] += np.abs(self.leaf[member, other]) * groups[:, other]
        return float(bound.max())


def fit(covariance: NDArray[np.float64]) -> Lifting:
    """The weights that leave least of channels with this covariance, ``(n, n)``."""
    n_channels = len(covariance)
    depth, leaf = shape_of(n_channels)
    size = leaf << depth
    whole = np.eye(size)
    whole[:n_channels, :n_channels] = covariance
    blocks, halves = whole[None], []
    for step in range(depth):
        h = size >> step + 1
        low, cross, high = blocks[:, :h, :h], blocks[:, :h, h:], blocks[:, h:, h:]
        w = _rounded(np.linalg.solve(low, cross).transpose(0, 2, 1))
        halves.append(w.astype(np.float32))
        both = w @ cross
        rest = high - both - both.transpose(0, 2, 1) + w @ low @ w.transpose(0, 2, 1)
        blocks = np.stack([low, rest], axis=1).reshape(-1, h, h)
    last = np.zeros((leaf, leaf, 1 << depth))
    for member in range(1, leaf):
        known = blocks[:, :member]
        solved = np.linalg.solve(known[..., :member], known[..., member, None])
        last[member, :member] = _rounded(solved)[..., 0].T
    return Lifting(tuple(halves), last.astype(np.float32))


def stacked(liftings: Sequence[Lifting]) -> Lifting:
    """One that does what these do, each on its own rows."""
    halves = zip(*(lifting.halves for lifting in liftings), strict=True)
    return Lifting(
        tuple(np.concatenate(weights) for weights in halves),
        np.concatenate([lifting.leaf for lifting in liftings], axis=2),
    )


def _guessed(weights: NDArray[np.float32], low: Rows) -> Rows:
    """Rounded products ``(groups, h, n)`` of ``(groups, h, h)`` and ``(groups, h, n)``."""
    width = max(PRODUCTS // weights.shape[1] ** 2, 1)
    if low.shape[2] <= width:
        guess = np.matmul(weights, low)
    else:
        guess = np.empty(low.shape, np.result_type(weights, low))
        for start in range(0, low.shape[2], width):
            part = slice(start, start + width)
            np.matmul(weights, low[:, :, part], out=guess[:, :, part])
    rounded: Rows = np.rint(guess, out=guess)
    return rounded


def none(n_channels: int) -> Lifting:
    """Weights that predict nothing."""
    return fit(np.eye(n_channels))


def _rounded(weights: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    limited: NDArray[np.float64] = np.clip(weights, -MAX_WEIGHT, MAX_WEIGHT)
    return np.rint(limited * (1 << WEIGHT_BITS)) / (1 << WEIGHT_BITS)

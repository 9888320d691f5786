"""Differences as they suit each channel of each second, and back: the prediction of codec 4."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.codec.differences import magnitude

MAX_ORDER = 3
_PRICE = 8  # bits, of saying that a channel is coded beside another


class Left(NamedTuple):
    """What is left of samples ``(n_chunks, n_channels, n_samples)``, of more than one sample.

    Attributes
    ----------
    residuals : ndarray of int, (n_chunks, n_channels, n_samples - 1)
        Without the first sample, and without the low bits that are zero in all of a channel.
    order, zeros : ndarray of uint8, (n_chunks, n_channels)
        Of the differences; how many low bits are left out.
    beside : ndarray of bool, (n_chunks, n_channels)
        Whether the channel before is subtracted.
    """

    residuals: NDArray[Any]
    order: NDArray[np.uint8]
    zeros: NDArray[np.uint8]
    beside: NDArray[np.bool_]


def predict(table: NDArray[Any]) -> Left:
    """What the differences that are smallest leave."""
    best = np.empty_like(table[:, :, 1:])
    least = np.full(table.shape[:2], np.inf)
    order = np.zeros(least.shape, np.uint8)
    beside = np.zeros(least.shape, bool)
    for among in (False, True) if table.shape[1] > 1 else (False,):
        own, factor = table, 1.0
        if among:
            own, factor = table.copy(), 2.0 ** (_PRICE / best.shape[2])
            own[:, 1:] -= table[:, :-1]
        step = own[:, :, 1:]
        for height in range(MAX_ORDER + 1):
            if height:
                step = np.diff(own, axis=2) if height == 1 else _difference(step, height)
            price = magnitude(step) * factor
            better = price < least
            np.copyto(best, step, where=better[:, :, None])
            np.copyto(least, price, where=better)
            order[better], beside[better] = height, among
    zeros = _low_zeros(best)
    best >>= zeros[:, :, None].astype(best.dtype)
    return Left(best, order, zeros, beside)


def restore(left: Left, first: NDArray[Any]) -> NDArray[Any]:
    """The samples, from `left` and the first of each channel, ``(n_chunks, n_channels)``."""
    n_chunks, n_channels, n_left = left.residuals.shape
    table = np.empty((n_chunks, n_channels, n_left + 1), left.residuals.dtype)
    table[:, :, 1:] = left.residuals << left.zeros[:, :, None].astype(table.dtype)
    table[:, :, 0] = first
    table[:, 1:, 0] -= np.where(left.beside[:, 1:], first[:, :-1], 0).astype(table.dtype)
    for height in range(MAX_ORDER, 0, -1):
        deep = left.order >= height
        part = table[:, :, height - 1 :]
        if deep.all():
            np.cumsum(part, axis=2, dtype=table.dtype, out=part)
        elif deep.any():
            part[deep] = np.cumsum(part[deep], axis=1, dtype=table.dtype)
    if left.beside.any():
        sums = np.cumsum(table, axis=1, dtype=table.dtype)
        # A sum begins anew at each channel that stands for itself: what came before is taken off.
        alone = np.where(left.beside, 0, np.arange(n_channels))
        before = np.maximum.accumulate(alone, axis=1) - 1
        table = sums - np.where(
            (before >= 0)[:, :, None],
            sums[np.arange(n_chunks)[:, None], np.maximum(before, 0)], 0,
        ).astype(table.dtype)  # fmt: skip
    return table


def _difference(step: NDArray[Any], height: int) -> NDArray[Any]:
    """Differences of order `height`, 2 or more, from those of the order below."""
    deeper = step.copy()
    deeper[:, :, height - 1 :] -= step[:, :, height - 2 : -1]
    return deeper


def _low_zeros(residuals: NDArray[Any]) -> NDArray[np.uint8]:
    """How many low bits are zero in all residuals of a channel; 0 where all of them are."""
    used = np.bitwise_or.reduce(residuals, axis=2).astype(np.int64)
    lowest = used & -used
    zeros: NDArray[np.uint8] = np.frexp(np.maximum(lowest, 1).astype(np.float64))[1] - 1
    return zeros.astype(np.uint8)

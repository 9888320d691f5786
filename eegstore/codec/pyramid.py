"""Prediction along time by interpolation: every second sample from its neighbours.

A channel's odd samples are predicted from the even ones on both sides, once or, of the even
ones again, twice. What remains, every second or fourth sample, is coded as first or second
differences. So a chunk has two or three parts, the coarsest first.

By the chain rule of entropy the order in which samples are coded does not matter when each
is predicted from all before it. Prediction from the past needs a loop over the samples to
undo; interpolation is undone in a step or two, whatever the number of samples. On CHB-MIT it
costs 2 % against linear prediction of order 8.

All numbers are integers held in floats: taps are multiples of 1/128 whose magnitudes sum to
at most 1, so that for int16 samples every product and sum is exact in float32.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

TAP_BITS = 7
MIN_SAMPLES = 32  # fewer do not pay
MAX_PAIRS = 6  # as many known samples there are on one side of the first, at the least

Table: TypeAlias = NDArray[np.floating[Any]]
"""Whole numbers in floats, ``(n_channels, n_chunks, n_samples)``."""

Taps: TypeAlias = NDArray[np.floating[Any]]
"""Symmetric filter, ``(n_pairs, n_channels or 1, 1, 1)``: the weight of each pair of
neighbours, the nearest first."""


def part_sizes(n_samples: int, n_levels: int) -> tuple[int, ...]:
    """Samples of each part, the coarsest first."""
    sizes = []
    for _ in range(n_levels):
        sizes.append(n_samples // 2)
        n_samples -= n_samples // 2
    return (n_samples, *reversed(sizes))


def split(samples: Table, taps: Sequence[Taps], order: int) -> list[Table]:
    """Differences of `order` of the coarsest samples, and what interpolation leaves.

    `taps` are those of the levels, the coarsest first.
    """
    parts = []
    for of_level in reversed(taps):
        odd, samples = samples[..., 1::2], np.ascontiguousarray(samples[..., ::2])
        parts.append(odd - _between(samples, of_level, odd.shape[-1]))
    for _ in range(order):
        samples = np.diff(samples, axis=-1, prepend=samples.dtype.type(0))
    return [samples, *reversed(parts)]


def join(parts: Sequence[Table], taps: Sequence[Taps], order: int, out: NDArray[Any]) -> None:
    """Undo `split` into `out`, ``(n_channels, n_chunks, n_samples)``, int16 or int32."""
    known = parts[0]
    for _ in range(order):
        known = np.cumsum(known, axis=-1, dtype=known.dtype)
    for level, (part, of_level) in enumerate(zip(parts[1:], taps, strict=True), 1):
        odd = _between(known, of_level, part.shape[-1])
        odd += part
        if level == len(taps):
            with np.errstate(invalid="ignore"):  # what is out of range was never encoded
                out[..., ::2] = known
                out[..., 1::2] = odd
            return
        both = np.empty((*known.shape[:-1], known.shape[-1] + odd.shape[-1]), known.dtype)
        both[..., ::2] = known
        both[..., 1::2] = odd
        known = both


def _between(known: Table, taps: Taps, count: int) -> Table:
    """What the known samples say of the `count` samples between them, rounded half to even.

    The last of these may lie behind the last known sample. Over its ends the signal is
    continued by odd reflection.
    """
    n_pairs, n_known = len(taps), known.shape[-1]
    wide = np.empty((*known.shape[:-1], n_known + 2 * n_pairs - 1), known.dtype)
    wide[..., n_pairs - 1 : n_pairs - 1 + n_known] = known
    if n_pairs > 1:
        mirrored = known[..., n_pairs - 1 : 0 : -1]
        np.subtract(2 * known[..., :1], mirrored, out=wide[..., : n_pairs - 1])
    mirrored = known[..., n_known - 2 : n_known - 2 - n_pairs : -1]
    np.subtract(2 * known[..., -1:], mirrored, out=wide[..., n_pairs - 1 + n_known :])
    total = wide[..., n_pairs - 1 : n_pairs - 1 + count] + wide[..., n_pairs : n_pairs + count]
    total *= taps[0]
    for index in range(1, n_pairs):
        at = n_pairs - 1 - index
        pair = wide[..., at : at + count] + wide[..., n_pairs + index : n_pairs + index + count]
        pair *= taps[index]
        total += pair
    result: Table = np.rint(total, out=total)
    return result

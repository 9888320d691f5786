"""Steps that the samples of a channel keep to, as those rescaled from a coarser converter do.

Sample i is ``first + ((step * n + phase) >> 16)`` with whole numbers n, 0 for the first, and a
step and a phase [2**-16 count]. Predicting n instead saves the binary logarithm of the step.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FRACTION = 16  # bits
MAX_STEP = 1 << 31
_LEAST = 3  # counts: smaller steps save less than they cost to look for
_WORTH = 64  # bits that must be saved
_REACHES = (1.5, 4.0, 16.0, 64.0, np.inf)  # steps: the wider a gap, the better the step is known
_HALVINGS = 10


class Steps(NamedTuple):
    """Samples as numbers of steps.

    Attributes
    ----------
    step, phase : ndarray of int64, (n_chunks, n_channels)
        Both 0 where a channel keeps to none.
    numbers : ndarray of int, (n_chunks, n_channels, n_samples)
        Of steps from the first sample on; of a channel that keeps to none the samples.
    """

    step: NDArray[np.int64]
    phase: NDArray[np.int64]
    numbers: NDArray[Any]


def find(table: NDArray[Any]) -> Steps:
    """The steps that samples keep to, ``(n_chunks, n_channels, n_samples)``."""
    step = np.zeros(table.shape[:2], np.int64)
    phase = np.zeros_like(step)
    gaps = np.diff(np.sort(table, axis=2).view(f"u{table.itemsize}"), axis=2)
    gaps[gaps == 0] = np.iinfo(gaps.dtype).max
    least = gaps.min(axis=2)
    steps_of_two = np.bitwise_or.reduce(table - table[:, :, :1], axis=2)
    saved = np.log2(np.maximum(least, 1)) * (table.shape[2] - 1)
    worth = (least >= _LEAST) & (saved > _WORTH) & (least < MAX_STEP >> FRACTION)
    worth &= (steps_of_two & -steps_of_two).view(least.dtype) != least
    if not worth.any():
        return Steps(step, phase, table)
    samples = table[worth].astype(np.int64)
    found = _common(samples, _fitted(samples), np.nonzero(worth)[0])
    step[worth], phase[worth] = found.step, found.phase
    numbers = table.copy()
    numbers[worth] = np.where(found.step[:, None] > 0, found.numbers, samples)
    return Steps(step, phase, numbers)


def restore(found: Steps, first: NDArray[Any]) -> NDArray[Any]:
    """The samples, from numbers and the first sample of each channel."""
    steps = found.numbers.astype(np.int64) * found.step[:, :, None] + found.phase[:, :, None]
    samples = first[:, :, None].astype(np.int64) + (steps >> FRACTION)
    return np.where(found.step[:, :, None] > 0, samples, found.numbers).astype(found.numbers.dtype)


def _fitted(samples: NDArray[np.int64]) -> Steps:
    """Steps of channels ``(n, n_samples)``; the numbers of those without mean nothing."""
    levels = np.sort(samples, axis=1)
    levels -= levels[:, :1]
    gaps = np.diff(levels, axis=1)
    step = np.where(gaps > 0, gaps, levels[:, -1:]).min(axis=1, keepdims=True).astype(np.float64)
    for steps in _REACHES:
        near = gaps < steps * step
        step = (gaps * near).sum(axis=1, keepdims=True) / np.maximum(
            (np.rint(gaps / step) * near).sum(axis=1, keepdims=True), 1
        )
        step = np.maximum(step, 1.0)
    place = np.zeros(levels.shape)
    np.cumsum(np.rint(gaps / step), axis=1, out=place[:, 1:])
    reach = 1 / np.maximum(place[:, -1:], 1)
    below, above = step - reach, step + reach
    for _ in range(_HALVINGS):  # the distance between largest and smallest error has one minimum
        step = (below + above) / 2
        error = step * place - levels
        high, low = error.argmax(axis=1)[:, None], error.argmin(axis=1)[:, None]
        rising = np.take_along_axis(place, high, 1) > np.take_along_axis(place, low, 1)
        below, above = np.where(rising, below, step), np.where(rising, step, above)
    whole = np.rint(step[:, 0] * (1 << FRACTION)).astype(np.int64)
    order = np.argsort(samples, axis=1)
    numbers = np.empty_like(samples)
    np.put_along_axis(numbers, order, place.astype(np.int64), axis=1)
    return _placed(samples, numbers, whole)


def _common(samples: NDArray[np.int64], found: Steps, chunk: NDArray[np.intp]) -> Steps:
    """The same with one step for the channels of a chunk that have nearly the same.

    That of the widest range is known best; steps that are the same are listed in fewer bytes.
    """
    width = np.ptp(found.numbers, axis=1)
    alike = np.rint(16 * np.log2(np.maximum(found.step, 1))) + 1024 * chunk
    widest = np.lexsort((width, alike))
    best = widest[np.searchsorted(alike[widest], alike, side="right") - 1]
    common = _placed(samples, found.numbers, found.step[best])
    fits = common.step > 0
    return Steps(
        np.where(fits, common.step, found.step), np.where(fits, common.phase, found.phase),
        found.numbers,
    )  # fmt: skip


def _placed(
    samples: NDArray[np.int64], numbers: NDArray[np.int64], step: NDArray[np.int64]
) -> Steps:
    """The phases with which numbers of steps give the samples; step 0 where there is none."""
    numbers = numbers - numbers[:, :1]
    lacking = (samples - samples[:, :1] << FRACTION) - numbers * step[:, None]
    phase = np.maximum(lacking.max(axis=1), 0)
    fits = (phase <= lacking.min(axis=1) + (1 << FRACTION) - 1) & (step > 0) & (step < MAX_STEP)
    fits &= phase < 1 << FRACTION
    return Steps(np.where(fits, step, 0), np.where(fits, phase, 0), numbers)

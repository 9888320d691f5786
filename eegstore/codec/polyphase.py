"""`pyramid.split` and `pyramid.join` for the usual case, in fewer and longer steps.

Two levels and a number of samples that four divides: then every fourth sample, those between
them, and the even and the odd ones of the rest are four tables of one shape, so prediction
across channels is done and undone for all four at once. Interpolation is a sum of these
tables, moved by a sample or two: each row has a margin on both sides, which holds what
continues the signal, so a table is one long row of numbers to add, and what comes out for
the margins themselves is not used.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec.lifting import PRODUCTS
from eegstore.codec.pyramid import Table, Taps

PHASES = 4
_ORDER = (0, 2, 1, 3)  # of the phases in time
_SUMMED = 96  # samples of a phase up to which a product with ones gives running sums sooner


def suits(n_samples: int, n_levels: int) -> bool:
    """Whether samples can be split and joined here."""
    return n_levels == 2 and n_samples % PHASES == 0


def margin_of(taps: Sequence[Taps]) -> int:
    """Samples before and behind each row of the phases."""
    return max(map(len, taps))


def room(shape: tuple[int, int, int], margin: int, kind: Any) -> Table:
    """Phases to be filled in where they are `cropped`, with margins of 0.

    Parameters
    ----------
    shape : (n_rows, n_chunks, n_samples)
        Of the samples.

    Returns
    -------
    ndarray, (4, n_rows, n_chunks, n_samples / 4 + 2 * margin)
    """
    phases = np.empty((PHASES, *shape[:-1], shape[-1] // PHASES + 2 * margin), kind)
    _clear(phases, margin)
    return phases


def split(samples: NDArray[Any], taps: Sequence[Taps], order: int, phases: Table) -> None:
    """What `pyramid.split` makes of integers ``(n_channels, n_chunks, n_samples)``.

    Parameters
    ----------
    phases : ndarray, (4, n_channels, n_chunks, n_samples / 4 + 2 * margin)
        From `room`: filled in as `join` takes them.
    """
    coarse, fine = taps
    margin = margin_of(taps)
    inner = cropped(phases, margin)
    for at, half in enumerate(halves(samples)):
        inner[2 * at], inner[2 * at + 1] = halves(half)
    _mirror(phases[:2], margin, len(fine))
    for start in range(2):
        left = _flat(phases[2 + start], margin)
        left -= _between(phases[:2], margin, fine, start)
    _mirror(phases[:1], margin, len(coarse))
    left = _flat(phases[1], margin)
    left -= _between(phases[:1], margin, coarse, 0)
    for _ in range(order):
        inner[0, ..., 1:] -= inner[0, ..., :-1].copy()
    _clear(phases, margin)


def join(phases: Table, taps: Sequence[Taps], order: int, out: NDArray[Any]) -> None:
    """Undo `pyramid.split` into `out`, ``(n_channels, n_chunks, n_samples)``, int16 or int32.

    Parameters
    ----------
    phases : ndarray, (4, n_channels, n_chunks, n_samples / 4 + 2 * margin)
        The parts of the coarser level, and the even and the odd samples of the finer one,
        from `room`; they are overwritten.
    """
    coarse, fine = taps
    margin = margin_of(taps)
    _sum(phases[0], margin, order)
    whole = _flat(phases[1], margin)
    whole += _between(phases[:1], margin, coarse, 0)
    _mirror(phases[:2], margin, len(fine))
    for start in range(2):
        whole = _flat(phases[2 + start], margin)
        whole += _between(phases[:2], margin, fine, start)
    places = out.reshape(*out.shape[:-1], -1, PHASES)
    with np.errstate(invalid="ignore"):  # what is out of range was never encoded
        for at, phase in zip(_ORDER, phases, strict=True):
            places[..., at] = cropped(phase.astype(out.dtype), margin)


def halves(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The even and the odd samples of integers of up to 32 bits, ``(..., 2 * n)``."""
    bits = 8 * samples.itemsize
    pairs = np.ascontiguousarray(samples).view(f"i{2 * samples.itemsize}")
    first, second = pairs.astype(samples.dtype), (pairs >> bits).astype(samples.dtype)
    return (first, second) if sys.byteorder == "little" else (second, first)


def cropped(table: NDArray[Any], margin: int) -> NDArray[Any]:
    """The part without margins."""
    return table[..., margin:-margin]


def _clear(phases: Table, margin: int) -> None:
    phases[..., :margin] = 0
    phases[..., -margin:] = 0


def _flat(phase: Table, margin: int) -> Table:
    """All numbers of a phase in one row, but for the first and the last margin."""
    return phase.reshape(-1)[margin:-margin]


def _sum(phase: Table, margin: int, order: int) -> None:
    """Replace differences of an order by what they are differences of, and fill the margins."""
    inner = cropped(phase, margin)
    size = inner.shape[-1]
    if phase.dtype == np.float32 and size <= _SUMMED:
        # Exact: differences of 16-bit samples, of first or second order, are below 2**17.
        step = max(PRODUCTS // (size * phase.shape[-1]), 1)
        for start in range(0, phase.shape[1], step):
            part = slice(start, start + step)
            for _ in range(order - 1):
                inner[:, part] = np.matmul(inner[:, part], _sums(size, 0))
            phase[:, part] = np.matmul(inner[:, part], _sums(size, margin))
        return
    # Of integers they are three times as fast, and as exact.
    whole = inner.astype(np.int32 if phase.dtype == np.float32 else np.int64)
    for _ in range(order):
        np.cumsum(whole, axis=-1, dtype=whole.dtype, out=whole)
    inner[...] = whole
    _mirror(phase[None], margin, margin)


@cache
def _sums(size: int, margin: int) -> Table:
    """What a row of numbers is multiplied by to give its running sums and their margins."""
    sums = np.zeros((size, size + 2 * margin), np.float32)
    inner = sums[:, margin : margin + size]
    inner[...] = np.triu(np.ones((size, size)))
    for away in range(1, margin + 1):
        sums[:, margin - away] = 2 * inner[:, 0] - inner[:, away]
        sums[:, margin + size - 1 + away] = 2 * inner[:, -1] - inner[:, -1 - away]
    return sums


def _between(known: Table, margin: int, taps: Taps, start: int) -> Table:
    """What known samples say of those behind every sample `start`, rounded half to even.

    `known` has the known samples in as many phases as its first axis is long. The result is
    for a phase as `_flat` gives it; what it says of the margins has no meaning.
    """
    n_phases = len(known)
    rows = known.reshape(n_phases, -1)
    size = rows.shape[1] - 2 * margin

    def near(index: int) -> Table:
        at = margin + index // n_phases
        phase: Table = rows[index % n_phases, at : at + size]
        return phase

    def weight(pair: int) -> Any:
        if taps.shape[1] == 1:
            return taps[pair].item()
        return np.repeat(taps[pair], known[0, 0].size)[margin:-margin]

    total: Table = near(start) + near(start + 1)
    total *= weight(0)
    for pair in range(1, len(taps)):
        both = near(start - pair) + near(start + 1 + pair)
        both *= weight(pair)
        total += both
    return np.rint(total, out=total)


def _mirror(wide: Table, margin: int, reach: int) -> None:
    """Continue known samples by odd reflection, `reach` - 1 before and `reach` behind."""
    n_phases = len(wide)
    size = (wide.shape[-1] - 2 * margin) * n_phases

    def known(index: int) -> Table:
        phase: Table = wide[index % n_phases]
        return phase[..., margin + index // n_phases]

    for end, step, count in ((0, -1, reach - 1), (size - 1, 1, reach)):
        if count:
            twice = 2 * known(end)
            for away in range(step, step * (count + 1), step):
                np.subtract(twice, known(end - away), out=known(end + away))

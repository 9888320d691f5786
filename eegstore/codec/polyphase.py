"""`pyramid.split` and `pyramid.join` for the usual case, in fewer and longer steps.

Two levels and a number of samples that four divides: then every fourth sample, those between
them, and the even and the odd ones of the rest are four tables of one shape. Interpolation
is a sum of slices of these, so nothing is interleaved before the end, and prediction across
channels is done and undone for all four at once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec.pyramid import Table, Taps

PHASES = 4
_ORDER = (0, 2, 1, 3)  # of the phases in time


def suits(n_samples: int, n_levels: int) -> bool:
    """Whether samples can be split and joined here."""
    return n_levels == 2 and n_samples % PHASES == 0


def split(samples: NDArray[Any], taps: Sequence[Taps], order: int, out: Table) -> None:
    """What `pyramid.split` makes of integers ``(n_channels, n_chunks, n_samples)``.

    Parameters
    ----------
    out : ndarray, (4, n_channels, n_chunks, n_samples / 4)
        The phases, as `join` takes them.
    """
    coarse, fine = taps
    size = out.shape[-1]
    margin = max(map(len, taps))
    places = samples.reshape(*samples.shape[:-1], size, PHASES)
    wide = np.empty((2, *out.shape[1:-1], size + 2 * margin), out.dtype)
    known, between = wide[..., margin : margin + size]
    known[...], between[...] = places[..., _ORDER[0]], places[..., _ORDER[1]]
    _mirror(wide[:1], margin, len(coarse))
    np.subtract(between, _between(wide[:1], margin, coarse, 0), out=out[1])
    _mirror(wide, margin, len(fine))
    for start in range(2):
        guess = _between(wide, margin, fine, start)
        np.subtract(places[..., _ORDER[2 + start]], guess, out=out[2 + start])
    whole, left = known, out[0]
    for _ in range(order):
        left[..., 0] = whole[..., 0]
        np.subtract(whole[..., 1:], whole[..., :-1], out=left[..., 1:])
        whole = left.copy() if order > 1 else left


def join(phases: Table, taps: Sequence[Taps], order: int, out: NDArray[Any]) -> None:
    """Undo `pyramid.split` into `out`, ``(n_channels, n_chunks, n_samples)``, int16 or int32.

    Parameters
    ----------
    phases : ndarray, (4, n_channels, n_chunks, n_samples / 4)
        The parts of the coarser level, and the even and the odd samples of the finer one.
    """
    coarse, fine = taps
    size = phases.shape[-1]
    margin = max(map(len, taps))
    wide = np.empty((2, *phases.shape[1:-1], size + 2 * margin), phases.dtype)
    known, between = wide[..., margin : margin + size]
    # Running sums of integers are three times as fast, and as exact.
    whole = phases[0].astype(np.int32 if phases.dtype == np.float32 else np.int64)
    for _ in range(order):
        np.cumsum(whole, axis=-1, dtype=whole.dtype, out=whole)
    known[...] = whole
    _mirror(wide[:1], margin, len(coarse))
    np.add(_between(wide[:1], margin, coarse, 0), phases[1], out=between)
    _mirror(wide, margin, len(fine))
    found = [whole, between]
    for start in range(2):
        odd = _between(wide, margin, fine, start)
        odd += phases[2 + start]
        found.append(odd)
    places = out.reshape(*out.shape[:-1], size, PHASES)
    with np.errstate(invalid="ignore"):  # what is out of range was never encoded
        for at, phase in zip(_ORDER, found, strict=True):
            places[..., at] = phase.astype(out.dtype)


def _between(wide: Table, margin: int, taps: Taps, start: int) -> Table:
    """What known samples say of those behind every sample `start`, rounded half to even.

    `wide` has the known samples in as many phases as its first axis is long.
    """
    n_phases = len(wide)
    size = wide.shape[-1] - 2 * margin

    def known(index: int) -> Table:
        at = margin + index // n_phases
        phase: Table = wide[index % n_phases]
        return phase[..., at : at + size]

    total: Table = known(start) + known(start + 1)
    total *= taps[0]
    for pair in range(1, len(taps)):
        both = known(start - pair) + known(start + 1 + pair)
        both *= taps[pair]
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

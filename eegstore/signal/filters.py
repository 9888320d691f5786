"""Filtering samples: every stretch without a gap on its own, so that no gap ever spreads."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from eegstore.signal.filter_design import Filter
from eegstore.signal.spans import runs


def filtered(data: NDArray[Any], design: Filter) -> NDArray[np.float64]:
    """Filtered samples; NaN where there were none, and nowhere else.

    Each run of samples between two gaps starts anew, as if what lies beyond its ends were the
    run itself turned over (odd extension), in the steady state of its first value.

    Parameters
    ----------
    data : ndarray of float, (n_channels, n_samples)
        NaN (or infinite) in gaps. To be true up to its ends, a page needs ``design.before`` and
        ``design.after`` seconds around it.

    Returns
    -------
    ndarray, (n_channels, n_samples)
    """
    values = np.asarray(data, np.float64)
    missing = ~np.isfinite(values)
    if design.is_off:
        return np.where(missing, np.nan, values)
    if not missing.any():
        return _run(values, design)
    result = np.full(values.shape, np.nan)
    alike: dict[bytes, list[int]] = {}
    for row, mask in enumerate(missing):
        alike.setdefault(mask.tobytes(), []).append(row)
    for rows in alike.values():
        for lo, hi in runs(~missing[rows[0]]):
            result[rows, lo:hi] = _run(values[rows, lo:hi], design)
    return result


def _run(values: NDArray[np.float64], design: Filter) -> NDArray[np.float64]:
    """Samples without gaps; shorter runs than the extension are extended by what they have."""
    n_samples = values.shape[-1]
    if values.size == 0:
        return values.copy()
    sos = design.sos.copy()  # scipy takes no read-only array
    result: NDArray[np.float64]
    if design.setting.zero_phase:
        edge = min(design.edge, n_samples - 1)
        result = signal.sosfiltfilt(
            sos, values, axis=-1, padtype="odd" if edge else None, padlen=edge
        )
        return result
    steady = signal.sosfilt_zi(sos)[:, None, :] * values[None, :, :1]
    result, _ = signal.sosfilt(sos, values, axis=-1, zi=steady)
    return result

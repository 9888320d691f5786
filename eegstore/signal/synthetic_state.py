"""Is the synthetic patient asleep, are the eyes closed: functions of time alone."""

import numpy as np
from scipy.special import expit

from eegstore.signal.synthetic_noise import Array, wander

_SLEEP, _EYES = 100, 102  # streams


def sleep(seed: int, times: Array) -> Array:
    """Depth of sleep, 0 (awake) to 1, at ascending `times` [s], (n_times,).

    Changes over minutes. The first minutes are mostly awake.
    """
    course = 0.7 * wander(seed, _SLEEP, times, 40.0)[0] + wander(seed, _SLEEP + 1, times, 180.0)[0]
    depth: Array = expit(4 * (course - 0.2 - 3 * np.exp(-times / 100)))
    return depth


def eyes_closed(seed: int, times: Array) -> Array:
    """How far the eyes are closed, 0 to 1, at ascending `times` [s], (n_times,)."""
    open_or_closed = wander(seed, _EYES, times, 8.0)[0] + 0.1
    closed: Array = np.maximum(expit(12 * open_or_closed), sleep(seed, times))
    return closed

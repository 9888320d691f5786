"""What happens once in a while in the synthetic EEG: blinks, glances, spindles, spikes.

Time is cut into cells. The events that begin in a cell belong to it and end within the
next, so any stretch is known from its own cells and the one before.
"""

import numpy as np

from eegstore.signal.synthetic_noise import Array, generator
from eegstore.signal.synthetic_scalp import near, position
from eegstore.signal.synthetic_seizure import begins_left
from eegstore.signal.synthetic_state import eyes_closed, sleep

CELL = 5  # [s]
_STREAM = 500
_KINDS = ("blink", "blink", "glance", "spindle", "spindle", "vertex", "vertex", "spike")
_EYES = near(position(100, 90), 0.42)
_GAZE = near("F8", 0.3) - near("F7", 0.3)


def add_events(target: Array, seed: int, start: int, sfreq: int) -> None:
    """Add the events to the potentials [uV] `target`, (21, n_samples), which begin at `start` [s].

    Whole cells only: `start` and the length are multiples of `CELL`.
    """
    n_cells = target.shape[1] // (CELL * sfreq)
    for cell in range(max(start // CELL - 1, 0), start // CELL + n_cells):
        for onset, field, wave in _events_of(seed, cell, sfreq):
            at = onset - start * sfreq
            lo, hi = max(at, 0), min(at + len(wave), target.shape[1])
            if lo < hi:
                target[:, lo:hi] += field[:, None] * wave[lo - at : hi - at]


def _events_of(seed: int, cell: int, sfreq: int) -> list[tuple[int, Array, Array]]:
    """(first sample, what each electrode sees (21,), course [uV]) of each event of a cell."""
    random = generator(seed, _STREAM, cell)
    onsets = CELL * (cell + np.sort(random.random(len(_KINDS))))
    asleep, watching = sleep(seed, onsets), 1 - eyes_closed(seed, onsets)
    found = []
    for i, kind in enumerate(random.permutation(_KINDS)):
        likely = {
            "blink": 0.7 * watching[i],
            "glance": 0.6 * watching[i],
            "spindle": 0.6 * asleep[i],
            "vertex": 0.45 * asleep[i],
            "spike": 0.05 + 0.25 * asleep[i],
        }[kind]
        if random.random() < likely:
            field, wave = _COURSES[kind](random, seed, sfreq)
            found.append((round(onsets[i] * sfreq), field, wave))
    return found


def _bump(times: Array, at: float, width: float) -> Array:
    bump: Array = np.exp(-(((times - at) / width) ** 2))
    return bump


def _blink(random: np.random.Generator, seed: int, sfreq: int) -> tuple[Array, Array]:
    times = np.arange(2 * sfreq) / sfreq
    fast, late = times / random.uniform(0.09, 0.12), times / 0.4
    lid = (fast * np.exp(1 - fast)) ** 4 - 0.16 * (late * np.exp(1 - late)) ** 4
    return _EYES, random.uniform(110, 220) * lid


def _glance(random: np.random.Generator, seed: int, sfreq: int) -> tuple[Array, Array]:
    times = np.arange(4 * sfreq) / sfreq
    turn = (1 - np.exp(-((times / 0.03) ** 2))) * np.exp(-times / 0.5)
    return _GAZE, random.choice([-1, 1]) * random.uniform(15, 50) * turn


def _spindle(random: np.random.Generator, seed: int, sfreq: int) -> tuple[Array, Array]:
    length = random.uniform(0.6, 1.4)
    times = np.arange(round(length * sfreq)) / sfreq
    swell = np.sin(np.pi * (times / length) ** random.uniform(0.7, 1.3)) ** 2
    phase = 2 * np.pi * (random.uniform(12.4, 14.4) * times - 0.4 * times**2)
    skew = near(("C3", "CZ", "C4")[random.integers(3)], 0.3)
    field = 0.8 * near("CZ", 0.6) + 0.4 * skew
    return field, random.uniform(14, 32) * swell * np.sin(phase + random.uniform(0, 6))


def _vertex(random: np.random.Generator, seed: int, sfreq: int) -> tuple[Array, Array]:
    times = np.arange(2 * sfreq) / sfreq
    slow = random.uniform(0.8, 1.6)
    sharp = -_bump(times, 0.25 * slow, 0.045 * slow) + 0.5 * _bump(times, 0.4 * slow, 0.09 * slow)
    return near("CZ", random.uniform(0.45, 0.7)), random.uniform(60, 140) * sharp


def _spike(random: np.random.Generator, seed: int, sfreq: int) -> tuple[Array, Array]:
    times = np.arange(2 * sfreq) / sfreq
    sharp = -_bump(times, 0.15, 0.02) + 0.35 * _bump(times, 0.2, 0.025)
    field = near("T7" if begins_left(seed) else "T8", random.uniform(0.3, 0.45))
    return field, random.uniform(45, 95) * (sharp - 0.45 * _bump(times, 0.34, 0.09))


_COURSES = {
    "blink": _blink,
    "glance": _glance,
    "spindle": _spindle,
    "vertex": _vertex,
    "spike": _spike,
}

"""Seizures of the synthetic EEG: when they come, and what the electrodes see of them.

Temporal lobe onset at 6 to 7 Hz, spread to the same side and then across, slowing to
2 to 3 Hz with growing amplitude and sharper waves, an abrupt end.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from eegstore.signal.synthetic_noise import Array, generator, wander
from eegstore.signal.synthetic_scalp import near

_STREAM = 700
_FIRST = 0.4  # of the time between seizures comes before the first
_LONGEST = 60.0  # [s]
_SPREAD = (
    # electrode on the left, on the right, width, joins after (of the duration), amplitude, lag
    ("T7", "T8", 0.42, 0.0, 1.0, 0.0),
    ("F7", "F8", 0.38, 0.06, 0.75, 0.5),
    ("P7", "P8", 0.40, 0.18, 0.55, -0.6),
    ("F3", "F4", 0.45, 0.30, 0.70, 0.9),
    ("CZ", "CZ", 0.45, 0.42, 0.65, 1.3),
    ("T8", "T7", 0.45, 0.50, 0.65, 1.9),
    ("F4", "F3", 0.42, 0.55, 0.65, 2.3),
    ("O2", "O1", 0.45, 0.60, 0.45, 2.8),
)


@dataclass(frozen=True, slots=True)
class Seizure:
    """Where in the recording a seizure is."""

    number: int
    first_sample: int
    n_samples: int


def seizure(seed: int, every: float, sfreq: int, number: int) -> Seizure:
    """Seizure `number` of an endless row, one in each `every` seconds.

    The first begins at 0.4 of `every`, within 1 %; the others within 10 %, so that two
    never meet where `every` is 100 s or more.
    """
    random = generator(seed, _STREAM, number)
    stray = random.uniform(-0.01, 0.01) if number == 0 else random.uniform(-0.1, 0.1)
    start = every * (number + _FIRST + stray)
    duration = random.uniform(20.0, _LONGEST)
    return Seizure(number, round(start * sfreq), round(duration * sfreq))


def seizures_between(seed: int, every: float, sfreq: int, first: int, stop: int) -> list[Seizure]:
    """The seizures that have a sample between `first` and `stop`."""
    if np.isinf(every):
        return []
    lowest = int(first / sfreq / every - _FIRST - 0.1 - _LONGEST / every)
    highest = int(stop / sfreq / every) + 1
    row = (seizure(seed, every, sfreq, n) for n in range(max(lowest, 0), highest + 1))
    return [s for s in row if s.first_sample < stop and s.first_sample + s.n_samples > first]


def begins_left(seed: int) -> bool:
    """The side on which all seizures of a `seed` begin, as those of a patient often do."""
    return bool(generator(seed, _STREAM).random() < 0.5)


@lru_cache(maxsize=8)
def potentials(seed: int, sfreq: int, what: Seizure) -> Array:
    """What a seizure adds to the electrodes [uV], (21, n_samples)."""
    left = begins_left(seed)
    random = generator(seed, _STREAM, what.number, 1)
    times = np.arange(what.n_samples) / sfreq
    duration = what.n_samples / sfreq
    done = times / duration
    stream = _STREAM + 1 + 2 * what.number

    first_rate, last_rate = random.uniform(6.0, 7.0), random.uniform(2.2, 2.9)
    rate = first_rate * (last_rate / first_rate) ** (done**0.9)
    rate *= 1 + 0.05 * wander(seed, stream, times, 0.6)[0]
    phase = 2 * np.pi * np.cumsum(rate) / sfreq
    growth = random.uniform(40, 50) + random.uniform(180, 240) * done**1.2
    edges = np.clip(times / 2.0, 0, 1) ** 1.5 * np.clip((duration - times) / 0.25, 0, 1)

    n = len(_SPREAD)
    slips = wander(seed, stream + 1, times, 1.6, 2 * n)
    total = np.zeros((21, what.n_samples))
    for i, (on_left, on_right, width, joins, amplitude, lag) in enumerate(_SPREAD):
        here = phase - lag + 0.55 * slips[i]
        joined = 1 / (1 + np.exp(-(done - joins - 0.04) * duration / 1.2))
        envelope = growth * edges * joined * amplitude * np.exp(0.28 * slips[n + i])
        field = near(on_left if left else on_right, width)
        total -= field[:, None] * (envelope * _wave(here, done))
    return total


def _wave(phase: Array, done: Array) -> Array:
    """A rhythm that begins rounded and ends as sharp and slow waves."""
    sharpness = 1.5 + 7 * done
    sharp = np.exp(sharpness * (np.cos(phase) - 1))
    rounded = np.cos(phase) + 0.25 * np.cos(2 * phase - 0.9)
    slow = np.cos(phase - 2.4)
    wave: Array = (1 - done) * rounded + done * (1.25 * sharp - 0.35 + 0.75 * slow)
    return wave

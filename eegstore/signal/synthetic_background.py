"""The synthetic EEG between and under seizures: potentials of the electrodes.

Slow and fast activity that falls off with frequency, alpha over the back of the head
while the eyes are closed, mu, frontal theta, muscle and a trace of mains. In sleep the
slow waves grow and the rhythms of waking go; in a seizure the background flattens, and
after it slow waves remain for a while.
"""

import numpy as np

from eegstore.signal.synthetic_events import add_events
from eegstore.signal.synthetic_noise import BLOCK, Array, ColoredNoise, Density, generator, wander
from eegstore.signal.synthetic_scalp import ELECTRODES, mix, near, spread
from eegstore.signal.synthetic_seizure import Seizure
from eegstore.signal.synthetic_state import eyes_closed, sleep

_BROAD, _RHYTHMS, _ENVELOPES, _SWELLS, _MUSCLE, _LINE = 200, 201, 202, 203, 204, 205  # streams
_MAINS = 60.0  # [Hz]
_GAIN = {
    "FP1": 0.55, "FP2": 0.55, "F7": 0.6, "F8": 0.6, "T7": 0.65, "T8": 0.65, "P7": 0.7,
    "P8": 0.7, "O1": 0.8, "O2": 0.8, "F3": 0.95, "F4": 0.95, "C3": 1.0, "C4": 1.0, "P3": 0.95,
    "P4": 0.95, "FZ": 1.05, "CZ": 1.25, "PZ": 1.1, "FT9": 0.5, "FT10": 0.5,
}  # fmt: skip
_MUSCLE_GAIN = {
    "T7": 1.0, "T8": 1.0, "F7": 0.8, "F8": 0.8, "FT9": 0.9, "FT10": 0.9, "FP1": 0.45, "FP2": 0.45,
    "P7": 0.4, "P8": 0.4, "O1": 0.3, "O2": 0.3,
}  # fmt: skip
_N = len(ELECTRODES)


class Background:
    """Electrode potentials [uV] in blocks of `BLOCK` seconds."""

    def __init__(self, seed: int, sfreq: int) -> None:
        self._seed, self._sfreq = seed, sfreq
        self._broad = ColoredNoise(
            seed, _BROAD, sfreq, [(_N, _slow), (_N, _fast), (_N, _muscle), (_N, _amplifier)]
        )
        self._rhythms = ColoredNoise(
            seed, _RHYTHMS, sfreq,
            [(4, _peak(9.8, 0.7)), (2, _peak(10.6, 0.8)), (2, _peak(5.8, 0.9)), (2, _peak(19, 3))],
        )  # fmt: skip
        gain = np.array([_GAIN[name] for name in ELECTRODES])
        self._slow_mix, self._fast_mix = spread(gain, 0.55), spread(gain, 0.32)
        self._rhythm_fields = np.column_stack(
            [near("O1", 0.5), near("O2", 0.5), near("P3", 0.45), near("P4", 0.45),
             near("C3", 0.3), near("C4", 0.3), near("FZ", 0.5), near("CZ", 0.7),
             near("F3", 0.5), near("F4", 0.5)]
        )  # fmt: skip
        self._muscle_gain = np.array([_MUSCLE_GAIN.get(name, 0.12) for name in ELECTRODES])
        line = generator(seed, _LINE)
        sizes = np.minimum(line.lognormal(-1.8, 0.8, _N), 0.8)  # [uV]
        self._line = sizes * np.exp(2j * np.pi * line.random(_N))

    def block(self, number: int, seizures: list[Seizure]) -> tuple[Array, Array]:
        """Potentials and the noise of the amplifier [uV], (21, BLOCK * sfreq) each."""
        first = number * BLOCK * self._sfreq
        times = np.arange(first, first + BLOCK * self._sfreq) / self._sfreq
        asleep, closed = sleep(self._seed, times), eyes_closed(self._seed, times)
        during, clonic, dazed, after = _around(seizures, times, self._sfreq)
        calm = 1 - 0.65 * during

        slow, fast, muscle, amplifier = np.split(self._broad.block(number), 4)
        swell = np.exp(0.4 * wander(self._seed, _ENVELOPES, times, 0.9, 2 * _N))
        slow_size = (22 + 55 * asleep + 40 * after) * calm
        fast_size = (14 + 8 * asleep) * (1 - 0.4 * dazed) * calm
        total = mix(self._slow_mix, slow * swell[:_N] * slow_size)
        total += mix(self._fast_mix, fast * swell[_N:] * fast_size)
        rhythm = self._rhythm(number, times, asleep, closed, during, dazed)
        total += mix(self._rhythm_fields, rhythm)
        total += self._muscle_gain[:, None] * muscle * self._tension(times, asleep, clonic)
        add_events(total, self._seed, number * BLOCK, self._sfreq)
        turn = np.exp(2j * np.pi * _MAINS * (times % 1.0))
        total += (self._line[:, None] * turn).real
        return total, 0.45 * amplifier

    def _rhythm(
        self, number: int, times: Array, asleep: Array, closed: Array, during: Array, dazed: Array
    ) -> Array:
        """Alpha (4), mu (2), theta (2) and beta (2) at their sources [uV], (10, n_samples)."""
        wave = self._rhythms.analytic_block(number)
        second = wave**2 / (np.abs(wave) + 1e-9)  # the octave, in step with the wave
        lag = np.exp(1j * np.array([0.6] * 4 + [1.9] * 2 + [0.0] * 4))[:, None]
        shaped = wave.real + 0.28 * (second * lag).real
        swell = np.exp(0.45 * wander(self._seed, _SWELLS, times, 2.2, len(wave)))
        awake = (1 - asleep) * (1 - during) * (1 - 0.85 * dazed)
        alpha = awake * (0.12 + 0.88 * closed)
        sizes = np.stack(
            [30 * alpha] * 2 + [9 * alpha] * 2 + [8 * awake] * 2
            + [7 + 9 * asleep * (1 - asleep) * 4] * 2 + [2.5 * (1 - during)] * 2
        )  # fmt: skip
        return shaped * swell * sizes

    def _tension(self, times: Array, asleep: Array, clonic: Array) -> Array:
        """Size of muscle activity [uV], (21, n_samples): rare bursts, more in a seizure."""
        tone = wander(self._seed, _MUSCLE, times, 0.7, _N)
        effort = wander(self._seed, _MUSCLE + 50, times, 8.0)[0]
        burst = np.exp(np.minimum(0.9 * tone + 1.5 * effort - 1, 2.3))
        tension: Array = 0.5 + burst * ((1 - asleep) ** 2 + 6 * clonic)
        return tension


def _around(seizures: list[Seizure], times: Array, sfreq: int) -> tuple[Array, ...]:
    """How far there is a seizure, its muscle, rhythms lost after it, slow waves after it.

    Each 0 to 1, (n_times,).
    """
    during, clonic, dazed, after = np.zeros((4, len(times)))
    for one in seizures:
        begun = times - one.first_sample / sfreq
        over = begun - one.n_samples / sfreq
        during += np.clip(begun / 3, 0, 1) * np.clip(1 - over, 0, 1)
        clonic += np.clip((begun - 5) / 12, 0, 1) * np.clip(1 - over, 0, 1)
        recovery = np.exp(-np.maximum(over, 0) / 25)
        dazed += np.clip(over, 0, 1) * recovery
        after += np.clip(over / 8, 0, 1) * recovery
    return during, clonic, dazed, after


def _slow(frequencies: Array) -> Array:
    density: Array = _rise(frequencies, 0.7) / (1 + (frequencies / 2.2) ** 3.5)
    return density


def _fast(frequencies: Array) -> Array:
    density: Array = _rise(frequencies, 2.0) / (1 + (frequencies / 7) ** 2) ** 1.9
    return density


def _muscle(frequencies: Array) -> Array:
    density: Array = _rise(frequencies, 28.0, 3) / (1 + (frequencies / 95) ** 6)
    return density


def _amplifier(frequencies: Array) -> Array:
    density: Array = _rise(frequencies, 0.5) / (1 + frequencies / 2) ** 1.3
    return density


def _rise(frequencies: Array, corner: float, order: int = 1) -> Array:
    """A high-pass filter's power, 0 at 0 Hz."""
    rise: Array = frequencies ** (2 * order) / (frequencies ** (2 * order) + corner ** (2 * order))
    return rise


def _peak(centre: float, width: float) -> Density:
    """A rhythm around `centre` [Hz]."""

    def density(frequencies: Array) -> Array:
        bell: Array = np.exp(-(((frequencies - centre) / width) ** 2))
        return bell

    return density

"""The filters as numbers: second-order sections, and how far beyond a page they must read.

Orders, of one pass: LFF a Butterworth of order 1 (6 dB/octave, the RC filter of an analog
machine: LFF 1 Hz is a time constant of 0.16 s), HFF a Butterworth of order 2 (12 dB/octave),
notch a resonator of order 2. Two passes double the slopes.

A label is where LFF and HFF together are down by 3 dB after all passes. The cutoff of one pass
lies further out: each of two passes may take 1.5 dB at the label, and less where the other
filter takes some too. It is found in the warped frequency tan(pi f / sfreq), which is exact at
every sampling frequency. The notch is 2 Hz wide between its own -3 dB points.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import atan, ceil, inf, log, pi, sqrt, tan

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from eegstore.signal.filter_setting import Setting

LFF_ORDER, HFF_ORDER = 1, 2
NOTCH_WIDTH = 2.0  # [Hz]

TAIL = 1e-5
"""How much of the impulse response may lie beyond the padding.

Samples beyond the padding are off by twice the range of the signal at most: with steps of 5 mV
0.1 uV at either end, so two halves of a page differ from the whole by less than 0.5 uV.
"""

_SLOW_ENOUGH = 1024.0  # [Hz]; above it the length of the response [s] is that of an analog filter


@dataclass(frozen=True, slots=True)
class Filter:
    """A setting at one sampling frequency."""

    setting: Setting  # as it is applied: what is impossible here is off
    sfreq: float  # [Hz]
    sos: NDArray[np.float64]  # (n_sections, 6), of one pass; read-only
    notes: tuple[str, ...]  # what was left out, and why
    before: int  # how much must be read before a page [s]
    after: int  # and after it [s]
    edge: int  # by how much a run is extended at its ends [sample]

    @property
    def is_off(self) -> bool:
        """Whether nothing is filtered."""
        return len(self.sos) == 0


@lru_cache(maxsize=512)
def design(setting: Setting, sfreq: Fraction | float) -> Filter:
    """The filters of a setting for channels of `sfreq` [Hz].

    A label that is not below half of `sfreq` cannot be applied: that filter is off, and a note
    says so.
    """
    rate = float(sfreq)
    possible, notes = _possible(setting, rate)
    sos = _sections(possible, rate)
    sos.flags.writeable = False
    before, after = _padding(_sections(possible, min(rate, _SLOW_ENOUGH)), possible, rate)
    edge = 0 if len(sos) == 0 else ceil(-3 / log(_slowest(sos)))
    return Filter(possible, rate, sos, notes, before, after, edge)


def response(design: Filter, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gain of the whole filter, all passes, at some frequencies [Hz]."""
    if design.is_off:
        return np.ones(len(frequencies))
    _, once = signal.freqz_sos(design.sos, worN=frequencies, fs=design.sfreq)
    gain: NDArray[np.float64] = np.abs(once)
    return gain**2 if design.setting.zero_phase else gain


def _possible(setting: Setting, sfreq: float) -> tuple[Setting, tuple[str, ...]]:
    labels = {"LFF": setting.lff, "HFF": setting.hff, "notch": setting.notch}
    notes = []
    for name, label in labels.items():
        if label is not None and label >= sfreq / 2:
            labels[name] = None
            notes.append(
                f"{name} {label:g} Hz is off: at {sfreq:g} Hz only frequencies below "
                f"{sfreq / 2:g} Hz exist"
            )
    kept = Setting(labels["LFF"], labels["HFF"], labels["notch"], setting.zero_phase)
    return kept, tuple(notes)


def _sections(setting: Setting, sfreq: float) -> NDArray[np.float64]:
    passes = 2 if setting.zero_phase else 1
    low, high = _cutoffs(setting, sfreq, passes)
    parts = []
    if low is not None:
        parts.append(signal.butter(LFF_ORDER, low, "highpass", output="sos", fs=sfreq))
    if high is not None:
        parts.append(signal.butter(HFF_ORDER, high, "lowpass", output="sos", fs=sfreq))
    if setting.notch is not None:
        narrowed = tan(pi * NOTCH_WIDTH / sfreq) * sqrt(_odds(sqrt(0.5), passes))
        width = atan(narrowed) * sfreq / pi
        b, a = signal.iirnotch(setting.notch, setting.notch / width, fs=sfreq)
        parts.append(np.concatenate([b, a])[None, :])
    return np.concatenate(parts) if parts else np.empty((0, 6))


def _cutoffs(setting: Setting, sfreq: float, passes: int) -> tuple[float | None, float | None]:
    """Cutoffs of one pass [Hz] with which both together take 3 dB at either label.

    A Butterworth filter passes ``1 / (1 + (w / cutoff)^2n)`` of the power, w warped; a
    high-pass has the inverse ratio.
    """
    if setting.lff is None and setting.hff is None:
        return None, None
    low = None if setting.lff is None else tan(pi * setting.lff / sfreq)
    high = None if setting.hff is None else tan(pi * setting.hff / sfreq)
    cut_low, cut_high = low or 0.0, high or inf
    for _ in range(30 if low is not None and high is not None else 1):
        taken = (1 + ((low or 0.0) / cut_high) ** (2 * HFF_ORDER)) ** (passes / 2)
        odds = _odds(sqrt(0.5) * taken, passes)
        cut_low = (low or 0.0) * odds ** (1 / (2 * LFF_ORDER))
        taken = (1 + (cut_low / high) ** (2 * LFF_ORDER)) ** (passes / 2) if high else 1.0
        odds = _odds(sqrt(0.5) * taken, passes)
        cut_high = (high or inf) / odds ** (1 / (2 * HFF_ORDER))
    return (
        None if low is None else atan(cut_low) * sfreq / pi,
        None if high is None else atan(cut_high) * sfreq / pi,
    )


def _odds(gain: float, passes: int) -> float:
    """Power stopped by power passed in one pass, when all passes together have that gain."""
    return float(gain ** (-2 / passes) - 1)


def _slowest(sos: NDArray[np.float64]) -> float:
    """By which factor the slowest part of the response shrinks with every sample."""
    return float(max(np.abs(np.roots(section[3:])).max() for section in sos))


def _padding(sos: NDArray[np.float64], setting: Setting, sfreq: float) -> tuple[int, int]:
    """Whole seconds before and after a page, so that no more than `TAIL` is left out."""
    if len(sos) == 0:
        return 0, 0
    rate = min(sfreq, _SLOW_ENOUGH)
    impulse = np.zeros(ceil(log(TAIL * 1e-4) / log(_slowest(sos))) + 16)
    impulse[0] = 1.0
    kernel = np.asarray(signal.sosfilt(sos, impulse), np.float64)
    if setting.zero_phase:
        kernel = signal.correlate(kernel, kernel, method="fft")[len(kernel) - 1 :]
    beyond = np.abs(kernel)[::-1].cumsum()[::-1]  # from each sample on
    n_samples = int((beyond > TAIL).sum())
    seconds = ceil(n_samples / rate)
    return seconds, seconds if setting.zero_phase else 0

"""A synthetic scalp EEG, endless, the same at every asking: numbers only.

23 bipolar channels as in CHB-MIT (Guttag 2010, PhysioNet), made from the potentials of 21
electrodes, so that the channels hang together as real ones do: T8-P8 comes twice, P7-T7 is
the reverse of T7-P7, and the two chains of each side close up to the noise of the
amplifiers.
"""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import Annotation, Channel, Chunk, Recording, SampleType
from eegstore.signal.synthetic_background import Background
from eegstore.signal.synthetic_noise import BLOCK
from eegstore.signal.synthetic_scalp import DERIVATION, LABELS, mix
from eegstore.signal.synthetic_seizure import Seizure, potentials, seizures_between
from eegstore.timebase import full_runs

_LASTING = 300  # [s], how long a seizure is still felt after its start
_OWN = [row for row, label in enumerate(LABELS) if label != "P7-T7"][:-1]
"""Channels with an amplifier of their own: neither the second T8-P8 nor P7-T7."""


class SyntheticEeg:
    """An endless recording that no patient gave.

    Parameters
    ----------
    seed : int
        >= 0; each is another patient.
    seizure_every : float
        [s], at least 100; ``math.inf`` for none. The first seizure begins after 0.4 of it.
    sfreq : int
        [Hz], 160 to 4096.

    Raises
    ------
    InvalidDataError
        When a parameter is outside its limits.
    """

    def __init__(self, seed: int = 0, seizure_every: float = 300.0, sfreq: int = 256) -> None:
        if seed < 0:
            raise InvalidDataError(f"seed is {seed}; it must be 0 or more")
        if not seizure_every >= 100:
            raise InvalidDataError(f"seizure_every is {seizure_every} s; at least 100")
        if not 160 <= sfreq <= 4096:
            raise InvalidDataError(f"sfreq is {sfreq} Hz; allowed are 160 to 4096")
        self.seed, self.seizure_every, self.sfreq = seed, seizure_every, sfreq
        self.channels = tuple(
            Channel(
                label, Fraction(sfreq), physical_min=-800.0, physical_max=800.0,
                digital_min=-2048, digital_max=2047,
            )
            for label in LABELS
        )  # fmt: skip
        self._background = Background(seed, sfreq)
        self._block = lru_cache(maxsize=4)(self._make_block)

    def digital(self, start: int, stop: int) -> NDArray[np.int16]:
        """The counts between two whole seconds, (23, (stop - start) * sfreq).

        A second has the same samples however it is asked for.

        Raises
        ------
        SpanError
            When `start` is negative or after `stop`.
        """
        if not 0 <= start <= stop:
            raise SpanError(
                f"from {start} s to {stop} s; a span begins at 0 or later and ends later"
            )
        parts = [np.empty((len(LABELS), 0), "<i2")]
        for number in range(start // BLOCK, -(-stop // BLOCK)):
            lo, hi = (max(0, min(BLOCK, at - number * BLOCK)) for at in (start, stop))
            parts.append(self._block(number)[:, lo * self.sfreq : hi * self.sfreq])
        return np.concatenate(parts, axis=1)

    def chunk(self, second: int) -> Chunk:
        """Second `second` as it is stored."""
        samples = self.digital(second, second + 1).reshape(-1)
        return Chunk(second, full_runs(self.channels, second), samples)

    def chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        """The chunks of the seconds ``start <= second < stop``, one by one."""
        return (self.chunk(second) for second in range(start, stop))

    def recording(
        self, patient_id: str, recording_id: str, start_time: datetime | None = None
    ) -> Recording:
        """The declaration of this recording; `start_time` is local, without a zone."""
        return Recording(
            patient_id, recording_id, self.channels, SampleType.INT16, start_time,
            device="eegstore synthetic",
        )  # fmt: skip

    def seizures(self, start: float, stop: float) -> tuple[tuple[float, float], ...]:
        """Start and stop [s] of the seizures that overlap ``start <= t < stop`` [s]."""
        return tuple(
            (one.first_sample / self.sfreq, (one.first_sample + one.n_samples) / self.sfreq)
            for one in self._seizures(round(start * self.sfreq), round(stop * self.sfreq))
        )

    def annotations(self, start: float, stop: float) -> list[Annotation]:
        """The seizures that overlap ``start <= t < stop`` [s]; who plays them names them."""
        return [
            Annotation(
                onset=onset,
                duration=end - onset,
                description="seizure",
                source="synthetic",
            )
            for onset, end in self.seizures(start, stop)
        ]

    def _seizures(self, first: int, stop: int) -> list[Seizure]:
        return seizures_between(self.seed, self.seizure_every, self.sfreq, first, stop)

    def _make_block(self, number: int) -> NDArray[np.int16]:
        first = number * BLOCK * self.sfreq
        stop = first + BLOCK * self.sfreq
        seizures = self._seizures(first - _LASTING * self.sfreq, stop)
        potential, noise = self._background.block(number, seizures)
        for one in seizures:
            lo, hi = max(one.first_sample, first), min(one.first_sample + one.n_samples, stop)
            if lo < hi:
                shape = potentials(self.seed, self.sfreq, one)
                here = shape[:, lo - one.first_sample : hi - one.first_sample]
                potential[:, lo - first : hi - first] += here
        volts = mix(DERIVATION, potential)
        for row, own in zip(_OWN, noise, strict=True):
            volts[row] += own
        counts = np.rint(volts / self.channels[0].gain)
        counts[LABELS.index("P7-T7")] = -counts[LABELS.index("T7-P7")]
        counts[-1] = counts[LABELS.index("T8-P8")]
        block: NDArray[np.int16] = np.clip(counts, -32768, 32767).astype("<i2")
        block.flags.writeable = False
        return block

"""A short recording with everything that may happen in one, for tests of the device."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import httpx
import numpy as np

from eegstore.client import Client
from eegstore.model import Annotation, Channel, Chunk, Recording, SampleType
from eegstore.timebase import full_runs
from tests.unit.fake_api import KEY, FakeApi

IDS = ("chb01", "night-1")


class MadeSource:
    """Noise with gaps, an incomplete second and two presses of a button."""

    def __init__(
        self,
        n_seconds: int | None = 150,
        gaps: Sequence[int] = (3, 4, 70),
        sample_type: SampleType = SampleType.INT16,
    ) -> None:
        channels = tuple(
            Channel(f"c{n}", rate, physical_min=-800.0, physical_max=800.0,
                    digital_min=-2048, digital_max=2047)
            for n, rate in enumerate((Fraction(16), Fraction(64, 5)))
        )  # fmt: skip
        self.recording = Recording(*IDS, channels, sample_type, device="amp 7")
        self.n_seconds, self._gaps = n_seconds, frozenset(gaps)

    def chunk(self, second: int) -> Chunk | None:
        if second in self._gaps or (self.n_seconds is not None and second >= self.n_seconds):
            return None
        runs = full_runs(self.recording.channels, second)
        if second == 7:
            runs = (((0, 5), (9, 2)), ())
        size = sum(count for channel in runs for _, count in channel)
        samples = np.random.default_rng(second).integers(-2048, 2048, size)
        return Chunk(second, runs, samples.astype(self.recording.sample_type.dtype))

    def annotations(self, start: int, stop: int | None) -> list[Annotation]:
        made = [Annotation(onset, None, "button", source="device") for onset in (2.5, 2.5, 140.0)]
        return [a for a in made if start <= a.onset < (math.inf if stop is None else stop)]

    @property
    def recorded(self) -> dict[int, bytes]:
        assert self.n_seconds is not None
        chunks = (self.chunk(second) for second in range(self.n_seconds))
        return {c.second: c.samples.tobytes() for c in chunks if c is not None}


def arrived(api: FakeApi, ids: tuple[str, str] = IDS) -> dict[int, bytes]:
    return {second: c.samples.tobytes() for second, c in sorted(api.seconds[ids].items())}


def client_of(api: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client("http://api.test", KEY, transport=httpx.MockTransport(api))

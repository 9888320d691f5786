"""Seconds of a recording with several rates, and a client that hears one answer."""

from dataclasses import replace
from fractions import Fraction

import httpx
import numpy as np

from eegstore.client import Client
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.timebase import full_runs
from tests.unit.fake_api import KEY

RATES = (Fraction(256), Fraction(64, 5), Fraction(1, 30), Fraction(100))


def recording(sample_type: SampleType = SampleType.INT16, **changes: object) -> Recording:
    channels = (
        Channel("FP1-F7", RATES[0], physical_min=-800, physical_max=800,
                digital_min=-2048, digital_max=2047),
        Channel("T8-P8", RATES[0], physical_min=800, physical_max=-800.5,
                digital_min=-2048, digital_max=2047, prefiltering="HP:0.1Hz"),
        Channel("T8-P8", RATES[1], "mV", -3, 3, -32768, 32767),
        Channel("SaO2", RATES[2], "%", 0, 100, 0, 1000),
    )  # fmt: skip
    return replace(Recording("chb01", "chb01_03.edf", channels, sample_type), **changes)


def chunk(of: Recording, second: int, seed: int = 0) -> Chunk:
    runs = full_runs(of.channels, second)
    size = sum(count for channel in runs for _, count in channel)
    rng = np.random.default_rng([seed, second])
    if of.sample_type is SampleType.FLOAT32:
        return Chunk(second, runs, rng.normal(0, 50, size).astype("<f4"))
    limits = np.iinfo(of.sample_type.dtype)
    return Chunk(
        second, runs, rng.integers(limits.min, limits.max + 1, size).astype(of.sample_type.dtype)
    )


def says(response: httpx.Response | Exception) -> Client:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    return Client("http://api.test", KEY, transport=httpx.MockTransport(handle))

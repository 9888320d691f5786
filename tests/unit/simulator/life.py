"""A device's whole life on one thread and a made clock, in any weather."""

import math
import random
from pathlib import Path

import httpx

from eegstore.device_buffer import DeviceBuffer
from eegstore.simulator import Report, Simulator
from tests.unit.fake_api import FakeApi, answer
from tests.unit.simulator.made_source import MadeSource, client_of


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Killed(BaseException):
    """The device dies in the middle of a request."""


class Weather:
    """What happens to requests, drawn from a seed, until `n_faults` have happened."""

    def __init__(self, api: FakeApi, clock: Clock, seed: int, n_faults: int) -> None:
        self._rng, self._clock, self._left = random.Random(seed), clock, n_faults
        self._down_until = -math.inf
        api.before, api.after = self._before, self._after

    def _strikes(self) -> bool:
        strikes = self._left > 0 and self._rng.random() < 0.25
        self._left -= strikes
        return strikes

    def _before(self, request: httpx.Request) -> httpx.Response | None:
        if self._clock.now < self._down_until:
            raise httpx.ConnectError("refused")
        if not self._strikes():
            return None
        match self._rng.choice(["restart", "lost", "503", "500", "login", "killed"]):
            case "restart":
                self._down_until = self._clock.now + self._rng.uniform(1, 200)
                raise httpx.ConnectError("refused")
            case "lost":
                raise httpx.ReadTimeout("lost on the way there")
            case "503":
                body = {"error": "StoreUnavailableError", "detail": "busy"}
                return answer(503, body, {"Retry-After": "3"})
            case "500":
                return httpx.Response(500, text="Internal Server Error")
            case "login":
                return httpx.Response(200, text="<html>Please log in</html>")
        raise Killed

    def _after(self, request: httpx.Request) -> httpx.Response | None:
        if not self._strikes():
            return None
        if self._rng.random() < 0.3:
            raise Killed
        raise httpx.RemoteProtocolError("lost on the way back")


def live(
    source: MadeSource,
    api: FakeApi,
    path: Path,
    clock: Clock,
    seed: int,
    *,
    speed: float | None = 1.0,
    json: bool = False,
    make: type[DeviceBuffer] = DeviceBuffer,
) -> Report:
    """A device's whole life on one thread and a made clock, switched on again when killed."""
    rng = random.Random(seed)
    for _ in range(1000):
        with make(path) as buffer, client_of(api) as client:
            device = Simulator(
                source, client, buffer=buffer, speed=speed, json=json, rng=rng,
                clock=clock, monotonic=clock,
            )  # fmt: skip
            acquire_at = send_at = clock.now
            ended = False
            try:
                for _ in range(10_000):
                    clock.now = max(clock.now, min(acquire_at, send_at))
                    if acquire_at <= clock.now:
                        delay = device.acquire()
                        ended = delay is None
                        late = rng.choice([0, 0, 0, rng.uniform(0, 20)])
                        acquire_at = math.inf if delay is None else clock.now + delay + late
                    if send_at <= clock.now:
                        delay = device.sender.step()
                        if delay is None:
                            assert ended
                            return device.report
                        send_at = clock.now + delay
                    if rng.random() < 0.005:
                        raise Killed
            except Killed:
                clock.now += rng.uniform(0, 30)
                continue
        raise AssertionError("10,000 steps, and the device is not done")
    raise AssertionError("the device dies all the time")

"""A recording that grows while it is looked at: who sends it, and what is waited for."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from eegstore import Client

from .conftest import Sent, made
from .screens import Screen


class Device:
    """Sends seconds of a recording of its own, in any order."""

    def __init__(self, client: Client, **more: Any) -> None:
        one = made(f"device-{uuid.uuid4().hex[:8]}", 120)
        self.sent = Sent(replace(one.recording, patient_id="grows", **more), one.counts)
        self.key = self.sent.recording.patient_id, self.sent.recording.recording_id
        self._client = client
        client.declare(self.sent.recording)

    def send(self, seconds: Iterable[int]) -> None:
        self._client.send(self.sent.recording, [self.sent.chunk(second) for second in seconds])

    def close(self) -> None:
        self._client.close_recording(*self.key)


def painted_to(screen: Screen, sample: int, row: int = 0) -> None:
    """Wait until a row is painted up to and without a sample, and no further."""
    screen.page.wait_for_function(
        "([row, end]) => eegstore.models.traces.data.ys[row]"
        "?.every((y, k) => isNaN(y) == (k >= end))",
        arg=[row, sample],
    )
    screen.settled()


def painted_to_second(screen: Screen, second: int) -> None:
    """Wait until a page is painted whose samples end at a second of the study."""
    screen.page.wait_for_function(
        "second => eegstore.scene.painted.spans.length == 1"
        " && eegstore.scene.painted.spans[0][1] == second",
        arg=second,
    )
    screen.settled()


def asked(screen: Screen) -> list[tuple[float, float]]:
    """From here on, which stretches are asked for; the list grows."""
    stretches: list[tuple[float, float]] = []

    def request(one: Any) -> None:
        parts = urlsplit(one.url)
        if parts.path == "/eeg":
            query = parse_qs(parts.query)
            stretches.append((float(query["start"][0]), float(query["end"][0])))

    screen.page.on("request", request)
    return stretches


def as_sent(screen: Screen, device: Device, start: int, stop: int, row: int = 0) -> None:
    """What is drawn of a row from the start of the page are the samples, and then nothing."""
    values = device.sent.values(row, start, stop)
    shown = screen.traces()[row]
    np.testing.assert_allclose(shown[: len(values)], values, atol=0.1)
    assert np.isnan(shown[len(values) :]).all()

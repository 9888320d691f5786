"""Seconds over HTTP, as a device sends them."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eegstore import wire
from eegstore.model import Chunk, Recording
from eegstore.timebase import full_runs
from eegstore.wire.second import json_second
from scripts.benches import load
from scripts.benches.asking import Http
from scripts.benches.data import Signal

FRAME, JSON = wire.MEDIA_TYPE, "application/json"
FIRST = 1_000_000  # [s]: all numbers of seconds have as many digits
MADE = 8  # bodies of a device that are made beforehand


def cut(signal: Signal, second: int) -> Chunk:
    """Second `second` of the signal, which repeats without end."""
    rate = signal.sfreq
    at = second % signal.seconds * rate
    samples = signal.counts[:, at : at + rate].reshape(-1).astype("<i2")
    return Chunk(second, full_runs(signal.recording.channels, second), samples)


def body(recording: Recording, chunks: Sequence[Chunk], kind: str) -> bytes:
    """What is posted: a frame of chunks, or one second as JSON."""
    if kind == FRAME:
        return wire.pack_chunks(recording, chunks)
    return wire.dump(json_second(recording, chunks[0]))


def frames(recording: Recording, signal: Signal, seconds: int) -> Iterator[bytes]:
    """The first seconds of a recording, each as a frame, made when it is sent."""
    return (body(recording, [cut(signal, second)], FRAME) for second in range(seconds))


def declare(url: str, headers: dict[str, str], recordings: Sequence[Recording]) -> None:
    """Tell the service about recordings."""
    from eegstore.client import Client  # slow to import, and not by those who only post

    key = headers["Authorization"].removeprefix("Bearer ")
    with Client(url, key) as client:
        for recording in recordings:
            client.declare(recording)


class Poster:
    """One device with one connection; a request is `per_post` seconds.

    Bodies are prepared before, so that a POST is all that is timed.
    """

    def __init__(
        self,
        port: int,
        headers: dict[str, str],
        signal: Signal,
        name: str,
        per_post: int,
        seconds: int,
    ) -> None:
        kind = JSON if name == "JSON" else FRAME
        own = "".join(letter for letter in name if letter.isalnum())
        recording = replace(signal.recording, recording_id=own)
        declare(f"http://127.0.0.1:{port}", headers, [recording])
        self._kind, self._http = kind, Http(port, headers)
        self._bodies = [
            body(recording, [cut(signal, s) for s in range(at, at + per_post)], kind)
            for at in range(0, seconds, per_post)
        ]

    def post(self, index: int) -> None:
        """Send the request number `index`; returns when it is acknowledged."""
        self._http.post("/ingest", self._bodies[index], self._kind)


class Devices:
    """Many devices at once; each sends its seconds one after the other.

    Parameters
    ----------
    per_post : int
        Seconds in one request.
    to : str
        Part of the recordings' names, where others send as much to the same database.
    """

    def __init__(
        self, url: str, headers: dict[str, str], signal: Signal, kind: str, n: int, per_post: int,
        to: str = "",
    ) -> None:  # fmt: skip
        self._url, self._headers, self._kind, self._per_post = url, headers, kind, per_post
        letters = "frame" if kind == FRAME else "json"
        name = f"{letters}{per_post}x{n}{to}"
        recordings = [
            replace(signal.recording, patient_id=f"bed{k}", recording_id=name) for k in range(n)
        ]
        declare(url, headers, recordings)
        self._bodies = [self._of(recording, signal, k) for k, recording in enumerate(recordings)]

    def burst(self, seconds: float) -> tuple[float, list[float], int]:
        """Send for so long [s]; returns chunks/s, latencies [s], how many were not stored."""
        answers = load.run(
            f"{self._url}/ingest", self._headers, self._bodies, self._kind, seconds
        )  # fmt: skip
        stored = sum(status == 201 for status in answers.statuses)
        rate = stored * self._per_post / answers.elapsed
        return rate, answers.latencies, len(answers.statuses) - stored

    def _of(self, recording: Recording, signal: Signal, device: int) -> Iterator[bytes]:
        """Endless bodies: a few made beforehand, their seconds written over."""
        size = self._per_post
        made = []
        for k in range(MADE):
            samples = (cut(signal, (device * 7 + k) * size + s) for s in range(size))
            chunks = [replace(chunk, second=FIRST + s) for s, chunk in enumerate(samples)]
            made.append(body(recording, chunks, self._kind))
        return _renumbered(made, size)


def _renumbered(made: Sequence[bytes], size: int) -> Iterator[bytes]:
    # The numbers of seconds stand before all samples, which are not searched.
    ends = [text.rfind(b"%d" % (FIRST + size - 1), 0, 100 * size + 300) + 50 for text in made]
    for first in itertools.count(0, size):
        turn = first // size % len(made)
        head, rest = made[turn][: ends[turn]], made[turn][ends[turn] :]
        # From the last to the first, so that none is replaced twice; JSON ends with one more.
        for s in range(size, -1, -1):
            head = head.replace(b"%d" % (FIRST + s), b"%d" % (FIRST + first + s), 1)
        yield head + rest

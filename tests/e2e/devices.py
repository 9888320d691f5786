"""Devices that keep books: what the API acknowledged, and what was sent for it."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import httpx
import numpy as np
import psycopg

from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import Chunk, Recording
from eegstore.timebase import full_runs
from tests.conftest import plain
from tests.e2e.asking import FRAME, chunk_frame, declaration, http, new_patient, place
from tests.e2e.conftest import Live
from tests.unit.recordings import make_recording

PAUSE = 0.01  # [s] between two seconds, and between two tries of one
PATIENCE = 180.0  # [s]


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait until it is so; the time is for a machine that is busy."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE:g} s: {what}"
        time.sleep(PAUSE)


class Device(threading.Thread):
    """Sends one second after the other, each until it is acknowledged."""

    def __init__(self, live: Live) -> None:
        super().__init__(daemon=True)
        self.recording: Recording = make_recording((Fraction(64),) * 3, patient_id=new_patient())
        self.acknowledged: dict[int, str] = {}  # second to digest, as the API said
        self.statuses = Counter[int]()
        self.unanswered = 0
        self.ended = threading.Event()
        self._live = live
        self._table = channels_sha256(self.recording.channels, self.recording.sample_type)

    def chunk(self, second: int) -> Chunk:
        """That second, whenever it is asked for."""
        samples = np.random.default_rng(second).integers(-2000, 2000, 192).astype("<i2")
        return Chunk(second, full_runs(self.recording.channels, second), samples)

    def digest(self, second: int) -> str:
        """What that second has to have."""
        return content_sha256(self._table, self.chunk(second)).hex()

    def run(self) -> None:
        with http(self._live) as api:
            body = declaration(self.recording)
            self._insist(partial(api.put, place(self.recording), json=body))
            second = 0
            while not self.ended.is_set():
                frame = chunk_frame(self.recording, [self.chunk(second)])
                answer = self._insist(partial(api.post, "/ingest", content=frame, headers=FRAME))
                (outcome,) = answer.json()["chunks"]
                assert outcome["second"] == second
                self.acknowledged[second] = outcome["content_sha256"]
                second += 1
                time.sleep(PAUSE)

    def _insist(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        while True:
            try:
                answer = ask()
            except httpx.TransportError:
                self.unanswered += 1
            else:
                self.statuses[answer.status_code] += 1
                if answer.is_success:
                    return answer
            time.sleep(PAUSE)


@dataclass(frozen=True)
class Books:
    """What the database holds of one recording."""

    digests: dict[int, str]  # second to digest
    stored: Counter[int]  # how often the log says that a second was stored
    conflicts: int

    @classmethod
    def of(cls, admin_url: str, recording: Recording) -> "Books":
        key = (recording.patient_id, recording.recording_id)
        of = b"WHERE patient_id = %s AND recording_id = %s"
        with psycopg.connect(plain(admin_url)) as connection:
            chunks = connection.execute(b"SELECT second, content_sha256 FROM chunk " + of, key)
            digests = {second: bytes(digest).hex() for second, digest in chunks}
            log = connection.execute(
                b"SELECT chunk_start_sec, outcome FROM ingestion_log " + of, key
            ).fetchall()
        return cls(
            digests,
            Counter(second for second, outcome in log if outcome == "stored"),
            sum(outcome == "conflict" for _, outcome in log),
        )

    def lost(self, device: Device) -> list[int]:
        """Seconds that were acknowledged and are not there as they were sent."""
        return [
            second
            for second, said in device.acknowledged.items()
            if not self.digests.get(second) == said == device.digest(second)
        ]

"""Store and forward: what waits in a device's buffer goes to the store, in order.

One step is one try of one request, and says when the next step is due; so the same code
runs in a thread with the real clock and in a test with a made one.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from eegstore.client import Client, Outcome
from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import ConflictError, InvalidDataError, StoreUnavailableError, TooLargeError
from eegstore.model import Chunk, Recording, Span
from eegstore.wire.second import fits_json

log = logging.getLogger(__name__)

BASE = 0.5  # [s] of the first backoff
CAP = 30.0  # [s] of every backoff
IDLE = 1.0  # [s] until an empty buffer is looked at again, unless somebody wakes the sender
MAX_BATCH = 60  # seconds in one request [s]


class Sender:
    """The sending half of a device.

    Parameters
    ----------
    recording : Recording
        What the seconds in `buffer` belong to; it has begun there.
    json : bool
        Send complete seconds as JSON, one by one; incomplete ones still go as frames.
    clock, monotonic : callable
        Wall clock [s since 1970] and steady clock [s].
    rng : random.Random
        Where the jitter comes from.

    Attributes
    ----------
    held : list of Span or None
        What the store held when this sender first reached it; None until then.
    retries : int
        Tries that found no store and were repeated.
    """

    def __init__(
        self,
        recording: Recording,
        client: Client,
        buffer: DeviceBuffer,
        *,
        json: bool = False,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.held: list[Span] | None = None
        self.retries = 0
        self._recording, self._client, self._buffer = recording, client, buffer
        self._json, self._clock, self._monotonic = json, clock, monotonic
        self._rng = rng or random.Random()
        self._ceiling = self._batch = 1 if json else MAX_BATCH
        self._failures = 0  # since the last success
        self._lost_at: float | None = None  # monotonic, when the present outage began
        self._longest = 0.0

    @property
    def lost(self) -> bool:
        """The last try found no store."""
        return self._lost_at is not None

    @property
    def longest_outage(self) -> float:
        """The longest time from a first failed try to the next success, or until now [s]."""
        now = 0.0 if self._lost_at is None else self._monotonic() - self._lost_at
        return max(self._longest, now)

    def step(self) -> float | None:
        """Try one thing; when the next step is due [s], or None when all is done.

        All is done when the source has ended, the buffer is empty and the recording closed.
        With refused seconds in quarantine the recording stays open: they are still to come.

        Raises
        ------
        EegStoreError
            Whatever trying again will not mend: no access, another declaration of the same
            recording, seconds missing in the store when the recording is closed.
        """
        try:
            delay = self._step()
        except StoreUnavailableError as error:
            return self._backoff(error)
        if self._lost_at is not None:
            log.info("the store is back after %.1f s", self._monotonic() - self._lost_at)
            self._longest, self._lost_at = self.longest_outage, None
        self._failures = 0
        return delay

    def _step(self) -> float | None:
        ids = self._recording.patient_id, self._recording.recording_id
        if self.held is None:
            self._client.declare(self._recording)
            self.held = self._client.have(*ids)
            return 0.0
        before = self._buffer.progress
        if batch := self._buffer.pending(self._batch):
            self._deliver(batch)
            self._batch = min(2 * self._batch, self._ceiling)
            self._annotate()
            return 0.0
        self._annotate()
        if not before.ended:
            return IDLE
        if not before.refused:
            there = before.held + before.acknowledged + before.conflicts
            self._client.close_recording(*ids, there)
        return None

    def _deliver(self, batch: Sequence[Chunk]) -> None:
        """Send a batch; one that is refused is halved until the culprit stands alone."""
        try:
            outcomes = self._send(batch)
        except (InvalidDataError, ConflictError) as error:
            if len(batch) == 1:
                self._set_aside(batch[0].second, str(error), conflict=False)
                return
            half = len(batch) // 2
            if isinstance(error, TooLargeError):
                self._ceiling = self._batch = min(self._ceiling, half)
            self._deliver(batch[:half])
            self._deliver(batch[half:])
            return
        by_outcome: dict[str, list[int]] = {"stored": [], "duplicate": [], "conflict": []}
        for outcome in outcomes:
            by_outcome[outcome.outcome].append(outcome.second)
        self._buffer.acknowledge(by_outcome["stored"], by_outcome["duplicate"])
        for second in by_outcome["conflict"]:
            self._set_aside(second, "stored already with other samples", conflict=True)

    def _send(self, batch: Sequence[Chunk]) -> list[Outcome]:
        if self._json and fits_json(self._recording, batch[0]):
            return [self._client.send_json(self._recording, batch[0], on_conflict="return")]
        now = datetime.fromtimestamp(self._clock(), UTC)
        return self._client.send(self._recording, batch, now, on_conflict="return")

    def _set_aside(self, second: int, reason: str, *, conflict: bool) -> None:
        log.warning("second %d goes to quarantine: %s", second, reason)
        self._buffer.quarantine(second, reason, conflict=conflict)

    def _annotate(self) -> None:
        recording = self._recording
        for annotation in self._buffer.annotations():
            assert annotation.annotation_id is not None
            try:
                self._client.annotate(recording.patient_id, recording.recording_id, annotation)
            except (InvalidDataError, ConflictError) as error:
                log.warning("annotation %s is set aside: %s", annotation.annotation_id, error)
                self._buffer.annotated(annotation.annotation_id, refused=str(error))
            else:
                self._buffer.annotated(annotation.annotation_id)

    def _backoff(self, error: StoreUnavailableError) -> float:
        """Full jitter, on top of what the store asked for; smaller requests until it is back."""
        if self._lost_at is None:
            log.warning("%s; what is recorded waits", error)
            self._lost_at = self._monotonic()
        self.retries += 1
        ceiling = min(CAP, BASE * 2.0 ** min(self._failures, 16))
        self._failures += 1
        self._batch = max(1, self._batch // 2)
        return error.retry_after + self._rng.uniform(0.0, ceiling)

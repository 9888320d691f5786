"""The device: one activity acquires at due times, another sends, a buffer lies between."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from eegstore.annotations import annotation_id_for
from eegstore.client import Client
from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import InvalidDataError
from eegstore.model import Annotation
from eegstore.simulator.sender import Sender
from eegstore.simulator.sources import Source

BATCH = 60  # seconds put into the buffer at once when it is behind [s]
FULL = 0.05  # [s] until a full buffer is looked at again
POLL = 0.2  # [s] between looks at the stop event's and the sender's state
GRACE = 2.0  # [s] for a request under way when the device is stopped
SHORTEST = 0.001  # [s]


@dataclass(frozen=True, slots=True)
class Report:
    """How far a device has come. Counts are over all its runs, times are of this one."""

    acquired: int  # seconds put into the buffer; gaps do not count
    acknowledged: int  # seconds that the store has
    duplicates: int  # of these: it had them already
    conflicts: int  # seconds in quarantine: the store has other samples
    refused: int  # seconds in quarantine: the store will not take them
    pending: int  # seconds that still wait
    annotations: int  # events that the store has
    retries: int  # tries that found no store
    resumed_from: int  # the second with which this run began
    longest_outage: float  # [s]
    wall_time: float  # [s]
    finished: bool  # the source has ended and everything was sent


class Simulator:
    """A device: on from the moment it is made, at work while `run` runs.

    Parameters
    ----------
    source : Source
        What it records.
    buffer : DeviceBuffer
        Where seconds wait. With the buffer of an earlier run the device goes on where that
        one was left, due times still counted from the first start.
    speed : float or None
        Recorded seconds per second; None is as fast as they can be sent.
    head_start : int
        How many seconds are there at once [s].
    json : bool
        Send JSON in physical units instead of frames.
    clock, monotonic : callable
        Wall clock [s since 1970], which dates the first start, and steady clock [s], which
        paces this run: setting the clock moves no due time.
    on_progress : callable, optional
        Called with a `Report` now and then, and at the end, by the thread that runs `run`.

    Raises
    ------
    InvalidDataError
        The buffer belongs to another recording; a speed or head start that makes no sense.
    """

    def __init__(
        self,
        source: Source,
        client: Client,
        *,
        buffer: DeviceBuffer,
        speed: float | None = 1.0,
        head_start: int = 0,
        json: bool = False,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        on_progress: Callable[[Report], None] | None = None,
    ) -> None:
        if speed is not None and not 0 < speed < math.inf:
            raise InvalidDataError(f"speed is {speed}; it must be a number above 0, or None")
        if head_start < 0:
            raise InvalidDataError(f"head_start is {head_start} s; it must not be below 0")
        self._source, self._buffer = source, buffer
        self._speed, self._head_start = speed, head_start
        self._monotonic, self._on_progress = monotonic, on_progress
        now = clock()
        begun = buffer.begin(source.recording, now, speed, head_start)
        self._next = self._resumed_from = begun.next_second
        self._ended = begun.ended
        self._t0 = begun.t0
        if (begun.speed, begun.head_start) != (speed, head_start):
            self._t0 = now - self._reached(self._next)
            buffer.rebase(self._t0, speed, head_start)
        # A clock that was set back must not hold up what comes after the next second.
        elapsed = max(now - self._t0, self._reached(self._next))
        self._started = monotonic()
        self._origin = self._started - elapsed
        self._resumed = self._finished = False
        self._wake, self._halt = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self.sender = Sender(
            source.recording, client, buffer, json=json, clock=clock, monotonic=monotonic, rng=rng
        )

    @property
    def report(self) -> Report:
        """How far it has come by now."""
        done = self._buffer.progress
        return Report(
            done.acquired, done.acknowledged, done.duplicates, done.conflicts, done.refused,
            done.pending, done.annotations, self.sender.retries, self._resumed_from,
            self.sender.longest_outage, self._monotonic() - self._started, self._finished,
        )  # fmt: skip

    def run(self, stop: threading.Event | None = None) -> Report:
        """Record and send until the source has ended and the store has everything.

        Setting `stop`, or Ctrl-C, ends it sooner: within a moment, with the buffer intact.
        May be called once.

        Raises
        ------
        EegStoreError
            What trying again will not mend (no access, another declaration of the same
            recording), or a full disk. The buffer is intact then, too.
        """
        stop = stop or threading.Event()
        sending = threading.Thread(target=self._keep_sending, name="sender", daemon=True)
        sending.start()
        told = -math.inf
        try:
            delay: float | None = 0.0
            while sending.is_alive() and not stop.is_set():
                if delay is not None:
                    delay = self.acquire()
                    self._wake.set()
                if self._on_progress and self._monotonic() - told >= POLL:
                    told = self._monotonic()
                    self._on_progress(self.report)
                if delay is None:
                    sending.join(POLL)
                else:
                    stop.wait(min(delay, POLL))
        except KeyboardInterrupt:
            pass
        finally:
            self._halt.set()
            self._wake.set()
            sending.join(GRACE)
        if self._failure is not None:
            raise self._failure
        report = self.report
        if self._on_progress:
            self._on_progress(report)
        return report

    def acquire(self) -> float | None:
        """Put what is due into the buffer; when to come again [s], None after the end."""
        if self._ended:
            return None
        self._pass_over_held()
        end, stop = self._source.n_seconds, min(self._due(), self._next + BATCH)
        ended = end is not None and stop >= end
        stop = max(stop if end is None else min(stop, end), self._next)
        if stop > self._next or ended:
            chunks = (self._source.chunk(second) for second in range(self._next, stop))
            annotations = self._annotations(self._next, None if ended else stop)
            recorded = [c for c in chunks if c is not None and c.samples.size]
            self._buffer.put(stop, recorded, annotations, ended=ended)
            self._next, self._ended = stop, ended
        if self._ended:
            return None
        if self._speed is None:
            return 0.0 if self._due() > self._next else FULL
        wait = self._reached(self._next + 1) - self._elapsed()
        return max(wait, SHORTEST) if wait > 0 else 0.0

    def _elapsed(self) -> float:
        """Time since the first start [s]."""
        return self._monotonic() - self._origin

    def _reached(self, second: int) -> float:
        """Time from the first start until everything before `second` is recorded [s]."""
        return max(0.0, (second - self._head_start) / self._speed) if self._speed else 0.0

    def _due(self) -> int:
        """The first second that is not recorded yet."""
        if self._speed is None:
            return self._next + max(0, self._buffer.limit - self._buffer.progress.pending)
        return math.floor(self._elapsed() * self._speed) + self._head_start

    def _pass_over_held(self) -> None:
        """Go on where the store's own seconds end, once it has said which it holds.

        The last of these is recorded and sent again: only the same signal is a duplicate.
        """
        if self._resumed or self.sender.held is None:
            return
        self._resumed = True
        at, count = self._next, 0
        for span in self.sender.held:
            start, stop = int(span.start), int(span.stop)
            if self._source.n_seconds is not None:
                stop = min(stop, self._source.n_seconds)
            if stop <= at:
                continue
            start = max(start, at)
            if any(self._source.chunk(second) is not None for second in range(at, start)):
                break
            at, count = stop, count + stop - start
        if count < 2:
            return
        annotations = self._annotations(self._next, at - 1)
        self._buffer.put(at - 1, annotations=annotations, held=count - 1)
        self._next = self._resumed_from = at - 1
        ahead = self._reached(at) - self._elapsed()
        if self._speed is not None and ahead > 0:
            self._origin -= ahead
            self._t0 -= ahead
            self._buffer.rebase(self._t0, self._speed, self._head_start)

    def _annotations(self, start: int, stop: int | None) -> list[Annotation]:
        """Events of these seconds, with ids that are the same whenever they are asked for."""
        recording, within = self._source.recording, Counter[int]()
        named = []
        for a in self._source.annotations(start, stop):
            second = math.floor(a.onset)
            within[second] += 1
            if a.annotation_id is None:
                name = annotation_id_for(
                    recording.patient_id, recording.recording_id, within[second], a.onset,
                    a.duration, a.description,
                )  # fmt: skip
                a = replace(a, annotation_id=name)
            named.append(a)
        return named

    def _keep_sending(self) -> None:
        try:
            while not self._halt.is_set():
                self._wake.clear()
                delay = self.sender.step()
                if delay is None:
                    self._finished = True
                    return
                (self._halt if self.sender.lost else self._wake).wait(delay)
        except BaseException as error:
            self._failure = error

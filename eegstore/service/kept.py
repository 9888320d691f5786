"""Seconds that were decoded lately, so that pages which overlap are decoded once.

A page is read with its neighbours and with what its filters need around it, by several readers
of one study, so most seconds are asked for again within a minute. What is kept is named by the
digest of the stored blob, which every read asks the database for: a second that was erased or
encoded anew is never served from here.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from eegstore.codec import Batch
from eegstore.model import Digital, Runs
from eegstore.service.memory import keep_freed
from eegstore.store.database import Database

MAX_BYTES = 64 << 20  # of samples: an hour and a half of 23 channels at 256 Hz
MAX_SECONDS = 300  # in one read; longer ones are no pages, and would push out all that are


class Second(NamedTuple):
    """A decoded second."""

    blob_sha256: bytes
    runs: Runs
    samples: Digital  # (n_channels, n_samples), or flat where the channels differ in rate


class Kept:
    """Decoded seconds, the least recently read of which go first.

    Parameters
    ----------
    max_bytes : int
        Of samples; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._seconds: OrderedDict[tuple[str, str, int], Second] = OrderedDict()

    def find(self, patient_id: str, recording_id: str, start: int, stop: int) -> dict[int, Second]:
        """What is kept of the seconds [start, stop) of a recording, by second."""
        found: dict[int, Second] = {}
        if not self._seconds or stop - start > MAX_SECONDS:
            return found
        for second in range(start, stop):
            place = (patient_id, recording_id, second)
            kept = self._seconds.get(place)
            if kept is not None:
                self._seconds.move_to_end(place)
                found[second] = kept
        return found

    def add(
        self,
        patient_id: str,
        recording_id: str,
        batches: Iterable[Batch],
        digests: Mapping[int, bytes],
    ) -> None:
        """Keep the seconds of some batches, whose blobs have these digests by second."""
        if len(digests) > MAX_SECONDS or not self._max_bytes:
            return
        for batch in batches:
            cube = batch.samples.ndim == 3
            for index, second in enumerate(batch.seconds):
                # Its own copy: a part of the batch would keep all of the batch in memory.
                samples = (batch.samples[:, index] if cube else batch.samples[index]).copy()
                samples.flags.writeable = False
                place = (patient_id, recording_id, second)
                old = self._seconds.pop(place, None)
                self._n_bytes += samples.nbytes - (0 if old is None else old.samples.nbytes)
                self._seconds[place] = Second(digests[second], batch.runs, samples)
        while self._n_bytes > self._max_bytes:
            _, old = self._seconds.popitem(last=False)
            self._n_bytes -= old.samples.nbytes


def kept_of(database: Database, max_bytes: int = MAX_BYTES) -> Kept:
    """What is kept of a database, made when first asked for; then with `max_bytes`."""
    if database.kept is None:
        keep_freed()
        database.kept = Kept(max_bytes)
    kept: Kept = database.kept
    return kept


def batches_of(kept: Mapping[int, Second]) -> list[Batch]:
    """Kept seconds, by second, as they once were decoded."""
    alike: dict[tuple[Runs, int], list[int]] = {}
    runs: Runs | None = None
    members: list[int] = []
    for second, one in kept.items():
        if one.runs is not runs:  # hashing runs takes longer than copying the second
            runs = one.runs
            members = alike.setdefault((runs, one.samples.ndim), [])
        members.append(second)
    return [
        Batch(seconds, runs, _joined([kept[second].samples for second in seconds]))
        for (runs, _), seconds in alike.items()
    ]


def _joined(seconds: list[Digital]) -> Digital:
    """Samples of seconds that are alike, as in `Batch`."""
    *channels, n_samples = seconds[0].shape
    return np.concatenate(seconds, axis=-1).reshape(*channels, len(seconds), n_samples)

"""Whether spectral bins are those of the seconds that they speak for."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Recording
from eegstore.service.spectra import computed, hour_in
from eegstore.signal.spans import minus
from eegstore.signal.spectral import HOUR, hour_of, table_of
from eegstore.signal.trends import N_BINS, NOTHING
from eegstore.store import spectra, summary_loose
from eegstore.store.database import Raw
from eegstore.store.spectra import Stored


async def check(driver: Raw, recording: Recording) -> list[str]:
    """What is wrong with the hours of a recording, measured by its samples.

    Codes may differ by one, because not all processors round alike. Hours of another processing
    are not looked at, as they are by nobody.
    """
    table, faults = table_of(recording.channels), []
    key = (recording.patient_id, recording.recording_id)
    for head in await spectra.heads(driver, *key):
        name = f"spectral bins from {head.start} s"
        if head.start % HOUR:
            faults.append(f"{name}: there can be none")
        elif head.processing == table.processing:
            stored = await spectra.whole(driver, *key, head.start)
            assert stored is not None
            faults += [f"{name}: {told}" for told in await _faults(driver, recording, stored)]
    return faults


async def _faults(driver: Raw, recording: Recording, stored: Stored) -> list[str]:
    """How an hour differs from one of the seconds that it says it speaks for."""
    table = table_of(recording.channels)
    key = (recording.patient_id, recording.recording_id)
    hour = hour_in(table, stored)
    if hour is None:
        return ["its bytes are not those of so many lines"]
    there = await summary_loose.stored(driver, *key, stored.start, stored.start + HOUR)
    lost = minus(hour.covered, there)
    if lost:
        return [f"it speaks for second {lost[0][0]}, which is not stored"]
    parts = [part async for part in computed(driver, recording, hour.covered, {})]
    empty = np.empty(0, np.int64), np.empty((table.n_lines, 0, N_BINS), np.uint8)
    seconds = np.concatenate([part[0] for part in parts] or [empty[0]])
    bins = np.concatenate([part[1] for part in parts] or [empty[1]], axis=1)
    right = await asyncio.to_thread(hour_of, table, stored.start, None, seconds, bins)
    faults = []
    if stored.missing != right.missing:
        faults.append("the spans that it misses are not ascending, apart and within it")
    if stored.n_seconds != right.n_seconds:
        faults.append(f"n_seconds is {stored.n_seconds}, not {right.n_seconds}")
    if not _alike(hour.bins, right.bins):
        faults.append("the bins are not those of its seconds")
    if not (
        _alike(hour.minutes["bins"], right.minutes["bins"])
        and np.array_equal(hour.minutes["n_seconds"], right.minutes["n_seconds"])
        and np.allclose(hour.minutes["amplitude"], right.minutes["amplitude"], 0.06,
                        equal_nan=True)
    ):  # fmt: skip
        faults.append("the minutes are not those of its seconds")
    return faults


def _alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    if one.shape != other.shape:
        return False
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return bool((apart <= 1).all() and ((one == NOTHING) == (other == NOTHING)).all())

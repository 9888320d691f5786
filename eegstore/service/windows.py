"""The way out: blobs of a span, decoded as one batch and assembled."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction

from eegstore import codec
from eegstore.errors import TooLargeError
from eegstore.picks import Picks
from eegstore.service.kept import batches_of, kept_of
from eegstore.service.parameters import named
from eegstore.service.recordings import declared
from eegstore.service.times import check_times
from eegstore.store import chunks as chunk_table
from eegstore.store.database import Database
from eegstore.timebase import first_sample
from eegstore.window import Window, assemble_batches

MAX_DURATION = 3600  # [s]
MAX_VALUES = 64_000_000  # in one window: 256 MB of float32
_IN_THREAD = 200_000  # values to decode; more take longer than the event loop may wait
_COPIED = 10  # times as many are copied in that time


async def read_window(
    database: Database,
    patient_id: str,
    recording_id: str,
    start: Fraction,
    stop: Fraction,
    labels: Sequence[str] | None = None,
    *,
    max_values: int = MAX_VALUES,
) -> Window:
    """The window of a recording over ``start <= t < stop`` [s], gaps and ends included.

    Parameters
    ----------
    labels : sequence of str, optional
        Channels, by the labels made unique; default all.

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        The span is empty, starts before the recording or is too long; a label is unknown.
    """
    picks = (await declared(database, patient_id, recording_id)).picks(labels)
    n_values = check_span(picks, start, stop, max_values)
    first = start.numerator // start.denominator
    last = -(-stop.numerator // stop.denominator)
    key = (patient_id, recording_id)
    keeper = kept_of(database)
    kept = keeper.find(*key, first, last)
    known = {second: one.blob_sha256 for second, one in kept.items()}
    async with database.reading() as driver:
        await chunk_table.ask_blobs_but(driver, *key, first, last, known)
        few = n_values <= _IN_THREAD * _COPIED
        at_hand = batches_of(kept) if few else None  # while the database looks
        stored = await chunk_table.blobs_but(driver)
        new = {second: digest for second, digest, blob in stored if blob is not None}
        blobs = [blob for _, _, blob in stored if blob is not None]
        shared = await named(driver, patient_id, blobs, database.parameters) if blobs else {}
    there = {second: kept[second] for second, _, blob in stored if blob is None}

    def build() -> tuple[Window, list[codec.Batch]]:
        decoded = codec.decode_batches(blobs, list(new), shared)
        as_kept = at_hand if at_hand is not None and len(there) == len(kept) else batches_of(there)
        return assemble_batches(picks, start, stop, [*as_kept, *decoded]), decoded

    work = n_values * len(blobs) // (last - first) + n_values // _COPIED
    window, decoded = await asyncio.to_thread(build) if work > _IN_THREAD else build()
    keeper.add(*key, decoded, new)
    return window


def check_span(picks: Picks, start: Fraction, stop: Fraction, max_values: int) -> int:
    """How many values a span has; raises unless it can be asked for."""
    check_times(start, stop)
    if stop - start > MAX_DURATION:
        raise TooLargeError(
            f"a window of {float(stop - start):g} s is too long; at most {MAX_DURATION} s"
        )
    values = sum(
        len(members) * (first_sample(stop, sfreq) - first_sample(start, sfreq))
        for sfreq, members in picks.rates.items()
    )
    if values > max_values:
        raise TooLargeError(f"a window of {values} values is too large; at most {max_values}")
    return values

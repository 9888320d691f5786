"""The way out: blobs of a span, decoded as one batch and assembled."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction

from eegstore import codec
from eegstore.errors import InvalidDataError, TooLargeError
from eegstore.model import Recording
from eegstore.service.kept import batches_of, kept_of
from eegstore.service.parameters import named
from eegstore.service.recordings import declared
from eegstore.service.times import check_times
from eegstore.store import chunks as chunk_table
from eegstore.store.database import Database
from eegstore.timebase import first_sample
from eegstore.window import Window, assemble_batches, rates
from eegstore.wire import unique_labels

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
    recording = (await declared(database, patient_id, recording_id)).recording
    rows = rows_of(recording, labels)
    n_values = check_span(recording, rows, start, stop, max_values)
    first = start.numerator // start.denominator
    last = -(-stop.numerator // stop.denominator)
    key = (patient_id, recording_id)
    keeper = kept_of(database)
    kept = keeper.find(*key, first, last)
    known = {second: one.blob_sha256 for second, one in kept.items()}
    async with database.reading() as driver:
        stored = await chunk_table.blobs_but(driver, *key, first, last, known)
        new = {second: digest for second, digest, blob in stored if blob is not None}
        blobs = [blob for _, _, blob in stored if blob is not None]
        shared = await named(driver, patient_id, blobs, database.parameters)
    there = {second: kept[second] for second, _, blob in stored if blob is None}

    def build() -> tuple[Window, list[codec.Batch]]:
        decoded = codec.decode_batches(blobs, list(new), shared)
        batches = [*batches_of(there), *decoded]
        return assemble_batches(recording, rows, start, stop, batches), decoded

    work = n_values * len(blobs) // (last - first) + n_values // _COPIED
    window, decoded = await asyncio.to_thread(build) if work > _IN_THREAD else build()
    keeper.add(*key, decoded, new)
    return window


def rows_of(recording: Recording, labels: Sequence[str] | None) -> list[int]:
    """Rows of the channels with these labels, in the order asked.

    Raises
    ------
    InvalidDataError
        Names the label that is unknown, repeated, or stands for several channels.
    """
    if labels is None:
        return list(range(len(recording.channels)))
    unique = unique_labels(recording.channels)
    at = {label: row for row, label in enumerate(unique)}
    rows: dict[int, None] = {}
    for label in labels:
        if label not in at:
            alike = [u for u, c in zip(unique, recording.channels, strict=True) if c.label == label]
            if alike:
                raise InvalidDataError(f"label {label!r} stands for {', '.join(alike)}; name one")
            raise InvalidDataError(
                f"no channel {label!r} in {recording.recording_id!r}; it has {', '.join(unique)}"
            )
        if at[label] in rows:
            raise InvalidDataError(f"channel {label!r} is asked for twice")
        rows[at[label]] = None
    return list(rows)


def check_span(
    recording: Recording, rows: Sequence[int], start: Fraction, stop: Fraction, max_values: int
) -> int:
    """How many values a span has; raises unless it can be asked for."""
    check_times(start, stop)
    duration = stop - start
    if duration > MAX_DURATION:
        raise TooLargeError(
            f"a window of {float(duration):g} s is too long; at most {MAX_DURATION} s"
        )
    groups = rates([recording.channels[row] for row in rows])
    values = sum(
        len(members) * (first_sample(stop, sfreq) - first_sample(start, sfreq))
        for sfreq, members in groups.items()
    )
    if values > max_values:
        raise TooLargeError(f"a window of {values} values is too large; at most {max_values}")
    return values

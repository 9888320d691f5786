"""What the tests of overviews share: long recordings of few samples, and the right answer."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Chunk, Recording, SampleType
from eegstore.overview import Overview
from eegstore.service.overview import Read, read_overview
from eegstore.signal.envelope import no_samples
from eegstore.store.database import Database
from eegstore.timebase import first_sample, n_samples
from tests.integration.postgres_processes import connect, do
from tests.unit.recordings import make_recording

if TYPE_CHECKING:
    import psycopg

SLOW = (Fraction(4), Fraction(1), Fraction(1, 7))
HOUR = 3600


def seconds_of(recording: Recording, seconds: Iterable[int], seed: int = 0) -> dict[int, Chunk]:
    """Seconds with any samples, a fifth of them partial, one in nine with two runs."""
    chunks = {}
    dtype = recording.sample_type.dtype
    for second in seconds:
        random = np.random.default_rng([seed, second])
        runs: list[tuple[tuple[int, int], ...]] = []
        for channel in recording.channels:
            count = n_samples(second, channel.sfreq)
            kept: tuple[tuple[int, int], ...] = ((0, count),) if count else ()
            if count > 2 and second % 5 == 2:
                kept = ((1, count - 2),)
            elif count > 2 and second % 9 == 4:
                kept = ((0, 1), (2, count - 2))
            runs.append(kept)
        size = sum(count for channel in runs for _, count in channel)
        if size:
            samples = (random.normal(0, 1, size) * random.choice([50, 500, 5000])).astype(dtype)
            chunks[second] = Chunk(second, tuple(runs), samples)
    return chunks


def slow_recording(sample_type: SampleType = SampleType.INT16, **fields: object) -> Recording:
    """A recording of which an hour is quickly made."""
    return make_recording(SLOW, sample_type, **fields)


def right(
    recording: Recording, chunks: Mapping[int, Chunk], found: Overview, rows: Sequence[int]
) -> tuple[NDArray[np.generic], list[int]]:
    """The limits, and how many seconds touch each column, by looking at every sample."""
    grid = found.grid
    exact = [
        grid.start + grid.unit * (n * grid.n_units // grid.n_columns)
        for n in range(grid.n_columns + 1)
    ]
    edges = [int(edge) if edge.denominator == 1 else edge for edge in exact]
    limits = no_samples((len(rows), grid.n_columns), recording.sample_type.dtype)
    touching = [0] * grid.n_columns

    def take(row: int, time: Fraction | int, values: NDArray[np.generic]) -> None:
        column = bisect_right(edges, time) - 1
        if row in rows and 0 <= column < grid.n_columns:
            here = limits[list(rows).index(row), column]
            here[:] = min(here[0], *values), max(here[1], *values)

    for second, chunk in chunks.items():
        if second + 1 <= edges[0] or second >= edges[-1]:
            continue
        first = max(bisect_right(edges, second) - 1, 0)
        last = min(bisect_left(edges, second + 1), grid.n_columns) - 1
        for column in range(first, last + 1):
            touching[column] += 1
        at = 0
        for row, (channel, runs) in enumerate(zip(recording.channels, chunk.runs, strict=True)):
            for start, count in runs:
                values, at = chunk.samples[at : at + count], at + count
                if edges[first] <= second and second + 1 <= edges[first + 1]:
                    take(row, second, values)
                    continue
                base = first_sample(second, channel.sfreq) + start
                for n in range(count):
                    take(row, (base + n) / channel.sfreq, values[n : n + 1])
    return limits, touching


async def checked(
    database: Database,
    recording: Recording,
    chunks: Mapping[int, Chunk],
    start: Fraction | int,
    stop: Fraction | int,
    px: int,
    rows: Sequence[int] | None = None,
) -> Read:
    """An overview of a recording in which just these seconds are stored, found right."""
    labels = None if rows is None else [recording.channels[row].label for row in rows]
    read = await read_overview(
        database, recording.patient_id, recording.recording_id, Fraction(start), Fraction(stop),
        px, labels,
    )  # fmt: skip
    picked = range(len(recording.channels)) if rows is None else rows
    limits, touching = right(recording, chunks, read.overview, picked)
    assert read.overview.digital.dtype == recording.sample_type.dtype
    np.testing.assert_array_equal(read.overview.digital, limits)
    assert read.overview.n_seconds.tolist() == touching
    return read


def roll_ups(url: str) -> list[tuple[int, int, int]]:
    """Bucket, start and number of seconds of every roll-up."""
    with connect(url) as connection:
        return connection.execute(
            "SELECT bucket, start, n_seconds FROM summary_envelope ORDER BY 1, 2"
        ).fetchall()


def repeat(admin_url: str, every: int, times: int) -> None:
    """Store the seconds of r1 `times` times in all, each `every` seconds after the last."""
    do(
        admin_url,
        "INSERT INTO chunk (patient_id, recording_id, second, n_samples, content_sha256, "
        "blob_sha256, envelope, blob) SELECT patient_id, recording_id, "
        f"second + {every} * n, n_samples, content_sha256, blob_sha256, envelope, blob "
        f"FROM chunk, generate_series(1, {times - 1}) AS n WHERE recording_id = 'r1'",
    )


@contextmanager
def archivist(url: str, *before: str) -> Iterator["psycopg.Connection[Any]"]:
    """A transaction of the archivist, committed at the end."""
    with connect(url) as connection, connection.transaction():
        for statement in before:
            connection.execute(statement.encode())
        connection.execute("SET LOCAL ROLE eegstore_archivist")
        yield connection

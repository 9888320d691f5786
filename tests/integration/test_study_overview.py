"""An overview of a study is that of its seconds, each recording's in its place."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction as F

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, NotFoundError
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.overview import Overview
from eegstore.service.study_overview import StudyRead, read_study_overview
from eegstore.service.summaries import build
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.integration.overviews import HOUR, seconds_of
from tests.unit.recordings import make_recording

EIGHT = datetime(2026, 11, 22, 8)
Stored = list[tuple[Recording, F, dict[int, Chunk]]]


def recording(
    name: str, study_id: str, offset: F, rates: Sequence[F] = (F(2), F(1)), **fields: object
) -> Recording:
    start = EIGHT + timedelta(microseconds=int(offset * 1_000_000))
    return make_recording(
        rates, study_id=study_id, recording_id=f"{study_id}-{name}", start_time=start, **fields
    )  # type: ignore[arg-type]


def limits_of(recording: Recording, chunk: Chunk, row: int) -> tuple[float, float] | None:
    """Least and largest value of a channel in a second, in its unit."""
    at = 0
    for channel, runs in enumerate(chunk.runs):
        count = sum(size for _, size in runs)
        if channel == row and count:
            made = recording.channels[row]
            values = chunk.samples[at : at + count] * made.gain + made.offset
            return float(values.min()), float(values.max())
        at += count
    return None


def right(
    stored: Stored, found: Overview, rows: Sequence[Mapping[str, int]]
) -> tuple[NDArray[np.float64], list[int]]:
    """By looking at every second; `rows` tells of each recording where a channel stands."""
    edges = found.edges.tolist()
    values = np.full((len(found.channels), len(edges) - 1, 2), np.nan)
    touching = [0] * (len(edges) - 1)
    for (recording, offset, chunks), at in zip(stored, rows, strict=True):
        for second, chunk in chunks.items():
            begin = float(second // found.bucket * found.bucket + offset)
            if begin + found.bucket <= edges[0] or begin >= edges[-1]:
                continue
            column = max(bisect_right(edges, begin) - 1, 0)
            touching[column] += 1
            for row, channel in enumerate(recording.channels):
                limits = limits_of(recording, chunk, row)
                if limits is not None and channel.label in at:
                    here = values[at[channel.label], column]
                    here[:] = np.fmin(here[0], limits[0]), np.fmax(here[1], limits[1])
    return values, touching


def compare(read: StudyRead, stored: Stored, rows: Sequence[Mapping[str, int]]) -> None:
    values, touching = right(stored, read.overview, rows)
    np.testing.assert_allclose(read.overview.physical(np.float64), values, rtol=1e-6)
    assert read.overview.n_seconds.tolist() == touching


def asked(database: Database, study_id: str, start: F | int, stop: F | int, px: int, **more):  # type: ignore[no-untyped-def]
    return read_study_overview(database, "p1", study_id, F(start), F(stop), px, **more)


def test_of_recordings_alike_columns_hold_counts(common: Urls) -> None:
    """With and without roll-ups; offsets that are no multiples of anything; a hole, an overlap."""
    offsets = [F(0), F(HOUR) + F(1, 3).limit_denominator(1000), F(2 * HOUR - 5), F(4 * HOUR + 7)]
    offsets[1] = F(HOUR * 1_000_000 + 333_333, 1_000_000)
    spans = [range(HOUR), range(100, 3000), range(1200), range(0, 2000, 3)]
    stored: Stored = []
    for index, (offset, span) in enumerate(zip(offsets, spans, strict=True)):
        made = recording(f"{index}", "alike", offset)
        stored.append((made, offset, seconds_of(made, span, index)))
    rows = [{"C0": 0, "C1": 1}] * 4
    questions = [(0, 5 * HOUR, 50), (0, 5 * HOUR, 1500), (HOUR - 50, HOUR + 500, 70),
                 (HOUR - 50, HOUR + 500, 10_000), (F(7001, 2), 20_000, 11),
                 (5 * HOUR, 9 * HOUR, 5)]  # fmt: skip

    async def work(database: Database) -> None:
        for made, _, chunks in stored:
            await put(database, made, list(chunks.values()))
        for _ in range(2):
            for start, stop, px in questions:
                read = await asked(database, "alike", start, stop, px)
                assert read.overview.sample_type is SampleType.INT16
                assert (read.overview.study_id, read.overview.recording_id) == ("alike", None)
                compare(read, stored, rows)
            due = (await asked(database, "alike", 0, 5 * HOUR, 50)).due
            for key in due:
                assert await build(database, *key)
        assert due == []
        one = await asked(database, "alike", 0, 100, 10, labels=["C1"])
        assert [channel.label for channel in one.overview.channels] == ["C1"]
        compare(one, stored, [{"C1": 0}] * 4)

    used(common.app, work)


def test_of_others_columns_hold_values(common: Urls) -> None:
    """Of another order, sample type, range and unit; what measures something else is left out."""
    first = recording("a", "mixed", F(0))
    second = replace(
        recording("b", "mixed", F(50), sample_type=SampleType.FLOAT32), channels=(
            Channel("C2", F(1)), Channel("C0", F(2), "mV"), Channel("C1", F(1), "%")
        )
    )  # fmt: skip
    third = replace(
        recording("c", "mixed", F(90)),
        channels=(Channel("C0", F(4), "uV", 100.0, -100.0, -2048, 2047),),
    )
    stored: Stored = [(one, offset, seconds_of(one, range(30), seed)) for seed, (one, offset) in
                      enumerate(((first, F(0)), (second, F(50)), (third, F(90))))]  # fmt: skip
    in_uv = replace(second, channels=(
        second.channels[0],
        Channel("C0", F(2), "uV", -1000.0, 1000.0, -1, 1), second.channels[2],
    ))  # fmt: skip
    rows = [{"C0": 0, "C1": 1}, {"C0": 0, "C2": 2}, {"C0": 0}]

    async def work(database: Database) -> None:
        for made, _, chunks in stored:
            await put(database, made, list(chunks.values()))
        read = await asked(database, "mixed", 0, 130, 13)
        assert [(c.label, c.unit) for c in read.overview.channels] == [
            ("C0", "uV"), ("C1", "uV"), ("C2", "uV")
        ]  # fmt: skip
        compare(read, [stored[0], (in_uv, *stored[1][1:]), stored[2]], rows)

    used(common.app, work)


def test_what_is_no_overview_of_a_study(common: Urls) -> None:
    made = recording("x", "small", F(0))

    async def work(database: Database) -> None:
        await put(database, made, list(seconds_of(made, range(5)).values()))
        with pytest.raises(InvalidDataError, match="no channel 'C9' in study 'small'; it has C0"):
            await asked(database, "small", 0, 5, 5, labels=["C9"])
        with pytest.raises(InvalidDataError, match="one is asked for twice"):
            await asked(database, "small", 0, 5, 5, labels=["C0", "C0"])
        with pytest.raises(InvalidDataError, match="px is 0"):
            await asked(database, "small", 0, 5, 0)
        with pytest.raises(NotFoundError):
            await asked(database, "smaller", 0, 5, 5)

    used(common.app, work)

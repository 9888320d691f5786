"""An overview of any span at any zoom is the stored signal, decimated."""

from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

from eegstore.errors import (
    EegStoreError,
    InvalidDataError,
    NotFoundError,
    SpanError,
    TooLargeError,
)
from eegstore.model import Chunk, SampleType
from eegstore.service import overview, recordings, summaries
from eegstore.service.overview import read_overview, read_spans
from eegstore.signal.envelope import envelope
from eegstore.store import summary, summary_loose
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.integration.overviews import (
    HOUR,
    archivist,
    checked,
    repeat,
    right,
    roll_ups,
    seconds_of,
    slow_recording,
)
from tests.unit.recordings import make_recording

MIXED = [F(64), F(64, 5), F(1, 3), F(200000, 1001 * 4)]
GAPS = {0, 1, *range(7, 12), 20, *range(31, 34)}
SPANS = [
    (0, 40, 40), (0, 40, 7), (0, 40, 1), (3, 38, 11), (F(5, 2), F(61, 2), 5), (0, 4000, 3),
    (0, 40, 400), (F(1, 3), F(22, 7), 50), (9, 10, 4), (F(59, 10), 6, 10_000), (30, 36, 7),
    (1000, 1010, 3), (39, F(3999, 100), 1), (0, 10**9, 17), (0, 5, 4), (13, 600, 30),
    (7, 1200, 12), (0, 9000, 10_000),
]  # fmt: skip


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_any_span_at_any_zoom_is_the_decimated_signal(urls: Urls, sample_type: SampleType) -> None:
    """Mixed rates, gaps, partial seconds, channels without samples; sent in any order."""
    recording = make_recording(MIXED, sample_type)
    chunks = seconds_of(recording, set(range(40)) - GAPS)
    order = np.random.default_rng(1).permutation(sorted(chunks)).tolist()

    async def work(database: Database) -> None:
        await put(database, recording, [chunks[second] for second in order])
        buckets = set()
        for start, stop, px in SPANS:
            read = await checked(database, recording, chunks, start, stop, px)
            assert not read.due
            buckets.add(read.overview.bucket)
        assert buckets == {0, 1, 10, 60, 600}

    used(urls.app, work)


def test_channels_are_those_asked_for_in_that_order(urls: Urls) -> None:
    recording = slow_recording()
    chunks = seconds_of(recording, range(400))

    async def work(database: Database) -> None:
        await put(database, recording, list(chunks.values()))
        for rows in ([2, 0], [1], [0, 1, 2], [2, 1, 0]):
            for stop, px in ((4, 8), (300, 20), (400, 3)):
                read = await checked(database, recording, chunks, 0, stop, px, rows)
                assert read.overview.channels == tuple(recording.channels[row] for row in rows)
            assert await summaries.build(database, "p1", "r1") in (0, 1)

    used(urls.app, work)
    assert roll_ups(urls.admin) == [(10, 0, 400)]


@pytest.mark.parametrize(("stop", "px"), [(4, 16), (3000, 50), (3000, 7)])
def test_a_spike_of_one_sample_is_in_one_column_and_in_no_other(
    urls: Urls, stop: int, px: int
) -> None:
    """From samples, from seconds, from roll-ups."""
    recording = make_recording([F(8)])
    flat = {second: Chunk(second, (((0, 8),),), np.zeros(8, "<i2")) for second in range(3000)}
    flat[2].samples[5] = -30_000

    async def work(database: Database) -> None:
        await put(database, recording, list(flat.values()))
        for _ in range(2):
            read = await checked(database, recording, flat, 0, stop, px)
            (column,) = np.flatnonzero(read.overview.digital[0, :, 0] == -30_000)
            lo, hi = read.overview.edges[[column, column + 1]]
            assert lo <= 2.625 < hi
            await summaries.build(database, "p1", "r1")

    used(urls.app, work)


def test_where_samples_would_be_too_many_columns_are_seconds(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = slow_recording()
    chunks = seconds_of(recording, range(30))

    async def work(database: Database) -> list[int]:
        await put(database, recording, list(chunks.values()))
        found = []
        for most in (12_000_000, 100):
            monkeypatch.setattr(overview, "MAX_SAMPLES", most)
            read = await checked(database, recording, chunks, F(1, 2), 30, 1000)
            found.append(read.overview.grid.n_columns)
        return found

    assert used(urls.app, work) == [1000, 30]


@pytest.mark.parametrize(
    ("room", "name", "size"),
    [
        (overview, "_AT_ONCE", 7), (summary_loose, "_AT_ONCE", 2),
        (summary_loose, "_AT_ONCE", 61), (summary_loose, "_PORTION", 100),
        (summary_loose, "_FEW", 0), (summary, "_AT_ONCE", 1), (summary, "_PORTION", 100),
        (summary, "_MANY", 0), (summaries, "_IN_THREAD", 0),
    ],
)  # fmt: skip
def test_portions_do_not_show(
    urls: Urls, monkeypatch: pytest.MonkeyPatch, room: Any, name: str, size: int
) -> None:
    recording = slow_recording()
    chunks = seconds_of(recording, {*range(300), *range(500, 1700), *range(HOUR, 4000)} - {3, 902})
    late = {second: chunks.pop(second) for second in (10, 600, 601, 3900)}

    async def work(database: Database) -> None:
        await put(database, recording, list(chunks.values()))
        assert await summaries.build(database, "p1", "r1") == 3
        await put(database, recording, list(late.values()))
        monkeypatch.setattr(room, name, size)
        for start, stop, px in ((0, 2 * HOUR, 100), (0, 9, 30), (290, 520, 40), (0, 3 * HOUR, 4)):
            await checked(database, recording, chunks | late, start, stop, px)
        assert (await read_spans(database, "p1", "r1")).spans == (
            await recordings.have(database, "p1", "r1")
        ).spans
        await summaries.rebuild(database, "p1", "r1")
        await checked(database, recording, chunks | late, 0, 2 * HOUR, 100)

    used(urls.app, work)


def test_single_seconds_come_in_order_whatever_the_order_of_spans(urls: Urls) -> None:
    """Each with its own envelope."""
    recording = slow_recording()
    chunks = seconds_of(recording, range(30))

    async def work(database: Database) -> None:
        await put(database, recording, list(chunks.values()))
        async with database.reading() as driver:
            spans = [(20, 23), (9, 11), (40, 50), (2, 4)]
            (found,) = [
                portion async for portion in summary_loose.seconds(driver, "p1", "r1", spans, 12)
            ]
        assert found.second.tolist() == [2, 3, 9, 10, 20, 21, 22]
        wanted = [envelope(chunks[second]) for second in found.second.tolist()]
        assert found.envelopes == b"".join(wanted)

    used(urls.app, work)


def test_days_are_read_from_the_widest_roll_up_that_fits(urls: Urls) -> None:
    """All levels, with what they miss of each other, tell the same."""
    recording = make_recording([F(1)])
    hour = seconds_of(recording, set(range(320)) - {17})
    chunks = {
        second + n * HOUR: Chunk(second + n * HOUR, chunk.runs, chunk.samples)
        for second, chunk in hour.items() for n in range(70)
    }  # fmt: skip
    late = seconds_of(recording, [17, 20 * HOUR + 17, 69 * HOUR + 17])

    async def work(database: Database) -> None:
        await put(database, recording, list(hour.values()))
        repeat(urls.admin, HOUR, 70)
        assert await summaries.build(database, "p1", "r1") == 70 + 11 + 1
        await put(database, recording, list(late.values()))
        for bucket, start, stop, px in (
            (600, 0, 70 * HOUR, 100), (60, 0, 70 * HOUR, 2100), (60, HOUR, 30 * HOUR, 500),
            (10, 5, 10 * HOUR, 3000), (600, 61 * HOUR, 100 * HOUR, 10), (600, 0, 10**9, 1),
        ):  # fmt: skip
            read = await checked(database, recording, chunks | late, start, stop, px)
            assert read.overview.bucket == bucket
            assert not read.due

    used(urls.app, work)
    before = roll_ups(urls.admin)
    with archivist(urls.admin) as connection:
        connection.execute(f"DELETE FROM chunk WHERE second = {20 * HOUR + 99}".encode())
    gone = {(10, 20 * HOUR), (60, 18 * HOUR), (600, 0)}
    assert roll_ups(urls.admin) == [row for row in before if row[:2] not in gone]
    assert len(roll_ups(urls.admin)) == len(before) - 3


def test_spans_are_those_that_a_device_is_told(urls: Urls) -> None:
    recording = slow_recording()
    chunks = seconds_of(recording, set(range(900)) - {0, 5, *range(400, 450)})

    async def work(database: Database) -> None:
        await put(database, recording, [])
        assert await read_spans(database, "p1", "r1") == ([], False, False)
        await put(database, recording, list(chunks.values()))
        wanted = [(1, 5), (6, 400), (450, 900)]
        assert (await recordings.have(database, "p1", "r1")).spans == wanted
        assert await read_spans(database, "p1", "r1") == (wanted, False, True)
        await summaries.build(database, "p1", "r1")
        await recordings.close(database, "p1", "r1", None)
        assert await read_spans(database, "p1", "r1") == (wanted, True, False)
        with pytest.raises(NotFoundError):
            await read_spans(database, "p1", "r2")

    used(urls.app, work)


Ask = Callable[[Database], Any]


def asking(start: F | int, stop: F | int, px: int, **more: Any) -> Ask:
    ids = ("p1", "r1") if "ids" not in more else more.pop("ids")
    return lambda database: read_overview(database, *ids, F(start), F(stop), px, **more)


@pytest.mark.parametrize(
    ("ask", "error", "named"),
    [
        (asking(0, 10, 0), InvalidDataError, "px is 0; it must be in 1 .. 10000"),
        (asking(0, 10, 10_001), InvalidDataError, "px is 10001"),
        (asking(-1, 10, 5), SpanError, "start -1 s lies before"),
        (asking(10, 10, 5), SpanError, "end 10 s is not after start 10 s"),
        (asking(0, 10**9 + 2, 5), SpanError, "lies after second 1000000000"),
        (asking(0, 10, 5, labels=["C9"]), InvalidDataError, "no channel 'C9'"),
        (asking(0, 10, 5, labels=[]), InvalidDataError, "no channel is asked for"),
        (asking(0, 10, 500, max_values=100), TooLargeError, "3000 values; at most 100"),
        (asking(0, 10, 5, ids=("p1", "r2")), NotFoundError, "'r2'"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_value_and_limit(
    urls: Urls, ask: Ask, error: type[EegStoreError], named: str
) -> None:
    async def work(database: Database) -> None:
        await put(database, slow_recording(), [])
        with pytest.raises(error) as raised:
            await ask(database)
        assert named in str(raised.value)

    used(urls.app, work)


def test_the_right_answer_is_told_from_a_wrong_one(urls: Urls) -> None:
    """What the tests compare with differs when one sample does."""
    recording = slow_recording()
    chunks = seconds_of(recording, range(20))

    async def work(database: Database) -> None:
        await put(database, recording, list(chunks.values()))
        read = await checked(database, recording, chunks, 0, 20, 4)
        changed = chunks[13].samples.copy()
        changed[1] = 32_000
        wrong = chunks | {13: Chunk(13, chunks[13].runs, changed)}
        limits, _ = right(recording, wrong, read.overview, range(3))
        assert np.flatnonzero((limits != read.overview.digital).any(axis=(0, 2))).tolist() == [2]
        with pytest.raises(AssertionError):
            await checked(database, recording, wrong, 0, 20, 4)

    used(urls.app, work)

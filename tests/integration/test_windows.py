"""A window out of the database is a slice of the recording, and has limits."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

from eegstore.errors import CodecError, InvalidDataError, NotFoundError, SpanError, TooLargeError
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.service.windows import MAX_DURATION, read_window
from eegstore.store.database import Database
from eegstore.timebase import first_sample
from eegstore.window import Window
from eegstore.wire import unique_labels
from tests.conftest import Urls
from tests.integration.databases import made, put, used
from tests.integration.postgres_processes import connect

SECONDS = 100
LABELS = ["T8-P8", "Fz", "T8-P8", "slow", "Cz"]
RATES = [F(256), F(64, 5), F(256), F(1, 30), F(200000, 1001)]


def with_gaps(sample_type: SampleType) -> tuple[Recording, list[Chunk], list[np.ndarray]]:
    """A recording with whole and partial gaps, and for every sample whether it is there."""
    recording, chunks = made(SECONDS, RATES, sample_type=sample_type, recording_id=sample_type)
    channels = [replace(c, label=x) for c, x in zip(recording.channels, LABELS, strict=True)]
    recording = replace(recording, channels=tuple(channels))
    present = [np.zeros(first_sample(SECONDS, rate), bool) for rate in RATES]
    kept = []
    for chunk in chunks:
        if chunk.second in range(20, 25) or chunk.second in (0, 40, 60, 99):
            continue
        if chunk.second % 10 == 3:  # channel 0 in two runs, channel 1 not at all
            first, second, *others = chunk.runs
            parts = [chunk.samples[:50], chunk.samples[100:256]]
            rest = sum(count for runs in (first, second) for _, count in runs)
            chunk = Chunk(
                chunk.second,
                (((0, 50), (100, 156)), (), *others),
                np.concatenate([*parts, chunk.samples[rest:]]),
            )
        kept.append(chunk)
        for row, (rate, runs) in enumerate(zip(RATES, chunk.runs, strict=True)):
            for at, count in runs:
                begin = first_sample(chunk.second, rate) + at
                present[row][begin : begin + count] = True
    return recording, kept, present


def whole(recording: Recording, chunks: Sequence[Chunk]) -> list[np.ndarray]:
    """The samples of every channel from second 0 on, 0 where there are none."""
    arrays = [
        np.zeros(first_sample(SECONDS, c.sfreq), recording.sample_type.dtype)
        for c in recording.channels
    ]
    for chunk in chunks:
        position = 0
        for row, runs in enumerate(chunk.runs):
            base = first_sample(chunk.second, recording.channels[row].sfreq)
            for first, count in runs:
                part = chunk.samples[position : position + count]
                arrays[row][base + first : base + first + count] = part
                position += count
    return arrays


def check(window: Window, rows: list[int], samples: list[np.ndarray], present: list[np.ndarray],
          start: F, stop: F) -> None:  # fmt: skip
    for block in window.blocks:
        there = np.ones(block.digital.shape, bool) if block.present is None else block.present
        for at, row in enumerate(block.rows):
            rate = RATES[rows[row]]
            lo, hi = -(-start * rate // 1), -(-stop * rate // 1)  # ceilings
            beyond = max(0, hi - len(samples[rows[row]])) - max(0, lo - len(samples[rows[row]]))
            expected = np.append(samples[rows[row]][lo:hi], np.zeros(beyond, there.dtype))
            exists = np.append(present[rows[row]][lo:hi], np.zeros(beyond, bool))
            np.testing.assert_array_equal(block.digital[at], expected)
            np.testing.assert_array_equal(there[at], exists)


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_windows_over_any_span_equal_slicing(common: Urls, sample_type: SampleType) -> None:
    """With gaps, mixed rates, repeated labels, rows in any order, ends beyond the data."""
    recording, chunks, present = with_gaps(sample_type)
    samples = whole(recording, chunks)
    labels = unique_labels(recording.channels)
    rng = np.random.default_rng(11)

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        for n in range(60):
            start = F(int(rng.integers(0, 101 * 997)), 997)
            stop = start + F(int(rng.integers(1, (120 if n % 10 == 0 else 8) * 997)), 997)
            rows = rng.permutation(5)[: rng.integers(1, 6)].tolist()
            asked = [labels[row] for row in rows]
            window = await read_window(database, "p1", sample_type, start, stop, asked)
            assert [c.label for c in window.channels] == [LABELS[row] for row in rows]
            assert (window.start, window.stop, window.sample_type) == (start, stop, sample_type)
            check(window, rows, samples, present, start, stop)
        everything = await read_window(database, "p1", sample_type, F(0), F(SECONDS))
        check(everything, [0, 1, 2, 3, 4], samples, present, F(0), F(SECONDS))

    used(common.app, work)


@pytest.fixture(scope="module")
def stored(common: Urls) -> Urls:
    """A recording of 3 s, T8-P8 twice."""
    recording, chunks = made(3, [F(256)] * 3, recording_id="small")
    labelled = zip(recording.channels, ("T8-P8", "Fz", "T8-P8"), strict=True)
    recording = replace(recording, channels=tuple(replace(c, label=x) for c, x in labelled))
    used(common.app, lambda database: put(database, recording, chunks))
    return common


def ask(urls: Urls, start: F, stop: F, labels: list[str] | None = None, **more: int) -> Window:
    return used(
        urls.app, lambda database: read_window(database, "p1", "small", start, stop, labels, **more)
    )


@pytest.mark.parametrize(
    ("start", "stop", "error", "message"),
    [
        (F(-1, 256), F(1), SpanError, "start -0.00390625 s lies before the beginning"),
        (F(1), F(1), SpanError, "end 1 s is not after start 1 s"),
        (F(2), F(1), SpanError, "end 1 s is not after start 2 s"),
        (F(0), MAX_DURATION + F(1, 1000), TooLargeError, "too long; at most 3600 s"),
        (F(10) ** 40, F(10) ** 40 + 1, SpanError, "lies after"),
    ],
)
def test_spans_that_cannot_be_asked_for(
    stored: Urls, start: F, stop: F, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(stored, start, stop)


def test_the_longest_window_is_given(stored: Urls) -> None:
    window = ask(stored, F(0), F(MAX_DURATION), ["Fz"])
    assert window.digital.shape == (1, 256 * MAX_DURATION)
    assert window.blocks[0].present is not None
    assert window.blocks[0].present.sum() == 3 * 256


def test_a_window_has_at_most_so_many_values(stored: Urls) -> None:
    assert ask(stored, F(0), F(2), max_values=3 * 512).digital.size == 3 * 512
    with pytest.raises(TooLargeError, match="1536 values is too large; at most 1535"):
        ask(stored, F(0), F(2), max_values=3 * 512 - 1)
    assert ask(stored, F(0), F(2), ["Fz"], max_values=512).digital.size == 512


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["Cz"], "no channel 'Cz' in 'small'; it has T8-P8-0, Fz, T8-P8-1"),
        (["T8-P8"], "'T8-P8' stands for T8-P8-0, T8-P8-1; name one"),
        (["Fz", "T8-P8-0", "Fz"], "channel 'Fz' is asked for twice"),
        (["fz"], "no channel 'fz'"),
        ([""], "no channel ''"),
    ],
)
def test_labels_that_name_no_channel_or_several(
    stored: Urls, labels: list[str], message: str
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        ask(stored, F(0), F(1), labels)


def test_a_repeated_label_is_named_by_its_number(stored: Urls) -> None:
    both = ask(stored, F(0), F(3))
    one = ask(stored, F(0), F(3), ["T8-P8-1", "T8-P8-0"])
    assert (one.digital == both.digital[[2, 0]]).all()
    assert not (both.digital[0] == both.digital[2]).all()


def test_a_span_where_nothing_was_recorded_is_a_gap_and_no_error(stored: Urls) -> None:
    window = ask(stored, F(5), F(7))
    assert window.data.shape == (3, 512)
    assert np.isnan(window.data).all()


def test_an_unknown_recording_is_not_found(stored: Urls) -> None:
    async def work(database: Database) -> None:
        for ids in (("p1", "other"), ("p2", "small")):
            with pytest.raises(NotFoundError, match="no recording"):
                await read_window(database, *ids, F(0), F(1))
        with pytest.raises(InvalidDataError, match="character '/'"):
            await read_window(database, "p/1", "small", F(0), F(1))

    used(stored.app, work)


def test_one_sample_of_a_slow_channel_is_found_in_its_second(common: Urls) -> None:
    channel = Channel("slow", F(1, 30), "degC", 0.0, 50.0, 0, 500)
    recording = Recording("p1", "slow", (channel,), SampleType.INT16)
    chunks = [Chunk(30 * n, (((0, 1),),), np.array([n + 1], "<i2")) for n in range(4)]

    async def work(database: Database) -> None:
        await put(database, recording, chunks)
        for start, stop, found in ((0, 120, [1, 2, 3, 4]), (1, 30, []), (30, 31, [2]),
                                   (F(59, 2), F(91), [2, 3, 4])):  # fmt: skip
            window = await read_window(database, "p1", "slow", F(start), F(stop))
            assert window.digital[0].tolist() == found
            assert window.data[0].tolist() == pytest.approx([n / 10 for n in found])

    used(common.app, work)


def test_a_damaged_blob_is_an_error_that_names_the_second(urls: Urls) -> None:
    """Not samples that look like some."""
    recording, chunks = made(3)
    used(urls.app, lambda database: put(database, recording, chunks))
    with connect(urls.admin) as connection:
        connection.execute("ALTER TABLE chunk DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE chunk SET blob = overlay(blob PLACING '\\x00'::bytea FROM 40) WHERE second = 1"
        )

    async def work(database: Database) -> None:
        assert (await read_window(database, "p1", "r1", F(2), F(3))).blocks
        with pytest.raises(CodecError, match=r"^second 1: "):
            await read_window(database, "p1", "r1", F(0), F(3))

    used(urls.app, work)

"""Trends are those of the seconds that are stored, whoever has made which hours of them."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction as F

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, NotFoundError, SpanError
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.service import recordings, spectra, trends
from eegstore.service.trends import TrendsRead, read_trends
from eegstore.signal.trends import N_BINS, amplitude, packed, powers, unpacked
from eegstore.store.database import Database
from eegstore.timebase import first_sample, full_runs
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.integration.overviews import HOUR, archivist
from tests.integration.postgres_processes import connect

RATE = 32
EIGHT = datetime(2026, 11, 22, 8)
LEFT, RIGHT = [0, 2], [1]
STORED = {*range(300), *range(310, 500), *range(HOUR + 500, HOUR + 600)}
LATE = set(range(300, 310)) | {HOUR + 100, HOUR + 101}
PARTIAL = (17, 400, HOUR + 550)  # the last channel of EEG lacks a sample

Bins = Mapping[int, NDArray[np.uint8]]


def recording(name: str = "r1", **fields: object) -> Recording:
    """Three channels of EEG, one of them in mV and at another rate, and an EKG between."""
    channels = (
        Channel("C3", F(RATE), "uV", -3200.0, 3200.0, -32000, 32000),
        Channel("C4", F(RATE), "uV", -3200.0, 3200.0, -32000, 32000),
        Channel("F3", F(129, 4), "mV", -3.2, 3.2, -32000, 32000),
        Channel("EKG", F(RATE), "mV", -3.2, 3.2, -32000, 32000),
        Channel("Cz", F(RATE), "uV", -3200.0, 3200.0, -32000, 32000),
    )
    ids = {"patient_id": "p1", "recording_id": name} | fields
    return Recording(channels=channels, sample_type=SampleType.INT16, **ids)  # type: ignore[arg-type]


def made(recording: Recording, seconds: Iterable[int], seed: int = 0) -> dict[int, Chunk]:
    """Noise whose size wanders; of `PARTIAL` seconds one sample is missing."""
    chunks = {}
    for second in seconds:
        random = np.random.default_rng([seed, second])
        size = 100 * (1 + np.sin(second / 30)) + 20
        runs = list(full_runs(recording.channels, second))
        if second in PARTIAL:
            runs[-1] = ((0, 5), (6, RATE - 6))
        count = sum(count for channel in runs for _, count in channel)
        samples = np.rint(random.normal(0, size, count)).astype(np.int16)
        chunks[second] = Chunk(second, tuple(runs), samples)
    return chunks


def bins_of(recording: Recording, chunks: Mapping[int, Chunk]) -> Bins:
    """Of every second the bins of all, left, right and each channel of EEG."""
    found = {}
    for second, chunk in chunks.items():
        power, at = np.full((4, N_BINS), np.nan), 0
        for row, channel in enumerate(recording.channels):
            count = sum(size for _, size in chunk.runs[row])
            values = chunk.samples[at : at + count] * channel.gain + channel.offset
            at += count
            full = first_sample(second + 1, channel.sfreq) - first_sample(second, channel.sfreq)
            if row != 3 and count == full:
                scale = 1000 if channel.unit == "mV" else 1
                power[row - (row > 3)] = powers(scale * values, float(channel.sfreq))
        groups = [
            np.array([np.mean(column[np.isfinite(column)]) if np.isfinite(column).any() else np.nan
                      for column in power[rows].T])
            for rows in ([0, 1, 2, 3], LEFT, RIGHT)
        ]  # fmt: skip
        found[second] = packed(np.concatenate([np.array(groups), power]))
    return found


LINES = {"all": 0, "left": 1, "right": 2, "C3": 3, "C4": 4, "F3": 5, "Cz": 6}


def compare(read: TrendsRead, parts: Iterable[tuple[F, Bins]], group: str) -> None:
    """Every column against the seconds that begin in it."""
    found = read.trends
    columns: dict[int, list[NDArray[np.uint8]]] = {}
    for offset, bins in parts:
        for second, codes in bins.items():
            begin = second if found.unit < 60 else second // 60 * 60
            column = int((begin + offset - found.start) // found.unit)
            columns.setdefault(column, []).append(codes[LINES[group]])
    coarse = found.unit >= 60
    empty = [column for column in range(found.codes.shape[1]) if column not in columns]
    assert (found.codes[:, empty] == 255).all()
    assert np.isnan(found.amplitude[:, empty]).all()
    for column in sorted(columns.keys() & set(range(found.codes.shape[1]))):
        power = unpacked(np.array(columns[column]))
        there = np.isfinite(power)
        right = np.array([
            line[ok].mean() if ok.any() else np.nan
            for line, ok in zip(power.T, there.T, strict=True)
        ])  # fmt: skip
        codes = found.codes[:, column].astype(int)
        wanted = packed(right).astype(int)
        np.testing.assert_array_equal(codes == 255, wanted == 255)
        assert np.abs(codes - wanted).max() <= coarse  # minutes are rounded once more
        sizes = np.sort(amplitude(power))
        sizes = sizes[np.isfinite(sizes)]
        low, middle, high = found.amplitude[:, column]
        if not len(sizes):
            assert np.isnan([low, middle, high]).all()
            continue
        assert (low, high) == pytest.approx((sizes[0], sizes[-1]), rel=1e-6)
        if coarse:
            assert low <= middle <= high
        else:
            assert middle == pytest.approx(sizes[(len(sizes) - 1) // 2], rel=1e-6)


def hours(url: str) -> list[tuple[int, int]]:
    """Start and number of seconds of all hours of r1."""
    with connect(url) as connection:
        return connection.execute(
            "SELECT start, n_seconds FROM summary_spectrum WHERE recording_id = 'r1' ORDER BY 1"
        ).fetchall()


def test_before_and_after_hours_are_made(urls: Urls) -> None:
    """With partial seconds, gaps, an hour that grows, and seconds that come late."""
    one = recording()
    chunks = made(one, STORED | LATE)
    early = {second: chunk for second, chunk in chunks.items() if second in STORED}
    bins = bins_of(one, chunks)
    first = {second: codes for second, codes in bins.items() if second in STORED}

    async def look(database: Database, right: Bins, *, complete: bool = True) -> None:
        for px, groups in ((4400, ("all",)), (900, ("left", "F3")), (50, LINES), (3, LINES)):
            for group in groups:
                read = await read_trends(database, "p1", recording_id="r1", px=px, group=group)
                assert read.trends.complete is complete
                compare(read, [(F(0), right)], group)
        part = await read_trends(
            database, "p1", recording_id="r1", start=F(290), stop=F(320), px=30
        )
        assert (part.trends.start, part.trends.unit, part.trends.codes.shape[1]) == (290, 1, 30)
        compare(part, [(F(0), right)], "all")

    async def work(database: Database) -> None:
        await put(database, one, list(early.values()))
        read = await read_trends(database, "p1", recording_id="r1", px=4400)
        assert not read.trends.complete
        assert read.due == [("p1", "r1")]
        last = sorted(STORED)[-trends.MAX_NOW :]
        compare(read, [(F(0), {second: bins[second] for second in last})], "all")
        await spectra.catch_up(database, read.due)
        assert hours(urls.admin) == [(0, 490), (HOUR, 100)]
        await look(database, first)
        assert await spectra.build(database, "p1", "r1") == 0

        late = {second: chunks[second] for second in LATE}
        await put(database, one, list(late.values()))
        await look(database, bins)
        assert await spectra.build(database, "p1", "r1") == 2
        assert hours(urls.admin) == [(0, 500), (HOUR, 102)]
        await look(database, bins)
        assert (await read_trends(database, "p1", recording_id="r1")).due == []
        with connect(urls.admin) as connection:
            query = b"SELECT start, bins, minutes FROM summary_spectrum ORDER BY 1"
            little = connection.execute(query).fetchall()
            assert await spectra.rebuild(database, "p1", "r1") == 2
            assert connection.execute(query).fetchall() == little

    used(urls.app, work)


def test_an_hour_that_grows_is_kept_when_it_has_gained_a_minute(urls: Urls) -> None:
    one = recording()
    chunks = list(made(one, range(130)).values())

    async def due(database: Database) -> bool:
        read = await read_trends(database, "p1", recording_id="r1")
        assert read.trends.complete
        return bool(read.due)

    async def work(database: Database) -> None:
        await put(database, one, chunks[:59])
        assert not await due(database)
        await put(database, one, chunks[59:60])
        assert await due(database)
        await spectra.build(database, "p1", "r1")
        await put(database, one, chunks[60:100])
        assert not await due(database)
        await recordings.close(database, "p1", "r1", None)
        assert await due(database)  # nothing more will come

    used(urls.app, work)


def test_of_a_study_each_recording_lies_in_its_place(urls: Urls) -> None:
    """One has other channels, and one none of EEG."""
    start = {"a": 0.0, "b": 1000.5, "c": 3000.0}
    made_of = {
        name: recording(name, study_id="s", start_time=EIGHT + timedelta(seconds=at))
        for name, at in start.items()
    }
    made_of["b"] = replace(made_of["b"], channels=made_of["b"].channels[1:])
    made_of["c"] = replace(made_of["c"], channels=made_of["c"].channels[3:4])
    chunks = {
        "a": made(made_of["a"], range(100)),
        "c": {second: Chunk(second, (((0, RATE),),), np.zeros(RATE, np.int16))
              for second in range(10)},
    }  # fmt: skip

    first = bins_of(made_of["a"], chunks["a"])

    async def work(database: Database) -> None:
        for name, own in chunks.items():
            await put(database, made_of[name], list(own.values()))
        other = {
            second: Chunk(
                second,
                full_runs(made_of["b"].channels, second),
                np.random.default_rng(second).integers(-300, 300, 96 + n).astype(np.int16),
            )
            for second in range(100)
            if (n := first_sample(second + 1, F(129, 4)) - first_sample(second, F(129, 4)))
        }
        await put(database, made_of["b"], list(other.values()))
        for _ in range(2):
            for px in (4000, 300, 20):
                for group, parts in (("all", 2), ("C3", 1), ("Cz", 2)):
                    read = await read_trends(database, "p1", study_id="s", px=px, group=group)
                    if not read.trends.complete:
                        continue
                    assert read.trends.codes.shape[1] == -(-3010 // read.trends.unit)
                    there = (read.trends.codes[3] != 255).nonzero()[0]
                    unit = read.trends.unit
                    begins = [s if unit < 60 else s // 60 * 60 for s in range(100)]
                    lacking = {PARTIAL[0]} if group == "Cz" else set()
                    right = {begins[s] // unit for s in set(range(100)) - lacking}
                    if parts > 1:
                        right |= {int((begin + 1000.5) // unit) for begin in begins}
                    assert set(there.tolist()) == right
                    if parts == 1:
                        compare(read, [(F(0), first)], group)
            await spectra.catch_up(database, [("p1", name) for name in "abc"])
        assert read.trends.complete
        with pytest.raises(InvalidDataError, match="group 'EKG' is not one of all, left, right"):
            await read_trends(database, "p1", study_id="s", group="EKG")

    used(urls.app, work)


def test_what_the_archivist_touches_no_hour_speaks_of(urls: Urls) -> None:
    one = recording()
    chunks = made(one, [*range(100), *range(HOUR, HOUR + 100)])

    async def fill(database: Database) -> None:
        await put(database, one, list(chunks.values()))
        assert await spectra.build(database, "p1", "r1") == 2

    async def look(database: Database) -> None:
        left = {second: chunk for second, chunk in chunks.items() if second != 50}
        read = await read_trends(database, "p1", recording_id="r1", px=4000)
        compare(read, [(F(0), bins_of(one, left))], "all")

    used(urls.app, fill)
    with archivist(urls.admin) as connection:
        connection.execute("DELETE FROM chunk WHERE second = 50")
    assert hours(urls.admin) == [(HOUR, 100)]
    used(urls.app, look)


@pytest.mark.parametrize("kept", [False, True])
def test_an_hour_of_seconds_that_went_meanwhile_is_not_stored(
    urls: Urls, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Neither of new seconds, nor on top of an older hour that spoke of one."""
    one = recording()
    chunks = list(made(one, range(100)).values())
    compute = spectra.hour_of

    def erased(*given: object) -> object:
        with archivist(urls.admin) as connection:
            connection.execute("DELETE FROM chunk WHERE second = 50")
        return compute(*given)  # type: ignore[arg-type]

    async def work(database: Database) -> None:
        await put(database, one, chunks[: 60 if kept else 100])
        if kept:
            assert await spectra.build(database, "p1", "r1") == 1
            await put(database, one, chunks[60:])
        monkeypatch.setattr(spectra, "hour_of", erased)
        assert await spectra.build(database, "p1", "r1") == 0
        monkeypatch.undo()
        assert hours(urls.admin) == []
        assert await spectra.build(database, "p1", "r1") == 1
        assert hours(urls.admin) == [(0, 99)]

    used(urls.app, work)


def test_none_is_stored_while_the_archivist_is_at_the_door(urls: Urls) -> None:
    one = recording()

    async def work(database: Database) -> None:
        await put(database, one, list(made(one, range(100)).values()))
        with archivist(urls.admin) as connection:
            connection.execute("DELETE FROM chunk WHERE second = 5")
            assert await spectra.build(database, "p1", "r1") == 0
        assert await spectra.build(database, "p1", "r1") == 1

    used(urls.app, work)


def test_two_that_make_them_do_not_disturb_each_other(urls: Urls) -> None:
    one = recording()
    chunks = made(one, range(200))

    async def work(database: Database) -> None:
        await put(database, one, list(chunks.values()))
        await asyncio.gather(*(spectra.build(database, "p1", "r1") for _ in range(3)))
        read = await read_trends(database, "p1", recording_id="r1", px=200)
        assert read.trends.complete
        compare(read, [(F(0), bins_of(one, chunks))], "all")

    used(urls.app, work, pool_size=4)


def test_hours_of_another_processing_are_made_anew(urls: Urls) -> None:
    one = recording()
    chunks = made(one, range(70))

    async def work(database: Database) -> None:
        await put(database, one, list(chunks.values()))
        await spectra.build(database, "p1", "r1")
        with connect(urls.admin) as connection:
            connection.execute("UPDATE summary_spectrum SET processing = 'old', bins = 'x'")
        read = await read_trends(database, "p1", recording_id="r1")
        compare(read, [(F(0), bins_of(one, chunks))], "all")
        assert read.due
        assert await spectra.build(database, "p1", "r1") == 1
        assert (await read_trends(database, "p1", recording_id="r1")).due == []

    used(urls.app, work)


def test_what_has_no_trends(urls: Urls) -> None:
    one = recording()

    async def work(database: Database) -> None:
        await recordings.declare(database, one)
        nothing = (await read_trends(database, "p1", recording_id="r1")).trends
        assert nothing.codes.shape == (N_BINS, 0)
        assert nothing.complete
        for more, error, match in (
            ({"group": "EKG"}, InvalidDataError, "nor a channel of EEG: C3, C4, F3, Cz"),
            ({"px": 0}, InvalidDataError, "px is 0; it must be in 1 .. 10000"),
            ({"start": F(-1)}, SpanError, "start -1 s lies before"),
            ({"start": F(9), "stop": F(9)}, SpanError, "end 9 s is not after start 9 s"),
            ({"stop": F(10) ** 90}, SpanError, "1e\\+90 s lies after second"),
            ({"start": F(10) ** 90}, SpanError, "1e\\+90 s lies after second"),
            ({"study_id": "s"}, InvalidDataError, "both of study_id and recording_id"),
            ({"recording_id": None}, InvalidDataError, "neither of study_id and recording_id"),
            ({"recording_id": "r0"}, NotFoundError, "no recording 'r0'"),
            ({"recording_id": None, "study_id": "s0"}, NotFoundError, "no study 's0'"),
        ):
            given = {"recording_id": "r1"} | more
            with pytest.raises(error, match=match):
                await read_trends(database, "p1", **given)  # type: ignore[arg-type]

    used(urls.app, work)

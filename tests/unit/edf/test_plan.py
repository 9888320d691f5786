"""How data are divided into records, and which crops are refused with what advice."""

from collections.abc import Sequence
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eegstore.edf import EdfFile, EdfWriter
from eegstore.edf.placement import Placement, place
from eegstore.edf.plan import is_writable
from eegstore.errors import EdfError
from eegstore.model import Annotation, Channel, Chunk, Recording, Runs, SampleType
from eegstore.timebase import first_sample
from tests.unit.edf.files import cropped, export, read, source_of, stretches_of
from tests.unit.edf.raw import plus
from tests.unit.recordings import chunks_of, make_recording, make_signal


def full(rates: Sequence[F], seconds: int) -> tuple[Recording, list[Chunk]]:
    recording = make_recording(rates)
    return recording, chunks_of(recording, make_signal(recording, seconds), seconds)


def duration_of(path: Path) -> str:
    return path.read_bytes()[244:252].decode().strip()


@pytest.mark.parametrize(
    ("rates", "seconds", "duration"),
    [
        ([F(256)], 3, "1"),
        ([F(256), F(1)], 3, "1"),
        ([F(64, 5), F(100)], 10, "1.25"),
        ([F(64, 5)], 5, "1.25"),
        ([F(200000, 1001)], 1001, "1.001"),
        ([F(1, 30)], 60, "30"),
        ([F(1, 2), F(3, 4)], 8, "4"),
    ],
)
def test_records_last_one_second_or_what_is_nearest(
    tmp_path: Path, rates: list[F], seconds: int, duration: str
) -> None:
    recording, chunks = full(rates, seconds)
    export(tmp_path / "a.edf", recording, chunks)
    assert duration_of(tmp_path / "a.edf") == duration
    back, found, _ = read(tmp_path / "a.edf")
    assert stretches_of(back, found) == stretches_of(recording, chunks)


@pytest.mark.parametrize(
    ("rates", "start", "stop", "why", "advice"),
    [
        ([F(256), F(1)], F(1, 2), F(3), "start at 0.5 s", "1 to 3 s"),
        ([F(256), F(1)], F(1), F(7, 2), "cut at different times", "1 to 3 s"),
        ([F(64, 5), F(100)], F(0), F(3), "cut at different times", "0 to 2.5 s"),
        ([F(256)], F(0), F(3, 256), "no duration", None),
        ([F(256)], F(1, 256), F(3), "no duration", "0.015625 to 3 s"),
        ([F(1, 3)], F(1), F(2), "no samples", None),
    ],
)
def test_what_edf_cannot_hold_is_refused_with_the_nearest_crop_that_it_can(
    tmp_path: Path, rates: list[F], start: F, stop: F, why: str, advice: str | None
) -> None:
    recording, chunks = full(rates, 5)
    with pytest.raises(EdfError) as caught:
        export(tmp_path / "a.edf", recording, chunks, start=start, stop=stop)
    assert why in str(caught.value)
    if advice is None:
        assert "nearest" not in str(caught.value)
        return
    assert str(caught.value).endswith(f"the nearest crop that it can is {advice}")
    lo, hi = (F(word) for word in advice.removesuffix(" s").split(" to "))
    export(tmp_path / "a.edf", recording, chunks, start=lo, stop=hi)
    back, found, _ = read(tmp_path / "a.edf")
    assert stretches_of(back, found) == cropped(recording, stretches_of(recording, chunks), lo, hi)


def without(chunk: Chunk, channels: Sequence[Channel], first: int, stop: int) -> Chunk:
    """`chunk` without the samples first .. stop - 1 of its channels' second."""
    runs, parts, position = [], [], 0
    for one in chunk.runs:
        kept = []
        for begin, count in one:
            for lo, hi in ((begin, min(begin + count, first)), (max(begin, stop), begin + count)):
                if lo < hi:
                    kept.append((lo, hi - lo))
                    at = position + lo - begin
                    parts.append(chunk.samples[at : at + hi - lo])
            position += count
        runs.append(tuple(kept))
    assert len(runs) == len(channels)
    return Chunk(chunk.second, tuple(runs), np.concatenate(parts))


def test_a_gap_of_some_samples_is_kept_where_a_record_divides_what_is_left(tmp_path: Path) -> None:
    recording, chunks = full([F(256)] * 2, 6)
    chunks[2] = without(chunks[2], recording.channels, 64, 96)
    export(tmp_path / "a.edf", recording, chunks)
    assert duration_of(tmp_path / "a.edf") == "0.125"
    back, found, _ = read(tmp_path / "a.edf")
    assert stretches_of(back, found) == stretches_of(recording, chunks)


def test_a_gap_that_no_record_divides_is_refused_with_the_longest_stretch(tmp_path: Path) -> None:
    recording, chunks = full([F(256)] * 2, 9)
    chunks[2] = without(chunks[2], recording.channels, 100, 101)
    with pytest.raises(EdfError, match=r"no duration .* crop that it can is 2\.40625 to 9 s"):
        export(tmp_path / "a.edf", recording, chunks)
    export(tmp_path / "a.edf", recording, chunks, start=F("2.40625"), stop=F(9))


def test_gaps_of_single_channels_are_refused_with_a_crop_without_them(tmp_path: Path) -> None:
    recording, chunks = full([F(4)] * 2, 9)
    samples = chunks[3].samples[:7]
    chunks[3] = Chunk(3, (((0, 4),), ((0, 3),)), samples)
    with pytest.raises(EdfError, match=r"second 3: channel 2 .* crop that it can is 4 to 9 s"):
        export(tmp_path / "a.edf", recording, chunks)
    chunks[3] = Chunk(3, (((0, 4),), ()), samples[:4])
    with pytest.raises(EdfError, match=r"second 3: channel 2 has the runs \(\)"):
        export(tmp_path / "a.edf", recording, chunks)


def test_a_slow_channel_that_lacks_what_the_fast_one_has_is_refused(tmp_path: Path) -> None:
    recording, chunks = full([F(4), F(1)], 5)
    chunks[3] = Chunk(3, (((0, 4),), ()), chunks[3].samples[:4])
    with pytest.raises(EdfError, match=r"1 Hz and of 4 Hz are cut .* can is 0 to 3 s"):
        export(tmp_path / "a.edf", recording, chunks)
    chunks[3] = Chunk(3, ((), ((0, 1),)), chunks[3].samples[:1])
    with pytest.raises(EdfError, match="are cut at different times"):
        export(tmp_path / "a.edf", recording, chunks)


def test_records_of_a_file_with_gaps_within_slow_channels_come_back(tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(plus(["+0", "+1.1", "+2.3", "+3.3"], n_samples=50))
    with EdfFile(tmp_path / "a.edf") as file:
        recording, chunks = file.recording("p", "r"), list(file.chunks(0, file.n_seconds))
        writer = export(tmp_path / "b.edf", recording, chunks, **source_of(file))
    assert writer.n_records == 4
    assert duration_of(tmp_path / "b.edf") == "1"
    back, found, _ = read(tmp_path / "b.edf")
    assert stretches_of(back, found) == stretches_of(recording, chunks)


@pytest.mark.parametrize(
    ("duration", "writable"),
    [(F(1), True), (F("9.59375"), True), (F(1, 256), False), (F(1, 3), False), (F("1e8"), False)],
)
def test_a_duration_has_8_characters(duration: F, writable: bool) -> None:
    assert is_writable(duration) is writable


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=8))
def test_placement_counts_what_exists(gaps_and_counts: list[tuple[int, int]]) -> None:
    placement, exists, at = Placement(), [], 0
    for gap, count in gaps_and_counts:
        at += gap
        placement.add(at, count)
        exists += range(at, at + count)
        at += count
    assert len(placement) == len(exists)
    for sample in range(at + 2):
        assert placement.position(sample) == sum(one < sample for one in exists)
        later = [one for one in exists if one >= sample]
        assert placement.following(sample) == (later[0] if later else None)
        runs = placement.runs(sample, sample + 7)
        held = [sample + first + n for first, count in runs for n in range(count)]
        assert held == [one for one in exists if sample <= one < sample + 7]


@given(
    st.lists(st.fractions(0, 3, max_denominator=50), min_size=1, max_size=10),
    st.sampled_from([F(4), F(64, 5), F(1, 2)]),
)
def test_placed_records_keep_order_and_stay_within_half_a_sample(gaps: list[F], rate: F) -> None:
    onsets, at = [], F(0)
    for gap in gaps:
        onsets.append(at)
        at += 4 / rate + gap
    placement = place("a.edf", [(onset, 1) for onset in onsets], rate, 4)
    assert len(placement) == 4 * len(onsets)
    for record, onset in enumerate(onsets):
        first = next(
            lo + 4 * record - placement.position(lo)
            for lo, hi in zip(placement.firsts, placement.stops, strict=True)
            if placement.position(lo) <= 4 * record < placement.position(hi)
        )
        assert abs(first - onset * rate) <= F(1, 2)


@st.composite
def any_recording(draw: st.DrawFn) -> tuple[Recording, list[Chunk]]:
    """A recording of any rates whose seconds are there, missing, or there in part."""
    common = st.sampled_from([F(1), F(2), F(4), F(16), F(10), F(64, 5), F(1, 2)])
    rate = draw(st.sampled_from([common, st.fractions(F(1, 20), 40, max_denominator=20)]))
    rates = draw(st.lists(rate, min_size=1, max_size=2))
    sample_type = draw(st.sampled_from([SampleType.INT16, SampleType.INT32]))
    recording = make_recording(draw(st.lists(st.sampled_from(rates), min_size=1, max_size=4)),
                               sample_type)  # fmt: skip
    seconds = draw(st.integers(1, 40))
    held = draw(st.sets(st.integers(0, seconds - 1), max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    whole = draw(st.booleans())
    chunks = []
    for second in range(seconds):
        if second in held:
            continue
        counts = [
            first_sample(second + 1, c.sfreq) - first_sample(second, c.sfreq)
            for c in recording.channels
        ]
        if second == seconds - 1 and not whole:
            counts = [count // 2 for count in counts]
        runs: Runs = tuple(((0, count),) if count else () for count in counts)
        bound = 1 << (15 if sample_type is SampleType.INT16 else 23)
        samples = rng.integers(-bound, bound, sum(counts)).astype(sample_type.dtype)
        if sum(counts):
            chunks.append(Chunk(second, runs, samples))
    return recording, chunks


@settings(max_examples=300)
@given(
    made=any_recording(),
    crop=st.none() | st.tuples(st.integers(0, 20), st.integers(0, 20)),
    unit=st.sampled_from([F(1), F(2), F(1, 4)]),
    portion=st.integers(1, 50),
)
def test_what_is_written_is_read_again_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[Recording, list[Chunk]],
    crop: tuple[int, int] | None,
    unit: F,
    portion: int,
) -> None:
    recording, chunks = made
    start, stop = (None, None) if crop is None else (min(crop) * unit, max(crop) * unit)
    expected = [
        [
            part
            for first, counts in parts
            if (part := _slice(first, counts, channel.sfreq, start, stop))[1]
        ]
        for channel, parts in zip(recording.channels, stretches_of(recording, chunks), strict=True)
    ]
    assume(any(expected))
    path = tmp_path_factory.getbasetemp() / "law.edf"
    options: dict[str, Any] = {"start": start, "stop": stop}
    annotations = [Annotation(0.5, 1.0, "a"), Annotation(3.25, None, "ü")]
    try:
        export(path, recording, chunks, annotations, portion, **options)
    except EdfError as error:
        words = str(error)
        refused = True
    else:
        refused = False
    if refused:
        assert "EDF cannot hold this exactly" in words
        if "nearest" in words:
            lo, hi = (F(w) for w in words.split("can is ")[1].removesuffix(" s").split(" to "))
            assert (start or 0) <= lo < hi
            export(path, recording, chunks, start=lo, stop=hi)
        return
    back, found, _ = read(path)
    begin = min(
        first / channel.sfreq
        for channel, parts in zip(recording.channels, expected, strict=True)
        for first, _ in parts
    )
    assert [c.sfreq for c in back.channels] == [c.sfreq for c in recording.channels]
    assert stretches_of(back, found) == [
        [(first - begin * channel.sfreq, counts) for first, counts in parts]
        for channel, parts in zip(recording.channels, expected, strict=True)
    ]


def _slice(
    first: int, counts: list[int], rate: F, start: F | None, stop: F | None
) -> tuple[int, list[int]]:
    lo = max(first, 0 if start is None else first_sample(start, rate))
    hi = first + len(counts) if stop is None else first_sample(stop, rate)
    return lo, counts[lo - first : max(hi - first, 0)]


def test_a_plan_costs_no_samples(tmp_path: Path) -> None:
    recording = make_recording([F(256)] * 23)
    runs = (((0, 256),),) * 23
    writer = EdfWriter(recording, ((second, runs) for second in range(86400)))
    assert writer.n_records == 86400
    assert writer.size == 256 * 25 + 86400 * (23 * 512 + 10)

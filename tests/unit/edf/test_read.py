"""Records into seconds: EDF+ 2.1.2 and 2.2.4, lengths, salvage, and files that are broken."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eegstore.edf import EdfFile
from eegstore.errors import EdfError
from eegstore.model import Chunk
from eegstore.timebase import first_sample, full_runs
from tests.unit.edf.raw import Signal, annotation_signal, edf_bytes, plus

Opened = Callable[..., EdfFile]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def opened(data: bytes, name: str = "a.edf", **options: bool) -> EdfFile:
        path = tmp_path / name
        path.write_bytes(data)
        return EdfFile(path, **options)

    return opened


def cut(file: EdfFile) -> list[Chunk]:
    """All chunks."""
    return list(file.chunks(0, file.n_seconds))


def mixed(n_records: int, counts: tuple[int, ...], duration: str) -> tuple[bytes, list[np.ndarray]]:
    """A file of random counts, an annotation signal in its midst, and its signals."""
    rng = np.random.default_rng(7)
    data = [rng.integers(-32768, 32768, n_records * count) for count in counts]
    signals = [Signal(count, f"C{row}") for row, count in enumerate(counts)]
    signals.insert(1, annotation_signal(8))
    records = []
    for record in range(n_records):
        parts: list[bytes | np.ndarray] = [
            one[record * count : (record + 1) * count]
            for one, count in zip(data, counts, strict=True)
        ]
        parts.insert(1, f"+{record * Fraction(duration)}\x14\x14\0".encode()[:16])
        records.append(parts)
    return edf_bytes(signals, records, duration=duration), data


@pytest.mark.parametrize(
    ("n_records", "counts", "duration"),
    [
        (7, (4, 4, 4), "1"),
        (5, (4, 4, 2), "1"),
        (130, (3, 2, 3), "1"),
        (4, (128, 1000, 128), "10"),  # 12.8 Hz
        (3, (1228, 1), "9.59375"),
        (4, (1, 30, 1), "60.00"),
        (250, (2, 3), "0.1"),
        (9, (1, 2, 1), "2.5"),
    ],
)
def test_2_1_2_chunks_tile_the_signals(
    opened: Opened, n_records: int, counts: tuple[int, ...], duration: str
) -> None:
    data, signals = mixed(n_records, counts, duration)
    with opened(data) as file:
        recording = file.recording("p", "r")
        chunks = cut(file)
        assert file.n_seconds == max(
            int((len(s) - 1) / c.sfreq) + 1
            for s, c in zip(signals, recording.channels, strict=True)
        )
    found: list[list[np.ndarray]] = [[] for _ in counts]
    for chunk in chunks:
        position = 0
        for row, runs in enumerate(chunk.runs):
            for first, count in runs:
                at = first_sample(chunk.second, recording.channels[row].sfreq) + first
                assert at == sum(map(len, found[row]))
                found[row].append(chunk.samples[position : position + count])
                position += count
        assert position == len(chunk.samples) > 0
    for parts, signal in zip(found, signals, strict=True):
        np.testing.assert_array_equal(np.concatenate(parts), signal)


def test_full_chunks_share_their_runs(opened: Opened) -> None:
    data, _ = mixed(70, (4, 2), "1")
    with opened(data) as file:
        chunks = cut(file)
        full = full_runs(file.recording("p", "r").channels, 0)
    assert chunks[0].runs == full
    assert all(chunk.runs is chunks[0].runs for chunk in chunks)


def test_any_seconds_can_be_asked_for(opened: Opened) -> None:
    data, _ = mixed(40, (128, 10), "10")
    with opened(data) as file:
        every = cut(file)
        some = list(file.chunks(123, 127))
        assert [chunk.second for chunk in file.chunks(-5, 1)] == [0]
        assert list(file.chunks(399, 1000))[-1].second == 399
        assert list(file.chunks(5, 5)) == []
    assert [chunk.second for chunk in some] == [123, 124, 125, 126]
    for chunk in some:
        np.testing.assert_array_equal(chunk.samples, every[chunk.second].samples)


def test_a_large_record_is_not_read_whole_for_one_second(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.arange(2_000_000) % 30011
    data = edf_bytes([Signal(1_000_000), Signal(1_000_000)], [np.split(counts, 2)], duration="1000")
    with opened(data) as file:
        sizes = []
        read = file._cutter._read
        monkeypatch.setattr(
            file._cutter, "_read", lambda offset, size: sizes.append(size) or read(offset, size)
        )
        (chunk,) = file.chunks(500, 501)
    expected = np.concatenate([counts[500_000:501_000], counts[1_500_000:1_501_000]])
    np.testing.assert_array_equal(chunk.samples, expected)
    assert sum(sizes) == 4000


def test_seconds_without_any_sample_have_no_chunk(opened: Opened) -> None:
    with opened(edf_bytes([Signal(1)], [[[5]], [[6]], [[7]]], duration="60")) as file:
        chunks = cut(file)
        assert file.n_seconds == 121
    assert [(chunk.second, chunk.samples.tolist()) for chunk in chunks] == [
        (0, [5]), (60, [6]), (120, [7]),
    ]  # fmt: skip


def test_2_1_1_a_gap_of_edf_plus_d_is_a_missing_run_or_chunk(opened: Opened) -> None:
    with opened(plus(["+0", "+1.5", "+5"])) as file:
        chunks = cut(file)
        assert file.n_seconds == 6
    assert [(c.second, c.runs, c.samples.tolist()) for c in chunks] == [
        (0, (((0, 4),),), [0, 1, 2, 3]),
        (1, (((2, 2),),), [4, 5]),
        (2, (((0, 2),),), [6, 7]),
        (5, (((0, 4),),), [8, 9, 10, 11]),
    ]


def test_2_1_1_two_records_within_one_second_are_two_runs(opened: Opened) -> None:
    with opened(plus(["+7.25", "+7.75"], n_samples=1, duration="0.25")) as file:
        (chunk,) = cut(file)
    assert chunk.runs == (((0, 1), (2, 1)),)
    assert chunk.samples.tolist() == [0, 1]


def test_2_2_4_a_long_gap_takes_no_time(opened: Opened) -> None:
    with opened(plus(["+0", "+100000000"])) as file:
        assert [chunk.second for chunk in cut(file)] == [0, 100_000_000]


def test_2_1_1_onsets_of_edf_plus_c_are_not_believed_beyond_the_first(opened: Opened) -> None:
    with opened(plus(["+0.5", "+9", "+3"], reserved="EDF+C")) as file:
        assert [chunk.second for chunk in cut(file)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("onset", "first"),
    [
        ("+1.124", 4),  # nearer to sample 4
        ("+1.125", 4),  # half way: the earlier one
        ("+1.126", 5),
        ("+0.875", 4),  # half a sample of overlap: right after the record before
        ("+1.000001", 4),
    ],
)
def test_2_2_4_onsets_snap_to_the_nearest_sample(opened: Opened, onset: str, first: int) -> None:
    with opened(plus(["+0", onset])) as file:
        chunk = cut(file)[1]
    assert chunk.second * 4 + chunk.runs[0][0][0] == first


def test_2_2_4_an_overlap_of_more_than_half_a_sample_is_refused(opened: Opened) -> None:
    with pytest.raises(EdfError, match=r"odd\.edf: record 2 starts 1\.874 s .* 4 Hz .* 2\.0 s"):
        opened(plus(["+0", "+1", "+1.874"]), "odd.edf")


def test_2_2_4_every_record_of_edf_plus_d_has_to_say_when_it_starts(opened: Opened) -> None:
    data = plus(["+0", "+1", "+2"]).replace(b"+1\x14\x14\0", b"+1\x14a\x14")
    with pytest.raises(EdfError, match=r"record 1 of an EDF\+D file"):
        opened(data)


def test_2_2_1_annotations_of_all_signals_count_from_the_first_record(opened: Opened) -> None:
    signals = [annotation_signal(20), Signal(2), annotation_signal(20)]
    records = [
        [b"+0.25\x14\x14\0+1.5\x14one\x14\0", [1, 2], b"+0.25\x152\x14two\x14\0"],
        [b"+1.25\x14\x14after\x14\0", [3, 4], b""],
    ]
    with opened(edf_bytes(signals, records, reserved="EDF+C")) as file:
        found = [(a.onset, a.duration, a.description) for a in file.annotations]
    assert found == [(1.25, None, "one"), (0.0, 2.0, "two"), (1.0, None, "after")]


def test_2_1_3_10_minus_one_records_means_all_that_are_there(opened: Opened) -> None:
    whole = edf_bytes([Signal()], [[[n, 2, 3, 4]] for n in range(10)], n_records=-1)
    with opened(whole) as file:
        assert (file.n_records, file.loss) == (10, None)
    with pytest.raises(EdfError, match=r"file has 589 bytes, its header says -1 records.* 8 bytes"):
        opened(whole[:-3])
    with opened(whole[:-3], salvage=True) as file:
        assert (file.n_records, file.original.trailing) == (9, whole[-8:-3])
    with pytest.raises(EdfError, match="not one whole record"):
        opened(whole[:512], salvage=True)


def test_2_1_3_10_a_start_that_broke_off_is_taken_only_when_asked(opened: Opened) -> None:
    whole = edf_bytes([Signal()], [[[n, 2, 3, 4]] for n in range(9)], n_records=-1)
    with pytest.raises(EdfError, match=r"says -1 records.*9 are there.* from 10 on"):
        opened(whole)
    with opened(whole, salvage=True) as file:
        assert file.n_records == 9
        assert file.loss is not None
        assert "kept 9 whole records" in file.loss


def test_the_length_must_be_what_the_header_describes(opened: Opened) -> None:
    data = edf_bytes([Signal()], [[[1, 2, 3, 4]], [[5, 6, 7, 8]]])
    message = r"a\.edf: file has {} bytes, its header describes 528 \(2 records of 8 bytes\)"
    for broken in (data[:-1], data + b"x", data + bytes(8)):
        with pytest.raises(EdfError, match=message.format(len(broken))):
            opened(broken)


def test_salvage_keeps_whole_declared_records_and_says_what_is_lost(opened: Opened) -> None:
    data = edf_bytes([Signal()], [[[1, 2, 3, 4]], [[5, 6, 7, 8]]])
    with opened(data[:-1], salvage=True) as file:
        assert [chunk.samples.tolist() for chunk in cut(file)] == [[1, 2, 3, 4]]
        assert file.original.trailing == data[-8:-1]
        assert file.loss is not None
        assert "528" in file.loss
        assert "kept 1 whole records (1 s), lost 1, the last 7 bytes" in file.loss
    with opened(data + bytes(11), salvage=True) as file:
        assert file.n_records == 2
        assert file.original.trailing == bytes(11)
        assert "the last 11 bytes" in str(file.loss)
    with opened(data, salvage=True) as file:
        assert file.loss is None


def test_a_text_conversion_is_recognised(opened: Opened) -> None:
    counts = np.random.default_rng(1).integers(-32768, 32767, 400)
    data = edf_bytes([Signal(400)], [[counts]])
    mangled = data[:512] + data[512:].decode("utf-8", "replace").encode()
    with pytest.raises(EdfError, match="EF BF BD"):
        opened(mangled)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(opened: Opened, tmp_path: Path) -> None:
    data, _ = mixed(40, (4, 2), "1")
    with opened(data) as file:
        (tmp_path / "a.edf").write_bytes(data[:-100])
        with pytest.raises(EdfError, match="while it was being read"):
            cut(file)


@given(cut_at=st.integers(0, 1500))
def test_every_truncation_is_refused(tmp_path_factory: pytest.TempPathFactory, cut_at: int) -> None:
    data, _ = mixed(40, (4, 2), "1")
    path = tmp_path_factory.mktemp("cut") / "cut.edf"
    path.write_bytes(data[: min(cut_at, len(data) - 1)])
    with pytest.raises(EdfError, match=r"cut\.edf: "):
        EdfFile(path)


BASES = (
    plus(["+0", "+1.5", "+2.5"], [b"+0\x150.5\x14eyes\x14\0", b"", b"+2\x14\xff\x14\0"]),
    edf_bytes([Signal(3), Signal(2), Signal(3)], [[[1, 2, 3], [4, 5], [6, 7, 8]]], duration="0.5"),
    edf_bytes([Signal(3)], [[[1, 2, 3]]], version=b"\xffBIOSEMI", n_records=-1),
)


@settings(max_examples=400)
@given(
    base=st.sampled_from(BASES),
    changes=st.lists(
        st.tuples(
            st.integers(0, 1400),
            st.sampled_from([b"-", b"+", b".", b"e9", b"99999999", b"0", b" ", b"\0", b"\xff"])
            | st.binary(min_size=1, max_size=8),
        ),
        max_size=4,
    ),
    salvage=st.booleans(),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    base: bytes,
    changes: list[tuple[int, bytes]],
    salvage: bool,
) -> None:
    data = bytearray(base)
    for at, new in changes:
        data[at % len(data) : at % len(data) + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "fuzz.edf"
    path.write_bytes(data)
    problem = None
    try:
        file = EdfFile(path, salvage=salvage)
    except EdfError as error:
        problem = str(error)
    if problem is not None:
        assert problem.startswith("fuzz.edf: ")
        return
    with file:
        recording = file.recording("p", "r")
        counted = sum(len(chunk.samples) for chunk in cut(file))
        per_record = sum(s.n_samples for s in file.original.parsed.ordinary)
        assert counted == file.n_records * per_record
        assert len(file.annotations) >= 0
        assert file.identity.keys() <= {"hospital_number", "sex", "birth_date", "name"}
        assert len(recording.channels) == len(file.original.parsed.channels)


@given(data=st.binary(max_size=1200), salvage=st.booleans())
def test_noise_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, salvage: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.edf"
    path.write_bytes(data)
    with pytest.raises(EdfError, match=r"noise\.edf: "):
        EdfFile(path, salvage=salvage)

"""A second of values becomes the counts it came from, or is refused with the reason."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import wire
from eegstore.errors import InvalidDataError
from eegstore.integrity import channels_sha256
from eegstore.model import Channel, Chunk, Recording, SampleType
from eegstore.service.grid import MAX_OFF_GRID, Grid
from eegstore.service.ingest import prepare
from eegstore.service.recordings import Declared
from eegstore.service.second import Second
from eegstore.service.second import read_second as read
from eegstore.wire.second import json_second
from tests.unit.recordings import cut, make_recording, make_signal

IDS = {"patient_id": "p1", "recording_id": "r1"}
CHBMIT = {"physical_min": -800, "physical_max": 800, "digital_min": -2048, "digital_max": 2047}
GAIN = 1600 / 4095  # [uV] per count
ONE = make_recording([F(4)])  # declared: C0, 4 Hz, calibrated as CHB-MIT is


def second(**changed: Any) -> dict[str, Any]:
    """Second 2996 of one channel of 4 Hz, without calibration; None leaves a field out."""
    body = IDS | {"start": 2996, "end": 2997, "channels": ["C0"], "samples": [[1, -1, 0.5, 2e3]]}
    return {name: value for name, value in (body | changed).items() if value is not None}


def read_second(body: dict[str, Any], declared: Recording | None) -> Second:
    """As the service does with a declaration that it has in memory."""
    return read(body, None if declared is None else Grid(declared))


def uv(*counts: float) -> list[list[float]]:
    """Counts of one channel as values."""
    return [[count * GAIN + (-800 + 2048 * GAIN) for count in counts]]


def digest(recording: Recording, chunk: Chunk) -> bytes:
    table = channels_sha256(recording.channels, recording.sample_type)
    return prepare(Declared(recording, table), [chunk])[0].content_sha256


def test_without_calibration_values_are_stored_as_the_nearest_float32() -> None:
    found = read_second(second(samples=[[0.1, -1, 0.5, 2e3]]), None)
    assert found.recording.sample_type is SampleType.FLOAT32
    assert found.recording.channels == (Channel("C0", F(4)),)
    assert (found.chunk.second, found.chunk.runs) == (2996, (((0, 4),),))
    assert found.chunk.samples.dtype == np.dtype("<f4")
    assert found.chunk.samples.tolist() == [np.float32(0.1), -1, 0.5, 2000]


def test_with_calibration_values_are_counts() -> None:
    body = second(samples=uv(0, -2048, 2047, 3000), calibration=[CHBMIT | {"unit": "mV"}])
    found = read_second(body, None)
    assert found.recording.channels == (replace(ONE.channels[0], unit="mV"),)
    assert found.chunk.samples.dtype == np.dtype("<i2")
    assert found.chunk.samples.tolist() == [0, -2048, 2047, 3000]


def test_24_bit_calibration_gives_int32() -> None:
    wide = {"physical_min": -1.0, "physical_max": 1.0, "digital_min": -(1 << 23),
            "digital_max": (1 << 23) - 1}  # fmt: skip
    gain = 2 / ((1 << 24) - 1)
    values = [n * gain - 1 for n in (0, 1, (1 << 24) - 1, 12345678)]
    found = read_second(second(samples=[values], calibration=[wide]), None)
    assert found.chunk.samples.dtype == np.dtype("<i4")
    assert (found.chunk.samples + (1 << 23)).tolist() == [0, 1, (1 << 24) - 1, 12345678]


def test_the_2_decimal_values_of_every_chbmit_count_map_back() -> None:
    """Those outside the declared range too, as the files have them."""
    counts = np.arange(-2600, 2600)
    recording = make_recording([F(counts.size)])
    values = [round(float(count * GAIN - 800 + 2048 * GAIN), 2) for count in counts]
    found = read_second(second(samples=[values]), recording)
    assert (found.chunk.samples == counts).all()


def test_the_first_second_declares_what_is_known_of_the_recording() -> None:
    body = second(
        start_time="2026-10-25T12:00:00", zone="Europe/Berlin", device="Amp 3", study_id="s1",
        device_time="2026-10-25T11:00:01+00:00", sfreq="4", unknown="x",
    )  # fmt: skip
    found = read_second(body, None)
    assert found.recording == Recording(
        "p1", "r1", (Channel("C0", F(4)),), SampleType.FLOAT32, datetime(2026, 10, 25, 12),
        "Europe/Berlin", 3600, "s1", "Amp 3",
    )  # fmt: skip
    assert found.device_time == datetime(2026, 10, 25, 11, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("sfreq", [4, 4.0, "4", "8/2", ["4"], [4]])
def test_a_rate_may_be_said_in_any_exact_form(sfreq: Any) -> None:
    assert read_second(second(sfreq=sfreq), None).recording.channels[0].sfreq == 4
    body = second(sfreq=sfreq, samples=uv(1, 2, 3, 4))
    assert read_second(body, ONE).chunk.samples.tolist() == [1, 2, 3, 4]


def test_without_sfreq_each_channel_has_as_many_hertz_as_samples() -> None:
    body = second(channels=["a", "b"], samples=[[1, 2], [3]])
    assert [c.sfreq for c in read_second(body, None).recording.channels] == [2, 1]


@pytest.mark.parametrize(("start", "counts"), [(0, [13, 0]), (4, [12, 0]), (30, [13, 1])])
def test_rates_that_are_no_integer_need_sfreq_and_have_whole_counts(
    start: int, counts: list[int]
) -> None:
    body = second(
        start=start, end=start + 1, channels=["a", "b"], sfreq=["12.8", "1/30"],
        samples=[[0.0] * count for count in ([13, 1] if start == 0 else counts)],
    )  # fmt: skip
    found = read_second(body, None)
    assert found.chunk.samples.size == sum([13, 1] if start == 0 else counts)


@pytest.mark.parametrize(
    ("start", "end", "run"),
    [(2996, 2996.5, (0, 2)), ("2996.5", 2997, (2, 2)), ("8989/3", 2997, (2, 2)),
     (2996.25, 2996.75, (1, 2))],
)  # fmt: skip
def test_part_of_a_second_lies_where_it_was_taken(
    start: Any, end: Any, run: tuple[int, int]
) -> None:
    chunk = read_second(second(start=start, end=end, sfreq=4, samples=[[1, 2]]), None).chunk
    assert (chunk.second, chunk.runs, chunk.samples.tolist()) == (2996, ((run,),), [1, 2])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"channels": None}, "channels is NoneType; it must be a JSON array"),
        ({"channels": "C0"}, "channels is str"),
        ({"samples": None}, "samples is NoneType"),
        ({"samples": [[1], [2]]}, "1 channels but 2 rows of samples"),
        ({"samples": [5]}, "samples of 'C0' is int"),
        ({"start": None}, "start is None; it must be a number"),
        ({"start": "now"}, "start is 'now'"),
        ({"end": True}, "end is True"),
        ({"start": 2997}, "end 2997 is not after start 2997"),
        ({"end": 2990}, "end 2990 is not after start 2996"),
        ({"end": 2998}, "reaches over a whole second; a request carries one"),
        ({"end": "2997.001"}, "here at most to 2997"),
        ({"start": 2996.5, "end": 2997.5}, "here at most to 2997"),
        ({"samples": [[1, 2, None, 4]]}, "channel 'C0': sample None is not a number"),
        ({"samples": [[1, 2, "3", 4]]}, "channel 'C0': sample '3' is not a number"),
        ({"samples": [[1, 2, True, 4]]}, "channel 'C0': sample True is not a number"),
        ({"samples": [[1, 2, [3], 4]]}, r"channel 'C0': sample \[3\] is not a number"),
        ({"samples": [[[1], [2, 3]]]}, r"channel 'C0': sample \[1\] is not a number"),
        ({"samples": [[1, 2, 3, 1e39]]}, r"channel 'C0': value 1e\+39 is no float32"),
        ({"end": 2996.5}, "part of a second of an undeclared recording needs sfreq"),
        ({"sfreq": 5}, "4 samples from 2996 to 2997 s; at 5 Hz there are 5"),
        ({"sfreq": "1/7"}, "4 samples from 2996 to 2997 s; at 0.142857 Hz there are 1"),
        ({"sfreq": "fast"}, "sfreq is 'fast'"),
        ({"sfreq": []}, "sfreq has 0 values for 1 channels"),
        ({"sfreq": [4, 4]}, "sfreq has 2 values for 1 channels"),
        ({"sfreq": -4}, "sfreq -4 Hz"),
        ({"samples": [[]]}, "sfreq 0 Hz"),
        ({"calibration": CHBMIT}, "calibration is dict; it must be a JSON array"),
        ({"calibration": []}, "calibration has 0 entries for 1 channels"),
        ({"calibration": [{}]}, "calibration 0: physical_min is None"),
        ({"calibration": [CHBMIT | {"digital_max": "x"}]}, "calibration 0: digital_max is 'x'"),
        ({"calibration": [CHBMIT | {"digital_max": -2048}]}, "digital_min and digital_max"),
        ({"calibration": [CHBMIT], "samples": [[0.5, 0, 0, 0]]}, "counts off the grid"),
        ({"calibration": [CHBMIT], "samples": uv(0, 0, 0, 40000)},
         "is count 40000; int16 holds -32768 .. 32767"),
        ({"calibration": [CHBMIT], "samples": [[1e308, 0, 0, 0]]}, "channel 'C0': value 1e"),
        ({"calibration": [CHBMIT | {"physical_max": -800}]}, "values do not tell counts"),
        ({"patient_id": "a/b"}, "patient_id: character '/'"),
        ({"device_time": "noon"}, "device_time 'noon'"),
    ],
)  # fmt: skip
def test_a_second_that_cannot_be_stored_is_refused_and_says_why(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read_second(second(**changed), None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"channels": ["C1"]}, "channels differ from those declared for 'r1': missing 'C0'"),
        ({"channels": ["C0", "C9"], "samples": [[0] * 4] * 2}, "unknown 'C9'"),
        ({"channels": ["C0", "C0"], "samples": [[0] * 4] * 2}, "2 of 1, or in another order"),
        ({"channels": [], "samples": []}, "missing 'C0'"),
        ({"samples": uv(1, 2, 3)}, "3 samples from 2996 to 2997 s; at 4 Hz there are 4"),
        ({"samples": uv(1, 2, 3, 4, 5)}, "5 samples"),
        ({"sfreq": 256}, "sfreq 256 of 'C0'; declared is 4"),
        ({"sfreq": [4, 4]}, "sfreq has 2 values for 1 channels"),
        ({"calibration": [CHBMIT | {"physical_max": 801}]}, "physical_max 801; declared is 800"),
        ({"calibration": [CHBMIT | {"digital_min": -2047}]}, "digital_min -2047; declared is"),
        ({"calibration": [CHBMIT | {"unit": "mV"}]}, "unit mV; declared is uV"),
        ({"calibration": []}, "calibration has 0 entries for 1 channels"),
    ],
)
def test_a_second_that_is_not_as_declared_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read_second(second(**({"samples": uv(0, 0, 0, 0)} | changed)), ONE)


def test_the_order_of_channels_is_part_of_the_declaration() -> None:
    body = second(channels=["C1", "C0"], samples=[[0] * 4] * 2)
    with pytest.raises(InvalidDataError, match="in another order"):
        read_second(body, make_recording([F(4)] * 2))


@given(st.integers(-2600, 2600), st.floats(-0.49, 0.49))
def test_values_off_the_grid_by_more_than_the_limit_are_refused(count: int, off: float) -> None:
    """By less, they are the nearest count."""
    body = second(samples=uv(0, 0, count + off, 0))
    if abs(off) < MAX_OFF_GRID - 1e-9:
        assert read_second(body, ONE).chunk.samples.tolist() == [0, 0, count, 0]
    elif abs(off) > MAX_OFF_GRID + 1e-9:
        with pytest.raises(InvalidDataError, match=r"counts off the grid .*; at most 0.02"):
            read_second(body, ONE)


CALIBRATIONS = [
    (-800.0, 800.0, -2048, 2047), (800.0, -800.0, -2048, 2047), (0.0, 5.0, 100, 900),
    (-187500.0, 187499.9776483, -8388608, 8388607), (-3276.8, 3276.7, -32768, 32767),
]  # fmt: skip


@given(st.sampled_from(CALIBRATIONS), st.data())
def test_json_tells_any_counts_exactly(
    calibration: tuple[float, float, int, int], data: st.DataObject
) -> None:
    """What `json_second` writes, `read_second` reads back bit for bit, declared or not."""
    wide = calibration[2] < -32768
    sample_type = SampleType.INT32 if wide else SampleType.INT16
    channels = tuple(Channel(name, F(8), "uV", *calibration) for name in "AB")
    recording = Recording("p1", "r1", channels, sample_type)
    limit = 1 << (23 if wide else 15)
    counts = data.draw(st.lists(st.integers(-limit, limit - 1), min_size=16, max_size=16))
    chunk = Chunk(7, (((0, 8),),) * 2, np.array(counts, sample_type.dtype))
    body = wire.load(wire.dump(json_second(recording, chunk)))
    for declared in (None, recording):
        found = read_second(body, declared)
        assert found.recording == recording
        assert found.chunk.runs == chunk.runs
        assert found.chunk.samples.dtype == chunk.samples.dtype
        assert (found.chunk.samples == chunk.samples).all()


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_json_binary_and_declared_give_the_same_digest(sample_type: SampleType) -> None:
    """One second on three ways in is one content."""
    recording = make_recording([F(256), F(64, 5), F(1, 30)], sample_type)
    chunk = cut(recording, make_signal(recording, 31), 30)
    text = wire.load(wire.dump(json_second(recording, chunk)))
    undeclared, declared = read_second(text, None), read_second(text, recording)
    frame = wire.unpack_chunks(wire.pack_chunks(recording, [chunk]))
    (binary,) = wire.cut_chunks(frame, recording)
    if sample_type is not SampleType.INT32:  # 12-bit ranges declare int16 by themselves
        assert undeclared.recording == recording
        assert digest(undeclared.recording, undeclared.chunk) == digest(recording, chunk)
    assert digest(recording, declared.chunk) == digest(recording, binary)
    assert digest(recording, binary) == digest(recording, chunk)

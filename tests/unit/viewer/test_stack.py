"""Lines one below the other, and their scales."""

from datetime import datetime
from fractions import Fraction

import numpy as np
import pytest

from eegstore.model import Channel, Recording, SampleType
from eegstore.window import Block, Window
from viewer.scale import Scale, bar, round_up, scale_of
from viewer.stack import EEG, EKG, OTHER, label_size, labels, row_height, stack, ticks
from viewer.state import PX_PER_MM, ViewState

EEG_CHANNEL = Channel("FP1-F7", Fraction(4), "uV", -800.0, 800.0, -2048, 2047)
ROW = 10 * PX_PER_MM  # [px]: a row of 10 mm
STATE = ViewState("p", "r", 20, 10, 10, False, 900, 600)
WAVE = np.array([0.0, 50.0, -50.0, 0.0])


def window_of(channels: tuple[Channel, ...], blocks: tuple[Block, ...]) -> Window:
    return Window("p", "r", Fraction(20), Fraction(30), channels, SampleType.FLOAT32, blocks)


def block(values: np.ndarray, rows: tuple[int, ...], sfreq: int) -> Block:  # type: ignore[type-arg]
    present = ~np.isnan(values)
    digital = np.nan_to_num(values).astype("<f4")
    return Block(Fraction(sfreq), rows, 20 * sfreq, digital, None if present.all() else present)


def test_eeg_is_negative_up_and_as_high_as_its_sensitivity_says() -> None:
    scale = scale_of(EEG_CHANNEL, WAVE, 10, ROW)
    assert scale.text == "10 µV/mm"
    assert -50 * scale.gain == pytest.approx(0.5)  # 50 uV are 5 mm, half a row, upwards


@pytest.mark.parametrize(
    ("unit", "factor"), [("uV", 1), ("µV", 1), ("μV", 1), ("mV", 1000), ("V", 1e6), ("nV", 1e-3)]
)
def test_potentials_of_any_unit_share_the_sensitivity(unit: str, factor: float) -> None:
    channel = Channel("C3", Fraction(4), unit)
    assert scale_of(channel, WAVE, 10, ROW).gain == pytest.approx(-factor / 100)


@pytest.mark.parametrize("label", ["ECG", "EKG", "EKG1-EKG2", "ecg", "Lead-ECG II"])
def test_ekg_is_positive_up_and_a_tenth_as_sensitive(label: str) -> None:
    scale = scale_of(Channel(label, Fraction(4)), WAVE, 10, ROW)
    assert scale.text == "100 µV/mm"
    assert scale.gain == pytest.approx(1 / 1000)


@pytest.mark.parametrize("label", ["C3", "EEG CecgX", "Fp1"])
def test_what_is_no_ekg(label: str) -> None:
    assert scale_of(Channel(label, Fraction(4)), WAVE, 10, ROW).text == "10 µV/mm"


def test_other_quantities_fill_their_row_and_say_their_scale() -> None:
    channel = Channel("SaO2", Fraction(1), "%", 0.0, 100.0, 0, 1000)
    scale = scale_of(channel, np.array([90.0, 97.0, 98.0, np.nan]), 10, ROW)
    assert scale == Scale(gain=1 / 20, baseline=97.0, text="2 %/mm")
    flat = scale_of(channel, np.array([97.0, 97.0]), 10, ROW)
    assert flat.text == "0.5 %/mm"


def test_a_trace_lies_on_its_median() -> None:
    scale = scale_of(EEG_CHANNEL, np.array([1000.0, 1010.0, 5000.0, np.nan]), 10, ROW)
    assert scale.baseline == 1010.0
    assert scale_of(EEG_CHANNEL, np.array([np.nan]), 10, ROW).baseline == 0.0
    assert scale_of(EEG_CHANNEL, np.empty(0), 10, ROW).baseline == 0.0


@pytest.mark.parametrize(
    ("value", "up"), [(1, 1), (1.1, 2), (3, 5), (7, 10), (0.03, 0.05), (2000, 2000), (9e5, 1e6)]
)
def test_round_up(value: float, up: float) -> None:
    assert round_up(value) == pytest.approx(up)


def test_the_bar_is_a_round_number_that_fits() -> None:
    assert bar(10, 20) == (50, pytest.approx(5 * PX_PER_MM))
    assert bar(7, 20)[0] == 20
    assert bar(1, 3)[0] == 1
    for sensitivity in (1, 2, 3, 5, 7, 10, 100, 500):
        assert bar(sensitivity, 20)[1] <= 20


def test_stack_places_every_channel_at_its_own_row_whatever_its_rate() -> None:
    channels = (EEG_CHANNEL, Channel("SaO2", Fraction(1), "%", 0.0, 100.0, 0, 1000), EEG_CHANNEL)
    random = np.random.default_rng(1)
    fast, slow = random.normal(0, 40, (2, 40)), np.full((1, 10), 97.0)
    fast[1, 12:20] = np.nan
    lines = stack(window_of(channels, (block(fast, (0, 2), 4), block(slow, (1,), 1))), STATE)
    assert lines.factor == 1
    assert [len(x) for x in lines.xs] == [len(y) for y in lines.ys] == [40, 10, 40]
    for row, expected in ((0, fast[0]), (1, slow[0]), (2, fast[1])):
        scale = lines.scales[row]
        np.testing.assert_allclose(
            (lines.ys[row] + row) / scale.gain + scale.baseline, expected, atol=1e-3
        )
    np.testing.assert_array_equal(lines.xs[0], np.arange(40) / 4)
    np.testing.assert_array_equal(lines.xs[1], np.arange(10))
    assert np.isnan(lines.ys[2]).sum() == 8
    assert lines.colors == [EEG, OTHER, EEG]
    assert {x.dtype for x in lines.xs} == {y.dtype for y in lines.ys} == {np.dtype("f4")}


def test_the_median_is_that_of_all_samples_also_when_few_are_drawn() -> None:
    values = np.zeros((1, 40_000))
    values[0, ::10] = 300.0
    channel = Channel("EKG", Fraction(4000), "uV")
    lines = stack(window_of((channel,), (block(values, (0,), 4000),)), STATE)
    assert lines.factor == 45
    assert lines.scales[0].baseline == 0.0
    assert lines.colors == [EKG]
    assert len(lines.ys[0]) == 2 * 889


def test_channels_without_a_sample_in_the_page_have_an_empty_line() -> None:
    channel = Channel("temperature", Fraction(1, 60), "C", 20.0, 45.0, 0, 250)
    empty = Block(Fraction(1, 60), (0,), 1, np.empty((1, 0), "<f4"), None)
    lines = stack(window_of((channel,), (empty,)), STATE)
    assert lines.ys[0].shape == (0,)


def test_labels_say_a_scale_only_where_it_differs() -> None:
    channels = (EEG_CHANNEL, Channel("ECG", Fraction(4)), Channel("  ", Fraction(4)))
    recording = Recording("p", "r", channels, SampleType.FLOAT32)
    scales = [scale_of(channel, WAVE, 10, ROW) for channel in channels]
    assert labels(recording, STATE, scales) == {
        0: "FP1-F7", -1: "ECG  100 µV/mm", -2: "channel 3",
    }  # fmt: skip


def test_labels_do_not_run_into_each_other() -> None:
    recording = Recording("p", "r", (EEG_CHANNEL,) * 139, SampleType.FLOAT32)
    shown = labels(recording, STATE, [Scale(1.0, 0.0, "10 µV/mm")] * 139)
    steps = {b - a for a, b in zip(sorted(shown), sorted(shown)[1:], strict=False)}
    assert len(steps) == 1
    assert steps.pop() * row_height(139, 600) >= label_size(139, 600)


def test_ticks_are_clock_times_that_fit() -> None:
    recording = Recording(
        "p", "r", (EEG_CHANNEL,), SampleType.INT16, datetime(2026, 1, 1, 23, 59, 35)
    )
    assert list(ticks(recording, STATE).items())[:6] == [
        (0, "23:59:55"), (1, "23:59:56"), (2, "23:59:57"), (3, "23:59:58"), (4, "23:59:59"),
        (5, "00:00:00"),
    ]  # fmt: skip
    minute = ViewState("p", "r", 0, 60, 10, False, 600, 600)
    assert list(ticks(recording, minute)) == [0, 10, 20, 30, 40, 50, 60]

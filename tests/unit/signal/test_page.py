"""Rows in, lines of a page out."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eegstore.errors import InvalidDataError
from eegstore.model import Channel
from eegstore.signal.decimate import samples_per_column
from eegstore.signal.derivations import STANDARD, derive
from eegstore.signal.filter_design import design
from eegstore.signal.filter_setting import POLICY, UNFILTERED, Setting, Suits
from eegstore.signal.filters import filtered
from eegstore.signal.leads import Kind
from eegstore.signal.page import lines, reach
from tests.unit.signal.real import LONG_BIPOLAR, REFERENTIAL, load, physical

RATE = 256


def channels(*labels: str) -> list[Channel]:
    return [Channel(label, Fraction(RATE)) for label in labels]


@pytest.mark.parametrize("name", [LONG_BIPOLAR, REFERENTIAL])
@pytest.mark.parametrize("montage", STANDARD)
def test_a_page_is_what_the_whole_recording_shows_there(
    shared_data: Path, name: str, montage: str
) -> None:
    """Read with `reach` around it, against montage and filters over the minute."""
    recording, window = load(shared_data, name, 0, 60)
    data = physical(window)
    data[4, 25 * RATE :] += 5000
    traces = derive(recording.channels, montage).traces
    setting = Setting(0.5, 70.0, 50.0)
    whole = lines(traces, range(len(data)), data, 0, (0, 60 * RATE), setting).reduced
    before, after = reach(traces, setting)
    assert (before, after) == (6, 6)
    rows = sorted({row for trace in traces for row in trace.rows})
    for start in (0, 20, 50):
        lo, hi = max(start - before, 0) * RATE, min(start + 10 + after, 60) * RATE
        page = (start * RATE, (start + 10) * RATE)
        made = lines(traces, rows, data[rows, lo:hi], lo, page, setting).reduced
        np.testing.assert_array_equal(made.samples, np.arange(*page))
        assert np.abs(made.values - whole.values[:, page[0] : page[1]]).max() < 0.5


def test_kinds_are_filtered_as_suits_them() -> None:
    """The EKG keeps its edges, SpO2 its level."""
    recording = channels("C3", "C4", "EKG", "SpO2")
    data = np.random.default_rng(0).normal(0, 50, (4, 20 * RATE)) + 97
    traces = derive(recording, "recorded").traces
    setting = Setting(1.0, 15.0)
    made = lines(traces, range(4), data, 0, (0, 20 * RATE), setting)
    shown = made.reduced.values
    np.testing.assert_allclose(shown[:2], filtered(data[:2], design(setting, RATE)))
    np.testing.assert_allclose(shown[2:3], filtered(data[2:3], design(Setting(1.0, None), RATE)))
    np.testing.assert_array_equal(shown[3], data[3])
    assert [one.setting.hff for one in made.filters] == [15, 15, None, None]
    policy = {**POLICY, Kind.EKG: Suits(lff=True, hff=True)}
    asked = lines(traces, range(4), data, 0, (0, 20 * RATE), setting, policy=policy)
    np.testing.assert_allclose(
        asked.reduced.values[2:3], filtered(data[2:3], design(setting, RATE))
    )


def test_a_gap_of_one_electrode_is_a_gap_of_its_derivations_only() -> None:
    recording = channels("Fp1", "F7", "T7", "P7", "O1")
    data = np.random.default_rng(0).normal(0, 50, (5, 30 * RATE))
    data[1, 2000:2300] = np.nan
    traces = derive(recording, "longitudinal").traces
    page = (1500, 3500)
    made = lines(traces, range(5), data, 0, page, Setting(), per_column=10).reduced
    lacking = {trace.label: np.isnan(line) for trace, line in
               zip(traces, made.values, strict=True)}  # fmt: skip
    assert {label for label, line in lacking.items() if line.any()} == {"Fp1-F7", "F7-T7"}
    assert lacking["Fp1-F7"].nonzero()[0].tolist() == list(range(100, 160))
    assert made.per_column == 10
    assert made.samples[[0, -1]] == pytest.approx([1500, 3499], abs=3)


def test_a_spike_survives_montage_filters_and_zoom() -> None:
    data = np.zeros((2, 80 * RATE))
    data[0, 40 * RATE] = 500
    traces = derive(channels("C3", "C4"), "recorded").traces
    page = (10 * RATE, 70 * RATE)
    per_column = samples_per_column(60 * RATE, 800)
    for setting in (UNFILTERED, Setting(1.0, 70.0)):
        full = lines(traces, [0, 1], data, 0, page, setting).reduced
        drawn = lines(traces, [0, 1], data, 0, page, setting, per_column).reduced
        assert drawn.is_reduced
        assert drawn.values.max() == full.values.max() > 100


def test_what_cannot_be_shown_is_refused() -> None:
    fast = derive(channels("C3", "C4"), "recorded").traces
    slow = derive([Channel("SpO2", Fraction(1), "%")], "recorded").traces
    data = np.zeros((2, 1000))
    with pytest.raises(InvalidDataError, match="traces of 1, 256 Hz"):
        lines([*fast, *slow], [0, 1], data, 0, (0, 10), UNFILTERED)
    for page in ((-1, 10), (0, 1001), (500, 400)):
        with pytest.raises(InvalidDataError, match="is not within 0 to 1000"):
            lines(fast, [0, 1], data, 0, page, UNFILTERED)
    with pytest.raises(InvalidDataError, match="needs row 1"):
        lines(fast, [0], data[:1], 0, (0, 10), UNFILTERED)


def test_nothing_to_show() -> None:
    made = lines([], [], np.zeros((0, 100)), 0, (10, 50), Setting())
    assert made.reduced.values.shape == (0, 40)
    assert reach([], Setting()) == (0, 0)

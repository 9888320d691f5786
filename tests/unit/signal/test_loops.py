"""Loops close in a sound recording; a channel that is inverted or swapped opens them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Channel
from eegstore.signal.graph import Graph, graph_of
from eegstore.signal.leads import read_leads
from eegstore.signal.loops import check_loops
from tests.unit.signal.real import LONG_BIPOLAR, REFERENTIAL, load, physical

CHAIN = ["Fp1-F7", "F7-T7", "T7-P7", "P7-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1", "Fz-Cz"]
COUNT = 0.5  # [uV]


def graph(labels: list[str]) -> Graph:
    return graph_of(read_leads([Channel(label, Fraction(256)) for label in labels]))


def recorded(labels: list[str], seed: int = 0, n_samples: int = 2000) -> NDArray[np.float64]:
    """Differences of potentials of different strength, in whole counts."""
    rng = np.random.default_rng(seed)
    names = sorted({name for label in labels for name in label.split("-")})
    potentials = {name: rng.normal(0, rng.uniform(10, 60), n_samples) for name in names}
    made = [potentials[a] - potentials[b] for a, b in (label.split("-") for label in labels)]
    return np.rint(np.array(made) / COUNT) * COUNT


@pytest.mark.parametrize("seed", range(5))
def test_a_sound_chain_leaves_rounding(seed: int) -> None:
    check = check_loops(graph(CHAIN), range(9), recorded(CHAIN, seed), COUNT)
    (loop,) = check.residuals
    assert check.is_sound
    assert check.suspects == ()
    assert loop.loop.electrodes == ("Fp1", "F7", "T7", "P7", "O1", "P3", "C3", "F3")
    assert 0 < loop.sd < 2 * COUNT
    assert loop.ratio < 0.02


@pytest.mark.parametrize("row", range(8))
def test_an_inverted_channel_is_found(row: int) -> None:
    data = recorded(CHAIN)
    data[row] *= -1
    check = check_loops(graph(CHAIN), range(9), data, COUNT)
    assert not check.is_sound
    assert check.suspects[0].rows == (row,)
    assert check.suspects[0].inverted
    assert check.suspects[0].sd < 2 * COUNT


@pytest.mark.parametrize(("one", "other"), [(0, 4), (1, 6), (3, 7), (2, 8), (5, 8)])
def test_two_swapped_channels_are_found(one: int, other: int) -> None:
    """In opposite directions of the loop, or one of them in no loop at all."""
    data = recorded(CHAIN)
    data[[one, other]] = data[[other, one]]
    check = check_loops(graph(CHAIN), range(9), data, COUNT)
    assert not check.is_sound
    assert (one, other) in [suspect.rows for suspect in check.suspects]


def test_what_loops_cannot_see() -> None:
    """Two channels passed in one direction, and a channel in no loop."""
    data = recorded(CHAIN)
    data[[0, 1]] = data[[1, 0]]
    data[8] *= -1
    assert check_loops(graph(CHAIN), range(9), data, COUNT).is_sound


def test_unrelated_channels_have_a_ratio_of_one_and_no_suspect() -> None:
    data = np.random.default_rng(5).normal(0, 50, (9, 20_000))
    check = check_loops(graph(CHAIN), range(9), data, COUNT)
    assert check.residuals[0].ratio == pytest.approx(1, abs=0.05)
    assert not check.is_sound
    assert check.suspects == ()


def test_quiet_channels_may_miss_by_rounding() -> None:
    """Of one count or two: rounding is much of them, and is no mistake unless it is too much."""
    data = np.rint(recorded(CHAIN) / 60 / COUNT) * COUNT
    check = check_loops(graph(CHAIN), range(9), data, COUNT)
    assert check.residuals[0].ratio > 0.1
    assert check.is_sound
    assert not check_loops(graph(CHAIN), range(9), data).is_sound


def test_silence_is_sound() -> None:
    assert check_loops(graph(CHAIN), range(9), np.zeros((9, 100)), COUNT).is_sound


def test_gaps_and_rows_in_any_order() -> None:
    data = recorded(CHAIN)
    data[3, 100:300] = np.nan
    data[8] = np.nan  # in no loop
    data[2] *= -1
    order = [8, 3, 2, 1, 0, 7, 6, 5, 4]
    check = check_loops(graph(CHAIN), order, data[order], COUNT)
    assert check.n_samples == 1800
    assert [suspect.rows for suspect in check.suspects] == [(2,)]
    data[0] = np.nan
    assert check_loops(graph(CHAIN), order, data[order], COUNT).n_samples == 0


def test_a_row_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidDataError, match=r"loops need rows \[1, 8\]"):
        check_loops(graph(CHAIN), [0, 2, 3, 4, 5, 6, 7], np.zeros((7, 10)))


def test_one_reference_has_no_loops(shared_data: Path) -> None:
    recording, window = load(shared_data, REFERENTIAL, 0, 5)
    links = graph_of(read_leads(recording.channels))
    check = check_loops(links, range(16), physical(window))
    assert check.residuals == ()
    assert check.is_sound


def test_an_electrode_recorded_twice_must_agree(shared_data: Path) -> None:
    """duplicate_labels.edf calls two different channels F1."""
    recording, window = load(shared_data, "edf/duplicate_labels.edf")
    check = check_loops(graph_of(read_leads(recording.channels)), range(3), physical(window))
    assert [residual.loop.rows for residual in check.residuals] == [(0, 2)]
    assert not check.is_sound


def test_loops_of_chbmit(shared_data: Path) -> None:
    """3.4 counts (SD) in the sound left chain, 351 with F7-T7 inverted."""
    recording, window = load(shared_data, LONG_BIPOLAR)
    data = physical(window)
    links = graph_of(read_leads(recording.channels))
    count = recording.channels[0].gain
    check = check_loops(links, range(23), data, count)
    assert check.is_sound
    rows = [residual.loop.rows for residual in check.residuals]
    assert rows == [(2, 18), (14, 22), (0, 1, 2, 3, 7, 6, 5, 4), (8, 9, 10, 11, 15, 14, 13, 12)]
    counts = [residual.sd / count for residual in check.residuals]
    assert counts == pytest.approx([0, 0, 3.39, 3.58], abs=0.02)
    data[1] *= -1
    wrong = check_loops(links, range(23), data, count)
    assert wrong.residuals[2].sd / count == pytest.approx(351, abs=1)
    assert [suspect.rows for suspect in wrong.suspects] == [(1,)]


@pytest.mark.parametrize("name", ["chb01_03", "chb01_04", "chb01_26", "chb02_16", "chb02_19"])
@pytest.mark.parametrize("state", ["ictal", "preictal10s"])
def test_clips_of_chbmit_are_sound_and_every_inversion_is_found(
    shared_data: Path, name: str, state: str
) -> None:
    """Of channels in a loop; ten seconds are enough."""
    data = np.load(shared_data / "chbmit" / "clips_10s" / f"{name}_{state}.i16.npy").astype(float)
    recording, _ = load(shared_data, LONG_BIPOLAR, 0, 1)
    links = graph_of(read_leads(recording.channels))
    assert check_loops(links, range(23), data, 1.0).is_sound
    for row in [*range(16), 18, 22]:
        data[row] *= -1
        check = check_loops(links, range(23), data, 1.0)
        assert [suspect.rows for suspect in check.suspects] == [(row,)]
        data[row] *= -1

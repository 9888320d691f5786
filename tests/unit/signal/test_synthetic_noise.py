"""What the synthetic EEG is made of does not depend on where it is cut."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from eegstore.signal.synthetic_events import add_events
from eegstore.signal.synthetic_noise import BLOCK, ColoredNoise, wander

SFREQ = 256
Values = NDArray[np.float64]


def test_events_do_not_end_at_a_border() -> None:
    whole = np.zeros((21, 400 * SFREQ))
    add_events(whole, 3, 200, SFREQ)
    parts = [np.zeros((21, BLOCK * SFREQ)) for _ in range(40)]
    for i, part in enumerate(parts):
        add_events(part, 3, 200 + i * BLOCK, SFREQ)
    assert np.allclose(np.concatenate(parts, axis=1), whole)
    assert np.abs(whole[:, BLOCK * SFREQ - 1 :: BLOCK * SFREQ]).max() > 5


def test_noise_is_filtered_as_if_it_had_no_blocks() -> None:
    """Blocks in a row have the spectrum that was asked for, which a border would fill up."""

    def density(frequencies: Values) -> Values:
        inside: Values = np.exp(-(((frequencies - 10) / 0.8) ** 2))
        return inside

    noise = ColoredNoise(5, 1, SFREQ, [(2, density)])
    row = np.concatenate([noise.analytic_block(i) for i in range(30)], axis=1)
    assert row.real.std() == pytest.approx(1, abs=0.05)
    for part in (row.real, row.imag):
        frequencies, power = signal.welch(part, SFREQ, nperseg=2560)
        assert power[:, frequencies > 20].max() < 1e-6 * power.max()
    turn = np.angle(row[:, 1:] / row[:, :-1])
    assert np.median(turn) * SFREQ / (2 * np.pi) == pytest.approx(10, abs=0.3)
    assert np.array_equal(noise.block(7), noise.analytic_block(7).real)


def test_wander_is_the_same_in_pieces() -> None:
    times = np.arange(0, 4000, 0.5)
    whole = wander(2, 9, times, 3.0, 4)
    assert whole.shape == (4, 8000)
    assert whole.mean(axis=1) == pytest.approx(0, abs=0.1)
    assert whole.std(axis=1) == pytest.approx(1, abs=0.1)
    assert np.abs(np.diff(whole, axis=1)).max() < 1.2
    pieces = [wander(2, 9, part, 3.0, 4) for part in np.array_split(times, 37)]
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)

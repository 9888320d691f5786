"""Channels picked from a recording, and their values."""

from fractions import Fraction

import numpy as np
import pytest

from eegstore.model import Channel
from eegstore.picks import Calibration, pick, rates
from tests.unit.recordings import make_recording

CHANNELS = [
    Channel(f"C{row}", Fraction(256), "uV", -200.0 - row, 199.0 + 7 * row, -2048, 2047 - row)
    for row in range(7)
]
EVERY = tuple(range(len(CHANNELS)))


@pytest.mark.parametrize("rows", [EVERY, EVERY[::-1], (2,), (5, 0), (3, 3, 1)], ids=str)
@pytest.mark.parametrize("n_samples", [0, 1, 256, 20_000, 30_000, 70_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_those_of_each_channel(
    rows: tuple[int, ...], n_samples: int, dtype: type
) -> None:
    """Also where they are worked on in parts, the last of which is smaller."""
    counts = np.random.default_rng(1).integers(-32768, 32768, (len(rows), n_samples), np.int16)
    values = Calibration(CHANNELS).values(counts, rows, dtype)
    assert values.dtype == dtype
    assert values.shape == counts.shape
    for one, row, value in zip(counts, rows, values, strict=True):
        channel = CHANNELS[row]
        expected = one.astype(np.float64) * channel.gain + channel.offset
        np.testing.assert_array_equal(value, expected.astype(dtype))


def test_all_channels_in_their_order_are_all() -> None:
    """And equal channels in another order are not."""
    recording = make_recording([Fraction(256)] * 3)
    assert pick(recording).are_all
    assert pick(recording, [0, 1, 2]).are_all
    assert not pick(recording, [0, 2, 1]).are_all
    assert not pick(recording, [0, 1]).are_all
    assert pick(recording, [2, 0]).channels == (recording.channels[2], recording.channels[0])


def test_rates_in_the_order_in_which_they_first_occur() -> None:
    channels = make_recording([Fraction(k) for k in (1, 256, 1, 256)]).channels
    assert list(rates(channels).items()) == [(Fraction(1), (0, 2)), (Fraction(256), (1, 3))]

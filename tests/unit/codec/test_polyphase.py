"""Phases give what `pyramid` gives."""

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.codec import polyphase, pyramid

EXTREMES = np.array([-(1 << 15), (1 << 15) - 1])


def samples(dtype: str, n_samples: int, *, extreme: bool) -> NDArray[np.integer]:
    rng = np.random.default_rng(n_samples)
    shape = (3, 5, n_samples)
    if extreme:
        return rng.choice(EXTREMES, shape).astype(dtype)
    return np.cumsum(rng.integers(-40, 41, shape), axis=-1).astype(dtype)


def taps(n_channels: int, pairs: tuple[int, int]) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(7)
    made = []
    for count in pairs:
        weights = rng.normal(size=(count, n_channels, 1, 1))
        weights /= np.abs(weights).sum(axis=0)
        made.append(np.trunc(weights * 128) / 128)
    return made


@pytest.mark.parametrize("extreme", [False, True], ids=["walk", "extremes"])
@pytest.mark.parametrize("pairs", [(2, 2), (1, 3), (3, 1)])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("filters", [1, 3], ids=["one filter", "one each"])
@pytest.mark.parametrize("dtype", ["<i2", "<i4"])
def test_the_same_parts_and_the_same_samples_again(
    dtype: str, filters: int, order: int, pairs: tuple[int, int], extreme: bool
) -> None:
    table = samples(dtype, 64, extreme=extreme)
    weights = taps(filters, pairs)
    kind = np.float32 if table.itemsize == 2 else np.float64
    weights = [of_level.astype(kind) for of_level in weights]
    coarse, middle, fine = pyramid.split(table.astype(kind), weights, order)
    phases = np.empty((4, 3, 5, 16), kind)
    polyphase.split(table, weights, order, phases)
    np.testing.assert_array_equal(phases[0], coarse)
    np.testing.assert_array_equal(phases[1], middle)
    np.testing.assert_array_equal(phases[2], fine[..., ::2])
    np.testing.assert_array_equal(phases[3], fine[..., 1::2])
    again = np.empty_like(table)
    polyphase.join(phases, weights, order, again)
    np.testing.assert_array_equal(again, table)

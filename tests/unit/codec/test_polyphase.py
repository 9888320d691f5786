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
    margin = polyphase.margin_of(weights)
    wide = polyphase.room(table.shape, margin, kind)
    polyphase.split(table, weights, order, wide)
    phases = polyphase.cropped(wide, margin)
    np.testing.assert_array_equal(phases[0], coarse)
    np.testing.assert_array_equal(phases[1], middle)
    np.testing.assert_array_equal(phases[2], fine[..., ::2])
    np.testing.assert_array_equal(phases[3], fine[..., 1::2])
    assert not wide[..., :margin].any()
    assert not wide[..., -margin:].any()
    again = np.empty_like(table)
    polyphase.join(wide, weights, order, again)
    np.testing.assert_array_equal(again, table)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
def test_halves_are_the_even_and_the_odd_samples(dtype: str) -> None:
    limits = np.iinfo(dtype)
    table = np.random.default_rng(1).integers(limits.min, limits.max, (3, 20), dtype, True)
    even, odd = polyphase.halves(table[:, 4:])
    np.testing.assert_array_equal(even, table[:, 4::2])
    np.testing.assert_array_equal(odd, table[:, 5::2])


@pytest.mark.parametrize("n_samples", [384, 388], ids=["by products", "by integers"])
@pytest.mark.parametrize("order", [1, 2])
def test_running_sums_of_the_largest_differences_are_exact(order: int, n_samples: int) -> None:
    table = samples("<i2", n_samples, extreme=True)
    weights = [of_level.astype(np.float32) for of_level in taps(1, (1, 1))]
    wide = polyphase.room(table.shape, 1, np.float32)
    polyphase.split(table, weights, order, wide)
    again = np.empty_like(table)
    polyphase.join(wide, weights, order, again)
    np.testing.assert_array_equal(again, table)

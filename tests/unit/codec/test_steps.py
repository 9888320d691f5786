"""Samples that keep to steps are numbers of steps, and exactly those samples again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from eegstore import codec
from eegstore.codec import steps
from eegstore.model import Chunk


def back(table: NDArray[np.integer]) -> steps.Steps:
    """The steps that were found, which have given the samples again."""
    found = steps.find(table)
    again = steps.restore(found, table[:, :, 0])
    assert again.dtype == found.numbers.dtype == table.dtype
    np.testing.assert_array_equal(again, table)
    return found


def walk(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.rint(np.cumsum(rng.normal(0, 3, shape), axis=-1))


@given(
    hnp.arrays(st.sampled_from(["<i2", "<i4"]), st.tuples(*[st.integers(1, 3)] * 2, st.just(30)))
)
def test_any_samples_survive(table: NDArray[np.integer]) -> None:
    back(table)


@given(
    st.sampled_from(["<i2", "<i4"]), st.floats(3, 900), st.floats(-500, 500), st.integers(0, 10**6)
)
def test_steps_of_any_size_survive(dtype: str, step: float, offset: float, seed: int) -> None:
    samples = np.floor(walk((2, 3, 60), seed) * step + offset)
    limits = np.iinfo(dtype)
    back(np.clip(samples, limits.min, limits.max).astype(dtype))


@pytest.mark.parametrize("step", [3.0, 3.3, 5.12, 32767 / 1250, 40.96, 1000.001])
@pytest.mark.parametrize("rounded", [np.floor, np.rint, np.trunc])
def test_rescaled_samples_are_found_to_be(step: float, rounded: np.ufunc) -> None:
    steps = walk((3, 2, 256))
    if rounded is np.trunc:
        steps += 4000 / step + 300  # toward zero is down above it
    found = back(rounded(steps * step + 0.317).astype("<i4"))  # 0.317: no sample is at an edge
    assert abs(found.step / 65536 - step).max() < 0.02
    assert (found.numbers == steps - steps[:, :, :1]).all()


def test_channels_of_one_step_share_it_and_others_have_their_own() -> None:
    steps = walk((1, 4, 256))
    scale = np.array([40.96, 40.96, 13.653, 1])[:, None]
    found = back(np.floor(steps * scale + 0.5).astype("<i2"))
    first, second, third, none = found.step[0].tolist()
    assert first == second != third
    assert none == 0
    np.testing.assert_array_equal(found.numbers[0, 3], steps[0, 3])


def test_noise_few_samples_and_powers_of_two_have_none() -> None:
    rng = np.random.default_rng(1)
    for table in (
        rng.integers(-30000, 30000, (2, 2, 40)),
        np.floor(walk((2, 2, 12)) * 40.96),
        walk((2, 2, 256)) * 8,  # low bits that are zero are left out anyway
        np.full((2, 2, 256), 77),
        walk((2, 2, 256)) * 41 + rng.integers(0, 4, 256),
    ):
        assert not back(table.astype("<i2")).step.any()


def test_a_second_of_rescaled_channels_takes_a_fraction() -> None:
    steps = walk((6, 256))
    samples = np.floor(steps * 40.96).astype("<i2")
    runs = (((0, 256),),) * 6
    plain, rescaled = (
        codec.encode(Chunk(0, runs, np.ascontiguousarray(table).ravel().astype("<i2")))
        for table in (steps, samples)
    )
    assert len(rescaled) < len(plain) + 6 * 7
    assert len(rescaled) < 0.7 * len(
        codec.encode_all([Chunk(0, runs, samples.ravel())], fast=True)[0]
    )
    (chunk,) = codec.decode([rescaled], [0])
    np.testing.assert_array_equal(chunk.samples, samples.ravel())

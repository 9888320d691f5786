"""Where the residuals of a block are among the bytes that zstd gets (`interpolated`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegstore.codec.parameters import MAX_SHIFT, Block
from eegstore.codec.pyramid import part_sizes

ESCAPE = 255


@dataclass(frozen=True, eq=False)
class Plan:
    """Where everything is in the stream and the low bits of a block.

    Attributes
    ----------
    shifts : ndarray of int, (n_parts, n_channels)
        Of parts and channels in this chunk, not rising along the channels.
    sizes, starts : list of int
        Samples per channel of each part; where each begins in the stream, and its end.
    planes : list of (part, bit, number of bits)
        The runs of low bits in their order, each padded to whole bytes.
    n_low : int
        Bytes of low bits.
    largest : list of int
        What the residuals of a part that do not escape stay below.
    """

    shifts: NDArray[np.int64]
    sizes: tuple[int, ...]
    starts: list[int]
    planes: list[tuple[int, int, int]]
    n_low: int
    largest: list[int]


def plan(block: Block, n_samples: int, shift: int) -> Plan:
    """The plan for chunks of `n_samples` per channel that are shifted by `shift` more."""
    kept: Plan | None = block.plans.get((n_samples, shift))
    if kept is not None:
        return kept
    shifts = np.clip(block.shifts + shift, 0, MAX_SHIFT)
    sizes = part_sizes(n_samples, len(block.taps))
    n_channels = len(block.rows)
    planes = [
        (part, bit, int((shifts[part] > bit).sum()) * sizes[part])
        for part in range(len(shifts))
        for bit in range(int(shifts[part][0]))
    ]
    made = Plan(
        shifts, sizes, np.cumsum([0, *(n_channels * size for size in sizes)]).tolist(), planes,
        sum(-(-n_bits // 8) for _, _, n_bits in planes),
        [(ESCAPE << int(of_part[0])) // 2 + 1 for of_part in shifts],
    )  # fmt: skip
    if len(block.plans) < 256:
        block.plans[n_samples, shift] = made
    return made

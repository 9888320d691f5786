"""Where the residuals of a block are among the bytes that zstd gets (`interpolated`)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import polyphase
from eegstore.codec.lifting import padded
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
    n_rows : int
        Rows that prediction across channels works on.
    margin : int
        Of the phases that the samples are split into (`polyphase`); 0 when into parts.
    """

    shifts: NDArray[np.int64]
    sizes: tuple[int, ...]
    starts: list[int]
    planes: list[tuple[int, int, int]]
    n_low: int
    largest: list[int]
    n_rows: int
    margin: int

    @cached_property
    def n_shifted(self) -> int:
        """Samples of the stream up to the end of the last part that has low bits."""
        return self.starts[1 + max((part for part, _, _ in self.planes), default=-1)]

    @cached_property
    def by_sample(self) -> NDArray[Any]:
        """The shift of each of these, (n_shifted,), of a type that has room for them."""
        kind = np.uint32 if max(self.largest) > 1 << 15 else np.uint16
        each = [np.repeat(of, size) for of, size in zip(self.shifts, self.sizes, strict=True)]
        return np.concatenate(each)[: self.n_shifted].astype(kind)

    @cached_property
    def values(self) -> NDArray[Any]:
        """What each of the low bits stands for, in their order, (8 * n_low,)."""
        kind = np.uint8 if max(bit for _, bit, _ in self.planes) < 8 else np.uint32
        bits = [np.full(-(-n_bits // 8) * 8, 1 << bit, kind) for _, bit, n_bits in self.planes]
        return np.concatenate(bits)

    @cached_property
    def lows(self) -> list[tuple[slice, slice]]:
        """Which samples the low bits of each run are of, and which of the bits these are."""
        found, at = [], 0
        for part, _, n_bits in self.planes:
            start = self.starts[part]
            found.append((slice(start, start + n_bits), slice(at, at + n_bits)))
            at += -(-n_bits // 8) * 8
        return found


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
    phased = polyphase.suits(n_samples, len(block.taps))
    made = Plan(
        shifts, sizes, np.cumsum([0, *(n_channels * size for size in sizes)]).tolist(), planes,
        sum(-(-n_bits // 8) for _, _, n_bits in planes),
        [(ESCAPE << int(of_part[0])) // 2 + 1 for of_part in shifts],
        padded(n_channels), polyphase.margin_of(block.taps) if phased else 0,
    )  # fmt: skip
    if len(block.plans) < 256:
        block.plans[n_samples, shift] = made
    return made

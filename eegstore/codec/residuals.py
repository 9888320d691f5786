"""A block's samples as bytes to compress: what codec 2 does between the samples and zstd
(`interpolated` describes the format, `restoring` is the way back)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import polyphase
from eegstore.codec.parameters import MAX_SHIFT, Block
from eegstore.codec.plan import ESCAPE, Plan, plan
from eegstore.codec.pyramid import split
from eegstore.codec.zigzag import unzigzag, zigzag

TARGET = 4.0  # mean of the stream: smaller wastes whole bits, larger needs too many symbols
_LOUDER, _QUIETER = 1.8, 0.4  # times TARGET: then a chunk has a shift of its own
_LIMIT = float(1 << 31)
_MOST = 4.0  # times the largest sample is no residual: two differences, a continued signal


def residuals(table: NDArray[Any], block: Block) -> list[NDArray[np.floating[Any]]]:
    """What prediction leaves of samples ``(n_channels, n_chunks, n_samples)``, by part."""
    here = plan(block, table.shape[-1], 0)
    left = _left(table, block, here)
    if not here.margin:
        return [one[0] for one in left]
    coarse, middle, even, odd = polyphase.cropped(left[0], here.margin)
    return [coarse, middle, np.stack([even, odd], axis=-1).reshape(*even.shape[:-1], -1)]


def _left(table: NDArray[Any], block: Block, here: Plan) -> list[NDArray[np.floating[Any]]]:
    """What prediction leaves: one table of four phases (`polyphase`), or one for each part.

    Each is ``(n_phases, n_channels, n_chunks, n)``, phases with margins, which are 0; in
    float32 where that is as exact: of int16 samples, the interpolation always is.
    """
    n_channels, n_chunks, n_samples = table.shape
    narrow = table.dtype.itemsize == 2
    taps = block.taps32 if narrow else block.taps
    kind = taps[0].dtype
    liftings = block.liftings
    if here.margin:
        whole = polyphase.room((here.n_rows, n_chunks, n_samples), here.margin, kind)
        whole[:, n_channels:] = 0
        polyphase.split(table, taps, block.order, whole[:, :n_channels])
        tables, liftings = [whole], (block.phased,)
    else:
        tables = []
        for part in split(table.astype(kind), taps, block.order):
            rows = np.zeros((1, here.n_rows, *part.shape[1:]), kind)
            rows[0, :n_channels] = part
            tables.append(rows)
    left = []
    largest = _MOST * _magnitude(table)
    for rows, lifting in zip(tables, liftings, strict=True):
        sure = not narrow or lifting.forward_exact_in_float32(largest)
        if not sure and not lifting.forward_exact_in_float32(_magnitude(rows)):
            rows = rows.astype(np.float64)
        lifting.forward(rows.reshape(len(rows) * here.n_rows, -1))
        left.append(rows[:, :n_channels])
    return left


def _magnitude(table: NDArray[Any]) -> float:
    """The largest magnitude."""
    return max(float(table.max(initial=0)), -float(table.min(initial=0)))


@dataclass(frozen=True, eq=False)
class Written:
    """The bytes of a block in some chunks.

    Attributes
    ----------
    possible : ndarray of bool, (n_chunks,)
        Whether the residuals of a chunk fit into 32 bits.
    shift : ndarray of int8, (n_chunks,)
    stream : ndarray of uint8, (n_chunks, n_channels * n_samples)
    low : list of bytes
    escapes : dict
        Chunk to the residuals that its stream does not hold.
    """

    possible: NDArray[np.bool_]
    shift: NDArray[np.int8]
    stream: NDArray[np.uint8]
    low: list[bytes]
    escapes: dict[int, bytes]


def write(table: NDArray[Any], block: Block) -> Written:
    """Samples ``(n_channels, n_chunks, n_samples)``, channels as in the block, as bytes."""
    n_chunks, n_samples = table.shape[1:]
    left = _left(table, block, plan(block, n_samples, 0))
    sizes = [np.abs(one) for one in left]
    top = max(float(one.max()) for one in sizes)
    possible = np.ones(n_chunks, np.bool_)
    if top >= _LIMIT:
        possible = np.max([one.max(axis=(0, 1, 3)) for one in sizes], axis=0) < _LIMIT
        left = [np.where(possible[:, None], one, 0) for one in left]
    kind: Any = np.int16 if top < 1 << 14 else np.int32 if top < _LIMIT / 4 else np.int64
    shift = _own_shift(sizes, block, n_samples)
    numbers = _in_order(left, plan(block, n_samples, 0), kind)
    stream = np.empty(numbers.shape, np.uint8)
    low = [b""] * n_chunks
    escapes = {}
    for own in set(shift.tolist()):
        members = np.flatnonzero(shift == own)
        here = plan(block, n_samples, own)
        mine = numbers if len(members) == n_chunks else numbers[members]
        stream[members] = _stream(mine, here)
        for member, packed in zip(members.tolist(), _low(mine, here), strict=True):
            low[member] = packed
    for index in np.flatnonzero((stream == ESCAPE).any(axis=1)).tolist():
        flat = numbers[index, stream[index] == ESCAPE]
        escapes[index] = unzigzag(flat).astype("<i4").tobytes()
    return Written(possible, shift, stream, low, escapes)


def _in_order(left: list[NDArray[Any]], here: Plan, kind: Any) -> NDArray[Any]:
    """Tables like those of `_left` as unsigned numbers in the stream's order.

    ``(n_chunks, n_channels * n_samples)``, zigzagged in `kind`.
    """
    whole = left[0]
    n_channels, n_chunks = whole.shape[1:3]
    numbers = np.empty((n_chunks, here.starts[-1]), np.dtype(kind).str.replace("i", "u"))
    for part, (start, stop) in enumerate(pairwise(here.starts)):
        place = numbers[:, start:stop].reshape(n_chunks, n_channels, -1).transpose(1, 0, 2)
        if not here.margin:
            place[...] = zigzag(left[part][0].astype(kind))
        elif part < 2:
            place[...] = polyphase.cropped(zigzag(whole[part].astype(kind)), here.margin)
        else:
            even, odd = polyphase.cropped(zigzag(whole[part:].astype(kind)), here.margin)
            place[..., ::2], place[..., 1::2] = even, odd
    return numbers


def _own_shift(
    sizes: list[NDArray[np.floating[Any]]], block: Block, n_samples: int
) -> NDArray[np.int8]:
    """How much each chunk is to be shifted more, from the magnitudes of its residuals.

    `sizes` are tables like those of `_left`.
    """
    shifts = plan(block, n_samples, 0).shifts
    tables = [one for table in sizes for one in table]
    total = sum(
        2.0 ** (1 - shifts[min(part, len(shifts) - 1)]) @ (one @ np.ones(one.shape[-1], one.dtype))
        for part, one in enumerate(tables)
    )
    level = total / (len(block.rows) * n_samples) - 0.5  # what shifting cuts off, in the mean
    own = np.rint(np.log2(np.maximum(level, 1e-3) / TARGET))
    own[(level > TARGET * _QUIETER) & (level < TARGET * _LOUDER)] = 0
    deepest = int(block.shifts.max())
    limited: NDArray[np.int8] = np.clip(own, -deepest, MAX_SHIFT - deepest).astype(np.int8)
    return limited


def _stream(numbers: NDArray[Any], here: Plan) -> NDArray[np.uint8]:
    """The bytes of numbers ``(n_chunks, n_channels * n_samples)``."""
    stream = np.empty(numbers.shape, np.uint8)
    if here.n_shifted:
        high = numbers[:, : here.n_shifted] >> here.by_sample
        stream[:, : here.n_shifted] = np.minimum(high, ESCAPE, out=high)
    stream[:, here.n_shifted :] = np.minimum(numbers[:, here.n_shifted :], ESCAPE)
    return stream


def _low(numbers: NDArray[Any], here: Plan) -> list[bytes]:
    """The low bits of numbers ``(n_chunks, n_channels * n_samples)``."""
    if not here.planes:
        return [b""] * len(numbers)
    packed = []
    for (_, bit, _), (samples, _) in zip(here.planes, here.lows, strict=True):
        bits = (numbers[:, samples] >> bit).astype(np.uint8)  # there may be fewer bits: 0 then
        bits &= 1
        packed.append(np.packbits(bits, axis=1, bitorder="little"))
    return [row.tobytes() for row in np.concatenate(packed, axis=1)]

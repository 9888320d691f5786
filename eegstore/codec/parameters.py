"""What the blobs of a recording share: weights, taps and scales, under one digest.

As bytes: ``b"EP"``, the format version 1, and a zstd frame of little-endian int16 words:

    n_blocks; for each block
        n_channels C, the rows of the channels
        order of differences, n_levels; for each level n_pairs, and 1 when one filter serves
        all channels, else 0, and its taps in 1/128, pair after pair
        for each part, the coarsest first: C shifts, then the weights of its `Lifting` in 1/64,
        halves step after step and leaf
        typical size of the block in a blob [byte]
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec.entropy import compress, decompress_any
from eegstore.codec.lifting import WEIGHT_BITS, Lifting, shape_of, stacked
from eegstore.codec.pyramid import MAX_PAIRS, TAP_BITS, Taps
from eegstore.errors import CodecError
from eegstore.model import MAX_CHANNELS

MAX_ORDER = 2
MAX_LEVELS = 2
MAX_SHIFT = 22
MAX_PARAMETERS = 64 << 20  # [byte]
_HEAD = struct.Struct("<2sB")
_MAGIC, _VERSION = b"EP", 1


@dataclass(frozen=True, eq=False)
class Block:
    """Channels of one rate that are coded together.

    Parameters
    ----------
    rows : ndarray of int, (n_channels,)
        Which of the recording's channels these are, in the order of the block: those whose
        residuals are largest first.
    order : int
        Of the differences of the coarsest samples.
    taps : tuple of ndarray
        Of every level, the coarsest first; see `pyramid`.
    liftings : tuple of Lifting
        Of every part: one more than levels.
    shifts : ndarray of int, (n_parts, n_channels)
        How many low bits of the residuals are stored as they are; not rising along channels.
    typical : int
        Size of the block in a blob of this recording [byte].
    """

    rows: NDArray[np.intp]
    order: int
    taps: tuple[Taps, ...]
    liftings: tuple[Lifting, ...]
    shifts: NDArray[np.int64]
    typical: int

    @cached_property
    def taps32(self) -> tuple[Taps, ...]:
        """`taps` in float32, in which they are exact."""
        return tuple(taps.astype(np.float32) for taps in self.taps)

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Where each of the recording's channels is in the block, when it has them all."""
        return np.argsort(self.rows)

    @cached_property
    def phased(self) -> Lifting:
        """The liftings of the phases that `polyphase` works on."""
        return stacked([*self.liftings, self.liftings[-1]])

    @cached_property
    def plans(self) -> dict[tuple[int, int], Any]:
        """What `plan.plan` has worked out."""
        return {}


@dataclass(frozen=True, eq=False)
class Parameters:
    """The shared parameters of a recording's blobs, and their name."""

    blocks: tuple[Block, ...]

    @cached_property
    def suited(self) -> dict[tuple[int, ...], bool]:
        """What `interpolated.fits` has found."""
        return {}

    @property
    def typical(self) -> int:
        """Size of the payload of a blob of this recording [byte]."""
        return sum(block.typical for block in self.blocks)

    @cached_property
    def packed(self) -> bytes:
        """The bytes that are stored."""
        words: list[NDArray[Any]] = [_words([len(self.blocks)])]
        for block in self.blocks:
            words += [_words([len(block.rows)]), _words(block.rows)]
            words.append(_words([block.order, len(block.taps)]))
            for taps in block.taps:
                words.append(_words([len(taps), int(taps.shape[1] == 1)]))
                words.append(_words(taps * (1 << TAP_BITS)))
            for shifts, lifting in zip(block.shifts, block.liftings, strict=True):
                words.append(_words(shifts))
                for weights in (*lifting.halves, lifting.leaf):
                    words.append(_words(weights * (1 << WEIGHT_BITS)))
            words.append(_words([min(block.typical, 32767)]))
        return _HEAD.pack(_MAGIC, _VERSION) + compress(np.concatenate(words).tobytes())

    @cached_property
    def sha256(self) -> bytes:
        """The digest that names them."""
        return hashlib.sha256(self.packed).digest()


def unpack(packed: bytes) -> Parameters:
    """The parameters in stored bytes.

    Raises
    ------
    CodecError
        These are none.
    """
    if len(packed) < _HEAD.size:
        raise CodecError(f"parameters have at least {_HEAD.size} bytes; these have {len(packed)}")
    magic, version = _HEAD.unpack_from(packed)
    if magic != _MAGIC or version != _VERSION:
        raise CodecError(f"parameters begin with {magic!r} {version}; known is {_MAGIC!r} 1")
    body = decompress_any(packed[_HEAD.size :], MAX_PARAMETERS)
    if len(body) % 2:
        raise CodecError(f"parameters of {len(body)} bytes; they are 16-bit words")
    words = _Reader(np.frombuffer(body, "<i2"))
    n_blocks = words.number("blocks", 0, MAX_CHANNELS)
    blocks = tuple(_block(words) for _ in range(n_blocks))
    words.end()
    parameters = Parameters(blocks)
    parameters.__dict__["packed"] = bytes(packed)  # zstd may write the same otherwise some day
    return parameters


def _block(words: "_Reader") -> Block:
    count = words.number("channels", 1, MAX_CHANNELS)
    rows = words.take(count).astype(np.intp)
    if len(set(rows.tolist())) != count or rows.min() < 0:
        raise CodecError("parameters: a channel is in a block twice")
    difference = words.number("order", 1, MAX_ORDER)
    n_levels = words.number("levels", 1, MAX_LEVELS)
    taps = tuple(_taps(words, count) for _ in range(n_levels))
    depth, leaf = shape_of(count)
    shifts, liftings = [], []
    for _ in range(n_levels + 1):
        shifts.append(words.take(count).astype(np.int64))
        halves = []
        for step in range(depth):
            h = leaf << depth - step - 1
            halves.append(words.weights((1 << step, h, h)))
        liftings.append(Lifting(tuple(halves), words.weights((leaf, leaf, 1 << depth))))
    table = np.array(shifts)
    if table.min() < 0 or table.max() > MAX_SHIFT:
        raise CodecError(f"parameters: a shift is not in 0 .. {MAX_SHIFT}")
    if (np.diff(table, axis=1) > 0).any():
        raise CodecError("parameters: shifts rise along the channels")
    typical = words.number("typical size", 0, 32767)
    return Block(rows, difference, taps, tuple(liftings), table, typical)


def _taps(words: "_Reader", n_channels: int) -> Taps:
    pairs = words.number("pairs", 1, MAX_PAIRS)
    count = 1 if words.number("shared", 0, 1) else n_channels
    taps = words.take(pairs * count).reshape(pairs, count, 1, 1) / (1 << TAP_BITS)
    if np.abs(taps).sum(axis=0).max() > 1:
        raise CodecError("parameters: the taps of a filter sum to more than 1")
    return taps


class _Reader:
    """Words, one after another."""

    def __init__(self, words: NDArray[np.int16]) -> None:
        self._words = words
        self._at = 0

    def take(self, count: int) -> NDArray[np.int16]:
        if count > len(self._words) - self._at:
            raise CodecError(f"parameters end after {len(self._words)} words")
        self._at += count
        return self._words[self._at - count : self._at]

    def number(self, what: str, low: int, high: int) -> int:
        value = int(self.take(1)[0])
        if not low <= value <= high:
            raise CodecError(f"parameters: {what} is {value}, not in {low} .. {high}")
        return value

    def weights(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        words = self.take(int(np.prod(shape))).reshape(shape)
        return words.astype(np.float32) / np.float32(1 << WEIGHT_BITS)

    def end(self) -> None:
        if self._at != len(self._words):
            raise CodecError(f"parameters go on for {len(self._words) - self._at} words")


def _words(values: NDArray[Any] | Sequence[int]) -> NDArray[np.int16]:
    words: NDArray[np.int16] = np.rint(np.asarray(values)).astype("<i2").ravel()
    return words

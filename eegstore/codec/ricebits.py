"""Rice codes: their shifts, their bits, and back. `rice` has the format."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import leb128
from eegstore.errors import CodecError

CAP = 24  # zeros at most in a row: what has more is listed
NOTHING = 31  # for a shift, where all numbers are zero and none is written
_LISTED = 12  # bits that a number in the list takes, about
_TRIED = 4  # shifts, from the one of the mean down: few large numbers make it too high


def shifts_for(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """The shifts that make ``(n_chunks, n_channels, n)`` smallest."""
    mean = numbers.mean(axis=2, dtype=np.float64)
    most = np.clip(np.frexp(mean)[1] - 1, 0, min(8 * numbers.itemsize, NOTHING) - 1)
    least, best = np.full(mean.shape, np.inf), np.zeros(mean.shape, np.uint8)
    for less in range(_TRIED):
        shift = np.maximum(most - less, 0)
        high = np.minimum(numbers >> shift[:, :, None].astype(numbers.dtype), CAP)
        price = high.sum(axis=2) + shift * numbers.shape[2]
        price += _LISTED * (high == CAP).sum(axis=2)
        better = price < least
        least, best = np.where(better, price, least), np.where(better, shift, best)
    best[mean == 0] = NOTHING
    return best.astype(np.uint8)


def write(numbers: NDArray[Any], shifts: NDArray[np.uint8], sizes: NDArray[np.intp]) -> list[bytes]:
    """The codes of unsigned numbers with their shifts, of which each chunk has so many in turn."""
    stops = np.cumsum([0, *sizes.tolist()]).tolist()
    planes = []
    for bit in range(int(shifts.max(initial=0))):
        deep = shifts > bit
        plane = (numbers[deep] >> numbers.dtype.type(bit)).astype(np.uint8) & 1
        cuts = np.cumsum([np.count_nonzero(deep[i:j]) for i, j in pairwise(stops)])
        planes.append(np.split(plane, cuts[:-1]))
    high = numbers >> shifts.astype(numbers.dtype)
    capped = np.minimum(high, CAP).astype(np.intp)
    ends = np.cumsum(capped + 1)
    bit_stops = np.concatenate([[0], ends])[stops]
    n_bytes = -(-np.diff(bit_stops) // 8)
    byte_stops = np.cumsum(n_bytes)
    bits = np.zeros(8 * int(n_bytes.sum()), np.uint8)
    bits[ends - 1 + np.repeat(8 * (byte_stops - n_bytes) - bit_stops[:-1], sizes)] = 1
    unary = np.split(np.packbits(bits), byte_stops[:-1])
    listed = np.flatnonzero(capped == CAP)
    lists = np.split(high[listed] - numbers.dtype.type(CAP), np.searchsorted(listed, stops[1:-1]))
    written = []
    for chunk, codes in enumerate(unary):
        low = [plane[chunk] for plane in planes]
        packed = np.packbits(np.concatenate(low)).tobytes() if low else b""
        written.append(packed + codes.tobytes() + leb128.pack(lists[chunk]))
    return written


def read(
    parts: Sequence[NDArray[np.uint8]], shifts: Sequence[NDArray[np.uint8]], bits: int
) -> NDArray[Any]:
    """The numbers of all chunks, of `bits` bits, one for each shift, that `parts` are made of.

    Raises
    ------
    CodecError
    """
    rest = [_without_low(*both) for both in zip(parts, shifts, strict=True)]
    high = [_high(data, len(own), bits) for data, own in zip(rest, shifts, strict=True)]
    every = np.concatenate(shifts)
    kind = np.dtype(np.uint32 if bits <= 16 else np.uint64)  # room for what is too large
    numbers: NDArray[Any] = np.concatenate(high).astype(kind) << every.astype(kind)
    if numbers.max(initial=0) >= 1 << bits:
        raise CodecError(f"a number does not fit into {bits} bits")
    low = [np.unpackbits(part[: len(part) - len(r)]) for part, r in zip(parts, rest, strict=True)]
    stops = np.cumsum([0, *map(len, shifts)])
    at = [0] * len(low)
    for bit in range(int(every.max(initial=0))):
        deep = np.flatnonzero(every > bit)
        plane = []
        for chunk, count in enumerate(np.diff(np.searchsorted(deep, stops)).tolist()):
            plane.append(low[chunk][at[chunk] : at[chunk] + count])
            at[chunk] += count
        ones = np.concatenate(plane).astype(kind) << kind.type(bit)
        if len(deep) == len(numbers):
            numbers |= ones
        else:
            numbers[deep] |= ones
    return numbers


def _without_low(data: NDArray[np.uint8], shifts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What follows the low bits of a chunk."""
    n_low = int(shifts.sum(dtype=np.int64))
    if 8 * len(data) < n_low:
        raise CodecError(f"{len(data)} bytes; the low bits alone have {n_low} bits")
    return data[-(-n_low // 8) :]


def _high(data: NDArray[np.uint8], count: int, bits: int) -> NDArray[np.int64]:
    """What is left of `count` numbers without their low bits; that is all of `data`."""
    coded = np.unpackbits(data[: -(-count * (CAP + 1) // 8)])
    ones = np.flatnonzero(coded.view(bool))[:count]
    if len(ones) != count:
        raise CodecError(f"{len(ones)} codes where {count} are expected")
    high = ones.astype(np.int64)
    high[1:] -= ones[:-1] + 1
    if high.max(initial=0) > CAP:
        raise CodecError(f"a code of {high.max()} zeros; at most {CAP}")
    listed = np.flatnonzero(high == CAP)
    end = int(ones[-1]) // 8 + 1 if count else 0
    more, length = leb128.unpack(data[end:], len(listed), bits)
    if end + length != len(data):
        raise CodecError(f"{len(data) - end - length} bytes behind the last code")
    high[listed] += more
    return high

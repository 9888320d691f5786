"""Unsigned LEB128: numbers of 7 bits a byte, the lowest first; bit 7: another byte follows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import CodecError

LONGEST = 5  # bytes, of a number of 32 bits


def pack(numbers: NDArray[Any]) -> bytes:
    """The bytes of unsigned numbers of at most 32 bits."""
    if not len(numbers):
        return b""
    numbers = numbers.astype(np.uint64)
    sizes = np.ones(len(numbers), np.intp)
    for more in range(1, LONGEST):
        sizes += numbers >= 1 << 7 * more
    starts = np.cumsum(sizes) - sizes
    out = np.empty(int(sizes.sum()), np.uint8)
    for byte in range(int(sizes.max())):
        here = sizes > byte
        part = (numbers[here] >> np.uint64(7 * byte)) & np.uint64(0x7F)
        out[starts[here] + byte] = part | np.where(sizes[here] > byte + 1, 0x80, 0).astype(
            np.uint64
        )
    return out.tobytes()


def unpack(data: NDArray[np.uint8], count: int, bits: int) -> tuple[NDArray[np.int64], int]:
    """The first `count` numbers in `data`, of at most `bits` bits, and how many bytes they have.

    Raises
    ------
    CodecError
    """
    if not count:
        return np.empty(0, np.int64), 0
    data = data[: count * LONGEST]
    ends = np.flatnonzero(data < 0x80)[:count]
    if len(ends) != count:
        raise CodecError(f"{len(ends)} numbers where {count} are expected")
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends + 1 - starts
    if sizes.max() > LONGEST:
        raise CodecError(f"a number is longer than {LONGEST} bytes")
    length = int(ends[-1]) + 1
    place = np.arange(length) - np.repeat(starts, sizes)
    numbers = np.add.reduceat((data[:length] & 0x7F).astype(np.int64) << 7 * place, starts)
    if numbers.max() >= 1 << bits:
        raise CodecError(f"a number does not fit into {bits} bits")
    return numbers, length

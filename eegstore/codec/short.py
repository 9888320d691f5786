"""Codec 3: a short second, each number in as few bytes as it needs.

For seconds of a few samples, such as those of a slow sensor, where a zstd frame and a header of
format 1 weigh more than all that they hold. Payload::

    1       order of differences along time, 0 to 2, of all channels
    ...     residuals, channel after channel, 0, -1, 1, -2 ... as 0, 1, 2, 3 ..., unsigned LEB128
    4       CRC-32 of the residuals' bytes and of the order, little-endian

Differences are taken modulo 2**16 (2**32), with zeros before the first sample of a channel.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import CodecError

MAX_SAMPLES = 512  # of a second, over all channels: from some hundreds on zstd is smaller
MAX_ORDER = 2
_CHECK = 4  # bytes


def encode(samples: NDArray[Any], counts: tuple[int, ...]) -> bytes:
    """Payload of flat `samples`, int16 or int32, with `counts` samples per channel."""
    bits = samples.itemsize * 8
    starts = _starts(counts)
    residual, best, order = samples, b"", 0
    for step in range(MAX_ORDER + 1):
        if step:
            first = residual[starts]
            residual = np.diff(residual, prepend=residual.dtype.type(0))
            residual[starts] = first
        zigzag = (residual << 1) ^ (residual >> (bits - 1))
        packed = _leb128(zigzag.view(f"u{samples.itemsize}").astype(np.uint64))
        if not step or len(packed) < len(best):
            best, order = packed, step
    body = bytes([order]) + best
    return body + zlib.crc32(body).to_bytes(_CHECK, "little")


def decode(
    payloads: Sequence[memoryview], counts: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Samples of payloads that share `counts`, ``(n_payloads, sum(counts))``.

    Raises
    ------
    CodecError
    """
    total = sum(counts)
    if not 1 <= total <= MAX_SAMPLES:
        raise CodecError(f"a short second of {total} samples; it has 1 to {MAX_SAMPLES}")
    starts = _starts(counts)
    before = np.repeat(starts, [count for count in counts if count])
    samples = np.empty((len(payloads), total), dtype.newbyteorder("="))
    for index, payload in enumerate(payloads):
        body, check = payload[:-_CHECK], bytes(payload[-_CHECK:])
        if not body or zlib.crc32(body).to_bytes(_CHECK, "little") != check:
            raise CodecError("the numbers of a short second are damaged")
        if body[0] > MAX_ORDER:
            raise CodecError(f"differences of order {body[0]}; at most {MAX_ORDER}")
        numbers = _numbers(body[1:], total, dtype.itemsize)
        values = (numbers >> 1).astype(np.int64) ^ -(numbers & 1).astype(np.int64)
        for _ in range(body[0]):
            sums = np.concatenate([[0], np.cumsum(values)])
            values = sums[1:] - sums[before]
        samples[index] = values.astype(samples.dtype)  # modulo 2**bits
    return samples.astype(dtype, copy=False)


def _starts(counts: tuple[int, ...]) -> NDArray[np.intp]:
    """Where the channels that have samples begin among them."""
    there = np.array([count for count in counts if count], np.intp)
    starts: NDArray[np.intp] = np.cumsum(there) - there
    return starts


def _leb128(numbers: NDArray[np.uint64]) -> bytes:
    sizes = np.ones(len(numbers), np.intp)
    for more in range(1, 5):
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


def _numbers(data: memoryview, count: int, itemsize: int) -> NDArray[np.int64]:
    table = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(table < 0x80)
    if len(ends) != count or not len(table) or ends[-1] != len(table) - 1:
        raise CodecError(f"a short second of {count} samples does not hold as many numbers")
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends + 1 - starts
    if sizes.max() > 5:
        raise CodecError("a number of a short second is longer than 5 bytes")
    place = np.arange(len(table)) - np.repeat(starts, sizes)
    numbers = np.add.reduceat((table & 0x7F).astype(np.int64) << 7 * place, starts)
    if numbers.max() >= 1 << 8 * itemsize:
        raise CodecError(f"a number of a short second does not fit into {8 * itemsize} bits")
    return numbers

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

from eegstore.codec import leb128
from eegstore.codec.zigzag import unzigzag, zigzag
from eegstore.errors import CodecError

MAX_SAMPLES = 512  # of a second, over all channels: from some hundreds on zstd is smaller
MAX_ORDER = 2
_CHECK = 4  # bytes


def encode(samples: NDArray[Any], counts: tuple[int, ...]) -> bytes:
    """Payload of flat `samples`, int16 or int32, with `counts` samples per channel."""
    starts = _starts(counts)
    residual, best, order = samples, b"", 0
    for step in range(MAX_ORDER + 1):
        if step:
            first = residual[starts]
            residual = np.diff(residual, prepend=residual.dtype.type(0))
            residual[starts] = first
        packed = leb128.pack(zigzag(residual))
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
        data = np.frombuffer(body[1:], np.uint8)
        numbers, length = leb128.unpack(data, total, 8 * dtype.itemsize)
        if length < len(data):
            raise CodecError(f"a short second of {total} samples goes on after their numbers")
        values = unzigzag(numbers)
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

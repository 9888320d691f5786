"""Codec 4: differences along time, or from the channel before too, in Rice codes.

For seconds of recordings without parameters: only what each channel needs, and no tables.
Payload::

    1       0: the body and its CRC-32, little-endian, follow; 1: a zstd frame of the body
    ...     body

Body::

    1 each  of channels of more than one sample. Bits 0-4: shift, 31 where all residuals are
            zero and none is stored; 5-6: order of the differences; 7: there is a byte more
    1 each  of those with bit 7. Bits 0-4: how many low bits are zero in all residuals and are
            left out; 5: the channel before, which has as many samples, is subtracted
    ...     first samples, as differences from the first sample of the channel before
    ...     low bits of the residuals, as many as the shift says: of all channels bit 0, then
            of all that have one bit 1, and so on; padded to whole bytes
    ...     what is left of the residuals: n as n zeros and a one, 24 zeros for 24 and all
            above; padded to whole bytes
    ...     how much above 24 those are

The differences of a sample have its channel's order (0 to 3), or as high a one as there are
samples before it, which with the first sample is none; they are modulo 2**16 (2**32), so every
array survives. Residuals are mapped 0, -1, 1, -2 ... to 0, 1, 2, 3 ...; what has no other size
is unsigned LEB128. Bits begin with the highest of a byte.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import channelwise, leb128, ricebits
from eegstore.codec.differences import blocks
from eegstore.codec.entropy import compress, decompress_any
from eegstore.errors import CodecError

_NOTHING = 31  # for a shift
_MORE, _BESIDE = 1 << 7, 1 << 5
_PLAIN, _FRAME = b"\0", b"\1"
_CHECK = 4  # bytes
_LISTED = 12  # bits that a number in the list takes, about
_TRIED = 4  # shifts, from the one of the mean down: few large residuals make it too high


def encode_all(samples: NDArray[Any], counts: tuple[int, ...]) -> list[bytes]:
    """Payloads of integer `samples`, ``(n_chunks, sum(counts))``, of one sample at least."""
    n_chunks = len(samples)
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    numbers = np.zeros(samples.shape, f"u{samples.itemsize}")
    shifts = np.full(samples.shape, _NOTHING, np.uint8)
    firsts = [np.zeros((n_chunks, 1), samples.dtype)]
    modes: list[NDArray[np.uint8]] = [np.empty((n_chunks, 0), np.uint8)]
    more = list(modes)
    for rows, part in blocks(counts):
        table = samples[:, part].reshape(n_chunks, len(rows), -1)
        firsts.append(table[:, :, 0])
        if table.shape[2] == 1:
            continue
        left = channelwise.predict(table)
        zigzag = _zigzag(left.residuals)
        shift = _shifts(zigzag)
        numbers[:, part].reshape(table.shape)[:, :, 1:] = zigzag
        shifts[:, part].reshape(table.shape)[:, :, 1:] = shift[:, :, None]
        more.append(left.zeros + left.beside * np.uint8(_BESIDE))
        modes.append(shift + left.order * np.uint8(1 << 5) + (more[-1] > 0) * np.uint8(_MORE))
    mode, wide = np.concatenate(modes, axis=1), np.concatenate(more, axis=1)
    first = _zigzag(np.diff(np.concatenate(firsts, axis=1), axis=1))
    coded = shifts != _NOTHING
    written = ricebits.write(numbers[coded], shifts[coded], coded.sum(axis=1))
    payloads = []
    for index, codes in enumerate(written):
        extra = wide[index][wide[index] > 0]
        head = mode[index].tobytes() + extra.tobytes() + leb128.pack(first[index])
        payloads.append(_packed(head + codes))
    return payloads


def decode(
    payloads: Sequence[memoryview], counts: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Samples of payloads that share `counts`, ``(n_payloads, sum(counts))``.

    Raises
    ------
    CodecError
    """
    sizes = np.array([count for count in counts if count], np.intp)
    starts = np.cumsum(sizes) - sizes
    total = int(sizes.sum())
    inner = np.ones(total, bool)
    inner[starts] = False
    numbers = np.zeros((len(payloads), total), f"u{dtype.itemsize}")
    first = np.empty((len(payloads), len(sizes)), numbers.dtype)
    mode = np.full((2, len(payloads), len(sizes)), _NOTHING, np.uint8)
    mode[1] = 0
    for index, payload in enumerate(payloads):
        data = np.frombuffer(_unpacked(payload, 7 * len(sizes) + 12 * total), np.uint8)
        at = _read_modes(data, mode[:, index], sizes > 1, 8 * dtype.itemsize)
        first[index], length = leb128.unpack(data[at:], len(sizes), 8 * dtype.itemsize)
        shift = mode[0, index] & 31
        coded = inner & np.repeat(shift != _NOTHING, sizes)
        of_each = np.repeat(shift, sizes)[coded]
        numbers[index, coded] = ricebits.read(data[at + length :], of_each, 8 * dtype.itemsize)
    first = np.cumsum(_signed(first), axis=1, dtype=dtype.newbyteorder("="))
    samples = np.empty(numbers.shape, first.dtype)
    at = 0
    for rows, part in blocks(counts):
        here = slice(at, at + len(rows))
        at += len(rows)
        if counts[rows[0]] == 1:
            samples[:, part] = first[:, here]
            continue
        table = numbers[:, part].reshape(len(payloads), len(rows), -1)
        order, wide = mode[0, :, here] // np.uint8(1 << 5) % 4, mode[1, :, here]
        beside = wide >= _BESIDE
        if beside[:, 0].any():
            raise CodecError("a channel is coded beside one that it has not before it")
        left = channelwise.Left(_signed(table[:, :, 1:]), order, wide % np.uint8(_BESIDE), beside)
        samples[:, part] = channelwise.restore(left, first[:, here]).reshape(len(payloads), -1)
    return samples.astype(dtype, copy=False)


def _read_modes(
    data: NDArray[np.uint8], mode: NDArray[np.uint8], several: NDArray[np.bool_], bits: int
) -> int:
    """Fill in how each channel is coded, ``(2, n_channels)``; where that ends in `data`."""
    n_modes = int(several.sum())
    own = data[:n_modes]
    wide = own >= _MORE
    end = n_modes + int(wide.sum())
    if len(data) < end:
        raise CodecError(f"{len(data)} bytes; how channels are coded takes {end}")
    more = np.zeros(n_modes, np.uint8)
    more[wide] = data[n_modes:end]
    shift = own & 31
    if (shift[shift != _NOTHING] >= bits).any() or (more & ~np.uint8(_BESIDE) >= bits).any():
        raise CodecError("a channel is shifted by more bits than it has")
    mode[0, several], mode[1, several] = own, more
    return end


def _shifts(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """The shifts that make ``(n_chunks, n_channels, n)`` smallest."""
    mean = numbers.mean(axis=2, dtype=np.float64)
    most = np.clip(np.frexp(mean)[1] - 1, 0, min(8 * numbers.itemsize, _NOTHING) - 1)
    least, best = np.full(mean.shape, np.inf), np.zeros(mean.shape, np.uint8)
    for less in range(_TRIED):
        shift = np.maximum(most - less, 0)
        high = np.minimum(numbers >> shift[:, :, None].astype(numbers.dtype), ricebits.CAP)
        price = high.sum(axis=2) + shift * numbers.shape[2]
        price += _LISTED * (high == ricebits.CAP).sum(axis=2)
        better = price < least
        least, best = np.where(better, price, least), np.where(better, shift, best)
    best[mean == 0] = _NOTHING
    return best.astype(np.uint8)


def _zigzag(signed: NDArray[Any]) -> NDArray[Any]:
    zigzag: NDArray[Any] = (signed << 1) ^ (signed >> (8 * signed.itemsize - 1))
    return zigzag.view(f"u{signed.itemsize}")


def _signed(numbers: NDArray[Any]) -> NDArray[Any]:
    signed: NDArray[Any] = (numbers >> 1).view(f"i{numbers.itemsize}")
    signed ^= -(numbers & 1).view(signed.dtype)
    return signed


def _packed(body: bytes) -> bytes:
    plain = _PLAIN + body + zlib.crc32(body).to_bytes(_CHECK, "little")
    frame = _FRAME + compress(body)
    return min(plain, frame, key=len)


def _unpacked(payload: memoryview, limit: int) -> bytes | memoryview:
    if payload[:1] == _FRAME:
        return decompress_any(payload[1:], limit)
    body = payload[1:-_CHECK]
    if payload[:1] != _PLAIN or zlib.crc32(body).to_bytes(_CHECK, "little") != payload[-_CHECK:]:
        raise CodecError("the body is damaged")
    return body

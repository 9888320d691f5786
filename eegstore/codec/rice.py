"""Codec 4: differences along time, or from the channel before too, in Rice codes.

For seconds of recordings without parameters: only what each channel needs, and no tables.
Payload::

    1       0: the body and its CRC-32, little-endian, follow; 1: a zstd frame of the body
    ...     body

Body::

    1 each  of channels of more than one sample. Bits 0-4: shift, 31 where all residuals are
            zero and none is stored; 5-6: order of the differences; 7: there is a byte more
    1 each  of those with bit 7. Bits 0-4: how many low bits are zero in all residuals and are
            left out; 5: the channel before, which has as many samples, is subtracted; 6: what
            is coded are numbers of steps (`eegstore.codec.steps`)
    ...     first samples, as differences from the first sample of the channel before
    ...     of channels of steps: step, as the difference from that of the one before; phase
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

from eegstore.codec import channelwise, leb128, ricebits, steps
from eegstore.codec.differences import blocks
from eegstore.codec.entropy import compress, decompress_any
from eegstore.codec.zigzag import unzigzag, zigzag
from eegstore.errors import CodecError

_MORE, _STEPS, _BESIDE = 1 << 7, 1 << 6, 1 << 5
_PLAIN, _FRAME = b"\0", b"\1"
_CHECK = 4  # bytes


def encode_all(samples: NDArray[Any], counts: tuple[int, ...]) -> list[bytes]:
    """Payloads of integer `samples`, ``(n_chunks, sum(counts))``, of one sample at least."""
    n_chunks = len(samples)
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    numbers = np.zeros(samples.shape, f"u{samples.itemsize}")
    shifts = np.full(samples.shape, ricebits.NOTHING, np.uint8)
    firsts = [np.zeros((n_chunks, 1), samples.dtype)]
    modes: list[NDArray[np.uint8]] = [np.empty((n_chunks, 0), np.uint8)]
    more = list(modes)
    pairs = [np.empty((n_chunks, 0, 2), np.int64)]
    for rows, part in blocks(counts):
        table = samples[:, part].reshape(n_chunks, len(rows), -1)
        firsts.append(table[:, :, 0])
        if table.shape[2] == 1:
            continue
        found = steps.find(table)
        left = channelwise.predict(found.numbers)
        mapped = zigzag(left.residuals)
        shift = ricebits.shifts_for(mapped)
        numbers[:, part].reshape(table.shape)[:, :, 1:] = mapped
        shifts[:, part].reshape(table.shape)[:, :, 1:] = shift[:, :, None]
        pairs.append(np.stack([found.step, found.phase], axis=2))
        stepped = (found.step > 0) * np.uint8(_STEPS)
        more.append(left.zeros + left.beside * np.uint8(_BESIDE) + stepped)
        modes.append(shift + left.order * np.uint8(1 << 5) + (more[-1] > 0) * np.uint8(_MORE))
    mode, wide = np.concatenate(modes, axis=1), np.concatenate(more, axis=1)
    steps_and_phases = np.concatenate(pairs, axis=1)
    first = zigzag(np.diff(np.concatenate(firsts, axis=1), axis=1))
    coded = shifts != ricebits.NOTHING
    written = ricebits.write(numbers[coded], shifts[coded], coded.sum(axis=1))
    payloads = []
    for index, codes in enumerate(written):
        extra = wide[index][wide[index] > 0]
        head = mode[index].tobytes() + extra.tobytes() + leb128.pack(first[index])
        head += _steps_packed(steps_and_phases[index])
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
    mode = np.full((2, len(payloads), len(sizes)), ricebits.NOTHING, np.uint8)
    mode[1] = 0
    pairs = np.zeros((2, len(payloads), len(sizes)), np.int64)
    parts = []
    for index, payload in enumerate(payloads):
        data = np.frombuffer(_unpacked(payload, 16 * len(sizes) + 12 * total), np.uint8)
        at = _read_modes(data, mode[:, index], sizes > 1, 8 * dtype.itemsize)
        first[index], length = leb128.unpack(data[at:], len(sizes), 8 * dtype.itemsize)
        at += length
        at += _read_steps(data[at:], pairs[:, index], mode[1, index] & _STEPS > 0)
        parts.append(data[at:])
    shifts = np.repeat(mode[0] & 31, sizes, axis=1)
    coded = inner & (shifts != ricebits.NOTHING)
    own = [shift[there] for shift, there in zip(shifts, coded, strict=True)]
    numbers[coded] = ricebits.read(parts, own, 8 * dtype.itemsize)
    first = np.cumsum(unzigzag(first), axis=1, dtype=dtype.newbyteorder("="))
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
        beside = wide & _BESIDE > 0
        if beside[:, 0].any():
            raise CodecError("a channel is coded beside one that it has not before it")
        left = channelwise.Left(unzigzag(table[:, :, 1:]), order, wide % np.uint8(_BESIDE), beside)
        step, phase = pairs[:, :, here]
        found = channelwise.restore(left, np.where(step > 0, 0, first[:, here]).astype(first.dtype))
        if step.any():
            found = steps.restore(steps.Steps(step, phase, found), first[:, here])
        samples[:, part] = found.reshape(len(payloads), -1)
    return samples.astype(dtype, copy=False)


def _steps_packed(pairs: NDArray[np.int64]) -> bytes:
    """Steps and phases of the channels ``(n_channels, 2)`` that have them."""
    there = pairs[pairs[:, 0] > 0]
    there[:, 0] = zigzag(np.diff(there[:, 0], prepend=0))
    return leb128.pack(there.reshape(-1))


def _read_steps(data: NDArray[np.uint8], pairs: NDArray[np.int64], has: NDArray[np.bool_]) -> int:
    """Fill in steps and phases ``(2, n_channels)``; how many bytes of `data` they have."""
    listed, length = leb128.unpack(data, 2 * int(has.sum()), 32)
    change, phase = listed[::2], listed[1::2]
    step = np.cumsum(unzigzag(change))
    if ((step < 1) | (step >= steps.MAX_STEP) | (phase >> steps.FRACTION > 0)).any():
        raise CodecError("steps or phases out of their range")
    pairs[0, has], pairs[1, has] = step, phase
    return length


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
    if (shift[shift != ricebits.NOTHING] >= bits).any() or (
        more & ~np.uint8(_BESIDE | _STEPS) >= bits
    ).any():
        raise CodecError("a channel is shifted by more bits than it has")
    mode[0, several], mode[1, several] = own, more
    return end


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

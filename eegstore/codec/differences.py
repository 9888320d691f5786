"""Codec 1: differences along time, zigzag, byte planes, zstd.

    bytes             field
    ceil(C / 4)       order of differences of each channel, 2 bits each, low bits first
    rest              zstd frame of the planes: byte 0 of every sample, then byte 1 ...

A sample's residual is the difference of the channel's own order (0 to 3), with zeros
before the first sample, taken modulo 2**16 (2**32), so every array survives, extremes
included. Zigzag maps 0, -1, 1, -2 ... to 0, 1, 2, 3 ...; the high plane is then mostly
zeros. The order of each channel is the one with the smallest sum of magnitudes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec.entropy import compress, decompress
from eegstore.codec.zigzag import unzigzag, zigzag
from eegstore.errors import CodecError

MAX_ORDER = 3
_SHIFTS = np.array([0, 2, 4, 6], np.uint8)


def encode(samples: NDArray[Any], counts: tuple[int, ...]) -> bytes:
    """Payload of flat `samples`, int16 or int32, with `counts` samples per channel."""
    return encode_all(samples[None], counts)[0]


def encode_all(samples: NDArray[Any], counts: tuple[int, ...]) -> list[bytes]:
    """Payloads of integer `samples`, ``(n_chunks, sum(counts))``."""
    residual = np.empty_like(samples)
    orders = np.zeros((len(samples), len(counts)), np.uint8)
    for rows, part in blocks(counts):
        table = samples[:, part].reshape(len(samples), len(rows), -1)
        best = table
        cost = magnitude(table)
        step = table
        for order in range(1, MAX_ORDER + 1):
            step = np.diff(step, axis=2, prepend=step.dtype.type(0))
            price = magnitude(step)
            better = price < cost
            if not better.any():
                break
            best = np.where(better[:, :, None], step, best)
            cost = np.where(better, price, cost)
            orders[:, rows.start : rows.stop][better] = order
        residual[:, part] = best.reshape(len(samples), -1)
    octets = zigzag(residual).view(np.uint8)
    planes = octets.reshape(len(samples), -1, samples.itemsize).transpose(0, 2, 1)
    return [
        _pack_orders(own) + compress(plane.tobytes())
        for own, plane in zip(orders, planes, strict=True)
    ]


def decode(
    payloads: list[memoryview], counts: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Samples of payloads that share `counts`, ``(n_payloads, sum(counts))``.

    Raises
    ------
    CodecError
    """
    total = sum(counts)
    n_order_bytes = -(-len(counts) // 4)
    planes = np.empty((len(payloads), dtype.itemsize, total), np.uint8)
    orders = np.empty((len(payloads), len(counts)), np.uint8)
    for index, payload in enumerate(payloads):
        if len(payload) < n_order_bytes:
            raise CodecError(f"payload of {len(payload)} bytes; {n_order_bytes} of orders expected")
        orders[index] = _unpack_orders(payload[:n_order_bytes], len(counts))
        data = decompress(payload[n_order_bytes:], total * dtype.itemsize)
        planes[index].reshape(-1)[:] = np.frombuffer(data, np.uint8)
    samples = unzigzag(_join(planes))
    for rows, part in blocks(counts):
        table = samples[:, part].reshape(len(payloads), len(rows), -1)
        for order in range(1, MAX_ORDER + 1):
            deep = orders[:, rows.start : rows.stop] >= order
            if deep.all():
                np.cumsum(table, axis=2, dtype=table.dtype, out=table)
            elif deep.any():
                table[deep] = np.cumsum(table[deep], axis=1, dtype=table.dtype)
        samples[:, part] = table.reshape(len(payloads), -1)
    return samples.astype(dtype, copy=False)


def blocks(counts: tuple[int, ...]) -> list[tuple[range, slice]]:
    """Neighbouring channels of equal, nonzero count: their rows, and their flat samples."""
    blocks: list[tuple[range, slice]] = []
    row = at = 0
    while row < len(counts):
        stop = row
        while stop < len(counts) and counts[stop] == counts[row]:
            stop += 1
        size = counts[row] * (stop - row)
        if size:
            blocks.append((range(row, stop), slice(at, at + size)))
        row, at = stop, at + size
    return blocks


def magnitude(table: NDArray[Any]) -> NDArray[Any]:
    wide = np.int32 if table.itemsize == 2 and table.shape[-1] < 1 << 15 else np.float64
    cost: NDArray[Any] = np.abs(table, dtype=wide).sum(axis=-1, dtype=wide)
    return cost


def _join(planes: NDArray[np.uint8]) -> NDArray[Any]:
    """Unsigned numbers from their byte planes, ``(n, itemsize, total)`` -> ``(n, total)``."""
    unsigned = np.dtype(f"<u{planes.shape[1]}")
    joined = np.empty((planes.shape[0], planes.shape[2]), unsigned)
    split = joined.view(np.uint8).reshape(planes.shape[0], planes.shape[2], planes.shape[1])
    for byte in range(planes.shape[1]):
        split[:, :, byte] = planes[:, byte]
    return joined.astype(unsigned.newbyteorder("="), copy=False)


def _pack_orders(orders: NDArray[np.uint8]) -> bytes:
    padded = np.zeros((-(-len(orders) // 4), 4), np.uint8)
    padded.reshape(-1)[: len(orders)] = orders
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(padded << _SHIFTS, axis=1)
    return packed.tobytes()


def _unpack_orders(data: memoryview, n_channels: int) -> NDArray[np.uint8]:
    packed = np.frombuffer(data, np.uint8)
    orders: NDArray[np.uint8] = ((packed[:, None] >> _SHIFTS) & 3).astype(np.uint8)
    return orders.ravel()[:n_channels]

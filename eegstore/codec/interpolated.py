"""Codec 2: interpolation along time, lifting across channels, split of low bits, zstd.

Needs the `Parameters` of the recording, which the header of the blob names. Payload::

    n_blocks        shift of each block in this chunk, int8
    3               length of the frame, little-endian
    ...             zstd frame: of every block the stream; of every block the low bits; of
                    every block the residuals that escape, int32 little-endian
    rest            channels in no block: payload of codec 1; nothing when there are none

A block's samples are split in three parts (`pyramid`), predicted across channels
(`lifting`), mapped 0, -1, 1, -2 ... to 0, 1, 2, 3 ... and shifted right by the channel's
shift plus the chunk's; what exceeds 254 is 255 and escapes. The stream has part after part,
channel after channel in the block's order, one byte a sample. The low bits have part after
part and bit after bit, the lowest first: one bit of every sample of all channels that are
shifted further than that, little-endian, padded to whole bytes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import differences
from eegstore.codec.entropy import compress_residuals, decompress_each
from eegstore.codec.parameters import MAX_SHIFT, Block, Parameters
from eegstore.codec.plan import ESCAPE
from eegstore.codec.pyramid import MIN_SAMPLES
from eegstore.codec.residuals import write
from eegstore.codec.restoring import Read
from eegstore.errors import CodecError


def fits(counts: tuple[int, ...], parameters: Parameters) -> bool:
    """Whether a chunk with `counts` samples per channel can be coded with these parameters."""
    known = parameters.suited.get(counts)
    if known is None:
        known = bool(parameters.blocks) and all(_fits(counts, b) for b in parameters.blocks)
        if len(parameters.suited) < 256:
            parameters.suited[counts] = known
    return known


def _fits(counts: tuple[int, ...], block: Block) -> bool:
    if block.rows.max() >= len(counts):
        return False
    there = {counts[row] for row in block.rows.tolist()}
    return len(there) == 1 and min(there) >= MIN_SAMPLES


def encode(
    samples: NDArray[Any], counts: tuple[int, ...], parameters: Parameters
) -> list[bytes | None]:
    """Payloads of integer `samples`, ``(n_chunks, sum(counts))``; None where there can be none."""
    places = _places(counts)
    written = [write(_table(samples, counts, block), block) for block in parameters.blocks]
    rest = _rest(counts, parameters)
    possible = np.all([block.possible for block in written], axis=0).tolist()
    shifts = np.stack([block.shift for block in written], axis=1)
    payloads: list[bytes | None] = []
    for index in range(len(samples)):
        if not possible[index]:
            payloads.append(None)
            continue
        rows = [block.stream[index] for block in written]
        lows = [block.low[index] for block in written]
        escapes = [block.escapes.get(index, b"") for block in written]
        frame = compress_residuals(b"".join(rows), b"".join([*lows, *escapes]))
        parts = [shifts[index].tobytes(), len(frame).to_bytes(3, "little"), frame]
        if rest:
            flat = np.concatenate([samples[index, places[row]] for row in rest])
            parts.append(differences.encode(flat, tuple(counts[row] for row in rest)))
        payloads.append(b"".join(parts))
    return payloads


def _table(samples: NDArray[Any], counts: tuple[int, ...], block: Block) -> NDArray[Any]:
    """The samples of a block's channels, ``(n_channels, n_chunks, n_samples)``."""
    if len(set(counts)) == 1:
        return samples.reshape(len(samples), len(counts), -1).transpose(1, 0, 2)[block.rows]
    places = _places(counts)
    return np.stack([samples[:, places[row]] for row in block.rows.tolist()])


def decode(
    payloads: Sequence[memoryview],
    counts: tuple[int, ...],
    dtype: np.dtype[Any],
    parameters: Parameters,
) -> NDArray[Any]:
    """Samples of payloads that share `counts`.

    Returns
    -------
    ndarray
        ``(n_channels, n_payloads, n_samples)`` where one block has all channels, else
        ``(n_payloads, sum(counts))``.

    Raises
    ------
    CodecError
    """
    if not fits(counts, parameters):
        raise CodecError("the parameters are not for channels with these numbers of samples")
    blocks = parameters.blocks
    found = [Read(block, counts[block.rows[0]], len(payloads), dtype) for block in blocks]
    n_stream = sum(block.size for block in found)
    frames: list[memoryview] = []
    rests: list[memoryview] = []
    alike: dict[bytes, list[int]] = {}
    for index, payload in enumerate(payloads):
        head = bytes(payload[: len(blocks) + 3])
        stop = len(head) + int.from_bytes(head[len(blocks) :], "little")
        if stop > len(payload) or stop == len(head):
            raise CodecError(f"the frame ends at byte {stop} of a payload of {len(payload)}")
        frames.append(payload[len(head) : stop])
        rests.append(payload[stop:])
        alike.setdefault(head[: len(blocks)], []).append(index)
    frame_data = decompress_each(frames, 16 * n_stream)
    for shifts, members in alike.items():
        _fill(found, shifts, members, frame_data, n_stream)
    if len(blocks[0].rows) == len(counts):
        if any(map(len, rests)):
            raise CodecError("the payload goes on after its frame")
        table = np.empty((len(counts), len(payloads), counts[0]), dtype)
        found[0].restore(table)
        return table[blocks[0].places]
    samples = np.empty((len(payloads), sum(counts)), dtype)
    places = _places(counts)
    for block, read in zip(blocks, found, strict=True):
        table = np.empty((len(block.rows), len(payloads), counts[block.rows[0]]), dtype)
        read.restore(table)
        for at, row in enumerate(block.rows.tolist()):
            samples[:, places[row]] = table[at]
    _restore_rest(samples, rests, counts, parameters)
    return samples


def _fill(
    found: list[Read], packed: bytes, members: list[int], frames: list[bytes], n_stream: int
) -> None:
    """Take in the chunks whose blocks have the same shifts."""
    shifts = np.frombuffer(packed, np.int8).tolist()
    if max(map(abs, shifts)) > MAX_SHIFT:
        raise CodecError(f"a chunk is shifted by {max(shifts, key=abs)}; at most {MAX_SHIFT}")
    sizes = [read.plan(shift).n_low for read, shift in zip(found, shifts, strict=True)]
    n_bytes = n_stream + sum(sizes)
    short = min(len(frames[index]) for index in members)
    if short < n_bytes:
        raise CodecError(
            f"the frame holds {short} bytes; its stream and its low bits need {n_bytes}"
        )
    whole = np.frombuffer(b"".join([frames[index][:n_bytes] for index in members]), np.uint8)
    whole = whole.reshape(len(members), n_bytes)
    at, below = 0, n_stream
    for read, shift, size in zip(found, shifts, sizes, strict=True):
        stream, low = whole[:, at : at + read.size], whole[:, below : below + size]
        read.fill(members, shift, stream, low)
        at, below = at + read.size, below + size
    for row, index in enumerate(members):
        if len(frames[index]) > n_bytes:
            _escape(found, index, whole[row, :n_stream], frames[index][n_bytes:])


def _escape(found: list[Read], index: int, stream: NDArray[np.uint8], tail: bytes) -> None:
    if len(tail) % 4:
        raise CodecError(f"{len(tail)} bytes of residuals that escape; they have 4 each")
    values = np.frombuffer(tail, "<i4")
    at = taken = 0
    for read in found:
        part = stream[at : at + read.size]
        count = int((part == ESCAPE).sum())
        read.escape(index, part, values[taken : taken + count])
        at, taken = at + read.size, taken + count
    if taken != len(values):
        raise CodecError(f"{taken} residuals escape, {len(values)} are given")


def _restore_rest(
    samples: NDArray[Any],
    rests: list[memoryview],
    counts: tuple[int, ...],
    parameters: Parameters,
) -> None:
    rest = _rest(counts, parameters)
    if not rest:
        if any(len(payload) for payload in rests):
            raise CodecError("the payload goes on after its frame")
        return
    table = differences.decode(rests, tuple(counts[row] for row in rest), samples.dtype)
    places = _places(counts)
    at = 0
    for row in rest:
        samples[:, places[row]] = table[:, at : at + counts[row]]
        at += counts[row]


def _places(counts: tuple[int, ...]) -> list[slice]:
    """Where each channel's samples are among the flat samples of a chunk."""
    stops = np.cumsum(counts).tolist()
    return [slice(stop - count, stop) for stop, count in zip(stops, counts, strict=True)]


def _rest(counts: tuple[int, ...], parameters: Parameters) -> list[int]:
    """The channels with samples that are in no block."""
    taken = {row for block in parameters.blocks for row in block.rows.tolist()}
    return [row for row, count in enumerate(counts) if count and row not in taken]

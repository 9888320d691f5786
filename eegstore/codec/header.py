"""The header of a blob.

    bytes    field
    0-1      magic, b"EC"
    2        format version, 1
    3        codec, see `eegstore.codec`
    4        sample type: 0 int16, 1 int32, 2 float32; bit 7: a digest follows the runs
    5-8      length of the header from byte 0 on, uint32 little-endian
    9-       shape and runs, unsigned LEB128 numbers: how many groups; per group how many
             neighbouring channels share it, how many runs each has, and per run its first
             sample (from the second's first sample) and its count
    ...      with bit 7, 32 bytes: SHA-256 that names the parameters shared by a recording

A full second of 23 channels at 256 Hz has a header of 15 bytes.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np

from eegstore.errors import CodecError
from eegstore.model import MAX_CHANNELS, MAX_SAMPLES, Runs, SampleType

MAGIC = b"EC"
VERSION = 1
_FIXED = struct.Struct("<2sBBBI")
_TYPES = (SampleType.INT16, SampleType.INT32, SampleType.FLOAT32)
_HAS_DIGEST = 0x80


@dataclass(frozen=True, slots=True)
class Header:
    """What a blob says of itself; `length` [byte] is where its payload begins."""

    codec: int
    sample_type: SampleType
    runs: Runs
    parameters: bytes | None
    length: int

    @property
    def counts(self) -> tuple[int, ...]:
        """Samples per channel."""
        return tuple(sum(count for _, count in channel) for channel in self.runs)


def runs_to_bytes(runs: Runs) -> bytes:
    """The canonical bytes of `runs`, as in the header and under the content digest."""
    groups = [(channel, sum(1 for _ in same)) for channel, same in groupby(runs)]
    numbers = [len(groups)]
    for channel, repeat in groups:
        numbers += [repeat, len(channel)]
        for first, count in channel:
            numbers += [first, count]
    return b"".join(_leb128(number) for number in numbers)


def pack_header(codec: int, sample_type: SampleType, runs: Runs, parameters: bytes | None) -> bytes:
    """The bytes of a header."""
    if sum(map(len, runs)) > _KEPT:
        return _pack(codec, sample_type, runs, parameters)
    return _kept_pack(codec, sample_type, runs, parameters)


def _pack(codec: int, sample_type: SampleType, runs: Runs, parameters: bytes | None) -> bytes:
    body = runs_to_bytes(runs) + (parameters or b"")
    flag = _HAS_DIGEST if parameters is not None else 0
    length = _FIXED.size + len(body)
    kind = _TYPES.index(sample_type) | flag
    return _FIXED.pack(MAGIC, VERSION, codec, kind, length) + body


def read_header(blob: bytes | memoryview) -> Header:
    """The header at the beginning of `blob`.

    Raises
    ------
    CodecError
        When `blob` does not begin with a header of this format.
    """
    if len(blob) < _FIXED.size:
        raise CodecError(f"a blob has at least {_FIXED.size} bytes; this one has {len(blob)}")
    magic, version, _, _, length = _FIXED.unpack_from(blob)
    if magic != MAGIC:
        raise CodecError(f"a blob begins with {MAGIC!r}; this one with {magic!r}")
    if version != VERSION:
        raise CodecError(f"blob format {version} is unknown; this program reads {VERSION}")
    if not _FIXED.size < length <= len(blob):
        raise CodecError(f"header of {length} bytes in a blob of {len(blob)} bytes")
    return (_parse if length > _KEPT else _kept_parse)(bytes(blob[:length]))


def _parse(header: bytes) -> Header:
    _, _, codec, kind, length = _FIXED.unpack_from(header)
    flagged = bool(kind & _HAS_DIGEST)
    number = kind & ~_HAS_DIGEST
    if number >= len(_TYPES):
        raise CodecError(f"sample type {number} is unknown; known are 0 to {len(_TYPES) - 1}")
    end = length - 32 * flagged
    numbers = _numbers(header[_FIXED.size : max(end, 0)])
    runs: list[tuple[tuple[int, int], ...]] = []
    total = 0
    try:
        for _ in range(next(numbers)):
            repeat, n_runs = next(numbers), next(numbers)
            if len(runs) + repeat > MAX_CHANNELS:
                raise CodecError(f"blob of more than {MAX_CHANNELS} channels")
            channel = tuple((next(numbers), next(numbers)) for _ in range(n_runs))
            runs += [channel] * repeat
            total += repeat * sum(count for _, count in channel)
            if total > MAX_SAMPLES:
                raise CodecError(f"blob of {total} samples; a second holds at most {MAX_SAMPLES}")
    except (StopIteration, RuntimeError):
        raise CodecError("the header ends within its runs") from None
    if next(numbers, None) is not None:
        raise CodecError("the header goes on after its runs")
    digest = header[end:length] if flagged else None
    return Header(codec, _TYPES[number], tuple(runs), digest, length)


# The headers of a recording are alike, but what is kept must stay small.
_KEPT = 4096  # runs packed, or bytes parsed
_kept_pack = lru_cache(maxsize=256)(_pack)
_kept_parse = lru_cache(maxsize=256)(_parse)


def _leb128(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(data: bytes):  # type: ignore[no-untyped-def]
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            if shift > 56:
                raise CodecError("a number in the header is longer than 63 bits")
        else:
            yield number
            number = shift = 0
    if shift:
        raise CodecError("the header ends within a number")


def channel_offsets(counts: tuple[int, ...]) -> list[int]:
    """Where each channel begins in the flat samples, and where the last one ends."""
    return [0, *np.cumsum(counts, dtype=np.int64).tolist()]

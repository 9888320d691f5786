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

A full second of 23 channels at 256 Hz has a header of 15 bytes. For seconds that are hardly
larger themselves there is format 2, without a digest:

    bytes    field
    0        magic and format version, 0xE2
    1        codec times 4, plus the sample type
    2-       length of what follows [byte]; then per group how many neighbouring channels share
             it, and 0 for no samples, 2 n + 1 for one run of n from the first sample on, 2 r for
             r runs, whose first samples and counts follow; all unsigned LEB128 numbers
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np

from eegstore.errors import CodecError
from eegstore.model import MAX_CHANNELS, MAX_SAMPLES, Runs, SampleType

MAGIC = b"EC"
VERSION = 1
SHORT = 0xE2
_FIXED = struct.Struct("<2sBBBI")
_TYPES = (SampleType.INT16, SampleType.INT32, SampleType.FLOAT32)
_HAS_DIGEST = 0x80


def _counts(runs: Runs) -> tuple[int, ...]:
    return tuple([sum([count for _, count in channel]) for channel in runs])


_kept_counts = lru_cache(maxsize=64)(_counts)


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
        return _kept_counts(self.runs)


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


def pack_short_header(codec: int, sample_type: SampleType, runs: Runs) -> bytes:
    """The bytes of a header of format 2."""
    numbers: list[int] = []
    for channel, same in groupby(runs):
        numbers.append(sum(1 for _ in same))
        if len(channel) == 1 and channel[0][0] == 0:
            numbers.append(2 * channel[0][1] + 1)
        else:
            numbers += [2 * len(channel), *(number for run in channel for number in run)]
    body = b"".join(map(_leb128, numbers))
    return bytes([SHORT, codec << 2 | _TYPES.index(sample_type)]) + _leb128(len(body)) + body


def read_header(blob: bytes | memoryview) -> Header:
    """The header at the beginning of `blob`.

    Raises
    ------
    CodecError
        When `blob` does not begin with a header of this format.
    """
    if len(blob) and blob[0] == SHORT:
        return _read_short(blob)
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


def read_headers(blobs: Iterable[bytes | memoryview]) -> Iterator[Header]:
    """The headers of blobs, the same object for neighbours that begin with the same bytes.

    Raises
    ------
    CodecError
        Where a blob does not begin with a header; none follow.
    """
    header: Header | None = None
    begins = b""
    for blob in blobs:
        if header is None or blob[: len(begins)] != begins:
            header = read_header(blob)
            begins = bytes(blob[: header.length])
        yield header


def _read_short(blob: bytes | memoryview) -> Header:
    size = shift = 0
    for at in range(2, min(len(blob), 5)):
        size |= (blob[at] & 0x7F) << shift
        shift += 7
        if blob[at] < 0x80:
            length = at + 1 + size
            if length > len(blob):
                raise CodecError(f"header of {length} bytes in a blob of {len(blob)} bytes")
            head = bytes(blob[:length])
            return (_parse_short if length > _KEPT else _kept_parse_short)(head, at + 1)
    raise CodecError(f"a short header ends within {min(len(blob), 5)} bytes")


def _parse_short(header: bytes, at: int) -> Header:
    codec, number = header[1] >> 2, header[1] & 3
    sample_type = _type(number)
    numbers = _numbers(header[at:])
    runs = _Collected()
    try:
        while (repeat := next(numbers, None)) is not None:
            form = next(numbers)
            n_runs = 0 if form % 2 else form // 2
            listed = tuple((next(numbers), next(numbers)) for _ in range(n_runs))
            runs.add(repeat, ((0, form // 2),) if form % 2 else listed)
    except (StopIteration, RuntimeError):
        raise CodecError("the header ends within its runs") from None
    return Header(codec, sample_type, tuple(runs.runs), None, len(header))


def _parse(header: bytes) -> Header:
    _, _, codec, kind, length = _FIXED.unpack_from(header)
    flagged = bool(kind & _HAS_DIGEST)
    sample_type = _type(kind & ~_HAS_DIGEST)
    end = length - 32 * flagged
    runs = _runs(header[_FIXED.size : max(end, 0)])
    digest = header[end:length] if flagged else None
    return Header(codec, sample_type, runs, digest, length)


def _type(number: int) -> SampleType:
    if number >= len(_TYPES):
        raise CodecError(f"sample type {number} is unknown; known are 0 to {len(_TYPES) - 1}")
    return _TYPES[number]


def _runs(data: bytes) -> Runs:
    numbers = _numbers(data)
    runs = _Collected()
    try:
        for _ in range(next(numbers)):
            repeat, n_runs = next(numbers), next(numbers)
            runs.add(repeat, tuple((next(numbers), next(numbers)) for _ in range(n_runs)))
    except (StopIteration, RuntimeError):
        raise CodecError("the header ends within its runs") from None
    if next(numbers, None) is not None:
        raise CodecError("the header goes on after its runs")
    return tuple(runs.runs)


class _Collected:
    """The runs of a header, as many as a second may have."""

    def __init__(self) -> None:
        self.runs: list[tuple[tuple[int, int], ...]] = []
        self._total = 0

    def add(self, repeat: int, channel: tuple[tuple[int, int], ...]) -> None:
        if len(self.runs) + repeat > MAX_CHANNELS:
            raise CodecError(f"blob of more than {MAX_CHANNELS} channels")
        self.runs += [channel] * repeat
        self._total += repeat * sum(count for _, count in channel)
        if self._total > MAX_SAMPLES:
            raise CodecError(f"blob of {self._total} samples; a second holds at most {MAX_SAMPLES}")


# The headers of a recording are alike, but what is kept must stay small.
_KEPT = 4096  # runs packed, or bytes parsed
_kept_pack = lru_cache(maxsize=256)(_pack)
_kept_parse = lru_cache(maxsize=256)(_parse)
_kept_parse_short = lru_cache(maxsize=256)(_parse_short)


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

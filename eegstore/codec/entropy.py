"""zstd, bounded. The only module that names it."""

import threading
from collections.abc import Sequence

import zstandard

from eegstore.errors import CodecError

LEVEL = 3

_local = threading.local()


def compress(data: bytes) -> bytes:
    """One zstd frame that states its size and carries a checksum."""
    # A compressor shared between threads corrupts its output: one each.
    try:
        compressor = _local.compressor
    except AttributeError:
        compressor = _local.compressor = zstandard.ZstdCompressor(
            level=LEVEL, write_checksum=True, write_content_size=True
        )
    result: bytes = compressor.compress(data)
    return result


def compress_residuals(stream: bytes, rest: bytes) -> bytes:
    """One zstd frame of `stream` and the `rest` behind it, for bytes without repetitions.

    Matches in noise cost more than they save: only long ones, zeros mostly, are looked for,
    and all else is left to the entropy stage. The `rest` is distributed otherwise and has a
    block of its own.
    """
    try:
        compressor = _local.residuals
    except AttributeError:
        parameters = zstandard.ZstdCompressionParameters(
            strategy=zstandard.STRATEGY_FAST, min_match=7, target_length=0, window_log=17,
            hash_log=6, write_checksum=True, write_content_size=True,
        )  # fmt: skip
        compressor = _local.residuals = zstandard.ZstdCompressor(compression_params=parameters)
    if not rest:
        whole: bytes = compressor.compress(stream)
        return whole
    frame = compressor.compressobj(size=len(stream) + len(rest))
    parts = [frame.compress(stream), frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)]
    parts += [frame.compress(rest), frame.flush()]
    return b"".join(parts)


def decompress(frame: bytes | memoryview, size: int) -> bytes:
    """The `size` bytes in a frame.

    Raises
    ------
    CodecError
        When the frame is damaged or states another size; nothing is allocated then.
    """
    stated = _stated(frame)
    if stated != size:
        raise CodecError(f"the frame states {stated} bytes; {size} are expected")
    return decompress_any(frame, size)


def decompress_any(frame: bytes | memoryview, limit: int) -> bytes:
    """The bytes in a frame that states at most `limit` of them.

    Raises
    ------
    CodecError
    """
    return decompress_each([frame], limit)[0]


def decompress_each(frames: Sequence[bytes | memoryview], limit: int) -> list[bytes]:
    """The bytes in frames each of which states at most `limit` of them.

    Raises
    ------
    CodecError
    """
    found: list[bytes] = []
    try:
        decompress_one = _decompressor().decompress
        for frame in frames:
            stated = _stated(frame)
            if stated > limit:
                raise CodecError(f"the frame states {stated} bytes; the limit is {limit}")
            data = decompress_one(frame, allow_extra_data=False)
            if len(data) != stated:
                raise CodecError(f"the frame holds {len(data)} bytes; {stated} are expected")
            found.append(data)
    except zstandard.ZstdError as error:
        raise CodecError(f"damaged zstd frame: {error}") from None
    return found


def _stated(frame: bytes | memoryview) -> int:
    """The size of what is in a frame, which bounds what decompressing it takes."""
    try:
        stated: int = zstandard.frame_content_size(frame)
    except zstandard.ZstdError as error:
        raise CodecError(f"damaged zstd frame: {error}") from None
    if stated < 0:
        raise CodecError("the frame does not state the size of what it holds")
    return stated


def _decompressor() -> zstandard.ZstdDecompressor:
    try:
        made: zstandard.ZstdDecompressor = _local.decompressor
    except AttributeError:
        made = _local.decompressor = zstandard.ZstdDecompressor()
    return made

"""zstd, bounded. The only module that names it."""

import threading

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


def compress_residuals(stream: bytes, *more: bytes) -> bytes:
    """One zstd frame of `stream` and what follows it, for bytes without repetitions.

    Matches in noise cost more than they save: only long ones, zeros mostly, are looked for,
    and all else is left to the entropy stage. What follows `stream` is distributed otherwise
    and has a block of its own.
    """
    try:
        compressor = _local.residuals
    except AttributeError:
        parameters = zstandard.ZstdCompressionParameters(
            strategy=zstandard.STRATEGY_FAST, min_match=7, target_length=0, window_log=17,
            hash_log=6, write_checksum=True, write_content_size=True,
        )  # fmt: skip
        compressor = _local.residuals = zstandard.ZstdCompressor(compression_params=parameters)
    rest = b"".join(more)
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
    try:
        # max_output_size does not bound a frame that states its own size.
        stated = zstandard.get_frame_parameters(frame).content_size
    except zstandard.ZstdError as error:
        raise CodecError(f"damaged zstd frame: {error}") from None
    if stated != size:
        raise CodecError(f"the frame states {stated} bytes; {size} are expected")
    return _decompress(frame, size)


def _decompress(frame: bytes | memoryview, size: int) -> bytes:
    try:
        try:
            decompressor = _local.decompressor
        except AttributeError:
            decompressor = _local.decompressor = zstandard.ZstdDecompressor()
        data: bytes = decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CodecError(f"damaged zstd frame: {error}") from None
    if len(data) != size:
        raise CodecError(f"the frame holds {len(data)} bytes; {size} are expected")
    return data


def decompress_any(frame: bytes | memoryview, limit: int) -> bytes:
    """The bytes in a frame that states at most `limit` of them.

    Raises
    ------
    CodecError
    """
    try:
        stated = zstandard.get_frame_parameters(frame).content_size
    except zstandard.ZstdError as error:
        raise CodecError(f"damaged zstd frame: {error}") from None
    if stated > limit:
        raise CodecError(f"the frame states {stated} bytes; the limit is {limit}")
    return _decompress(frame, stated)

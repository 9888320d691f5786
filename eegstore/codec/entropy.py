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
        if stated != size:
            raise CodecError(f"the frame states {stated} bytes; {size} are expected")
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


def decompress_any(frame: bytes, limit: int) -> bytes:
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
    return decompress(frame, stated)

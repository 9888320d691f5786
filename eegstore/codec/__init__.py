"""Lossless encoding of chunks: samples to blob and back, bit for bit.

A blob is a header (`eegstore.codec.header`) and a payload by one of the codecs

    0    the samples as they are, little-endian, in one zstd frame (any type); no samples,
         no frame
    1    differences along time, byte planes, zstd (`eegstore.codec.differences`; integers)

`encode` takes whichever is smaller. Integers go through both; float32 through 0, because
values on a digital grid repeat as whole words and byte planes would part them. Every blob
decodes alone. Blobs live longer than code: what this version writes, every later version
reads (``tests/golden``); a new idea is a new codec number.

Measured on 300 s of CHB-MIT (23 x 256 Hz, int16): 3.04 times smaller than the counts,
against 1.50 for zstd alone and 2.59 with first differences for all channels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import differences
from eegstore.codec.entropy import compress, decompress, decompress_any
from eegstore.codec.header import Header, pack_header, read_header, runs_to_bytes
from eegstore.errors import CodecError
from eegstore.model import Chunk, SampleType

__all__ = ["Header", "compress", "decode", "decompress_any", "encode", "read_header",
           "runs_to_bytes"]  # fmt: skip

RAW = 0
DIFFERENCES = 1


def encode(chunk: Chunk) -> bytes:
    """The blob of a chunk, whose samples are int16, int32 or float32."""
    sample_type = SampleType(chunk.samples.dtype.name)
    samples = np.ascontiguousarray(chunk.samples, sample_type.dtype)
    best, codec = compress(samples.tobytes()) if samples.size else b"", RAW
    if sample_type is not SampleType.FLOAT32 and samples.size:
        counts = tuple(sum(count for _, count in channel) for channel in chunk.runs)
        other = differences.encode(samples, counts)
        if len(other) < len(best):
            best, codec = other, DIFFERENCES
    return pack_header(codec, sample_type, chunk.runs, None) + best


def decode(blobs: Sequence[bytes | memoryview], seconds: Sequence[int]) -> list[Chunk]:
    """The chunks of some blobs, which are decoded together where they are alike.

    Parameters
    ----------
    blobs : sequence of bytes
    seconds : sequence of int
        Which second each blob is of.

    Raises
    ------
    CodecError
        Names the second of the first blob that is none or is damaged.
    """
    alike: dict[Header, list[int]] = {}
    headers = []
    for index, blob in enumerate(blobs):
        try:
            header = read_header(blob)
        except CodecError as error:
            raise CodecError(f"second {seconds[index]}: {error}") from None
        headers.append(header)
        alike.setdefault(header, []).append(index)
    chunks: list[Chunk | None] = [None] * len(blobs)
    for header, members in alike.items():
        payloads = [memoryview(blobs[index])[header.length :] for index in members]
        try:
            samples = _payloads(header, payloads)
        except CodecError as error:
            if len(members) > 1:
                for index in members:
                    decode([blobs[index]], [seconds[index]])
            raise CodecError(f"second {seconds[members[0]]}: {error}") from None
        for index, row in zip(members, samples, strict=True):
            chunks[index] = Chunk(seconds[index], header.runs, row)
    return [chunk for chunk in chunks if chunk is not None]


def _payloads(header: Header, payloads: list[memoryview]) -> NDArray[Any]:
    """Samples of payloads with the same header, ``(n_payloads, n_samples)``."""
    if header.parameters is not None:
        raise CodecError(f"parameters {header.parameters.hex()[:16]}... are unknown")
    counts, dtype = header.counts, header.sample_type.dtype
    total = sum(counts)
    if header.codec == RAW and not total:
        if any(len(payload) for payload in payloads):
            raise CodecError("a payload behind a header without samples")
        return np.empty((len(payloads), 0), dtype)
    if header.codec == RAW:
        raw = b"".join(decompress(payload, total * dtype.itemsize) for payload in payloads)
        return np.frombuffer(raw, dtype).reshape(len(payloads), total)
    if header.codec == DIFFERENCES and header.sample_type is not SampleType.FLOAT32:
        return differences.decode(payloads, counts, dtype)
    raise CodecError(f"codec {header.codec} for {header.sample_type} is unknown")

"""Lossless encoding of chunks: samples to blob and back, bit for bit.

A blob is a header (`eegstore.codec.header`) and a payload by one of the codecs

    0    the samples as they are, little-endian, in one zstd frame (any type); no samples,
         no frame
    1    differences along time, byte planes, zstd (`eegstore.codec.differences`; integers)
    2    prediction along time and across channels with parameters that the blobs of a
         recording share (`eegstore.codec.interpolated`; integers)

    3    numbers in as few bytes as they need, for short seconds (`eegstore.codec.short`;
         integers, behind a header of format 2)
    4    differences along time, or from the channel before too, of samples or of the steps
         that they keep to, in Rice codes (`eegstore.codec.rice`; integers, behind a header
         of format 2)

Integers go through 2 where there are parameters for them (`fit`), else through 1 and 4, and
float32 through 0, because values on a digital grid repeat as whole words and byte planes
would part them; what came out larger than it should goes through the simpler ones too, and
the smallest is taken. Every blob decodes alone, given the parameters that it names by
digest. Blobs live longer than code: what this version writes, every later version reads
(``tests/golden``); a new idea is a new codec number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import differences, interpolated, rice, short
from eegstore.codec.entropy import compress, decompress, decompress_any
from eegstore.codec.fitting import MAX_CHUNKS, fit
from eegstore.codec.header import (
    Header,
    pack_header,
    pack_short_header,
    read_header,
    read_headers,
    runs_to_bytes,
)
from eegstore.codec.parameters import Parameters, unpack
from eegstore.errors import CodecError
from eegstore.model import Chunk, Runs, SampleType

__all__ = [
    "MAX_CHUNKS", "Batch", "Header", "Parameters", "Shared", "compress", "decode",
    "decode_batches", "decompress_any", "encode", "encode_all", "fit", "parameters_named",
    "read_header", "runs_to_bytes", "unpack",
]  # fmt: skip

RAW = 0
DIFFERENCES = 1
INTERPOLATED = 2
SHORT = 3
RICE = 4
_ODD = 1.3  # times its typical size: then a second may be smaller without its parameters
_QUICK = 2048  # samples of a second, which codec 4 encodes in 0.2 ms
_TRIED = 8  # one of so many longer seconds
_PAYS = 0.99  # of the size that they have otherwise: codec 4 takes several times as long
_AT_ONCE = 30  # seconds worked on together: larger arrays cost page faults with every use

Shared = Mapping[bytes, Parameters]
"""Parameters by their digest."""


def encode(chunk: Chunk, parameters: Parameters | None = None) -> bytes:
    """The blob of a chunk, whose samples are int16, int32 or float32."""
    return encode_all([chunk], parameters)[0]


def encode_all(
    chunks: Sequence[Chunk], parameters: Parameters | None = None, *, fast: bool = False
) -> list[bytes]:
    """The blobs of chunks of one recording; those that are alike are encoded together.

    With `fast` codec 4 is left out, which without parameters takes most of the time.
    """
    blobs = [b""] * len(chunks)
    alike: dict[tuple[Runs, Any], list[int]] = {}
    for index, chunk in enumerate(chunks):
        alike.setdefault((chunk.runs, chunk.samples.dtype), []).append(index)
    for (runs, dtype), members in alike.items():
        counts = tuple(sum(count for _, count in channel) for channel in runs)
        shared = parameters
        if shared is not None and (dtype.kind == "f" or not interpolated.fits(counts, shared)):
            shared = None
        for at in range(0, len(members), _AT_ONCE):
            part = members[at : at + _AT_ONCE]
            samples = np.stack([chunks[index].samples for index in part])
            samples = samples.astype(dtype.newbyteorder("<"), copy=False)
            made = _blobs(samples, runs, counts, shared, fast)
            for index, blob in zip(part, made, strict=True):
                blobs[index] = blob
    return blobs


def _blobs(
    samples: NDArray[Any],
    runs: Runs,
    counts: tuple[int, ...],
    shared: Parameters | None,
    fast: bool,
) -> list[bytes]:
    """The smallest blobs of samples ``(n_chunks, sum(counts))``."""
    sample_type = SampleType(samples.dtype.name)
    blobs: list[bytes | None] = [None] * len(samples)
    if shared is not None:
        head = pack_header(INTERPOLATED, sample_type, runs, shared.sha256)
        for index, payload in enumerate(interpolated.encode(samples, counts, shared)):
            blobs[index] = None if payload is None else head + payload
    limit = _ODD * shared.typical if shared is not None else 0
    odd = [index for index, blob in enumerate(blobs) if blob is None or len(blob) > limit]
    bare = [index for index, blob in enumerate(blobs) if blob is None]
    if sample_type is not SampleType.FLOAT32 and samples.size and odd:
        head = pack_header(DIFFERENCES, sample_type, runs, None)
        for index, payload in zip(odd, differences.encode_all(samples[odd], counts), strict=True):
            blobs[index] = _smaller(blobs[index], head + payload)
        if bare and not fast:
            _try_rice(blobs, samples, runs, counts, bare)
    for index in odd:
        blob = blobs[index]
        if blob is None or len(blob) > samples[index].nbytes // 2:
            packed = compress(samples[index].tobytes()) if samples.size else b""
            blob = _smaller(blob, pack_header(RAW, sample_type, runs, None) + packed)
            blobs[index] = blob
    if sample_type is not SampleType.FLOAT32 and 0 < samples.shape[1] <= short.MAX_SAMPLES:
        head = pack_short_header(SHORT, sample_type, runs)
        for index, flat in enumerate(samples):
            blobs[index] = _smaller(blobs[index], head + short.encode(flat, counts))
    return [blob for blob in blobs if blob is not None]


def _try_rice(
    blobs: list[bytes | None],
    samples: NDArray[Any],
    runs: Runs,
    counts: tuple[int, ...],
    members: list[int],
) -> None:
    """Replace those of `blobs` that codec 4 makes smaller; of long seconds some tell for all."""
    head = pack_short_header(RICE, SampleType(samples.dtype.name), runs)
    step = 1 if samples.shape[1] <= _QUICK else _TRIED
    for part in (members[::step], [index for at, index in enumerate(members) if at % step]):
        before = sum(len(blobs[index] or b"") for index in part)
        payloads = rice.encode_all(samples[part], counts) if part else []
        for index, payload in zip(part, payloads, strict=True):
            blobs[index] = _smaller(blobs[index], head + payload)
        if sum(len(blobs[index] or b"") for index in part) > _PAYS * before:
            return


def _smaller(one: bytes | None, other: bytes) -> bytes:
    return other if one is None or len(other) < len(one) else one


def parameters_named(blobs: Iterable[bytes | memoryview]) -> set[bytes]:
    """The digests of the parameters that blobs name.

    Raises
    ------
    CodecError
        A blob does not begin with a header.
    """
    found: set[bytes] = set()
    last: Header | None = None
    for header in read_headers(blobs):
        if header is not last and header.parameters is not None:
            found.add(header.parameters)
        last = header
    return found


@dataclass(frozen=True, slots=True)
class Batch:
    """Decoded seconds that have the same runs.

    Attributes
    ----------
    seconds : list of int
    runs : Runs
        Of each.
    samples : ndarray
        ``(n_channels, n_seconds, n_samples)`` where all channels have as many samples,
        else ``(n_seconds, n_samples)``, flat as in a chunk.
    """

    seconds: list[int]
    runs: Runs
    samples: NDArray[Any]

    def chunks(self) -> Iterator[Chunk]:
        """The seconds one by one."""
        for index, second in enumerate(self.seconds):
            flat = self.samples[:, index] if self.samples.ndim == 3 else self.samples[index]
            yield Chunk(second, self.runs, np.ascontiguousarray(flat).reshape(-1))


def decode(
    blobs: Sequence[bytes | memoryview], seconds: Sequence[int], shared: Shared | None = None
) -> list[Chunk]:
    """The chunks of some blobs, in their order; parameters and errors as `decode_batches`."""
    chunks: list[Chunk | None] = [None] * len(blobs)
    for members, batch in _decoded(blobs, seconds, shared):
        for index, chunk in zip(members, batch.chunks(), strict=True):
            chunks[index] = chunk
    return [chunk for chunk in chunks if chunk is not None]


def decode_batches(
    blobs: Sequence[bytes | memoryview], seconds: Sequence[int], shared: Shared | None = None
) -> list[Batch]:
    """The seconds of some blobs, decoded together where they are alike.

    Parameters
    ----------
    blobs : sequence of bytes
    seconds : sequence of int
        Which second each blob is of.
    shared : mapping, optional
        Parameters by digest, of those that the blobs name.

    Raises
    ------
    CodecError
        Names the second of the first blob that is none, is damaged, or names parameters
        that are not there.
    """
    return [batch for _, batch in _decoded(blobs, seconds, shared)]


def _decoded(
    blobs: Sequence[bytes | memoryview], seconds: Sequence[int], shared: Shared | None
) -> Iterator[tuple[list[int], Batch]]:
    """Batches and which of the blobs they are of."""
    alike: dict[Header, list[int]] = {}
    last: Header | None = None
    members: list[int] = []
    try:
        for index, header in enumerate(read_headers(blobs)):
            if header is not last:  # hashing one takes longer than reading it
                last, members = header, alike.setdefault(header, [])
            members.append(index)
    except CodecError as error:
        raise CodecError(f"second {seconds[sum(map(len, alike.values()))]}: {error}") from None
    for header, members in alike.items():
        for at in range(0, len(members), _AT_ONCE):
            part = members[at : at + _AT_ONCE]
            theirs = [seconds[index] for index in part]
            samples = _samples(header, [blobs[index] for index in part], theirs, shared or {})
            yield part, Batch(theirs, header.runs, samples)


def _samples(
    header: Header, blobs: list[bytes | memoryview], seconds: list[int], shared: Shared
) -> NDArray[Any]:
    """Samples of blobs with the same header, as in `Batch`."""
    try:
        samples = _payloads(header, [memoryview(blob)[header.length :] for blob in blobs], shared)
    except CodecError as error:
        if len(blobs) > 1:
            for blob, second in zip(blobs, seconds, strict=True):
                _samples(header, [blob], [second], shared)
        raise CodecError(f"second {seconds[0]}: {error}") from None
    if samples.ndim == 2 and len(set(header.counts)) == 1:
        return samples.reshape(len(samples), len(header.counts), -1).transpose(1, 0, 2)
    return samples


def _payloads(header: Header, payloads: list[memoryview], shared: Shared) -> NDArray[Any]:
    counts, dtype = header.counts, header.sample_type.dtype
    total = sum(counts)
    if header.codec == RAW and not total:
        if any(len(payload) for payload in payloads):
            raise CodecError("a payload behind a header without samples")
        return np.empty((len(payloads), 0), dtype)
    if header.codec == RAW:
        raw = b"".join([decompress(payload, total * dtype.itemsize) for payload in payloads])
        return np.frombuffer(raw, dtype).reshape(len(payloads), total)
    if header.sample_type is not SampleType.FLOAT32:
        if header.codec == DIFFERENCES:
            return differences.decode(payloads, counts, dtype)
        if header.codec == SHORT:
            return short.decode(payloads, counts, dtype)
        if header.codec == RICE and total:
            return rice.decode(payloads, counts, dtype)
        if header.codec == INTERPOLATED and header.parameters is not None:
            parameters = shared.get(header.parameters)
            if parameters is None:
                raise CodecError(
                    f"parameters {header.parameters.hex()[:16]}... that it names are not there"
                )
            return interpolated.decode(payloads, counts, dtype, parameters)
    raise CodecError(f"codec {header.codec} for {header.sample_type} is unknown")

"""Codecs, each on the same seconds: one second in, bytes out, decodable alone.

A second is a list of integer arrays ``(n_channels, n_samples)``, one for each number of
samples that channels have in it. int16 goes in as it is, 24 bits as int32.
"""

import gzip
import lzma
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Chunk

Second = list[NDArray[Any]]


def second_of(chunk: Chunk) -> Second:
    """The samples of a chunk by how many a channel has."""
    counts = [sum(count for _, count in runs) for runs in chunk.runs]
    rows = np.split(chunk.samples, np.cumsum(counts)[:-1])
    groups: dict[int, list[NDArray[Any]]] = {}
    for row in rows:
        if row.size:
            groups.setdefault(row.size, []).append(row)
    return [np.stack(group) for group in groups.values()]


class Bytes:
    """A codec of bytes, on the samples channel after channel."""

    def encode(self, second: Second) -> list[bytes]:
        """What is stored of a second."""
        return [self.pack(np.concatenate([group.reshape(-1) for group in second]))]

    def decode(self, stored: list[bytes], like: Second) -> NDArray[Any]:
        """All samples, channel after channel."""
        return np.asarray(self.unpack(stored[0], like[0].dtype))

    def size(self, stored: list[bytes]) -> int:
        """What counts of the stored bytes."""
        return sum(map(len, stored))

    def pack(self, samples: NDArray[Any]) -> bytes:
        raise NotImplementedError

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        raise NotImplementedError


class Zstd(Bytes):
    """zstd level 3 on the plain samples."""

    def __init__(self) -> None:
        import zstandard

        self._compress = zstandard.ZstdCompressor(level=3).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    def pack(self, samples: NDArray[Any]) -> bytes:
        return self._compress(samples.tobytes())

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.frombuffer(self._decompress(blob), dtype)


class Gzip(Bytes):
    """gzip level 9 on the plain samples."""

    def pack(self, samples: NDArray[Any]) -> bytes:
        return gzip.compress(samples.tobytes(), 9, mtime=0)

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.frombuffer(gzip.decompress(blob), dtype)


class Xz(Bytes):
    """xz behind its own delta filter over one sample, its dictionary no larger than needed."""

    def pack(self, samples: NDArray[Any]) -> bytes:
        filters = [
            {"id": lzma.FILTER_DELTA, "dist": samples.dtype.itemsize},
            {"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 17},
        ]
        return lzma.compress(samples.tobytes(), lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=filters)

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.frombuffer(lzma.decompress(blob), dtype)


class Blosc2(Bytes):
    """blosc2: byte shuffle, byte delta, zstd."""

    def __init__(self) -> None:
        import blosc2

        self._blosc2 = blosc2
        self._filters = [blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA]

    def pack(self, samples: NDArray[Any]) -> bytes:
        return bytes(
            self._blosc2.compress2(
                samples, codec=self._blosc2.Codec.ZSTD, clevel=5, filters=self._filters,
                filters_meta=[0, 0], typesize=samples.itemsize,
            )
        )  # fmt: skip

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.frombuffer(self._blosc2.decompress2(blob), dtype)


class Pcodec(Bytes):
    """pcodec, level 8; what it does about differences is its own choice, or convolution."""

    def __init__(self, convolution: bool = False) -> None:
        from pcodec import ChunkConfig, DeltaSpec, standalone

        spec = DeltaSpec.try_conv1(8) if convolution else DeltaSpec.auto()
        self._config = ChunkConfig(compression_level=8, delta_spec=spec)
        self._standalone = standalone

    def pack(self, samples: NDArray[Any]) -> bytes:
        return bytes(self._standalone.simple_compress(samples, self._config))

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.asarray(self._standalone.simple_decompress(blob))


class Timed:
    """A codec with seconds to work on, as a system to be timed."""

    def __init__(self, make: Callable[[], Bytes], seconds: Sequence[Second]) -> None:
        self._codec, self._seconds = make(), seconds
        self._stored = [self._codec.encode(second) for second in seconds]

    def sizes(self, seconds: Sequence[Second]) -> list[int]:
        """Stored bytes of each of some seconds."""
        return [self._codec.size(self._codec.encode(second)) for second in seconds]

    def encode(self, n: int) -> None:
        """Encode the first `n` seconds."""
        for second in self._seconds[:n]:
            self._codec.encode(second)

    def decode(self, n: int) -> None:
        """Decode the first `n` seconds."""
        for stored, second in zip(self._stored[:n], self._seconds[:n], strict=True):
            self._codec.decode(stored, second)

    def wrong(self) -> str | None:
        """What is wrong with the first second after a round trip."""
        truth = np.concatenate([group.reshape(-1) for group in self._seconds[0]])
        back = self._codec.decode(self._stored[0], self._seconds[0])
        return None if np.array_equal(truth, back) else "the samples come back changed"

"""eegstore as a system to be timed: in process, and its codec alone."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import psycopg
import uvloop
import zstandard
from numpy.typing import NDArray

from eegstore import codec
from eegstore.model import Chunk
from eegstore.picks import pick
from eegstore.service.kept import MAX_BYTES, kept_of
from eegstore.service.windows import read_window
from eegstore.store import chunks as chunk_table
from eegstore.store.database import Database
from eegstore.window import assemble_batches
from scripts.benches.data import PATIENT, Signal


class Coder:
    """eegstore's codec, with the parameters that an import fits to a recording.

    Parameters
    ----------
    chunks : sequence of Chunk
        Of the recording, from all over it.
    """

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._parameters = codec.fit(chunks, len(chunks))
        fitted = [] if self._parameters is None else [self._parameters]
        self._shared = {parameters.sha256: parameters for parameters in fitted}

    def encode(self, chunks: Sequence[Chunk]) -> list[bytes]:
        """The blobs of chunks."""
        return codec.encode_all(chunks, self._parameters)

    def decode(self, blobs: Sequence[bytes]) -> list[codec.Batch]:
        """The first seconds of the recording, out of their blobs."""
        return codec.decode_batches(blobs, range(len(blobs)), self._shared)


class Windows:
    """Windows of one recording, read in process as the service does.

    Parameters
    ----------
    kept : bool
        Whether decoded seconds are kept, as the service does; else every read decodes.
    """

    def __init__(self, url: str, signal: Signal, kept: bool = True) -> None:
        self._signal = signal
        self._key = (PATIENT, signal.recording.recording_id)
        # Not asyncio.Runner: it writes the repr of every result.
        self.loop = uvloop.new_event_loop()
        self._database = Database(url)
        kept_of(self._database, MAX_BYTES if kept else 0)

    async def read(
        self, start: int, stop: int, labels: list[str] | None = None
    ) -> NDArray[np.float32]:
        """[start, stop) s as float32 [uV], (n_channels, n_samples)."""
        window = await read_window(
            self._database, *self._key, Fraction(start), Fraction(stop), labels
        )
        return window.data

    def enter_and_read(self, start: int, stop: int) -> NDArray[np.float32]:
        """The same for who has no event loop running, and enters one for this window."""
        return self.loop.run_until_complete(self.read(start, stop))

    def wrong(self, start: int, stop: int) -> str | None:
        """What is wrong with an answer."""
        return self._signal.wrong(self.enter_and_read(start, stop), start, stop)

    async def fetch(self, start: int, stop: int) -> int:
        """Only the blobs, by eegstore's own statement; returns their size [byte]."""
        async with self._database.reading() as connection:
            rows = await chunk_table.blobs(connection, *self._key, start, stop)
        return sum(len(blob) for _, blob in rows)


class Beds(Windows):
    """Windows of recordings bed0, bed1 ... of one patient."""

    async def read(self, start: int, stop: int, bed: int = 0) -> NDArray[np.float32]:  # type: ignore[override]
        """[start, stop) s of recording `bed`."""
        self._key = (PATIENT, f"bed{bed}")
        return await super().read(start, stop)


class Fetch:
    """The floor beneath any window: psycopg fetches the blobs, binary and prepared."""

    def __init__(self, url: str, signal: Signal) -> None:
        self._key = (PATIENT, signal.recording.recording_id)
        self._connection = psycopg.connect(url, autocommit=True)

    def read(self, start: int, stop: int) -> int:
        """The blobs of [start, stop) s; returns their size [byte]."""
        query = """SELECT second, blob FROM chunk WHERE patient_id = %s AND recording_id = %s
                   AND second >= %s AND second < %s ORDER BY second"""
        values = (*self._key, start, stop)
        cursor = self._connection.execute(query, values, prepare=True, binary=True)
        return sum(len(blob) for _, blob in cursor.fetchall())


class Memory:
    """Blobs in memory to a window: the codec and the assembly, without any database."""

    def __init__(self, signal: Signal) -> None:
        self._signal, self._picks = signal, pick(signal.recording)
        rate = signal.sfreq
        counts = np.ascontiguousarray(signal.counts[:, : 60 * rate]).astype("<i2")
        runs = tuple(((0, rate),) for _ in counts)
        chunks = [
            Chunk(k, runs, counts[:, k * rate : (k + 1) * rate].reshape(-1)) for k in range(60)
        ]
        self._coder = Coder(chunks)
        self._blobs = self._coder.encode(chunks)
        compressor = zstandard.ZstdCompressor(level=3)
        self._frames = [compressor.compress(chunk.samples.tobytes()) for chunk in chunks]
        self._decompressor = zstandard.ZstdDecompressor()

    def window(self, start: int, stop: int) -> NDArray[np.float32]:
        """As many of the first seconds as [start, stop) has, float32 [uV]."""
        stop -= start
        batches = self._coder.decode(self._blobs[:stop])
        return assemble_batches(self._picks, Fraction(0), Fraction(stop), batches).data

    def zstd(self, start: int, stop: int) -> list[bytes]:
        """The same seconds out of zstd frames of the plain counts, and nothing more."""
        return [self._decompressor.decompress(frame) for frame in self._frames[: stop - start]]

    def wrong(self, start: int, stop: int) -> str | None:
        """What is wrong with an answer."""
        return self._signal.wrong(self.window(start, stop), 0, stop - start)

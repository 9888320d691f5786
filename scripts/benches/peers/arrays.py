"""Stores of arrays in chunks: HDF5, Zarr, TileDB."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benches.data import Signal
from scripts.benches.peers.store import Store


class Chunked(Store):
    """A store whose chunks hold all channels of some seconds."""

    def __init__(self, signal: Signal, path: Path, seconds: int) -> None:
        self.chunk = (len(signal.recording.channels), seconds * signal.sfreq)
        super().__init__(signal, path)


class Hdf5(Chunked):
    """h5py: chunks, shuffle, gzip."""

    def write(self) -> None:
        import h5py

        with h5py.File(self.path, "w") as file:
            file.create_dataset(
                "eeg", data=self.signal.counts, chunks=self.chunk, shuffle=True, compression="gzip"
            )

    def open(self) -> None:
        import h5py

        self._data = h5py.File(self.path)["eeg"]

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        return np.asarray(self._data[:, first:stop])


class Zarr(Chunked):
    """Zarr format 3: blosc with zstd and bit shuffle, as in the user's guide."""

    def write(self) -> None:
        import zarr
        from zarr.codecs import BloscCodec, BloscShuffle

        array = zarr.create_array(
            store=str(self.path),
            shape=self.signal.counts.shape,
            chunks=self.chunk,
            dtype="int16",
            zarr_format=3,
            compressors=BloscCodec(cname="zstd", clevel=3, shuffle=BloscShuffle.bitshuffle),
        )
        array[:] = self.signal.counts[:]

    def open(self) -> None:
        import zarr

        self._data = zarr.open_array(str(self.path), mode="r")

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        return np.asarray(self._data[:, first:stop])


class TileDb(Chunked):
    """TileDB: a dense array, bit shuffle and zstd."""

    def write(self) -> None:
        import tiledb

        shape = self.signal.counts.shape
        domain = tiledb.Domain(
            *(
                tiledb.Dim(name, domain=(0, length - 1), tile=tile, dtype="int64")
                for name, length, tile in zip(("row", "sample"), shape, self.chunk, strict=True)
            )
        )
        filters = tiledb.FilterList([tiledb.BitShuffleFilter(), tiledb.ZstdFilter(level=3)])
        schema = tiledb.ArraySchema(
            domain=domain, attrs=[tiledb.Attr(name="eeg", dtype="int16", filters=filters)]
        )
        tiledb.Array.create(str(self.path), schema)
        with tiledb.open(str(self.path), "w") as array:
            array[:] = self.signal.counts[:]

    def open(self) -> None:
        import tiledb

        self._data = tiledb.open(str(self.path))

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        return np.asarray(self._data[:, first:stop]["eeg"])

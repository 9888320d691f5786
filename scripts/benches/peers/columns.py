"""Stores of columns, one for each channel: Parquet, DuckDB, ArcticDB, ClickHouse."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benches.data import Signal
from scripts.benches.peers.store import Store

GROUP = 60  # [s] of rows that are stored together


def names(signal: Signal) -> list[str]:
    """The columns; labels are no keys."""
    return [f"c{row}" for row in range(len(signal.recording.channels))]


def table(signal: Signal) -> Any:
    """The recording as an Arrow table."""
    import pyarrow

    return pyarrow.table(dict(zip(names(signal), map(np.array, signal.counts), strict=True)))


def stacked(columns: Any) -> NDArray[Any]:
    """The columns of an Arrow table, (n_channels, n_samples)."""
    return np.stack([column.to_numpy() for column in columns.columns])


class Parquet(Store):
    """pyarrow: delta-packed integers in zstd, row groups of a minute; only those asked for."""

    def write(self) -> None:
        import pyarrow.parquet

        pyarrow.parquet.write_table(
            table(self.signal),
            self.path,
            row_group_size=GROUP * self.signal.sfreq,
            use_dictionary=False,
            compression="zstd",
            column_encoding="DELTA_BINARY_PACKED",
        )

    def open(self) -> None:
        import pyarrow.parquet

        self._file = pyarrow.parquet.ParquetFile(self.path)

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        group = GROUP * self.signal.sfreq
        groups = range(first // group, -(-stop // group))
        found = self._file.read_row_groups(groups)
        return stacked(found.slice(first - groups[0] * group, stop - first))


class DuckDb(Store):
    """DuckDB's own table, ordered by sample."""

    def write(self) -> None:
        import duckdb
        import pyarrow

        rows = table(self.signal)
        rows = rows.add_column(0, "sample", pyarrow.array(np.arange(len(rows))))
        with duckdb.connect(str(self.path)) as connection:
            connection.register("source", rows)
            connection.execute("CREATE TABLE eeg AS SELECT * FROM source ORDER BY sample")

    def open(self) -> None:
        import duckdb

        self._connection = duckdb.connect(str(self.path), read_only=True)
        self._query = (
            f"SELECT {', '.join(names(self.signal))} FROM eeg "
            "WHERE sample >= ? AND sample < ? ORDER BY sample"
        )

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        found = self._connection.execute(self._query, [first, stop]).fetchnumpy()
        return np.stack(list(found.values()))


class ArcticDb(Store):
    """ArcticDB on LMDB, segments of a minute, read by `row_range`."""

    def write(self) -> None:
        import pandas

        options = self._module().LibraryOptions(rows_per_segment=GROUP * self.signal.sfreq)
        library = self._arctic().create_library("eeg", options)
        columns = zip(names(self.signal), map(np.array, self.signal.counts), strict=True)
        library.write("eeg", pandas.DataFrame(dict(columns)))

    def open(self) -> None:
        self._library = self._arctic()["eeg"]

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        return np.asarray(self._library.read("eeg", row_range=(first, stop)).data).T

    def _module(self) -> Any:
        import arcticdb

        return arcticdb

    def _arctic(self) -> Any:
        # One connection: LMDB may be opened only once in a process.
        if not hasattr(self, "_opened"):
            self._opened = self._module().Arctic(f"lmdb://{self.path}")
        return self._opened


class ClickHouse(Store):
    """ClickHouse in process (chdb): MergeTree by sample, columns with Delta and ZSTD."""

    def write(self) -> None:
        import pyarrow.parquet

        from_file = self.path.with_suffix(".parquet")
        rows = table(self.signal)
        rows = rows.add_column(0, "sample", pyarrow.array(np.arange(len(rows))))
        pyarrow.parquet.write_table(rows, from_file)
        columns = ", ".join(f"{name} Int16 CODEC(Delta(2), ZSTD(3))" for name in names(self.signal))
        session = self._session()
        session.query("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
        session.query(
            f"CREATE TABLE bench.eeg (sample Int64 CODEC(DoubleDelta, ZSTD(1)), {columns}) "
            "ENGINE = MergeTree ORDER BY sample"
        )
        session.query(f"INSERT INTO bench.eeg SELECT * FROM file('{from_file}', Parquet)")
        session.query("OPTIMIZE TABLE bench.eeg FINAL")
        from_file.unlink()

    def open(self) -> None:
        self._session()
        self._query = (
            f"SELECT {', '.join(names(self.signal))} FROM bench.eeg "
            "WHERE sample >= {} AND sample < {} ORDER BY sample"
        )

    def build(self) -> int:
        super().build()
        said = self._session().query(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'bench'", "CSV"
        )
        return int(str(said))

    def counts(self, first: int, stop: int) -> NDArray[Any]:
        return stacked(self._session().query(self._query.format(first, stop), "ArrowTable"))

    def _session(self) -> Any:
        if not hasattr(self, "_opened"):
            from chdb import session

            self._opened = session.Session(str(self.path))
        return self._opened

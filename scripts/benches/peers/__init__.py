"""What eegstore is compared with, each used as its own documentation recommends."""

from pathlib import Path

from scripts.benches.data import Signal
from scripts.benches.peers import arrays, columns, edf
from scripts.benches.runner import Worker

CHUNKED = {"HDF5": arrays.Hdf5, "Zarr": arrays.Zarr, "TileDB": arrays.TileDb}
COLUMNS = {
    "Parquet": columns.Parquet,
    "DuckDB": columns.DuckDb,
    "ArcticDB": columns.ArcticDb,
    "ClickHouse": columns.ClickHouse,
}
FILES = {"pyedflib": edf.Pyedflib, "edfio": edf.Edfio, "MNE": edf.Mne}


def files(signal: Signal) -> list[Worker]:
    """The readers of the EDF file, each in its process."""
    return [Worker(name, make, signal, signal.edf) for name, make in FILES.items()]


def stores(signal: Signal, directory: Path) -> list[Worker]:
    """All stores of a recording beside PostgreSQL, each in its process."""
    directory.mkdir(parents=True, exist_ok=True)
    workers = []
    for name, chunked in CHUNKED.items():
        for seconds in (1, 60):
            path = directory / f"{name}-{seconds}"
            workers.append(Worker(f"{name}, {seconds} s", chunked, signal, path, seconds))
    for name, make in COLUMNS.items():
        workers.append(Worker(name, make, signal, directory / name))
    return workers

"""What the database alone takes: ready rows, committed one by one, or copied all at once."""

import os
import threading
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psycopg

from scripts.benches.data import PATIENT

ROWS = """SELECT second, n_samples, content_sha256, blob_sha256, envelope, blob FROM chunk
          WHERE patient_id = %s ORDER BY recording_id, second LIMIT %s"""
INSERT = """INSERT INTO chunk (patient_id, recording_id, second, n_samples, content_sha256,
            blob_sha256, envelope, blob) VALUES (%b, %b, %b, %b, %b, %b, %b, %b)"""
COPY = """COPY chunk (patient_id, recording_id, second, n_samples, content_sha256, blob_sha256,
          envelope, blob) FROM STDIN (FORMAT BINARY)"""
DECLARE = """INSERT INTO recording SELECT patient_id, %s, study_id, start_time, zone, utc_offset,
             device, sample_type, channels, channels_sha256 FROM recording
             WHERE patient_id = %s AND recording_id = %s"""


def ready_rows(url: str, count: int) -> list[tuple[Any, ...]]:
    """Rows of the chunk table, without their key's first two columns."""
    with psycopg.connect(url) as connection:
        return connection.execute(ROWS, (PATIENT, count), binary=True).fetchall()


class Committer:
    """Ready chunks, each inserted and committed alone, by some connections at once.

    Parameters
    ----------
    url : str
        Of a database where the recordings one0, one1 ... are declared.
    source : str
        Of a database with chunks to take.
    """

    def __init__(self, url: str, source: str, first: int, n_connections: int) -> None:
        self._rows = ready_rows(source, 200)
        self._lanes = [
            (f"one{first + k}", psycopg.connect(url, autocommit=True)) for k in range(n_connections)
        ]
        self._next = [0] * n_connections

    def one(self) -> None:
        """Insert and commit one chunk."""
        self._insert(0)

    def burst(self, seconds: float) -> float:
        """Insert for so long [s]; returns chunks/s."""
        begun = time.perf_counter()
        before = sum(self._next)

        def work(lane: int) -> None:
            while time.perf_counter() - begun < seconds:
                self._insert(lane)

        threads = [threading.Thread(target=work, args=(lane,)) for lane in range(len(self._lanes))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (sum(self._next) - before) / (time.perf_counter() - begun)

    def _insert(self, lane: int) -> None:
        recording_id, connection = self._lanes[lane]
        second = self._next[lane]
        row = self._rows[second % len(self._rows)]
        self._next[lane] = second + 1
        connection.execute(INSERT, (PATIENT, recording_id, second, *row[1:]), prepare=True)


class Copier:
    """COPY of ready rows: as many as a recording has, in one transaction."""

    def __init__(self, url: str, source: str, declared: str, count: int) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._rows = list(islice(cycle(ready_rows(source, count)), count))
        self._declared, self._turn = declared, 0

    def run(self) -> None:
        """Copy and commit."""
        self._turn += 1
        name = f"copied{self._turn}"
        with self._connection.transaction():
            self._connection.execute(DECLARE, (name, PATIENT, self._declared))
            with self._connection.cursor() as cursor, cursor.copy(COPY) as copy:
                copy.set_types(["text", "text", "int8", "int8", *["bytea"] * 4])
                for row in self._rows:
                    copy.write_row((PATIENT, name, *row))


class Flusher:
    """What the disk takes to keep some bytes: the floor beneath any commit."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT)
        self._sync = getattr(os, "fdatasync", os.fsync)

    def one(self) -> None:
        """Write 4 kB over the same place and flush them."""
        os.pwrite(self._file, bytes(4096), 0)
        self._sync(self._file)


class Importer:
    """`eegstore import` of one file, each time as another recording."""

    def __init__(self, url: str, path: Path) -> None:
        from scripts.benches.place import imported

        self._url, self._path, self._turn, self._import = url, path, 0, imported

    def run(self) -> None:
        """Import, prove and commit."""
        self._turn += 1
        self._import(self._url, self._path, f"imported{self._turn}")

"""What a device keeps on its own disk until the store has acknowledged it.

One SQLite file (WAL, ``synchronous=FULL``), one transaction per change: after a kill or a
loss of power every second is either not acquired yet, or in here, or acknowledged. A second
leaves only when the store said *stored* or *duplicate*; what the store refuses moves to
quarantine and stays. An ``flock`` beside the file keeps a second device out.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import orjson

from eegstore import wire
from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.model import Annotation, Chunk, Recording

DEFAULT_LIMIT = 48 * 3600  # [s]
_APPLICATION, _VERSION = 0x45454744, 1
_SCHEMA = """
CREATE TABLE device (
    recording BLOB NOT NULL, t0 REAL NOT NULL, speed REAL, head_start INTEGER NOT NULL,
    next_second INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0, acquired INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0,
    conflicts INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
    annotations INTEGER NOT NULL DEFAULT 0);
CREATE TABLE pending (second INTEGER PRIMARY KEY, runs BLOB NOT NULL, samples BLOB NOT NULL);
CREATE TABLE quarantine (
    second INTEGER PRIMARY KEY, runs BLOB NOT NULL, samples BLOB NOT NULL, reason TEXT NOT NULL);
CREATE TABLE annotation (
    annotation_id TEXT PRIMARY KEY, after INTEGER NOT NULL, body BLOB NOT NULL, reason TEXT);
"""


class Progress(NamedTuple):
    """How far a device has come, over all its runs."""

    t0: float  # wall clock when acquisition began [s since 1970]
    speed: float | None  # recorded seconds per second; None: as fast as they are taken
    head_start: int  # seconds that are there at t0 [s]
    next_second: int  # the first one not acquired yet
    ended: bool  # the source has no more
    held: int  # seconds passed over because the store held them when this device began
    acquired: int  # seconds, without gaps
    stored: int
    duplicates: int
    conflicts: int  # in quarantine: the store has other samples
    refused: int  # in quarantine: the store will not take them
    annotations: int  # acknowledged

    @property
    def acknowledged(self) -> int:
        """Seconds that the store has, by its own word."""
        return self.stored + self.duplicates

    @property
    def pending(self) -> int:
        """Seconds that still wait to be sent."""
        return self.acquired - self.acknowledged - self.conflicts - self.refused


class DeviceBuffer:
    """The durable buffer of one device with one recording. Use it as a context manager.

    Parameters
    ----------
    path : Path
        The SQLite file; made, readable by its owner only, when there is none.
    limit : int
        How many waiting seconds are enough [s]; a device that may choose its pace acquires
        no more then. Nothing is ever dropped: a live device goes on until the disk is full.

    Raises
    ------
    StoreUnavailableError
        When another process has the buffer open, or the disk cannot be read or written.
    InvalidDataError
        When `path` is something else than a device buffer.

    Notes
    -----
    Any method may raise StoreUnavailableError when the disk is full; what was in the buffer
    is still there. All methods may be called from several threads.
    """

    def __init__(self, path: Path, limit: int = DEFAULT_LIMIT) -> None:
        self.path, self.limit = path, limit
        self._mutex = threading.RLock()
        with ExitStack() as opened, self._guarded():
            path.parent.mkdir(parents=True, exist_ok=True)
            opened.callback(os.close, _locked(path.with_name(path.name + ".lock")))
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            opened.callback(self._db.close)
            self._recording = self._open()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others have it."""
        with self._mutex:
            self._opened.close()

    @property
    def recording(self) -> Recording | None:
        """What this buffer holds seconds of; None when it is new."""
        return self._recording

    @property
    def progress(self) -> Progress:
        """How far this device has come; `begin` comes first."""
        row = self._rows(f"SELECT {', '.join(Progress._fields)} FROM device")[0]
        progress = Progress(*row)
        return progress._replace(ended=bool(progress.ended))

    def begin(
        self, recording: Recording, t0: float, speed: float | None, head_start: int
    ) -> Progress:
        """Begin `recording`, or go on with it where it was left.

        `t0` counts when the buffer is new; otherwise the one of its beginning stays.

        Raises
        ------
        InvalidDataError
            When the buffer belongs to another recording, or to another declaration of it.
        """
        declared = wire.dump(recording)
        with self._transaction() as db:
            row = db.execute("SELECT recording FROM device").fetchone()
            if row is None:
                db.execute(
                    "INSERT INTO device (recording, t0, speed, head_start) VALUES (?, ?, ?, ?)",
                    (declared, t0, speed, head_start),
                )
            elif bytes(row[0]) != declared:
                was, now = orjson.loads(row[0]), orjson.loads(declared)
                odd = ", ".join(k for k in now if was.get(k) != now[k])
                raise InvalidDataError(
                    f"device buffer {self.path} belongs to recording {was['recording_id']!r} of "
                    f"patient {was['patient_id']!r}; the one given differs in {odd}"
                )
        self._recording = recording
        return self.progress

    def rebase(self, t0: float, speed: float | None, head_start: int) -> None:
        """Go on at another pace: due times count from `t0` [s since 1970] now."""
        with self._transaction() as db:
            pace = (t0, speed, head_start)
            db.execute("UPDATE device SET t0 = ?, speed = ?, head_start = ?", pace)

    def put(
        self,
        stop: int,
        chunks: Sequence[Chunk] = (),
        annotations: Sequence[Annotation] = (),
        *,
        held: int = 0,
        ended: bool = False,
    ) -> None:
        """Keep all that was recorded from the next second up to `stop`, durably.

        Parameters
        ----------
        chunks : sequence of Chunk
            The seconds that exist; the others are gaps.
        annotations : sequence of Annotation
            With an annotation_id each; they go out once these seconds have been sent.
        held : int
            How many of these seconds are passed over, since the store holds them.
        ended : bool
            The source has no more seconds.
        """
        rows = [(c.second, wire.dump(c.runs), c.samples.tobytes()) for c in chunks]
        notes = [(a.annotation_id, stop - 1, wire.dump(a)) for a in annotations]
        with self._transaction() as db:
            db.executemany("INSERT INTO pending VALUES (?, ?, ?)", rows)
            db.executemany("INSERT OR IGNORE INTO annotation VALUES (?, ?, ?, NULL)", notes)
            db.execute(
                "UPDATE device SET next_second = ?, acquired = acquired + ?, held = held + ?, "
                "ended = ?",
                (stop, len(rows), held, ended),
            )

    def pending(self, count: int, n_bytes: int = 8 << 20) -> list[Chunk]:
        """The oldest seconds that wait, in order: at most `count`, and about `n_bytes`."""
        sql = "SELECT second, runs, samples FROM pending ORDER BY second LIMIT ?"
        sizes = "SELECT length(samples) FROM pending ORDER BY second LIMIT ?"
        total = list(accumulate(size for (size,) in self._rows(sizes, count)))
        fitting = max(1, sum(so_far <= n_bytes for so_far in total))
        return [self._chunk(*row) for row in self._rows(sql, fitting)]

    def acknowledge(self, stored: Sequence[int], duplicates: Sequence[int]) -> None:
        """Let go of the seconds that the store has."""
        with self._transaction() as db:
            for counter, seconds in (("stored", stored), ("duplicates", duplicates)):
                for second in seconds:
                    gone = db.execute("DELETE FROM pending WHERE second = ?", (second,)).rowcount
                    db.execute(f"UPDATE device SET {counter} = {counter} + ?", (gone,))

    def quarantine(self, second: int, reason: str, *, conflict: bool) -> None:
        """Set a second aside that the store will not take, with its `reason`."""
        counter = "conflicts" if conflict else "refused"
        with self._transaction() as db:
            db.execute(
                "INSERT INTO quarantine SELECT *, ? FROM pending WHERE second = ?", (reason, second)
            )
            gone = db.execute("DELETE FROM pending WHERE second = ?", (second,)).rowcount
            db.execute(f"UPDATE device SET {counter} = {counter} + ?", (gone,))

    def quarantined(self) -> list[tuple[Chunk, str]]:
        """What the store would not take, and why."""
        sql = "SELECT second, runs, samples, reason FROM quarantine ORDER BY second"
        return [(self._chunk(*row), reason) for *row, reason in self._rows(sql)]

    def annotations(self) -> list[Annotation]:
        """The annotations that are due: everything recorded until then has left."""
        sql = """SELECT body FROM annotation WHERE reason IS NULL AND after <
                 coalesce((SELECT min(second) FROM pending), (SELECT next_second FROM device))
                 ORDER BY after, rowid"""
        return [_annotation(body) for (body,) in self._rows(sql)]

    def annotated(self, annotation_id: str, refused: str | None = None) -> None:
        """Let go of an annotation that the store has, or set it aside with the reason."""
        with self._transaction() as db:
            if refused is None:
                db.execute("DELETE FROM annotation WHERE annotation_id = ?", (annotation_id,))
                db.execute("UPDATE device SET annotations = annotations + 1")
            else:
                db.execute(
                    "UPDATE annotation SET reason = ? WHERE annotation_id = ?",
                    (refused, annotation_id),
                )

    def refused_annotations(self) -> list[tuple[Annotation, str]]:
        """Annotations that the store would not take, and why."""
        sql = "SELECT body, reason FROM annotation WHERE reason IS NOT NULL ORDER BY rowid"
        return [(_annotation(body), reason) for body, reason in self._rows(sql)]

    def _open(self) -> Recording | None:
        mark = self._rows("PRAGMA application_id")[0] + self._rows("PRAGMA user_version")[0]
        new = mark == (0, 0) and not self._rows("SELECT 1 FROM sqlite_master")
        if not new and mark != (_APPLICATION, _VERSION):
            raise InvalidDataError(
                f"{self.path} is a database, but no device buffer of version {_VERSION} "
                f"(application {mark[0]:#x}, version {mark[1]})"
            )
        self._rows("PRAGMA journal_mode = WAL")
        self._rows("PRAGMA synchronous = FULL")
        if new:
            with self._transaction() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
        rows = self._rows("SELECT recording FROM device")
        return wire.recording_from_json(wire.load(rows[0][0])) if rows else None

    def _chunk(self, second: int, runs: bytes, samples: bytes) -> Chunk:
        listed = tuple(tuple((a, b) for a, b in channel) for channel in wire.load(runs))
        assert self._recording is not None
        return Chunk(second, listed, np.frombuffer(samples, self._recording.sample_type.dtype))

    def _rows(self, sql: str, *values: int) -> list[tuple[Any, ...]]:
        with self._guarded():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._mutex:
            try:
                yield
            except (sqlite3.OperationalError, OSError) as error:
                raise StoreUnavailableError(
                    f"device buffer {self.path} cannot be read or written: {error}; what it "
                    "holds stays there"
                ) from error
            except sqlite3.DatabaseError as error:
                raise InvalidDataError(f"{self.path} is no sound device buffer: {error}") from error


def _annotation(body: bytes) -> Annotation:
    return wire.annotation_from_json(wire.load(body))


def _locked(path: Path) -> int:
    """The open lock file; it names the process that holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode() or "unknown"
        os.close(lock)
        raise StoreUnavailableError(
            f"device buffer {path.with_suffix('')} is in use by process {holder}"
        ) from None
    except BaseException:
        os.close(lock)
        raise
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock

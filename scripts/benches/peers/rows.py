"""A row per sample in PostgreSQL: the schema that eegstore was once planned with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import BigInteger, DateTime, Index, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from eegstore.wire import unique_labels
from scripts.benches.data import PATIENT, Signal

ZERO = datetime(2026, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    """What SQLAlchemy knows of it."""


class SampleRow(Base):
    """One sample of one channel."""

    __tablename__ = "sample"
    __table_args__ = (
        Index("sample_idx", "patient_id", "recording_id", "channel", "timestamp"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    patient_id: Mapped[str]
    recording_id: Mapped[str]
    channel: Mapped[str]
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    value: Mapped[float]


def between(query: Any, recording_id: str, channels: list[str], start: float, stop: float) -> Any:
    """The query over [start, stop) s of some channels, so that the index serves it."""
    return query.where(
        SampleRow.patient_id == PATIENT,
        SampleRow.recording_id == recording_id,
        SampleRow.channel.in_(channels),
        SampleRow.timestamp >= ZERO + timedelta(seconds=start),
        SampleRow.timestamp < ZERO + timedelta(seconds=stop),
    ).order_by(SampleRow.channel, SampleRow.timestamp)


class Rows:
    """The first seconds of a recording as rows; a window is moved to where there are some."""

    def __init__(self, url: str, signal: Signal, loaded: int) -> None:
        self._signal, self._loaded = signal, loaded
        self._id = signal.recording.recording_id
        self.labels = unique_labels(signal.recording.channels)
        self._engine = create_engine(url)
        self._connection = psycopg.connect(
            url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True
        )
        self._next = 10_000_000  # [s], where further seconds go

    def load(self) -> int:
        """Load second by second, as they would arrive; returns the size of the table [byte]."""
        Base.metadata.create_all(self._engine)
        with self._connection.transaction():
            for second in range(self._loaded):
                at = second * self._rate
                self._copy(second, self._signal.counts[:, at : at + self._rate], self._id)
        self._connection.execute("VACUUM ANALYZE sample")
        row = self._connection.execute("SELECT pg_total_relation_size('sample')").fetchone()
        return int(row[0]) if row else 0

    @property
    def _rate(self) -> int:
        return self._signal.sfreq

    def orm(self, start: int, stop: int) -> NDArray[np.float32]:
        """A window by the ORM, float32 [uV] (n_channels, n_samples)."""
        return self._orm(*self._within(start, stop))

    def binary(self, start: int, stop: int) -> NDArray[np.float32]:
        """A window by psycopg, binary and prepared."""
        return self._binary(*self._within(start, stop))

    def wrong(self, start: int, stop: int) -> str | None:
        """What is wrong with an answer."""
        span = self._within(start, stop)
        return self._signal.wrong(self._orm(*span), *span) or self._signal.wrong(
            self._binary(*span), *span
        )

    def insert_orm(self) -> None:
        """One second, all channels, by the ORM; committed."""
        first, counts = self._further()
        with Session(self._engine) as session:
            session.add_all(
                SampleRow(
                    patient_id=PATIENT, recording_id="live", channel=label, timestamp=time,
                    value=value,
                )
                for label, time, value in self._values(first, counts)
            )  # fmt: skip
            session.commit()

    def insert_copy(self) -> None:
        """One second, all channels, by COPY; committed."""
        first, counts = self._further()
        with self._connection.transaction():
            self._copy(first, counts, "live")

    def _within(self, start: int, stop: int) -> tuple[int, int]:
        first = start % max(1, self._loaded - (stop - start) + 1)
        return first, first + stop - start

    def _orm(self, start: int, stop: int) -> NDArray[np.float32]:
        with Session(self._engine) as session:
            query = between(select(SampleRow), self._id, self.labels, start, stop)
            return self._shaped([(row.channel, row.value) for row in session.scalars(query)])

    def _binary(self, start: int, stop: int) -> NDArray[np.float32]:
        query = """SELECT channel, value FROM sample WHERE patient_id = %s AND recording_id = %s
                   AND channel = ANY(%s) AND "timestamp" >= %s AND "timestamp" < %s
                   ORDER BY channel, "timestamp" """
        times = (ZERO + timedelta(seconds=at) for at in (start, stop))
        values = (PATIENT, self._id, self.labels, *times)
        return self._shaped(
            self._connection.execute(query, values, prepare=True, binary=True).fetchall()
        )

    def _shaped(self, found: list[tuple[str, float]]) -> NDArray[np.float32]:
        per_channel: dict[str, list[float]] = {label: [] for label in self.labels}
        for label, value in found:
            per_channel[label].append(value)
        return np.array(list(per_channel.values()), np.float32)

    def _further(self) -> tuple[int, NDArray[Any]]:
        self._next += 1
        return self._next, self._signal.counts[:, : self._rate]

    def _values(self, first: int, counts: NDArray[Any]) -> Any:
        values = self._signal.physical(counts).tolist()
        for label, row in zip(self.labels, values, strict=True):
            for at, value in enumerate(row):
                yield label, ZERO + timedelta(seconds=first + at / self._rate), value

    def _copy(self, first: int, counts: NDArray[Any], recording_id: str) -> None:
        into = 'COPY sample (patient_id, recording_id, channel, "timestamp", value) FROM STDIN'
        with self._connection.cursor() as cursor, cursor.copy(f"{into} (FORMAT BINARY)") as copy:
            copy.set_types(["text", "text", "text", "timestamptz", "float8"])
            for label, time, value in self._values(first, counts):
                copy.write_row((PATIENT, recording_id, label, time, value))

"""The tables, typed. The migrations say the same; a test keeps the two equal.

Every key of patient data begins with ``patient_id``, so that one patient's rows live on one shard
of a distributed database (Citus), and every constraint has a name. Sizes and counts are bigint.
Tables marked raw are append-only by privilege and by trigger; see `migrations`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class ExternalBytes(LargeBinary):
    """bytea that PostgreSQL does not try to compress again, and keeps out of line if the row is
    larger than the table's toast_tuple_target (2 kB unless the table says so)."""


@compiles(ExternalBytes)
def _external(element: ExternalBytes, compiler: Any, **kw: Any) -> str:
    return "BYTEA STORAGE EXTERNAL"


class Base(DeclarativeBase):
    """All tables of eegstore."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(referred_table_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "ix": "%(table_name)s_%(column_0_name)s_idx",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        str: Text(),
        int: BigInteger(),
        bytes: LargeBinary(),
        float: Double(),
        datetime: DateTime(timezone=True),
    }


def _of_recording() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["patient_id", "recording_id"], ["recording.patient_id", "recording.recording_id"]
    )


class RecordingRow(Base):
    """raw: what was declared, once."""

    __tablename__ = "recording"
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str | None]
    start_time: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))  # local
    zone: Mapped[str | None]  # IANA
    utc_offset: Mapped[int | None] = mapped_column(Integer)  # [s]
    device: Mapped[str | None]
    sample_type: Mapped[str]
    channels: Mapped[list[Any]] = mapped_column(JSONB)
    channels_sha256: Mapped[bytes]
    declared_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ClosingRow(Base):
    """raw: a recording that its device has finished."""

    __tablename__ = "closing"
    __table_args__ = (_of_recording(),)
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    n_seconds: Mapped[int]
    closed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ChunkRow(Base):
    """raw: one second of a recording."""

    __tablename__ = "chunk"
    __table_args__ = (
        _of_recording(),
        CheckConstraint("second >= 0", name="second"),
        CheckConstraint("octet_length(content_sha256) = 32", name="content_sha256"),
        {"postgresql_with": {"toast_tuple_target": 4080}},  # two rows a page
    )
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    second: Mapped[int] = mapped_column(primary_key=True)  # [s] from recording start
    n_samples: Mapped[int]  # over all channels
    device_time: Mapped[datetime | None]  # the device's clock when it sent this second
    ingested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    content_sha256: Mapped[bytes]  # of the samples, whatever the codec
    blob_sha256: Mapped[bytes]  # of the stored bytes
    envelope: Mapped[bytes]  # (n_channels, 2) min and max in the sample type
    blob: Mapped[bytes] = mapped_column(ExternalBytes())


# A constraint cannot say it: seconds come in their order and stay, so pages may be full.
_FULL = DDL("ALTER INDEX chunk_pkey SET (fillfactor = 100)")  # type: ignore[no-untyped-call]
event.listen(ChunkRow.__table__, "after_create", _FULL)


class CodecParametersRow(Base):
    """raw: what the blobs of a recording share; a blob names them by their digest."""

    __tablename__ = "codec_parameters"
    __table_args__ = (
        CheckConstraint("parameters_sha256 = sha256(parameters)", name="parameters_sha256"),
        Index("codec_parameters_recording_idx", "patient_id", "recording_id", "created_at"),
    )
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    parameters_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    recording_id: Mapped[str]  # that they were made for
    parameters: Mapped[bytes] = mapped_column(ExternalBytes())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IngestionLogRow(Base):
    """raw: every ingestion event. One second's checksum is its content digest, a range's
    the RFC 6962 root over the digests of its seconds."""

    __tablename__ = "ingestion_log"
    __table_args__ = (Index("ingestion_log_recording_idx", "patient_id", "recording_id", "id"),)
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    recording_id: Mapped[str]
    chunk_start_sec: Mapped[int]
    chunk_end_sec: Mapped[int]  # half-open
    num_samples: Mapped[int]
    checksum: Mapped[bytes]
    outcome: Mapped[str]  # stored, duplicate, conflict, imported, declared, closed
    ingested_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AnnotationRow(Base):
    """raw: what was said of a recording; an edit is a new row that supersedes another."""

    __tablename__ = "annotation"
    __table_args__ = (
        _of_recording(),
        Index("annotation_recording_idx", "patient_id", "recording_id", "onset"),
        Index(
            "annotation_supersedes_idx",
            "patient_id",
            "supersedes",
            unique=True,
            postgresql_where=text("supersedes IS NOT NULL"),
        ),
    )
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    annotation_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    recording_id: Mapped[str]
    onset: Mapped[float]  # [s] from recording start
    duration: Mapped[float | None]  # [s]
    description: Mapped[str]
    channels: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    source: Mapped[str]
    status: Mapped[str]
    author: Mapped[str | None]
    supersedes: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReviewRow(Base):
    """raw: seconds that somebody has looked at, and how they were shown."""

    __tablename__ = "review"
    __table_args__ = (
        _of_recording(),
        Index("review_recording_idx", "patient_id", "recording_id", "reviewed_at"),
    )
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    review_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    recording_id: Mapped[str]
    author: Mapped[str | None]
    montage: Mapped[str]
    lff: Mapped[float | None]  # [Hz]; None is off
    hff: Mapped[float | None]
    notch: Mapped[float | None]
    start_sec: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # of every span
    stop_sec: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    reviewed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OriginalRow(Base):
    """raw: all of an imported file that is not samples, to give the file back."""

    __tablename__ = "original"
    __table_args__ = (_of_recording(),)
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    file_size: Mapped[int]  # [byte]
    file_sha256: Mapped[bytes]
    n_records: Mapped[int]
    header: Mapped[bytes]
    trailing_bytes: Mapped[bytes] = mapped_column(ExternalBytes())
    loss: Mapped[str | None]  # what a salvage could not keep
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OriginalPartRow(Base):
    """raw: the annotation signals of some data records of an imported file, zstd."""

    __tablename__ = "original_part"
    __table_args__ = (_of_recording(),)
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    first_record: Mapped[int] = mapped_column(primary_key=True)
    stop_record: Mapped[int]
    annotation_bytes: Mapped[bytes] = mapped_column(ExternalBytes())


class IdentityRow(Base):
    """Who a pseudonym is. Not raw: names are corrected."""

    __tablename__ = "identity"
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    hospital_number: Mapped[str | None]
    name: Mapped[str | None]
    sex: Mapped[str | None]
    birth_date: Mapped[str | None]  # as the source wrote it
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MontageRow(Base):
    """A montage that somebody made. Not raw, and no patient's: its key is its name."""

    __tablename__ = "montage"
    name: Mapped[str] = mapped_column(primary_key=True)
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SummaryEnvelopeRow(Base):
    """A roll-up of envelopes, `eegstore.signal.rollup.Tile`. Not raw: it can be made again."""

    __tablename__ = "summary_envelope"
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True)  # [s]
    start: Mapped[int] = mapped_column(primary_key=True)  # [s] from recording start
    n_seconds: Mapped[int]  # that it speaks for
    n_samples: Mapped[int]
    stored_bytes: Mapped[int]
    missing_start: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # that it does not
    missing_stop: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    envelope: Mapped[bytes] = mapped_column(ExternalBytes())  # (n, n_channels, 2)
    built_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SummarySpectrumRow(Base):
    """An hour of spectral bins, `eegstore.signal.spectral.Hour`. Not raw: it can be made again."""

    __tablename__ = "summary_spectrum"
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)  # [s] from recording start
    processing: Mapped[str]  # what was computed, of which channels
    n_seconds: Mapped[int]  # that it speaks for
    missing_start: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # that it does not
    missing_stop: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    bins: Mapped[bytes] = mapped_column(ExternalBytes())  # (n_lines, n_seconds, 16)
    minutes: Mapped[bytes] = mapped_column(ExternalBytes())  # (n_lines, n_minutes), 32 bytes each
    built_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ArchivistLogRow(Base):
    """raw, without a door: every row that eegstore_archivist changed or removed."""

    __tablename__ = "archivist_log"
    patient_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    table_name: Mapped[str]
    operation: Mapped[str]
    old_row: Mapped[dict[str, Any]] = mapped_column(JSONB)  # without the bytes of samples
    role_behind: Mapped[str]  # session_user
    happened_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


RAW_TABLES = (
    "recording", "closing", "chunk", "ingestion_log", "annotation", "original", "original_part",
    "codec_parameters", "review", "archivist_log",
)  # fmt: skip

DERIVED_TABLES = ("summary_envelope", "summary_spectrum")

SHARED_TABLES = ("montage",)
"""No patient's: reference tables of a distributed database, whose keys name no patient."""

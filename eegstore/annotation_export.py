"""Annotations as files that others read: EDF+, CSV, BIDS ``events.tsv``. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from eegstore.edf import EdfWriter
from eegstore.model import Annotation, Recording, SampleType
from eegstore.timebase import clock_at

_COLUMNS = (
    "onset", "duration", "description", "channels", "status", "clock", "recording_id",
    "recording_onset", "source", "author", "created_at", "annotation_id", "supersedes",
)  # fmt: skip
_EVENTS = ("onset", "duration", "trial_type", "channel", "status", "source", "author", "recording")
_MISSING = "n/a"


class Format(StrEnum):
    """What a file of annotations may be."""

    EDF = "edf"
    CSV = "csv"
    BIDS = "bids"

    @property
    def ending(self) -> str:
        """How the file's name ends."""
        return {"edf": "_annotations.edf", "csv": "_annotations.csv", "bids": "_events.tsv"}[self]

    @property
    def media_type(self) -> str:
        """Of an answer."""
        if self is Format.EDF:
            return "application/octet-stream"
        return f"text/{'csv' if self is Format.CSV else 'tab-separated-values'}; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Row:
    """An annotation to be exported."""

    annotation: Annotation
    onset: float  # [s] from where the file's time begins
    recording_id: str
    labels: tuple[str, ...]  # of its channels, as they are called; may repeat
    unique: tuple[str, ...]  # the same, made unique
    created_at: datetime


def write(kind: Format, recording: Recording, rows: Sequence[Row]) -> bytes:
    """The bytes of a file.

    Parameters
    ----------
    recording : Recording
        Where the file's time begins, and whose clock it is.
    rows : sequence of Row
        By onset.
    """
    match kind:
        case Format.EDF:
            return _edf(recording, rows)
        case Format.CSV:
            return _csv(recording, rows)
        case Format.BIDS:
            return _bids(rows)


def _edf(recording: Recording, rows: Iterable[Row]) -> bytes:
    """EDF+C without signals; what concerns some channels stands once for each, as EDF+ 3.3 has it.

    EDF+ knows no empty text, and character 20 ends one.
    """
    said: list[Annotation] = []
    for row in rows:
        text = row.annotation.description.replace("\x14", " ") or "(no text)"
        for label in row.labels or (None,):
            named = text if label is None else f"{text}@@{label}"
            said.append(replace(row.annotation, onset=row.onset, description=named, channels=()))
    bare = replace(recording, channels=(), sample_type=SampleType.INT16)
    writer = EdfWriter(bare, [], said)
    return writer.header() + writer.finish()


def _csv(recording: Recording, rows: Iterable[Row]) -> bytes:
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(_COLUMNS)
    for row in rows:
        said = row.annotation
        table.writerow(
            (
                row.onset, said.duration, said.description, ";".join(row.unique), said.status,
                _clock(recording, row.onset), row.recording_id, said.onset, said.source,
                said.author, row.created_at.isoformat(), said.annotation_id, said.supersedes,
            )
        )  # fmt: skip
    return file.getvalue().encode()


def _bids(rows: Iterable[Row]) -> bytes:
    """As BIDS has it: tabs between values, no quotes, ``n/a`` for what is not known."""
    lines: list[tuple[str, ...]] = [_EVENTS]
    for row in rows:
        said = row.annotation
        values = (
            row.onset, said.duration, said.description, ",".join(row.unique), said.status,
            said.source, said.author, row.recording_id,
        )  # fmt: skip
        lines.append(tuple(" ".join(str(_known(value)).split()) or _MISSING for value in values))
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def _known(value: object) -> object:
    return _MISSING if value is None else value


def _clock(recording: Recording, onset: float) -> str:
    """ISO 8601, to the microsecond; empty where the clock is not known."""
    if recording.start_time is None:
        return ""
    whole = int(onset // 1)
    try:
        shown = clock_at(recording, whole) + timedelta(microseconds=round((onset - whole) * 1e6))
    except OverflowError:
        return ""
    return shown.isoformat()

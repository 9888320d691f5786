"""What people say of recordings and what they have looked at, with its history. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eegstore.errors import InvalidDataError
from eegstore.model import MAX_SFREQ, MAX_TIME, Annotation

MAX_SPANS = 1000
MAX_SECONDS = 86_400  # [s]
MAX_NAME = 128  # [character]


@dataclass(frozen=True, slots=True)
class Entry:
    """An annotation as it stands in the store."""

    annotation: Annotation
    recording_id: str
    study_onset: float  # [s of study time], see `eegstore.study`
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """Seconds of a recording that somebody has looked at, and how they were shown."""

    recording_id: str
    spans: tuple[tuple[int, int], ...]  # half-open [s from recording start]
    montage: str
    lff: float | None = None  # [Hz]; None is off
    hff: float | None = None  # [Hz]
    notch: float | None = None  # [Hz]
    author: str | None = None
    review_id: str | None = None  # a UUID; the store makes one when there is none
    at: datetime | None = None  # when it was stored

    def __post_init__(self) -> None:
        if not 1 <= len(self.spans) <= MAX_SPANS:
            raise InvalidDataError(f"{len(self.spans)} spans; allowed are 1 to {MAX_SPANS}")
        for start, stop in self.spans:
            if not 0 <= start < stop <= MAX_TIME:
                raise InvalidDataError(
                    f"seconds {start} to {stop} are no span within 0 .. {MAX_TIME:g}"
                )
        seconds = sum(stop - start for start, stop in self.spans)
        if seconds > MAX_SECONDS:
            raise InvalidDataError(f"{seconds} s in one review; at most {MAX_SECONDS}")
        for name, text in (("montage", self.montage), ("author", self.author)):
            if text is not None and not 1 <= len(text) <= MAX_NAME:
                raise InvalidDataError(
                    f"{name} has {len(text)} characters; allowed are 1 to {MAX_NAME}"
                )
        for name in ("lff", "hff", "notch"):
            value = getattr(self, name)
            if value is not None and not 0 < value < MAX_SFREQ:
                raise InvalidDataError(f"{name} is {value} Hz; it must be in (0, {MAX_SFREQ})")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at of a study, and what nobody has seen."""

    reviews: tuple[Review, ...]  # by time
    seen: tuple[tuple[float, float], ...]  # half-open [s of study time]
    unseen: tuple[tuple[float, float], ...]  # stored, and in none of them


def in_order(history: Iterable[Entry]) -> list[Entry]:
    """The versions of one annotation, each after the one that it supersedes."""
    entries = sorted(history, key=lambda entry: entry.created_at)
    ids = {entry.annotation.annotation_id for entry in entries}
    later: dict[str | None, list[Entry]] = {}
    for entry in entries:
        older = entry.annotation.supersedes
        later.setdefault(older if older in ids else None, []).append(entry)
    found: list[Entry] = []
    waiting = later.pop(None, [])
    while waiting:
        found.append(waiting.pop(0))
        waiting += later.pop(found[-1].annotation.annotation_id, [])
    return found


def undoing(history: Sequence[Entry], author: str | None = None) -> Annotation:
    """The annotation to add so that the last change in a history is undone.

    Nothing is taken back: it supersedes the latest version and says again what the one before
    said. A version that says what the one before its predecessor said has itself undone that
    predecessor, so undoing again goes on to the change before. Before the first version there
    was nothing: undoing that one rejects it, and undoing the rejection brings it back.

    Parameters
    ----------
    history : sequence of Entry
        All versions, in order; there is one.
    author : str, optional
        Who undoes.
    """
    standing: list[Annotation] = []
    for entry in history:
        if len(standing) > 1 and _said(entry.annotation) == _said(standing[-2]):
            standing.pop()
        else:
            standing.append(entry.annotation)
    before = standing[-2] if len(standing) > 1 else replace(standing[-1], status="rejected")
    latest = history[-1].annotation.annotation_id
    return replace(before, annotation_id=None, supersedes=latest, author=author)


def _said(annotation: Annotation) -> Annotation:
    return replace(annotation, annotation_id=None, supersedes=None, author=None)

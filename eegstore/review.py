"""What people say of recordings and what they have looked at, with its history. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eegstore.model import Annotation


@dataclass(frozen=True, slots=True)
class Entry:
    """An annotation as it stands in the store."""

    annotation: Annotation
    recording_id: str
    study_onset: float  # [s of study time], see `eegstore.study`
    created_at: datetime


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

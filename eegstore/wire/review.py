"""What people say and have looked at, as JSON."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from eegstore.model import Annotation
from eegstore.review import Coverage, Entry, Review
from eegstore.wire.metadata import annotations_from_json, array, dump, object_, validated

_NAMES = tuple(Annotation.__slots__)
_FIELDS = tuple(Review.__slots__)
_review = TypeAdapter(Review)


def entries_json(entries: list[Entry]) -> bytes:
    """Annotations as they are listed."""
    return dump({"annotations": [_entry(entry) for entry in entries]})


def entries_from_json(value: Any) -> list[Entry]:
    """Annotations as they are listed."""
    items = array(value["annotations"], "annotations")
    return [
        Entry(
            annotation,
            str(item["recording_id"]),
            float(item["study_onset"]),
            datetime.fromisoformat(item["created_at"]),
        )
        for annotation, item in zip(annotations_from_json(items), items, strict=True)
    ]


def review_from_json(value: Any) -> Review:
    """A review as it is posted or listed; unknown fields are ignored."""
    value = object_(value, "review")
    return validated(_review, {name: value[name] for name in _FIELDS if name in value}, "review")


def review_json(review: Review) -> dict[str, Any]:
    """A review as it is listed."""
    return {name: getattr(review, name) for name in _FIELDS}


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """What was looked at of a study."""
    return {
        "reviews": [review_json(review) for review in coverage.reviews],
        "seen": coverage.seen,
        "unseen": coverage.unseen,
    }


def coverage_from_json(value: Any) -> Coverage:
    """What was looked at of a study."""
    return Coverage(
        tuple(review_from_json(item) for item in value["reviews"]),
        *(
            tuple((float(start), float(stop)) for start, stop in value[name])
            for name in ("seen", "unseen")
        ),
    )


def _entry(entry: Entry) -> dict[str, Any]:
    said = {name: getattr(entry.annotation, name) for name in _NAMES}
    said["recording_id"] = entry.recording_id
    said["study_onset"] = entry.study_onset
    said["created_at"] = entry.created_at
    return said

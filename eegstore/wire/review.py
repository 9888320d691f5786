"""What people say and have looked at, as JSON."""

from datetime import datetime
from typing import Any

from eegstore.model import Annotation
from eegstore.review import Entry
from eegstore.wire.metadata import annotations_from_json, array, dump

_NAMES = tuple(Annotation.__slots__)


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


def _entry(entry: Entry) -> dict[str, Any]:
    said = {name: getattr(entry.annotation, name) for name in _NAMES}
    said["recording_id"] = entry.recording_id
    said["study_onset"] = entry.study_onset
    said["created_at"] = entry.created_at
    return said

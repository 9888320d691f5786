"""Which recording is shown, and whose seizures are counted next."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from eegstore.model import Recording, RecordingInfo

Key: TypeAlias = tuple[str, str]
"""patient_id and recording_id."""


def key_of(recording: Recording) -> Key:
    """What names a recording."""
    return recording.patient_id, recording.recording_id


def latest_first(infos: Iterable[RecordingInfo]) -> list[RecordingInfo]:
    """By start, the latest first; those without a clock time come last."""
    return sorted(
        infos,
        key=lambda info: (info.recording.start_time or datetime.min, key_of(info.recording)),
        reverse=True,
    )


def choose(infos: Iterable[RecordingInfo], key: Key | None) -> RecordingInfo | None:
    """The recording of that name, else the latest in which something is stored, else any.

    A patient_id without a recording_id narrows the choice to that patient, if known.
    """
    ordered = latest_first(infos)
    for info in ordered:
        if key_of(info.recording) == key:
            return info
    if key is not None and not key[1]:
        ordered = [info for info in ordered if info.recording.patient_id == key[0]] or ordered
    return next((info for info in ordered if info.n_seconds), next(iter(ordered), None))


def count_next(
    infos: Sequence[RecordingInfo], counts: Mapping[Key, int], at: int, fresh: int, again: int
) -> list[Key]:
    """Up to `fresh` recordings that were never counted, else `again` from place `at` on."""
    keys = [key_of(info.recording) for info in infos]
    new = [key for key in keys if key not in counts]
    if new or not keys:
        return new[:fresh]
    return [keys[(at + step) % len(keys)] for step in range(min(again, len(keys)))]

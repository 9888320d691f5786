"""Annotations from files, with ids that are the same at every import.

An id is a UUID of version 5 (RFC 9562), made from what is annotated and not from when:
importing a file again names the same annotations again.
"""

import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from eegstore.chbmit import (
    ChbmitFile,
    ChbmitSummary,
    Interval,
    read_chbmit_seizures,
    read_chbmit_summary,
)
from eegstore.errors import InvalidDataError
from eegstore.model import Annotation

__all__ = [
    "Agreement",
    "ChbmitFile",
    "ChbmitSummary",
    "agreement",
    "annotation_id_for",
    "read_annotation_file",
    "read_chbmit_seizures",
    "read_chbmit_summary",
    "seizure_annotations",
]

_NAMESPACE = uuid.UUID("6d9d4f0a-3a52-5c0e-9d39-0f6f5f0b7c11")
_SEIZURES = ".seizures"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Where the two sources of one subject say the same, file by file."""

    agree: tuple[str, ...]
    differ: Mapping[str, str]  # file name: what each of them says
    not_compared: Mapping[str, str]  # file name: why


def annotation_id_for(
    patient_id: str,
    recording_id: str,
    index: int,
    onset: float,
    duration: float | None,
    description: str,
) -> str:
    """The id of annotation `index` of an imported recording.

    Parameters
    ----------
    index : int
        Its place in the file, so that two equal annotations stay two.
    onset, duration : float
        [s]
    """
    return _id(patient_id, recording_id, index, onset, duration, description)


def seizure_annotations(
    name: str, seizures: Iterable[Interval | tuple[int, int]], source: str
) -> list[Annotation]:
    """Annotations of the seizures [s] of recording file `name`, in the order given.

    The id says file, source, onset and duration.
    """
    return [
        Annotation(
            onset=float(start),
            duration=float(stop - start),
            description="seizure",
            annotation_id=_id(name, source, float(start), float(stop - start)),
            source=source,
        )
        for start, stop in seizures
    ]


def read_annotation_file(path: str | os.PathLike[str]) -> dict[str, list[Annotation]]:
    """The annotations in a file, by the name of the recording file that they speak of.

    What kind of file it is, its content says: a CHB-MIT summary lists every recording of
    the subject, those without seizures too; a ``.edf.seizures`` file speaks of the one
    recording that it is named after.

    Raises
    ------
    InvalidDataError
        When it is neither, or is damaged; see `read_chbmit_summary` and
        `read_chbmit_seizures`.
    OSError
        When the file cannot be read.
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(4096)
    if b"## time resolution" in head[:64]:
        if path.suffix != _SEIZURES:
            raise InvalidDataError(
                f"{path.name}: which recording it speaks of, only its name can say; "
                f"it must end in {_SEIZURES!r}"
            )
        name = path.name.removesuffix(_SEIZURES)
        return {name: seizure_annotations(name, read_chbmit_seizures(path), "chbmit-seizures")}
    if b"data sampling rate:" in head.lower():
        files = read_chbmit_summary(path).files
        return {f.name: seizure_annotations(f.name, f.seizures, "chbmit-summary") for f in files}
    raise InvalidDataError(
        f"{path.name} begins with {head[:16]!r}; it is neither a CHB-MIT summary nor a "
        f"{_SEIZURES} file"
    )


def agreement(summary: ChbmitSummary, seizures: Mapping[str, Sequence[Interval]]) -> Agreement:
    """Where a summary and the ``.seizures`` files of its subject say the same.

    Parameters
    ----------
    summary : ChbmitSummary
    seizures : mapping
        Recording file name ("chb01_03.edf") to what `read_chbmit_seizures` found. A
        recording without seizures has no such file: it agrees when the summary lists none.
    """
    agree: list[str] = []
    differ: dict[str, str] = {}
    not_compared: dict[str, str] = {}
    for file in summary.files:
        other = seizures.get(file.name, None if file.seizures else ())
        if other is None:
            stated = _listed(file.seizures)
            not_compared[file.name] = f"summary {stated}, there is no {_SEIZURES} file"
        elif sorted(other) == [(Fraction(a), Fraction(b)) for a, b in sorted(file.seizures)]:
            agree.append(file.name)
        else:
            differ[file.name] = f"summary {_listed(file.seizures)}, {_SEIZURES} {_listed(other)}"
    listed = {file.name for file in summary.files}
    for name in sorted(set(seizures) - listed):
        not_compared[name] = f"there is a {_SEIZURES} file, the summary does not list it"
    return Agreement(tuple(agree), differ, not_compared)


def _listed(seizures: Iterable[Interval | tuple[int, int]]) -> str:
    spans = [f"{float(start):g}-{float(stop):g} s" for start, stop in seizures]
    return ", ".join(spans) or "none"


def _id(*parts: str | float | None) -> str:
    return str(uuid.uuid5(_NAMESPACE, json.dumps(parts, ensure_ascii=False)))

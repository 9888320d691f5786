"""What was looked at: add once, read what is covered and what nobody has seen."""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from eegstore.errors import ConflictError
from eegstore.review import Coverage, Review
from eegstore.service import studies
from eegstore.service.recordings import declared
from eegstore.service.uuids import uuid_of
from eegstore.signal.spans import Spans, common, minus, union
from eegstore.store import reviews, summary_loose
from eegstore.store.database import Database, raw
from eegstore.study import Study


class Added(NamedTuple):
    """A review as it is stored; None where nothing of it could have been seen."""

    review: Review | None
    new: bool


async def add(database: Database, patient_id: str, review: Review) -> Added:
    """Store that somebody has looked at some seconds.

    Seconds that are not stored at that time are left out: when they come late, nobody has seen
    them. Where none is left, nothing is stored.

    Raises
    ------
    NotFoundError
    ConflictError
        The review_id is taken by a review of another recording.
    InvalidDataError
    """
    key = (await declared(database, patient_id, review.recording_id)).key
    name = uuid_of("review_id", review.review_id) or str(uuid.uuid4())
    asked = union(review.spans)
    async with database.begin() as connection:
        driver = await raw(connection)
        stored = await summary_loose.stored(driver, *key, asked[0][0], asked[-1][1])
        seen = common(asked, stored)
        if not seen:
            return Added(None, False)
        values = {
            "patient_id": patient_id,
            "review_id": name,
            "recording_id": review.recording_id,
            "author": review.author,
            "montage": review.montage,
            "lff": review.lff,
            "hff": review.hff,
            "notch": review.notch,
            "start_sec": [start for start, _ in seen],
            "stop_sec": [stop for _, stop in seen],
        }
        new = await reviews.add(driver, values)
        row = await reviews.by_id(driver, patient_id, name)
    assert row is not None
    found = _review(row)
    if found.recording_id != review.recording_id:
        raise ConflictError(f"review {name} exists, of recording {found.recording_id!r}")
    return Added(found, new)


class Covered(NamedTuple):
    """The coverage of a study, and the recordings that roll-ups are due for."""

    coverage: Coverage
    due: list[tuple[str, str]]


async def coverage(
    database: Database,
    study: Study,
    recording_ids: Sequence[str] | None = None,
    authors: Sequence[str] | None = None,
) -> Covered:
    """What was looked at of a study, on its clock, and what is stored and nobody has seen.

    Parameters
    ----------
    recording_ids : sequence of str, optional
        Only of these.
    authors : sequence of str, optional
        Only by these: what none of them has seen is unseen.
    """
    wanted = study.recording_ids if recording_ids is None else list(recording_ids)
    async with database.reading() as driver:
        rows = await reviews.of_recordings(driver, study.patient_id, wanted, authors)
    found = tuple(_review(row) for row in rows)
    stored = await studies.stored(database, study, wanted)
    seen: dict[str, Spans] = {name: [] for name in wanted}
    for review in found:
        seen[review.recording_id] += review.spans
    seen = {name: union(spans) for name, spans in seen.items()}
    unseen = {name: minus(stored.spans[name], seen[name]) for name in wanted}
    told = Coverage(found, _on_clock(study, seen), _on_clock(study, unseen))
    return Covered(told, stored.due)


def _on_clock(study: Study, spans: dict[str, Spans]) -> tuple[tuple[float, float], ...]:
    return tuple((float(start), float(stop)) for start, stop in study.on_clock(spans))


def _review(row: tuple[Any, ...]) -> Review:
    recording_id, starts, stops, *rest = row
    return Review(recording_id, tuple(zip(starts, stops, strict=True)), *rest)

"""The clock of a study, as pages need it: quickly, and as of now."""

from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b

from eegstore.errors import NotFoundError
from eegstore.model import check_id
from eegstore.service import studies
from eegstore.store.database import Database
from eegstore.store.extents import extents
from eegstore.study import Shown, Study, shown
from eegstore.wire import unique_labels

_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Timeline:
    """A study whose recordings are these, and its channel table.

    The table of a study has the channels of the first recording, and those of each later one
    whose label (made unique) is new.
    """

    study: Study
    rows: tuple[tuple[int, ...], ...]  # of each part's channels, in the study's table
    labels: tuple[str, ...]  # of the study's table
    version: str  # another one when the study has other recordings, or they start elsewhere
    editions: dict[str, str]  # of all recordings of the patient


@dataclass(frozen=True, slots=True)
class Extended:
    """A timeline, and how far its recordings reach now."""

    timeline: Timeline
    ends: tuple[Fraction | None, ...]  # [s] of each part; None where nothing is stored
    closed: tuple[bool, ...]

    def shown(self, start: Fraction, stop: Fraction) -> list[Shown]:
        """Which recording is seen when."""
        return shown(self.timeline.study, self.ends, start, stop)

    def nearest(self, time: Fraction) -> int:
        """The part that began last before `time` [s of study time], or else the first."""
        parts = self.timeline.study.parts
        return max(sum(part.offset <= time for part in parts) - 1, 0)

    def is_settled(self, stop: Fraction) -> bool:
        """Whether no recording can still grow into the time before `stop` [s]."""
        return all(
            closed or part.offset >= stop or (end is not None and part.offset + end >= stop)
            for part, end, closed in zip(
                self.timeline.study.parts, self.ends, self.closed, strict=True
            )
        )


async def timeline_of(database: Database, patient_id: str, study_id: str) -> Extended:
    """A study on its clock.

    Raises
    ------
    NotFoundError
    """
    check_id("patient_id", patient_id)
    key = (patient_id, study_id)
    kept: Timeline | None = database.timelines.get(key)
    names = () if kept is None else kept.study.recording_ids
    known = [name for name in names if (patient_id, name) in database.ends]
    async with database.reading() as driver:
        found = await extents(driver, patient_id, known)
    if not found:
        raise NotFoundError(f"no study {study_id!r} of patient {patient_id!r}")
    editions = {extent.recording_id: extent.edition for extent in found}
    if kept is None or kept.editions != editions:
        study = await studies.declared(database, patient_id, study_id)
        if kept is not None and kept.editions.items() - editions.items():  # they were changed
            for name in kept.editions:
                database.ends.pop((patient_id, name), None)
            async with database.reading() as driver:
                found = await extents(driver, patient_id, [])
        kept = _timeline(study, editions)
        if len(database.timelines) >= _KEPT:
            database.timelines.clear()
        database.timelines[key] = kept
    if len(database.ends) > 100 * _KEPT:
        database.ends.clear()
    by_id = {extent.recording_id: extent for extent in found}
    ends, closed = [], []
    for name in kept.study.recording_ids:
        extent = by_id.get(name)
        if extent is None:
            raise NotFoundError(f"recording {name!r} of {patient_id!r} is not there any more")
        stop = database.ends.get((patient_id, name), extent.stop)
        if extent.closed and stop is not None:
            database.ends[patient_id, name] = stop
        ends.append(None if stop is None else Fraction(stop))
        closed.append(extent.closed is not False)
    return Extended(kept, tuple(ends), tuple(closed))


def _timeline(study: Study, editions: dict[str, str]) -> Timeline:
    at: dict[str, int] = {}
    rows = tuple(
        tuple(at.setdefault(label, len(at)) for label in unique_labels(part.recording.channels))
        for part in study.parts
    )
    told = "\0".join(f"{part.recording.recording_id} {part.offset}" for part in study.parts)
    version = blake2b(told.encode(), digest_size=8).hexdigest()
    return Timeline(study, rows, tuple(at), version, editions)

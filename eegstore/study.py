"""Studies: what a reader pages through, all recordings of one admission on one clock.

Recordings of a patient that share a `study_id` and know their `start_time` are one study. One
that lacks either is a study of its own, and its recording_id is the study's. Study time is
seconds from the start of the earliest recording; the hole between two files is a gap in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from eegstore.errors import NotFoundError
from eegstore.model import Recording, RecordingInfo


class Part(NamedTuple):
    """A recording on the clock of its study."""

    recording: Recording
    offset: Fraction  # [s] from the study's start to the recording's


@dataclass(frozen=True, slots=True)
class Study:
    """Recordings on one clock."""

    patient_id: str
    study_id: str
    parts: tuple[Part, ...]  # by offset; there is one, and the first starts at 0

    @property
    def first(self) -> Recording:
        """The earliest recording: its clock is the study's (`eegstore.timebase`)."""
        return self.parts[0].recording

    @property
    def recording_ids(self) -> list[str]:
        """Of its parts, in their order."""
        return [part.recording.recording_id for part in self.parts]

    def on_clock(
        self, seconds: Mapping[str, Sequence[tuple[int, int]]]
    ) -> list[tuple[Fraction, Fraction]]:
        """Spans of seconds of its recordings [s of study time], ascending and apart.

        Parameters
        ----------
        seconds : mapping
            recording_id to half-open spans [s from its start].
        """
        moved = sorted(
            (part.offset + start, part.offset + stop)
            for part in self.parts
            for start, stop in seconds.get(part.recording.recording_id, ())
        )
        joined: list[tuple[Fraction, Fraction]] = []
        for start, stop in moved:
            if joined and start <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], stop)
            else:
                joined.append((start, stop))
        return joined

    def offset(self, recording_id: str) -> Fraction:
        """When one of its recordings starts [s of study time].

        Raises
        ------
        NotFoundError
        """
        for recording, offset in self.parts:
            if recording.recording_id == recording_id:
                return offset
        raise NotFoundError(f"study {self.study_id!r} has no recording {recording_id!r}")


@dataclass(frozen=True, slots=True)
class StudyInfo:
    """A study and what is stored of it now."""

    study: Study
    infos: tuple[RecordingInfo, ...]  # of its parts, in their order

    @property
    def duration(self) -> float:
        """To the end of the last stored sample [s]."""
        pairs = zip(self.study.parts, self.infos, strict=True)
        return float(max(part.offset + Fraction(info.duration) for part, info in pairs))

    @property
    def n_seizures(self) -> int:
        """Of all recordings."""
        return sum(info.n_seizures for info in self.infos)

    @property
    def closed(self) -> bool:
        """Whether all recordings are."""
        return all(info.closed for info in self.infos)


def studies_of(recordings: Iterable[Recording]) -> list[Study]:
    """The studies that recordings make, by patient and start.

    Where all starts of a study have a UTC offset, these count, and a night on which the clocks
    change has its true length; else all starts are taken as shown by one local clock.
    """
    together: dict[tuple[str, str], list[Recording]] = {}
    alone: list[Recording] = []
    for recording in recordings:
        if recording.study_id is None or recording.start_time is None:
            alone.append(recording)
        else:
            key = recording.patient_id, recording.study_id
            together.setdefault(key, []).append(recording)
    found = [Study(*key, _placed(group)) for key, group in together.items()]
    for recording in alone:
        study_id = recording.recording_id
        while (recording.patient_id, study_id) in together:
            study_id += "+"
        part = Part(recording, Fraction(0))
        found.append(Study(recording.patient_id, study_id, (part,)))
    return sorted(found, key=_order)


def study_named(recordings: Iterable[Recording], study_id: str) -> Study:
    """The study of that id among those that the recordings of one patient make.

    Raises
    ------
    NotFoundError
    """
    for study in studies_of(recordings):
        if study.study_id == study_id:
            return study
    raise NotFoundError(f"the patient has no study {study_id!r}")


def study_infos(infos: Sequence[RecordingInfo]) -> list[StudyInfo]:
    """`studies_of`, with what is stored of each recording."""
    by_key = {(i.recording.patient_id, i.recording.recording_id): i for i in infos}
    return [
        StudyInfo(
            study,
            tuple(by_key[study.patient_id, part.recording.recording_id] for part in study.parts),
        )
        for study in studies_of(info.recording for info in infos)
    ]


class Shown(NamedTuple):
    """A stretch of study time, and which part a reader sees then."""

    part: int
    start: Fraction  # [s] of study time
    stop: Fraction  # [s]


def shown(
    study: Study, ends: Sequence[Fraction | None], start: Fraction, stop: Fraction
) -> list[Shown]:
    """Which recording is seen when, in ``start <= t < stop`` [s of study time].

    Where recordings overlap, the one that started last is seen.

    Parameters
    ----------
    ends : sequence of Fraction or None
        How long each part is [s]; None where nothing is stored of it.
    """
    coming = sorted(
        (
            (part.offset, index, part.offset + end)
            for index, (part, end) in enumerate(zip(study.parts, ends, strict=True))
            if end is not None and part.offset < stop and part.offset + end > start
        ),
        reverse=True,
    )
    times = {time for lo, _, hi in coming for time in (lo, hi) if start < time < stop}
    there: list[tuple[Fraction, int, Fraction]] = []  # a heap, who began last is first
    found: list[Shown] = []
    for lo, hi in pairwise(sorted({start, stop, *times})):
        while coming and coming[-1][0] <= lo:
            begin, index, end = coming.pop()
            heappush(there, (-begin, -index, end))
        while there and there[0][2] <= lo:
            heappop(there)
        if not there:
            continue
        part = -there[0][1]
        if found and found[-1].part == part and found[-1].stop == lo:
            lo = found.pop().start
        found.append(Shown(part, lo, hi))
    return found


def _placed(group: Sequence[Recording]) -> tuple[Part, ...]:
    in_utc = all(recording.utc_offset is not None for recording in group)
    starts = [_start(recording, in_utc) for recording in group]
    zero = min(starts)
    parts = [
        Part(recording, Fraction((start - zero) // timedelta(microseconds=1), 1_000_000))
        for recording, start in zip(group, starts, strict=True)
    ]
    return tuple(sorted(parts, key=lambda part: (part.offset, part.recording.recording_id)))


def _start(recording: Recording, in_utc: bool) -> datetime:
    assert recording.start_time is not None
    ahead = recording.utc_offset if in_utc and recording.utc_offset is not None else 0
    return recording.start_time - timedelta(seconds=ahead)


def _order(study: Study) -> tuple[str, bool, datetime, str]:
    start = study.first.start_time
    return study.patient_id, start is None, start or datetime.min, study.study_id

"""Studies as JSON."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from eegstore.model import RecordingInfo
from eegstore.study import Part, Study, StudyInfo
from eegstore.tally import Day, Hour, Tally
from eegstore.wire.metadata import recording_from_json


def study_json(info: StudyInfo) -> dict[str, Any]:
    """A study with its recordings, each with its `offset` on the study's clock [s]."""
    study, first = info.study, info.study.first
    return {
        "patient_id": study.patient_id,
        "study_id": study.study_id,
        "start_time": first.start_time,
        "zone": first.zone,
        "utc_offset": first.utc_offset,
        "duration": info.duration,
        "n_seizures": info.n_seizures,
        "closed": info.closed,
        "recordings": [
            info_json(of_part) | {"offset": float(part.offset)}
            for part, of_part in zip(study.parts, info.infos, strict=True)
        ],
    }


def study_from_json(value: Any) -> StudyInfo:
    """A study as it is listed."""
    infos = tuple(info_from_json(item) for item in value["recordings"])
    parts = tuple(
        Part(info.recording, Fraction(repr(item["offset"])))
        for info, item in zip(infos, value["recordings"], strict=True)
    )
    study = Study(str(value["patient_id"]), str(value["study_id"]), parts)
    if not parts:
        raise ValueError(f"study {study.study_id!r} has no recordings")
    return StudyInfo(study, infos)


def tally_json(tally: Tally) -> dict[str, Any]:
    """The seizures of a study by day and by hour."""
    return {
        "days": [
            {"number": d.number, "date": d.date, "seconds": d.seconds, "n_seizures": d.n_events,
             "seizures_per_hour": d.per_hour}
            for d in tally.days
        ],
        "hours": [
            {"start": h.start, "clock": h.clock, "seconds": h.seconds, "n_seizures": h.n_events}
            for h in tally.hours
        ],
    }  # fmt: skip


def tally_from_json(value: Any) -> Tally:
    """The seizures of a study by day and by hour."""
    return Tally(
        tuple(
            Hour(
                float(item["start"]),
                None if item["clock"] is None else datetime.fromisoformat(item["clock"]),
                float(item["seconds"]),
                int(item["n_seizures"]),
            )
            for item in value["hours"]
        ),
        tuple(
            Day(
                int(item["number"]),
                None if item["date"] is None else date.fromisoformat(item["date"]),
                float(item["seconds"]),
                int(item["n_seizures"]),
            )
            for item in value["days"]
        ),
    )


def info_json(info: RecordingInfo) -> dict[str, Any]:
    """A recording and what is stored of it."""
    return {name: getattr(info, name) for name in RecordingInfo.__slots__}


def info_from_json(value: Any) -> RecordingInfo:
    """A recording as it is listed."""
    return RecordingInfo(
        recording_from_json(value["recording"]),
        int(value["n_seconds"]),
        float(value["duration"]),
        int(value["n_samples"]),
        int(value["stored_bytes"]),
        bool(value["closed"]),
        int(value["n_seizures"]),
    )

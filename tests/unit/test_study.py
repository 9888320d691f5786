"""Recordings on the clock of their study."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import wire
from eegstore.errors import NotFoundError
from eegstore.model import Recording, RecordingInfo
from eegstore.study import studies_of, study_infos, study_named
from eegstore.wire.study import study_from_json, study_json
from tests.unit.recordings import make_recording

EIGHT = datetime(2026, 11, 22, 8)


def recording(name: str, start: datetime | None = EIGHT, **fields: object) -> Recording:
    return make_recording(
        **({"recording_id": name, "start_time": start, "study_id": "s"} | fields)  # type: ignore[arg-type]
    )


def offsets(*recordings: Recording) -> dict[str, Fraction]:
    (study,) = studies_of(recordings)
    return {part.recording.recording_id: part.offset for part in study.parts}


def test_zero_is_the_start_of_the_earliest_and_holes_stay() -> None:
    late = recording("b", EIGHT + timedelta(hours=1, seconds=37, microseconds=1))
    assert offsets(late, recording("a")) == {"a": 0, "b": 3637 + Fraction(1, 1_000_000)}


def test_without_study_id_or_start_a_recording_is_a_study_of_its_own() -> None:
    found = studies_of(
        [recording("no-start", None), recording("no-study", study_id=None), recording("a")]
    )
    assert [(study.study_id, len(study.parts)) for study in found] == [
        ("no-study", 1), ("s", 1), ("no-start", 1),
    ]  # fmt: skip


def test_a_study_of_its_own_never_takes_the_name_of_a_declared_one() -> None:
    found = studies_of([recording("s", None), recording("a"), recording("s", patient_id="p2")])
    assert [(study.patient_id, study.study_id) for study in found] == [
        ("p1", "s"), ("p1", "s+"), ("p2", "s"),
    ]  # fmt: skip


def test_studies_of_two_patients_are_two() -> None:
    found = studies_of([recording("a", patient_id="p2"), recording("a")])
    assert [study.patient_id for study in found] == ["p1", "p2"]


def test_a_night_on_which_the_clocks_go_back_has_its_true_length() -> None:
    """22:00 to 04:00 in Berlin, the night of 25 October 2026."""
    evening = recording("a", datetime(2026, 10, 24, 22), zone="Europe/Berlin", utc_offset=7200)
    morning = recording("b", datetime(2026, 10, 25, 4), zone="Europe/Berlin", utc_offset=3600)
    assert offsets(evening, morning)["b"] == 7 * 3600


def test_where_one_start_has_no_offset_all_are_local() -> None:
    evening = recording("a", datetime(2026, 10, 24, 22), utc_offset=7200)
    morning = recording("b", datetime(2026, 10, 25, 4))
    assert offsets(evening, morning)["b"] == 6 * 3600


def test_offset_decides_which_is_earliest() -> None:
    in_london = recording("london", EIGHT, utc_offset=0)
    in_berlin = recording("berlin", EIGHT + timedelta(minutes=30), utc_offset=3600)
    assert offsets(in_london, in_berlin) == {"berlin": 0, "london": 1800}
    (study,) = studies_of([in_london, in_berlin])
    assert study.first == in_berlin


def test_offset_of_a_recording_and_of_none() -> None:
    study = study_named([recording("a"), recording("b", EIGHT + timedelta(hours=1))], "s")
    assert study.offset("b") == 3600
    with pytest.raises(NotFoundError, match="study 's' has no recording 'c'"):
        study.offset("c")
    with pytest.raises(NotFoundError, match="no study 'a'"):
        study_named([recording("a")], "a")


def test_seconds_of_recordings_on_the_clock_join_where_they_touch() -> None:
    study = study_named(
        [recording("a"), recording("b", EIGHT + timedelta(seconds=10, microseconds=500_000))], "s"
    )
    half = Fraction(1, 2)
    assert study.on_clock({"b": [(0, 3), (5, 6)], "a": [(1, 2), (5, 11)], "c": [(0, 9)]}) == [
        (1, 2), (5, 13 + half), (15 + half, 16 + half),
    ]  # fmt: skip
    assert study.on_clock({}) == []


@given(st.lists(st.datetimes(datetime(1985, 1, 1), datetime(2084, 1, 1)), min_size=1, max_size=9))
def test_offsets_are_ascending_differences_of_the_starts(starts: list[datetime]) -> None:
    (study,) = studies_of(recording(f"r{n}", start) for n, start in enumerate(starts))
    found = [part.offset for part in study.parts]
    assert found == sorted(found)
    for part in study.parts:
        later = timedelta(microseconds=int(part.offset * 1_000_000))
        assert min(starts) + later == part.recording.start_time


def info(of: Recording, duration: float, n_seizures: int, closed: bool) -> RecordingInfo:
    return RecordingInfo(of, int(duration), duration, 1, 2, closed, n_seizures)


def test_what_is_stored_of_a_study_is_that_of_its_recordings() -> None:
    long = info(recording("a"), 7200.5, 2, True)
    short = info(recording("b", EIGHT + timedelta(hours=1)), 60.0, 1, False)
    (study,) = study_infos([short, long])
    assert study.infos == (long, short)
    assert (study.duration, study.n_seizures, study.closed) == (7200.5, 3, False)
    (closed,) = study_infos([long])
    assert closed.closed


def test_json_gives_back_the_study() -> None:
    odd = EIGHT + timedelta(days=400, microseconds=123_457)
    (study,) = study_infos(
        [
            info(recording("a", utc_offset=3600, zone="Europe/Berlin"), 10.0, 1, True),
            info(recording("b", odd, utc_offset=3600), 1 / 3, 0, False),
        ]
    )
    said = wire.load(wire.dump(study_json(study)))
    assert study_from_json(said) == study
    assert said["start_time"] == "2026-11-22T08:00:00"
    assert (said["zone"], said["utc_offset"], said["n_seizures"]) == ("Europe/Berlin", 3600, 1)
    assert said["recordings"][1]["offset"] == 400 * 86400.0 + 0.123457
    assert said["duration"] == 400 * 86400.0 + 0.123457 + 1 / 3

"""What is said of a recording is added once; an edit supersedes and removes nothing."""

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eegstore.annotations import read_annotation_file
from eegstore.errors import ConflictError, InvalidDataError, NotFoundError
from eegstore.model import Annotation
from eegstore.review import undoing
from eegstore.service import annotations, recordings, studies
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import made, used
from tests.integration.postgres_processes import query

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"
THREE = "33333333-3333-4333-8333-333333333333"
SEIZURE = Annotation(2996.0, 40.0, "seizure", (0, 2), ONE, "chbmit-summary", "proposed", "anna")


@dataclass
class Place:
    """A patient of a test of its own, with two recordings of three channels."""

    url: str
    admin: str
    patient_id: str

    @property
    def key(self) -> tuple[str, str]:
        return self.patient_id, "r1"

    @property
    def n_rows(self) -> int:
        statement = f"SELECT count(*) FROM annotation WHERE patient_id = '{self.patient_id}'"
        return int(query(self.admin, statement))


@pytest.fixture
def place(common: Urls) -> Place:
    found = Place(common.app, common.admin, f"p-{uuid.uuid4().hex}")

    async def declare(database: Database) -> None:
        for recording_id in ("r1", "r2"):
            recording, _ = made(0, patient_id=found.patient_id, recording_id=recording_id)
            await recordings.declare(database, recording)

    used(found.url, declare)
    return found


def test_an_annotation_comes_back_as_it_was_added(place: Place) -> None:
    async def work(database: Database) -> list[Annotation]:
        assert await annotations.add(database, *place.key, [SEIZURE]) == [(SEIZURE, True)]
        return await annotations.of_recording(database, *place.key)

    assert used(place.url, work) == [SEIZURE]


def test_one_without_an_id_gets_one(place: Place) -> None:
    async def work(database: Database) -> tuple[Annotation, list[Annotation]]:
        said = Annotation(1.5, None, "Auge zu, µV")
        ((added, new), (other, _)) = await annotations.add(database, *place.key, [said, said])
        assert new
        assert replace(added, annotation_id=None) == said
        assert added.annotation_id != other.annotation_id
        return added, await annotations.of_recording(database, *place.key)

    added, listed = used(place.url, work)
    assert str(uuid.UUID(added.annotation_id)) == added.annotation_id
    assert len(listed) == 2
    assert added in listed


def test_adding_again_adds_nothing(place: Place) -> None:
    """Nor does adding it together with something new, or with its id in other letters."""
    artefact = replace(SEIZURE, annotation_id=TWO, description="artefact")
    upper = replace(SEIZURE, annotation_id=ONE.replace("-", "").upper())

    async def work(database: Database) -> list[list[bool]]:
        batches = [[SEIZURE], [SEIZURE], [artefact, SEIZURE], [upper]]
        return [
            [new for _, new in await annotations.add(database, *place.key, batch)]
            for batch in batches
        ]

    assert used(place.url, work) == [[True], [False], [True, False], [False]]
    assert place.n_rows == 2


@pytest.mark.parametrize(
    "changed",
    [{"onset": 2997.0}, {"duration": None}, {"duration": 40.5}, {"description": "Seizure"},
     {"channels": ()}, {"channels": (2, 0)}, {"source": "user"}, {"status": "confirmed"},
     {"author": None}],
)  # fmt: skip
def test_other_content_under_the_same_id_is_a_conflict_and_nothing_is_stored(
    place: Place, changed: dict[str, Any]
) -> None:
    async def work(database: Database) -> list[Annotation]:
        await annotations.add(database, *place.key, [SEIZURE])
        new = replace(SEIZURE, annotation_id=TWO)
        with pytest.raises(ConflictError, match=ONE):
            await annotations.add(database, *place.key, [new, replace(SEIZURE, **changed)])
        return await annotations.of_recording(database, *place.key)

    assert used(place.url, work) == [SEIZURE]


def test_an_id_of_another_recording_is_taken(place: Place) -> None:
    async def work(database: Database) -> None:
        await annotations.add(database, *place.key, [SEIZURE])
        with pytest.raises(ConflictError, match=ONE):
            await annotations.add(database, place.patient_id, "r2", [SEIZURE])
        assert await annotations.of_recording(database, place.patient_id, "r2") == []

    used(place.url, work)


def test_two_of_one_id_in_one_request_are_a_conflict(place: Place) -> None:
    async def work(database: Database) -> None:
        with pytest.raises(ConflictError, match=ONE):
            await annotations.add(database, *place.key, [SEIZURE, replace(SEIZURE, onset=1.0)])

    used(place.url, work)
    assert place.n_rows == 0


def test_of_two_that_race_for_an_id_one_wins(place: Place) -> None:
    async def work(database: Database) -> list[Any]:
        said = [replace(SEIZURE, onset=float(n)) for n in range(6)]
        return await asyncio.gather(
            *(annotations.add(database, *place.key, [one]) for one in said), return_exceptions=True
        )

    results = used(place.url, work, pool_size=6)
    assert sum(isinstance(result, ConflictError) for result in results) == 5
    assert place.n_rows == 1


def test_an_edit_supersedes_and_what_it_replaced_stays_in_the_table(place: Place) -> None:
    edit = replace(SEIZURE, annotation_id=TWO, onset=2990.0, status="confirmed", supersedes=ONE)
    rejected = replace(edit, annotation_id=THREE, status="rejected", supersedes=TWO)

    async def work(database: Database) -> list[list[Annotation]]:
        listed = []
        for said in (SEIZURE, edit, rejected):
            await annotations.add(database, *place.key, [said])
            listed.append(await annotations.of_recording(database, *place.key))
        return listed

    assert used(place.url, work) == [[SEIZURE], [edit], [rejected]]
    assert place.n_rows == 3


@pytest.mark.parametrize(
    ("recording_id", "supersedes"), [("r1", THREE), ("r2", ONE)], ids=["unknown", "of another"]
)
def test_only_what_is_said_of_this_recording_can_be_superseded(
    place: Place, recording_id: str, supersedes: str
) -> None:
    edit = replace(SEIZURE, annotation_id=TWO, supersedes=supersedes)

    async def work(database: Database) -> None:
        await annotations.add(database, *place.key, [SEIZURE])
        with pytest.raises(NotFoundError, match=f"no annotation {supersedes} of '{recording_id}'"):
            await annotations.add(database, place.patient_id, recording_id, [edit])

    used(place.url, work)
    assert place.n_rows == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"channels": (3,)}, r"channel 3 is not in 0 \.\. 2"),
        ({"channels": (0, -1)}, "channel -1 is not in 0"),
        ({"annotation_id": "one"}, "annotation_id 'one' is not a UUID"),
        ({"supersedes": "one"}, "supersedes 'one' is not a UUID"),
        ({"description": "x" * 10_001}, "description has 10001 characters; at most 10000"),
        ({"description": "a\0b"}, r"U\+0000"),
    ],
)
def test_what_cannot_be_an_annotation_here_is_refused(
    place: Place, changed: dict[str, Any], message: str
) -> None:
    async def work(database: Database) -> None:
        good = replace(SEIZURE, annotation_id=TWO)
        with pytest.raises(InvalidDataError, match=message):
            await annotations.add(database, *place.key, [good, replace(SEIZURE, **changed)])

    used(place.url, work)
    assert place.n_rows == 0


def test_an_unknown_recording_has_no_annotations_and_takes_none(place: Place) -> None:
    async def work(database: Database) -> None:
        with pytest.raises(NotFoundError, match="no recording 'r3'"):
            await annotations.add(database, place.patient_id, "r3", [SEIZURE])
        with pytest.raises(NotFoundError, match="no recording 'r3'"):
            await annotations.of_recording(database, place.patient_id, "r3")
        assert await annotations.add(database, *place.key, []) == []
        assert await annotations.of_recording(database, *place.key) == []

    used(place.url, work)


def test_they_are_listed_by_onset_and_a_span_gives_what_touches_it(place: Place) -> None:
    """Half-open: what ends where the span starts is out, what starts there is in."""
    said = {
        "whole": (0.0, 100.0), "early": (5.0, 5.0), "point": (10.0, None), "zero": (10.0, 0.0),
        "within": (12.0, 1.0), "over": (19.5, 10.0), "late": (20.0, 1.0), "before": (-3.0, 2.0),
    }  # fmt: skip

    async def work(database: Database) -> None:
        added = [Annotation(onset, duration, name) for name, (onset, duration) in said.items()]
        await annotations.add(database, *place.key, added[::-1])

        async def names(*span: float | None) -> list[str]:
            found = await annotations.of_recording(database, *place.key, *span)
            onsets = [annotation.onset for annotation in found]
            assert onsets == sorted(onsets)
            return [annotation.description for annotation in found]

        assert (await names())[:3] == ["before", "whole", "early"]
        assert sorted(await names()) == sorted(said)
        assert sorted(await names(10.0, 20.0)) == ["over", "point", "whole", "within", "zero"]
        assert sorted(await names(10.5, 11.0)) == ["whole"]
        assert sorted(await names(20.0)) == ["late", "over", "whole"]
        assert sorted(await names(None, 5.0)) == ["before", "whole"]
        assert sorted(await names(-2.5, 0.0)) == ["before"]

    used(place.url, work)


def test_of_two_edits_of_one_annotation_the_second_is_refused_and_told_of_the_first(
    place: Place,
) -> None:
    first = replace(
        SEIZURE, annotation_id=TWO, description="artefact", author="berta", status="rejected",
        supersedes=ONE,
    )  # fmt: skip
    second = replace(SEIZURE, annotation_id=THREE, duration=50.0, author="carl", supersedes=ONE)

    async def work(database: Database) -> list[Annotation]:
        await annotations.add(database, *place.key, [SEIZURE])
        await annotations.add(database, *place.key, [first])
        assert await annotations.add(database, *place.key, [first]) == [(first, False)]
        told = rf"annotation {ONE} is superseded .* berta made it 'artefact' from 2996 s, rejected"
        new = Annotation(1.0, 1.0, "with it")
        with pytest.raises(ConflictError, match=told):
            await annotations.add(database, *place.key, [new, second])
        return await annotations.of_recording(database, *place.key)

    assert used(place.url, work) == [first]
    assert place.n_rows == 2


def test_of_editors_who_race_one_wins(place: Place) -> None:
    async def work(database: Database) -> list[Any]:
        await annotations.add(database, *place.key, [SEIZURE])
        edits = [replace(SEIZURE, annotation_id=None, onset=float(n), supersedes=ONE)
                 for n in range(6)]  # fmt: skip
        return await asyncio.gather(
            *(annotations.add(database, *place.key, [one]) for one in edits), return_exceptions=True
        )

    results = used(place.url, work, pool_size=6)
    assert sum(isinstance(result, ConflictError) for result in results) == 5
    assert place.n_rows == 2


def test_two_that_supersede_one_in_one_request_are_refused(place: Place) -> None:
    edits = [replace(SEIZURE, annotation_id=name, supersedes=ONE) for name in (TWO, THREE)]

    async def work(database: Database) -> None:
        await annotations.add(database, *place.key, [SEIZURE])
        with pytest.raises(ConflictError, match="is superseded already"):
            await annotations.add(database, *place.key, edits)

    used(place.url, work)
    assert place.n_rows == 1


def test_a_history_is_the_same_from_every_version(place: Place) -> None:
    versions = [
        SEIZURE,
        replace(SEIZURE, annotation_id=TWO, onset=2990.0, author="berta", supersedes=ONE),
        replace(SEIZURE, annotation_id=THREE, status="rejected", author=None, supersedes=TWO),
    ]

    async def work(database: Database) -> None:
        before = datetime.now(UTC)
        await annotations.add(database, *place.key, [Annotation(1.0, 1.0, "another")])
        for version in versions:
            await annotations.add(database, *place.key, [version])
        for name in (ONE, TWO, THREE.upper()):
            found = await annotations.history(database, place.patient_id, name)
            assert [entry.annotation for entry in found] == versions
            assert {entry.recording_id for entry in found} == {"r1"}
            times = [entry.created_at for entry in found]
            assert times == sorted(times)
            assert before < times[0]
        other = "44444444-4444-4444-8444-444444444444"
        with pytest.raises(NotFoundError, match=f"no annotation {other}"):
            await annotations.history(database, place.patient_id, other)
        with pytest.raises(NotFoundError):
            await annotations.history(database, "p-of-another", ONE)
        with pytest.raises(InvalidDataError, match="'one' is not a UUID"):
            await annotations.history(database, place.patient_id, "one")

    used(place.url, work)


def test_undoing_goes_back_version_by_version(place: Place) -> None:
    async def work(database: Database) -> list[tuple[float, str]]:
        edit = replace(SEIZURE, annotation_id=TWO, onset=2990.0, supersedes=ONE)
        again = replace(edit, annotation_id=THREE, onset=2980.0, supersedes=TWO)
        for version in (SEIZURE, edit, again):
            await annotations.add(database, *place.key, [version])
        standing = []
        for _ in range(4):
            history = await annotations.history(database, place.patient_id, ONE)
            await annotations.add(database, *place.key, [undoing(history, "berta")])
            (now,) = await annotations.of_recording(database, *place.key)
            standing.append((now.onset, now.status))
        return standing

    assert used(place.url, work) == [
        (2990.0, "proposed"), (2996.0, "proposed"), (2996.0, "rejected"), (2996.0, "proposed"),
    ]  # fmt: skip
    assert place.n_rows == 7


def test_what_stands_of_a_study_is_on_its_clock(common: Urls) -> None:
    """Two files an hour and a microsecond apart; a third of the patient is another study."""
    patient = f"p-{uuid.uuid4().hex}"
    eight = datetime(2026, 11, 22, 8)
    starts = {"b": eight + timedelta(hours=1, microseconds=1), "a": eight, "alone": None}

    async def work(database: Database) -> None:
        for name, start in starts.items():
            recording, _ = made(
                0, patient_id=patient, recording_id=name, study_id="s", start_time=start
            )
            await recordings.declare(database, recording)
            said = [Annotation(10.0, 5.0, f"{name} long"), Annotation(20.0, None, f"{name} point"),
                    Annotation(12.0, 1.0, f"{name} no", status="rejected")]  # fmt: skip
            await annotations.add(database, patient, name, said)
        study = await studies.declared(database, patient, "s")

        async def names(*span: float | None, **only: Any) -> list[str]:
            found = await annotations.standing(database, study, None, *span, **only)
            onsets = [entry.study_onset for entry in found]
            assert onsets == sorted(onsets)
            for entry in found:
                start = 3600.000001 if entry.recording_id == "b" else 0.0
                assert entry.study_onset == start + entry.annotation.onset
            return [entry.annotation.description for entry in found]

        assert await names() == ["a long", "a no", "a point", "b long", "b no", "b point"]
        assert await names(20.0, 3610.0) == ["a point"]
        assert await names(3612.5, 3620.0) == ["b long", "b no"]
        assert await names(3612.5, 3620.0, statuses=["confirmed", "proposed"]) == ["b long"]
        assert await names(3620.0) == ["b point"]
        assert await names(None, 10.5) == ["a long"]
        only = await annotations.standing(database, study, ["b"], statuses=["rejected"])
        assert [entry.annotation.description for entry in only] == ["b no"]
        own = await studies.around(database, patient, "alone")
        assert own.study_id == "alone"
        assert len(await annotations.standing(database, own)) == 3

    used(common.app, work)


def test_the_seizures_of_chbmit_are_imported_once_under_the_files_they_speak_of(
    urls: Urls, shared_data: Path
) -> None:
    """From the summary and from the .seizures files, which agree; two importers, one result."""
    folder = shared_data / "chbmit" / "annotations"
    summary = read_annotation_file(folder / "chb01-summary.txt")
    wfdb = read_annotation_file(folder / "chb01_03.edf.seizures")

    async def work(database: Database) -> dict[str, list[Annotation]]:
        names = ("chb01_03.edf", "chb01_04.edf", "chb01_01.edf")
        for name in names:
            recording, _ = made(0, patient_id="chb01", recording_id=name)
            await recordings.declare(database, recording)
        for again in (False, True):
            for source in (summary, wfdb):
                for name in names:
                    added = await annotations.add(database, "chb01", name, source.get(name, []))
                    assert all(new is not again for _, new in added)
        return {name: await annotations.of_recording(database, "chb01", name) for name in names}

    found = used(urls.app, work)
    told = {
        name: [(a.onset, a.duration, a.description, a.source) for a in listed]
        for name, listed in found.items()
    }
    assert sorted(told["chb01_03.edf"]) == [
        (2996.0, 40.0, "seizure", "chbmit-seizures"), (2996.0, 40.0, "seizure", "chbmit-summary"),
    ]  # fmt: skip
    assert told["chb01_04.edf"] == [(1467.0, 27.0, "seizure", "chbmit-summary")]
    assert told["chb01_01.edf"] == []

"""What was looked at: seconds that were there to be seen, their union, and what nobody saw."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from eegstore.errors import ConflictError, InvalidDataError, NotFoundError
from eegstore.model import Chunk, Recording
from eegstore.review import Coverage, Review
from eegstore.service import recordings, reviews, studies
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import made, put, used

EIGHT = datetime(2026, 11, 22, 8)
ANNA = Review("a", ((0, 2),), "longitudinal", 1.0, 70.0, None, "anna")


def two_files(patient: str) -> list[tuple[Recording, list[Chunk]]]:
    """A study of two files of 10 s; the second begins 60.5 s after the first."""
    return [
        made(
            10, [Fraction(4)], patient_id=patient, recording_id=name, study_id="s",
            start_time=EIGHT + timedelta(seconds=after),
        )
        for name, after in (("a", 0), ("b", 60.5))
    ]  # fmt: skip


@pytest.fixture
def patient() -> str:
    return f"p-{uuid.uuid4().hex}"


async def covered(database: Database, patient: str, *authors: str) -> Coverage:
    study = await studies.declared(database, patient, "s")
    return (await reviews.coverage(database, study, authors=authors or None)).coverage


def test_what_was_seen_is_joined_on_the_clock_of_the_study_and_the_rest_is_unseen(
    common: Urls, patient: str
) -> None:
    async def work(database: Database) -> None:
        for recording, chunks in two_files(patient):
            await put(database, recording, chunks)
        assert await covered(database, patient) == Coverage((), (), ((0.0, 10.0), (60.5, 70.5)))

        before = datetime.now(UTC)
        first, new = await reviews.add(database, patient, ANNA)
        assert new
        assert first is not None
        assert first == replace(ANNA, review_id=first.review_id, at=first.at)
        assert first.at is not None
        assert before < first.at
        both = Review("b", ((8, 10), (2, 3), (2, 4)), "average", author="berta")
        second = (await reviews.add(database, patient, both)).review
        assert second is not None
        assert second.spans == ((2, 4), (8, 10))
        await reviews.add(database, patient, replace(ANNA, spans=((1, 5),), author="berta"))

        found = await covered(database, patient)
        assert [review.author for review in found.reviews] == ["anna", "berta", "berta"]
        assert found.reviews[:2] == (first, second)
        assert found.seen == ((0.0, 5.0), (62.5, 64.5), (68.5, 70.5))
        assert found.unseen == ((5.0, 10.0), (60.5, 62.5), (64.5, 68.5))

        hers = await covered(database, patient, "anna", "nobody")
        assert hers.reviews == (first,)
        assert (hers.seen, hers.unseen) == (((0.0, 2.0),), ((2.0, 10.0), (60.5, 70.5)))
        study = await studies.declared(database, patient, "s")
        of_b = (await reviews.coverage(database, study, ["b"])).coverage
        assert of_b.reviews == (second,)
        assert of_b.unseen == ((60.5, 62.5), (64.5, 68.5))

    used(common.app, work)


def test_what_came_late_was_not_seen(common: Urls, patient: str) -> None:
    (recording, chunks), _ = two_files(patient)

    async def work(database: Database) -> None:
        await put(database, recording, [chunks[0], chunks[2]])
        added = await reviews.add(database, patient, replace(ANNA, spans=((0, 4),)))
        assert added.review is not None
        assert added.review.spans == ((0, 1), (2, 3))
        await put(database, recording, chunks[:5])
        found = await covered(database, patient)
        assert found.seen == ((0.0, 1.0), (2.0, 3.0))
        assert found.unseen == ((1.0, 2.0), (3.0, 5.0))

        nothing = await reviews.add(database, patient, replace(ANNA, spans=((7, 9),)))
        assert nothing == (None, False)
        assert len((await covered(database, patient)).reviews) == 1

    used(common.app, work)


def test_a_review_that_is_sent_again_is_stored_once(common: Urls, patient: str) -> None:
    named = replace(ANNA, review_id=str(uuid.uuid4()))

    async def work(database: Database) -> None:
        for recording, chunks in two_files(patient):
            await put(database, recording, chunks[:1])
        first = await reviews.add(database, patient, named)
        again = await reviews.add(database, patient, named)
        assert (first.new, again.new) == (True, False)
        assert first.review == again.review
        assert len((await covered(database, patient)).reviews) == 1
        with pytest.raises(ConflictError, match=f"{named.review_id} exists, of recording 'a'"):
            await reviews.add(database, patient, replace(named, recording_id="b"))

    used(common.app, work)


def test_only_what_is_known_can_be_looked_at(common: Urls, patient: str) -> None:
    async def work(database: Database) -> None:
        await recordings.declare(database, two_files(patient)[0][0])
        with pytest.raises(NotFoundError, match="no recording 'c'"):
            await reviews.add(database, patient, replace(ANNA, recording_id="c"))
        with pytest.raises(InvalidDataError, match="review_id 'x' is not a UUID"):
            await reviews.add(database, patient, replace(ANNA, review_id="x"))

    used(common.app, work)

"""Annotations and coverage there and back."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from eegstore import wire
from eegstore.model import Annotation
from eegstore.review import Coverage, Entry, Review
from eegstore.wire.review import coverage_from_json, coverage_json, entries_from_json, entries_json

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
seconds = st.floats(0, 1e9)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
entries = st.builds(
    Entry,
    st.builds(
        Annotation, seconds, st.none() | seconds, text,
        st.lists(st.integers(0, 99), max_size=3).map(tuple), st.uuids().map(str), text,
        st.sampled_from(["proposed", "confirmed", "rejected"]), st.none() | text,
        st.none() | st.uuids().map(str),
    ),
    st.just("r1"), seconds, moments,
)  # fmt: skip


@given(st.lists(entries, max_size=4))
def test_entries_come_back(listed: list[Entry]) -> None:
    assert entries_from_json(wire.load(entries_json(listed))) == listed


def test_coverage_comes_back() -> None:
    at = datetime(2026, 11, 22, 8, 0, 0, 5, tzinfo=UTC)
    reviews = (
        Review("a", ((0, 2), (5, 6)), "average", 1.0, 70.0, 50.0, "anna", "id-1", at),
        Review("b", ((10**9, 10**9 + 1),), "mine", None, None, None, None, "id-2",
               at + timedelta(days=1)),
    )  # fmt: skip
    said = Coverage(reviews, ((0.0, 2.0), (3.5, 4.25)), ((4.25, 10.0),))
    assert coverage_from_json(wire.load(wire.dump(coverage_json(said)))) == said
    assert coverage_from_json(
        wire.load(wire.dump(coverage_json(Coverage((), (), ()))))
    ) == Coverage((), (), ())

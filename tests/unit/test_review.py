"""The history of annotations, how a change is undone, and what a review may say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from eegstore.model import Annotation
from eegstore.review import Entry, Review, in_order, undoing

FIRST = Annotation(10.0, 2.0, "seizure", (1,), "v0", "edf", "proposed", "anna")


def entries(*versions: Annotation) -> list[Entry]:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    return [
        Entry(version, "r1", version.onset, start + timedelta(seconds=at))
        for at, version in enumerate(versions)
    ]


def edited(history: list[Entry], **changes: object) -> list[Entry]:
    latest = history[-1].annotation
    edit = replace(latest, annotation_id=f"v{len(history)}", supersedes=latest.annotation_id)
    return entries(*(e.annotation for e in history), replace(edit, **changes))  # type: ignore[arg-type]


def undone(history: list[Entry], author: str | None = None) -> list[Entry]:
    said = undoing(history, author)
    assert said.annotation_id is None
    named = replace(said, annotation_id=f"v{len(history)}")
    return entries(*(e.annotation for e in history), named)


def test_versions_are_put_in_order_even_where_the_clock_went_back() -> None:
    history = edited(edited(entries(FIRST), onset=9.0), onset=8.0)
    times = [entry.created_at for entry in history]
    for shuffled in permutations(times):
        moved = [replace(e, created_at=at) for e, at in zip(history, shuffled, strict=True)]
        assert [e.annotation for e in in_order(moved)] == [e.annotation for e in history]
    assert in_order([]) == []


def test_undoing_says_again_what_was_said_before() -> None:
    history = edited(entries(FIRST), onset=9.0, author="berta", status="confirmed")
    said = undoing(history, "carl")
    assert said == replace(FIRST, annotation_id=None, supersedes="v1", author="carl")


def test_undoing_the_first_version_rejects_it_and_undoing_that_brings_it_back() -> None:
    history = undone(entries(FIRST))
    assert history[-1].annotation.status == "rejected"
    assert undone(history)[-1].annotation.status == "proposed"


def test_a_rejection_is_undone() -> None:
    history = edited(edited(entries(FIRST), onset=9.0), status="rejected")
    back = undone(history)[-1].annotation
    assert (back.onset, back.status) == (9.0, "proposed")


def test_a_new_edit_after_undoing_is_what_is_undone_next() -> None:
    history = undone(edited(entries(FIRST), onset=9.0))
    history = undone(edited(history, onset=7.0))
    assert history[-1].annotation.onset == 10.0
    assert undone(history)[-1].annotation.status == "rejected"


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=6, unique=True))
def test_as_many_undos_as_edits_give_the_first_version(onsets: list[float]) -> None:
    history = entries(FIRST)
    for onset in onsets:
        history = edited(history, onset=onset + 1000.0)
    for _ in onsets:
        history = undone(history)
    said = replace(history[-1].annotation, annotation_id="v0", supersedes=None, author="anna")
    assert said == FIRST


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"spans": ()}, "0 spans; allowed are 1 to 1000"),
        ({"spans": ((0, 1),) * 1001}, "1001 spans"),
        ({"spans": ((1, 1),)}, "seconds 1 to 1 are no span"),
        ({"spans": ((-1, 1),)}, "seconds -1 to 1 are no span"),
        ({"spans": ((10**30, 10**30 + 1),)}, r"within 0 \.\. 1e\+12"),
        ({"spans": ((0, 86_400), (86_400, 86_401))}, "86401 s in one review; at most 86400"),
        ({"montage": ""}, "montage has 0 characters; allowed are 1 to 128"),
        ({"author": "x" * 129}, "author has 129 characters"),
        ({"lff": 0.0}, r"lff is 0.0 Hz; it must be in \(0, 1000000\)"),
        ({"notch": float("nan")}, "notch is nan Hz"),
    ],
)
def test_what_is_no_review(changed: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {"recording_id": "r1", "spans": ((0, 1),), "montage": "average"}
    with pytest.raises(InvalidDataError, match=message):
        Review(**(fields | changed))  # type: ignore[arg-type]

"""Which annotations are seizures, and which touch the page."""

import pytest

from eegstore.model import Annotation
from viewer.marks import captions, is_seizure, merged, seizures, shown, touching


def mark(onset: float, duration: float | None, text: str = "seizure", **more: str) -> Annotation:
    return Annotation(onset, duration, text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["seizure", "Seizure 2", "SZ", "sz onset", " seizure, left"])
def test_seizures(text: str) -> None:
    assert is_seizure(mark(0, 1, text))


@pytest.mark.parametrize(
    "text", ["no seizure", "postictal", "szene", "seizures?no", "Recording starts", ""]
)
def test_no_seizures(text: str) -> None:
    assert not is_seizure(mark(0, 1, text))


@pytest.mark.parametrize(
    ("onset", "duration", "touches"),
    [
        (0, 100, True),  # both ends outside
        (5, 5, False),  # ends where the page begins
        (5, 5.001, True),
        (20, 5, False),  # begins where the page ends
        (19.999, 5, True),
        (12, 3, True),
        (10, None, True),
        (10, 0, True),
        (9.999, None, False),
        (20, None, False),
    ],
)
def test_touching_a_page_from_10_to_20_s(
    onset: float, duration: float | None, touches: bool
) -> None:
    one = mark(onset, duration)
    assert touching([one], 10, 20) == ([one] if touches else [])


def test_rejected_ones_are_not_shown_and_not_counted() -> None:
    found = [mark(50, 5), mark(10, 5, status="proposed"), mark(30, 5, status="rejected")]
    assert [one.onset for one in shown(found)] == [10, 50]
    assert seizures(found) == 2


def test_captions_do_not_run_into_each_other() -> None:
    found = [
        mark(0, 60),
        mark(10.2, 1, "spike"),
        mark(15, 1, "  two\n words "),
        mark(19, 1, "x" * 99),
    ]
    words = captions(found, 10, 20, 900)
    assert words == ["seizure", "", "two words", "x" * 39 + "…"]


def test_marks_nearer_than_a_pixel_become_one() -> None:
    found = [mark(0, 2), mark(1, 0.5), mark(2.5, 1), mark(10, None), mark(10.9, 0), mark(12, 1)]
    assert merged(found, 1.0) == [(0, 3.5), (10, 10.9), (12, 13)]
    many = [mark(i / 100, 0.005) for i in range(10_000)]
    assert merged(many, 0.1) == [(0, pytest.approx(99.995))]
    assert merged([], 1.0) == []

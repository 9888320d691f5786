"""Time-stamped annotation lists: EDF+ 2.2."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.edf.tal import annotations_of, decimal, format_tal, parse_tals, record_onset, spread
from eegstore.errors import EdfError
from eegstore.model import Annotation, Channel


def test_2_2_2_one_list_with_two_texts() -> None:
    raw = b"+180\x14Lights off\x14Close door\x14\0"
    found = list(annotations_of(raw, Fraction(0)))
    assert [(a.onset, a.duration, a.description) for a in found] == [
        (180.0, None, "Lights off"),
        (180.0, None, "Close door"),
    ]


def test_2_2_2_onset_and_duration_are_exact_decimals() -> None:
    (found,) = annotations_of(b"+1800.2\x1525.5\x14Apnea\x14\0", Fraction("0.1"))
    assert (found.onset, found.duration) == (1800.1, 25.5)
    (tal,) = parse_tals(b"-0.065\x14Pre\x14\0\0\0")
    assert tal.onset == Fraction(-65, 1000)


def test_2_2_3_texts_are_utf8_and_other_bytes_are_not_lost() -> None:
    raw = "+2\x14仰卧\x14\0".encode() + b"+3\x14schl\xe4frig\x14\0"
    assert [a.description for a in annotations_of(raw, Fraction(0))] == ["仰卧", "schläfrig"]


def test_2_2_4_the_first_empty_text_keeps_time() -> None:
    assert record_onset([b"+567\x14\x14\0"]) == 567
    assert record_onset([b"", b"+3456.789\x14\x14R-wave\x14\0"]) == Fraction("3456.789")
    assert record_onset([b"+1\x14text\x14\0"]) is None
    assert list(annotations_of(b"+567\x14\x14\0", Fraction(0))) == []


@pytest.mark.parametrize(
    "raw", [b"", b"\0" * 8, b"1\x14no sign\x14\0", b"+1\x14"[:2], b"+1.2.3\x14a\x14\0", b"+\x14a\0"]
)
def test_what_is_no_tal_is_passed_over(raw: bytes) -> None:
    assert list(parse_tals(raw + b"\0+5\x14good\x14\0"))[-1].onset == 5
    assert len(list(parse_tals(raw + b"\0+5\x14good\x14\0"))) == 1


def test_an_onset_beyond_all_clocks_is_passed_over() -> None:
    assert list(parse_tals(b"+" + b"9" * 30 + b"\x14late\x14\0")) == []


@given(st.fractions(max_denominator=10**6))
def test_decimal_is_exact_to_15_digits(value: Fraction) -> None:
    assert abs(Fraction(decimal(value)) - value) <= Fraction(1, 2 * 10**15)


@given(st.integers(-(10**12), 10**12), st.integers(0, 15))
def test_decimals_come_back_exactly(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    assert Fraction(decimal(value)) == value


@given(
    onset=st.decimals(-1000, 10**6, places=6),
    duration=st.none() | st.decimals(0, 10**6, places=6),
    text=st.text(st.characters(exclude_characters="\0\x14", codec="utf-8"), min_size=1),
)
def test_formatted_annotations_read_back(onset: object, duration: object, text: str) -> None:
    exact = Fraction(str(onset))
    span = None if duration is None else Fraction(str(duration))
    (tal,) = parse_tals(format_tal(exact, span, Annotation(0.0, None, text), ()))
    assert (tal.onset, tal.duration, tal.texts[0].decode()) == (exact, span, text)


def test_texts_3_3_channels_are_named_in_the_text() -> None:
    channels = [Channel(label, Fraction(1)) for label in ("Fp1", "Fp2", "O1")]
    annotation = Annotation(1.5, 0.25, "spike", channels=(0, 2))
    raw = format_tal(Fraction(3, 2), Fraction(1, 4), annotation, channels)
    assert raw == b"+1.5\x150.25\x14spike@@Fp1\x14spike@@O1\x14\0"


@pytest.mark.parametrize("text", ["", "a\x14b", "a\0b"])
def test_texts_that_edf_cannot_hold_are_refused(text: str) -> None:
    with pytest.raises(EdfError, match=r"at 7\.0 s"):
        format_tal(Fraction(7), None, Annotation(7.0, None, text), ())


@given(
    st.lists(st.tuples(st.integers(0, 9), st.binary(min_size=1, max_size=30)), max_size=60),
    st.integers(10, 12),
)
def test_spread_places_every_annotation_once_and_within_its_room(
    tals: list[tuple[int, bytes]], n_records: int
) -> None:
    tals.sort(key=lambda item: item[0])
    room, placed = spread(tals, n_records)
    assert all(0 <= record < n_records for record in placed)
    assert all(len(data) <= room for data in placed.values())
    assert sum(len(data) for data in placed.values()) == sum(len(tal) for _, tal in tals)
    assert sorted(b"".join(placed.values())) == sorted(b"".join(tal for _, tal in tals))


def test_a_crowd_in_one_record_does_not_blow_up_all_of_them() -> None:
    crowd = [(5, b"x" * 20)] * 500
    room, placed = spread(crowd, 1000)
    assert room < 50
    assert len(placed) >= 250
    assert min(placed) == 5

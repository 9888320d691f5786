"""What a montage that people keep may hold."""

from dataclasses import replace

import pytest

from eegstore.errors import InvalidDataError
from eegstore.signal.montage import Line
from eegstore.signal.own import OwnMontage

GOOD = OwnMontage("Temporal, Anna", (Line("F7-T7", "left", "#1F77b4"), Line("EEG T3-REF")))


def test_a_montage_may_show_a_line_twice_and_be_called_as_people_write() -> None:
    doubled = replace(GOOD, lines=GOOD.lines * 2)
    assert doubled.lines[0] == doubled.lines[2]
    assert replace(GOOD, name="Schläfe 10-10").name == "Schläfe 10-10"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "name has 0 characters; allowed are 1 to 64"),
        ("x" * 65, "name has 65 characters"),
        ("a/b", "without '/'"),
        (" a", "without space at either end"),
        ("a\tb", "it must be printable"),
        ("Average", "name 'Average' is taken; so are recorded, longitudinal"),
        ("custom", "name 'custom' is taken"),
    ],
)
def test_names_that_cannot_be(name: str, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        replace(GOOD, name=name)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (Line(""), "line 1: text has 0 characters; allowed are 1 to 128"),
        (Line("F7|T7"), r"line 1: text is 'F7\|T7'"),
        (Line("F7-T7", ""), "line 1: name has 0 characters"),
        (Line("F7-T7", "a|b"), "line 1: name"),
        (Line("F7-T7", None, "1f77b4"), "line 1: color '1f77b4' is neither a name nor #RRGGBB"),
        (Line("F7-T7", None, "#12345g"), "line 1: color"),
    ],
)
def test_lines_that_cannot_be(line: Line, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        replace(GOOD, lines=(Line("Cz"), line))


@pytest.mark.parametrize("count", [0, 257])
def test_too_few_and_too_many_lines(count: int) -> None:
    with pytest.raises(InvalidDataError, match=f"{count} lines; allowed are 1 to 256"):
        replace(GOOD, lines=(Line("Cz"),) * count)

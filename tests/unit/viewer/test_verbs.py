"""What a script may ask Python for."""

from typing import Any

import pytest

from eegstore.errors import InvalidDataError
from eegstore.signal.montage import Line
from viewer.offers import offers
from viewer.verbs import verbs


class Fake:
    """A client that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def grant(self) -> str:
        return "ticket"

    def put_montage(self, montage: Any) -> None:
        self.asked.append((montage.name, montage.lines))

    def remove_montage(self, name: str) -> None:
        self.asked.append(name)


def test_a_grant_and_montages() -> None:
    client = Fake()
    found = verbs(client)  # type: ignore[arg-type]
    assert found["grant"]({}) == {"grant": "ticket"}
    line = {"text": "C3-A1", "name": None, "color": "#ff0000"}
    found["put_montage"]({"name": "Mine", "lines": [line]})
    found["remove_montage"]({"name": "Mine"})
    assert client.asked == [("Mine", (Line("C3-A1", None, "#ff0000"),)), "Mine"]


@pytest.mark.parametrize(
    ("verb", "what"),
    [("put_montage", {"name": "Mine"}), ("put_montage", 3), ("remove_montage", {"name": 3}),
     ("remove_montage", None)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(verb: str, what: Any) -> None:
    with pytest.raises(InvalidDataError):
        verbs(Fake())[verb](what)  # type: ignore[arg-type]


def test_filters_are_offered_as_they_are_asked_for() -> None:
    found = offers()
    assert found["lff"] == ["0.1", "0.3", "0.5", "1", "1.6", "3", "5"]
    assert found["hff"][-1] == "100"
    assert found["order"] == {"lff": 1, "hff": 2, "notch_width": 2.0}

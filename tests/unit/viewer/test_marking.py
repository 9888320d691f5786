"""What a script may ask Python for about events and selections."""

from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Annotation
from eegstore.page import Page, PageBlock, PageTrace, Stretch
from eegstore.signal.leads import Kind
from eegstore.signal.montage import Line
from eegstore.signal.names import Side
from viewer.marking import marking

ASKED = {
    "patient_id": "p", "study_id": "s", "start": 4.0, "stop": 6.0, "label": "C3", "number": 0,
    "montage": "average", "lines": None, "lff": "1", "hff": "off", "notch": "50", "phase": "single",
    "bad": [3],
}  # fmt: skip
TIME = np.arange(200) / 100


class Fake:
    """A client that notes what it is asked, and has one page."""

    def __init__(self, *values: NDArray[Any]) -> None:
        self.asked: list[Any] = []
        self.values = values

    def annotate(self, patient_id: str, recording_id: str, said: Annotation) -> Annotation:
        self.asked.append((patient_id, recording_id, said))
        return replace(said, source="stored")

    def page(self, *asked: Any, **more: Any) -> Page:
        self.asked.append((asked, more))
        traces = tuple(
            PageTrace(
                "C3", "uV", Kind.EEG, Side.LEFT, 1.0, None, Fraction(100), (0,), 0, (), 1, None, 50
            )
            for _ in self.values
        )
        values = np.array(self.values, np.float32)
        block = PageBlock(Fraction(100), 1, tuple(range(len(traces))), TIME.astype("f4"), values)
        return Page("p", "s", None, Fraction(4), Fraction(6), (Stretch("r", 4, 6),), ((4, 6),),
                    traces, (), (), (block,))  # fmt: skip


def test_an_annotation_has_its_id_before_it_is_sent() -> None:
    client = Fake()
    said = {"onset": 1.5, "duration": None, "description": "spike", "channels": [2],
            "status": "proposed", "author": "Anna", "supersedes": None}  # fmt: skip
    asked = {"patient_id": "p", "recording_id": "r", "annotation": said}
    stored = marking(client)["annotate"](asked)  # type: ignore[arg-type]
    ((patient, recording, sent),) = client.asked
    assert (patient, recording) == ("p", "r")
    assert sent == Annotation(
        1.5, None, "spike", (2,), sent.annotation_id, "user", "proposed", "Anna"
    )
    assert str(UUID(sent.annotation_id)) == stored["annotation_id"]
    assert stored["source"] == "stored"


@pytest.mark.parametrize("said", [3, {"onset": "soon", "description": "x"}])
def test_an_annotation_that_makes_no_sense_is_refused(said: Any) -> None:
    asked = {"patient_id": "p", "recording_id": "r", "annotation": said}
    with pytest.raises(InvalidDataError):
        marking(Fake())["annotate"](asked)  # type: ignore[arg-type]


def test_a_selection_is_measured_as_it_is_looked_at() -> None:
    """With no `px`: all its samples; of equal labels the one that is meant."""
    sine = 50 * np.sin(2 * np.pi * 10 * TIME) + 3
    sine[150:] = np.nan
    client = Fake(TIME, sine)
    read = marking(client)["measure"](ASKED | {"number": 1})  # type: ignore[arg-type]
    ((asked, more),) = client.asked
    assert asked == ("p", None, 4.0, 6.0, "average")
    assert more == {"study_id": "s", "lff": 1.0, "hff": None, "notch": 50.0, "zero_phase": False,
                    "bad": [3]}  # fmt: skip
    assert (read["unit"], read["n_samples"]) == ("uV", 150)
    assert (read["low"], read["high"]) == (pytest.approx(-44.6, abs=3), pytest.approx(50.6, abs=3))
    assert read["mean"] == pytest.approx(3, abs=0.1)
    assert read["rms"] == pytest.approx(50 / np.sqrt(2), abs=0.1)
    spectrum = read["spectrum"]
    assert spectrum["peak"] == pytest.approx(10)
    assert max(spectrum["amplitudes"]) == pytest.approx(50, abs=0.5)
    assert len(spectrum["frequencies"]) == len(spectrum["amplitudes"])


def test_lines_of_ones_own_are_passed_on() -> None:
    client = Fake(TIME)
    lines = [{"text": "C3-A1", "name": None, "color": "#ff0000"}, {"text": "C4-A2"}]
    marking(client)["measure"](ASKED | {"montage": "Mine", "lines": lines})  # type: ignore[arg-type]
    ((asked, _),) = client.asked
    assert asked[-1] == [Line("C3-A1", None, "#ff0000"), Line("C4-A2", None, None)]


def test_what_is_not_there_is_not_measured() -> None:
    measure = marking(Fake(TIME, np.full(200, np.nan)))["measure"]  # type: ignore[arg-type]
    with pytest.raises(InvalidDataError, match="there is no C3"):
        measure(ASKED | {"number": 2})
    with pytest.raises(InvalidDataError, match="none of the 200 samples"):
        measure(ASKED | {"number": 1})


def test_a_few_samples_have_no_spectrum() -> None:
    few = np.full(200, np.nan)
    few[:3] = 1
    read = marking(Fake(few))["measure"](ASKED)  # type: ignore[arg-type]
    assert (read["n_samples"], read["spectrum"]) == (3, None)

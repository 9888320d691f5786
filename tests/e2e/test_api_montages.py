"""Montages that people keep, over HTTP."""

import uuid
from typing import Any

import httpx
import pytest

from eegstore import Client
from eegstore.errors import NotFoundError
from eegstore.signal.montage import Line
from eegstore.signal.own import OwnMontage


@pytest.fixture
def name() -> str:
    """One that nobody uses yet, with what a URL has to escape."""
    return f"Schläfe #1? 50% {uuid.uuid4().hex[:8]}"


def test_a_montage_is_kept_replaced_and_removed(eeg: Client, name: str) -> None:
    first = OwnMontage(name, (Line("F7-T7", "left", "#1f77b4"), Line("EEG T3-REF")))
    second = OwnMontage(name, (Line("Cz-Pz"),))
    for montage in (first, second):
        eeg.put_montage(montage)
        assert [found for found in eeg.montages() if found.name == name] == [montage]
    eeg.remove_montage(name)
    assert name not in [found.name for found in eeg.montages()]
    with pytest.raises(NotFoundError, match="no montage 'Schläfe"):
        eeg.remove_montage(name)


def test_what_is_put_is_said_and_listed_by_name(api: httpx.Client) -> None:
    names = [f"{letter}-{uuid.uuid4().hex}" for letter in "ba"]
    for name in names:
        answers = [api.put(f"/montages/{name}", json={"lines": [{"text": "Cz"}]}) for _ in "12"]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == {
            "name": name, "lines": [{"text": "Cz", "name": None, "color": None}],
        }  # fmt: skip
    listed = [m["name"] for m in api.get("/montages").json()["montages"]]
    assert [name for name in listed if name in names] == names[::-1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "montage.lines"),
        ({"lines": []}, "0 lines; allowed are 1 to 256"),
        ({"lines": [{"name": "x"}]}, "montage.lines.0.text"),
        ({"lines": [{"text": "Cz"}, {"text": "Pz", "color": "#r"}]}, "line 1: color '#r'"),
        ({"lines": [{"text": 5}]}, "montage.lines.0.text"),
    ],
)
def test_what_is_no_montage_is_refused(
    api: httpx.Client, body: dict[str, Any], message: str
) -> None:
    answer = api.put("/montages/bad", json=body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    taken = api.put("/montages/longitudinal", json={"lines": [{"text": "Cz"}]})
    assert taken.status_code == 422
    names = {montage["name"] for montage in api.get("/montages").json()["montages"]}
    assert not names & {"bad", "longitudinal"}

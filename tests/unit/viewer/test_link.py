"""Questions of the page's script: answered one by one, refusals in words, nothing after the end."""

import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from bokeh.document import Document

from eegstore.errors import InvalidDataError
from viewer.link import Desk, Verb


class Ticks(Document):
    """A document whose next tick is at once, in whatever thread."""

    told: Event

    def add_next_tick_callback(self, callback: Callable[[], Any]) -> Any:
        callback()
        self.told.set()


def ask(verbs: dict[str, Verb], *questions: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers to some questions, each waited for."""
    document = Ticks()
    document.told = Event()
    desk = Desk(document, {"api_url": "http://127.0.0.1:1"}, verbs)
    answers = []
    for question in questions:
        document.told.clear()
        desk.link.asked = json.dumps(question)
        assert document.told.wait(30)
        answers.append(json.loads(str(desk.link.told)))
    desk.close()
    return answers


def refuse(what: Any) -> None:
    raise InvalidDataError(f"{what} is no good")


def break_down(what: Any) -> None:
    raise RuntimeError(f"{what} is odd")


def test_each_question_has_its_answer() -> None:
    double = {"double": lambda what: 2 * what}
    questions = [{"id": number, "verb": "double", "what": number} for number in range(3)]
    answers = ask(double, *questions)
    assert answers == [{"id": number, "answer": 2 * number} for number in range(3)]


@pytest.mark.parametrize(
    ("verb", "words"),
    [("refuse", "this is no good"), ("break", "RuntimeError: this is odd"), ("fly", "'fly'")],
)
def test_what_cannot_be_done_is_said(
    verb: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = ask(
        {"refuse": refuse, "break": break_down}, {"id": 7, "verb": verb, "what": "this"}
    )
    assert answer["id"] == 7
    assert words in answer["error"]
    assert ("RuntimeError" in caplog.text) == (verb == "break")


def test_the_script_is_told_at_the_beginning() -> None:
    desk = Desk(Document(), {"api_url": "http://127.0.0.1:1"}, {})
    assert json.loads(str(desk.link.given)) == {"api_url": "http://127.0.0.1:1"}
    desk.link.state = json.dumps({"start": 5})
    assert desk.state == {"start": 5}
    desk.close()
    desk.link.asked = json.dumps({"id": 1, "verb": "x", "what": None})
    assert desk.link.told == ""

"""What the page's script and its Python tell each other: one model, JSON both ways."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

from bokeh.core.properties import String
from bokeh.document import Document
from bokeh.model import DataModel

from eegstore.errors import EegStoreError

Verb: TypeAlias = Callable[[Any], Any]
"""Takes JSON and returns JSON; blocks, and raises EegStoreError in words for people."""

_log = logging.getLogger("eegstore.viewer")


class Link(DataModel):
    """The one model that carries words between the script and Python."""

    given = String(default="{}", help="What Python tells at the beginning.")
    state = String(default="{}", help="A copy of the script's state, a moment old.")
    asked = String(default="", help='{"id", "verb", "what"}')
    told = String(default="", help='{"id", "answer"} or {"id", "error", "kind"}')


class Desk:
    """Does what the script asks for, each in a thread; answers come back on the document's own.

    Parameters
    ----------
    verbs : dict
        What may be asked for.
    """

    def __init__(self, document: Document, given: Any, verbs: dict[str, Verb]) -> None:
        self.link = Link(given=json.dumps(given))
        self._document, self._verbs = document, verbs
        self._threads = ThreadPoolExecutor(2, "desk")
        self._closed = False
        self.link.on_change("asked", lambda attr, old, new: self._asked(json.loads(new)))

    @property
    def state(self) -> dict[str, Any]:
        """The copy of the script's state."""
        copy: dict[str, Any] = json.loads(str(self.link.state))
        return copy

    def close(self) -> None:
        """Answer nothing more."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _asked(self, question: dict[str, Any]) -> None:
        if not self._closed:
            self._threads.submit(self._work, question)

    def _work(self, question: dict[str, Any]) -> None:
        verb = self._verbs.get(str(question["verb"]))
        said: dict[str, Any] = {"id": question["id"]}
        try:
            if verb is None:
                raise EegStoreError(f"the viewer cannot {question['verb']!r}")
            said["answer"] = verb(question["what"])
        except EegStoreError as error:
            said |= {"error": str(error), "kind": type(error).__name__}
        except Exception as error:
            _log.exception("asked for %s", question["verb"])
            said["error"] = f"{type(error).__name__}: {error}"
        if not self._closed:
            self._document.add_next_tick_callback(partial(self._tell, json.dumps(said)))

    def _tell(self, text: str) -> None:
        self.link.told = text

"""Buttons, fields and keys: each tells the session what someone wants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bokeh.core.properties import Int, String
from bokeh.document import Document
from bokeh.layouts import row
from bokeh.model import DataModel
from bokeh.models import CustomJS
from bokeh.models.widgets.buttons import Button, Toggle
from bokeh.models.widgets.inputs import Select, TextInput

from .state import DURATIONS, SENSITIVITIES, ViewState

_STATIC = Path(__file__).parent / "static"
_BUTTONS = (
    ("home", "|◀", "To the beginning (Home)"),
    ("previous", "◀", "A page back (PageUp)"),
    ("next", "▶", "A page on (PageDown)"),
    ("end", "▶|", "To the end (End)"),
)


class Keys(DataModel):
    """What the page's script and the session tell each other."""

    move = String(default="", help="The move that a key stands for.")
    count = Int(default=0, help="How many moves were asked for.")
    done = Int(default=0, help="The last of them that is on the screen.")
    address = String(default="", help="Query of this page's URL.")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the session does for whom."""

    move: Callable[[str], None]
    duration: Callable[[int], None]
    sensitivity: Callable[[int], None]
    seek: Callable[[str], None]
    live: Callable[[bool], None]


class Controls:
    """The row of controls above the traces."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self.keys = Keys()
        css = (_STATIC / "controls.css").read_text()
        buttons = [self._button(*which, css) for which in _BUTTONS]
        self.duration = Select(
            name="duration", width=76, stylesheets=[css],
            options=_options(DURATIONS, "s"),
        )  # fmt: skip
        self.sensitivity = Select(
            name="sensitivity", width=104, stylesheets=[css],
            options=_options(SENSITIVITIES, "µV/mm"),
        )  # fmt: skip
        self.seek = TextInput(
            name="seek", placeholder="go to 22:30:10", width=124, stylesheets=[css]
        )
        self.live = Toggle(label="Live", name="live", width=64, stylesheets=[css])
        self.duration.on_change("value", lambda a, o, new: wishes.duration(int(new)))
        self.sensitivity.on_change("value", lambda a, o, new: wishes.sensitivity(int(new)))
        self.seek.on_change("value", lambda a, o, new: self._seek(new))
        self.live.on_change("active", lambda a, o, new: wishes.live(new))
        self.keys.on_change("count", lambda a, o, new: wishes.move(str(self.keys.move)))
        self.root = row(
            [*buttons, self.duration, self.sensitivity, self.seek, self.live],
            name="controls", spacing=6, tags=[self.keys],
        )  # fmt: skip

    def listen(self, document: Document) -> None:
        """Let the page's script begin, once the page is there.

        The script itself sees to it that a lost connection is told and found again.
        """
        document.config.update(reconnect_session=False, notify_connection_status=False)
        script = (_STATIC / "page.js").read_text()
        document.js_on_event("document_ready", CustomJS(args={"keys": self.keys}, code=script))

    def update(self, state: ViewState, growing: bool) -> None:
        """Show the state."""
        self.duration.value = str(state.duration)
        self.sensitivity.value = str(state.sensitivity)
        self.live.update(active=state.live, disabled=not growing)
        ids = {"patient": state.patient_id, "recording": state.recording_id}
        self.keys.update(address="?" + urlencode(ids | {"time": state.start}))

    def answered(self) -> None:
        """What the last key asked for is on the screen."""
        self.keys.update(done=self.keys.count)

    def _button(self, move: str, label: str, title: str, css: str) -> Button:
        button = Button(
            label=label, name=move, width=38, stylesheets=[css],
            html_attributes={"title": title, "aria-label": title},
        )  # fmt: skip
        button.on_click(lambda: self._wishes.move(move))
        return button

    def _seek(self, text: Any) -> None:
        if text:
            self.seek.value = ""
            self._wishes.seek(str(text))


def _options(values: Sequence[int], unit: str) -> list[str | tuple[Any, str]]:
    return [(str(value), f"{value} {unit}") for value in values]

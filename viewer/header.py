"""Words on the page: what is shown and when, what was left out, what is wrong."""

from html import escape
from pathlib import Path

from bokeh.models.widgets.markups import Div

from eegstore.model import Recording

from .scale import bar, stated
from .stack import Lines
from .state import ViewState
from .times import clock, clock_at, elapsed

_CSS = Path(__file__).parent / "static" / "words.css"
_BAR = 20  # [px], longest scale bar


class Words:
    """Three lines of text: above the traces, below them, and across the page."""

    def __init__(self) -> None:
        css = _CSS.read_text()
        self.title, self.foot, self.notice = (
            Div(name=name, sizing_mode="stretch_width", stylesheets=[css])
            for name in ("title", "foot", "notice")
        )
        self.notice.visible = False
        self._told: dict[str, str] = {}

    def update(self, state: ViewState, recording: Recording, extent: int) -> None:
        """Say where the page lies in a recording that reaches `extent` [s]."""
        self.title.text = title(state, recording, extent)

    def describe(self, state: ViewState, recording: Recording, lines: Lines) -> None:
        """Say how it is drawn."""
        self.foot.text = foot(state, recording, lines)

    def clear(self) -> None:
        """Say nothing."""
        self.title.text = self.foot.text = ""

    def tell(self, about: str, text: str = "") -> None:
        """Put a notice across the page, or take it away with an empty text.

        Parameters
        ----------
        about : str
            store, page or hint; what is wrong with the first of them is told first.
        """
        self._told[about] = text
        kind = next((about for about in ("store", "page", "hint") if self._told.get(about)), "")
        words = escape(self._told.get(kind, ""))
        self.notice.text = f'<p class="{kind}" role="status">{words}</p>' if words else ""
        self.notice.visible = bool(words)


def title(state: ViewState, recording: Recording, extent: int) -> str:
    """Patient, recording, date, clock and elapsed time of the page, as HTML."""
    showed = clock_at(recording, state.start)
    day = "no clock time" if showed is None else f"{showed.day} {showed:%b %Y}"
    return (
        f'<div class="line title"><span class="who"><b>{escape(recording.patient_id)}</b> '
        f"{escape(recording.recording_id)}</span>"
        f'<span class="when"><i>{day}</i> <b>{clock(recording, state.start)}</b></span>'
        f'<span class="since">{elapsed(state.start)} <i>of {elapsed(extent)}</i></span></div>'
    )


def foot(state: ViewState, recording: Recording, lines: Lines) -> str:
    """Scale, rates, and what was done to the samples, as HTML."""
    value, height = bar(state.sensitivity, _BAR)
    rates = sorted({channel.sfreq for channel in recording.channels})
    hertz = " / ".join(f"{float(rate):g}" for rate in rates[:4]) + (" / …" if rates[4:] else "")
    drawn = "every sample drawn"
    if lines.factor > 1:
        drawn = (
            f'<span class="reduced">reduced: smallest and largest of {lines.factor} samples per '
            "pixel, peaks kept</span>"
        )
    return (
        f'<div class="line foot"><span class="bar" style="height:{height:.1f}px"></span>'
        f"<span>{value} µV</span><b>{stated(state.sensitivity)}</b>"
        '<span class="cut">at 96 px/inch · EEG negative up · unfiltered · centred on the '
        "median</span>"
        f'<span class="right">{drawn}</span>'
        f"<span>{len(recording.channels)} channels · {hertz} Hz</span></div>"
    )

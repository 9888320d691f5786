"""The whole recording in one line: what is stored, where the seizures are, where the page is."""

from collections.abc import Callable, Sequence
from typing import Any

from bokeh.events import Tap
from bokeh.models import ColumnDataSource, FixedTicker, Range1d
from bokeh.plotting import figure

from eegstore.model import Annotation, Recording

from .marks import is_seizure, merged
from .shading import EVENT, SEIZURE
from .sources import put
from .state import ViewState
from .tiles import Spans
from .times import clock

STORED, PAGE = "#b9c6d3", "#17324d"
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_CLOCK_WIDTH = 80  # [px]


class Strip:
    """The strip; a click on it is told as a time [s]."""

    def __init__(self, clicked: Callable[[float], None]) -> None:
        self.source = ColumnDataSource({"left": [], "right": []}, name="stored")
        self.marks = ColumnDataSource(
            {"left": [], "right": [], "bottom": [], "color": [], "fill": []}, name="marks"
        )
        self.page = ColumnDataSource({"left": [], "right": []}, name="page")
        self._seconds = Range1d(start=0, end=1)
        self.root = figure(
            name="strip", tools="", toolbar_location=None, output_backend="canvas",
            sizing_mode="stretch_both", min_height=40,
            x_range=self._seconds, y_range=Range1d(start=0, end=1),
        )  # fmt: skip
        self.root.quad(
            "left", "right", 0.62, 0.12, source=self.source, fill_color=STORED, line_color=None
        )
        self.root.quad(
            "left", "right", 0.98, "bottom", source=self.marks, fill_color="color",
            line_color="color", fill_alpha="fill", line_width=1.5,
        )  # fmt: skip
        self.root.quad(
            "left", "right", 1, 0, source=self.page, fill_color=PAGE, fill_alpha=0.12,
            line_color=PAGE, line_width=2,
        )  # fmt: skip
        self.root.xaxis.ticker = FixedTicker(ticks=[])
        self.root.grid.visible = False
        self.root.yaxis.visible = False
        self.root.on_event(Tap, lambda event: clicked(event.x))

    def update(
        self,
        state: ViewState,
        recording: Recording,
        spans: Spans,
        annotations: Sequence[Annotation],
        extent: int,
    ) -> None:
        """Show a recording of `extent` [s] and the place of the page in it."""
        whole = max(extent, state.stop)
        self._seconds.update(end=whole)
        put(self.source, {"left": [lo for lo, _ in spans], "right": [hi for _, hi in spans]})
        put(self.marks, bars(annotations, whole / max(state.width, 1)))
        put(self.page, {"left": [state.start], "right": [state.stop]})
        texts = ticks(recording, whole, state.width)
        axis = self.root.xaxis[0]
        if axis.major_label_overrides != texts:
            axis.update(ticker=FixedTicker(ticks=list(texts)), major_label_overrides=texts)

    def clear(self) -> None:
        """Show nothing."""
        for source in (self.source, self.marks, self.page):
            put(source, {name: [] for name in source.data})


def bars(annotations: Sequence[Annotation], least: float) -> dict[str, list[Any]]:
    """The marks of the strip; seizures are drawn last and highest, proposals pale."""
    columns: dict[str, list[Any]] = {"left": [], "right": [], "bottom": [], "color": [], "fill": []}
    for seizure in (False, True):
        for sure in (False, True):
            kind = [
                one
                for one in annotations
                if is_seizure(one) == seizure and (one.status == "confirmed") == sure
            ]
            for left, right in merged(kind, least):
                bar = (left, right, 0.12 if seizure else 0.70, SEIZURE if seizure else EVENT,
                       0.75 if sure else 0.2)  # fmt: skip
                for column, entry in zip(columns.values(), bar, strict=True):
                    column.append(entry)
    return columns


def ticks(recording: Recording, whole: int, pixels: int) -> dict[int, str]:
    """Clock times along the strip, by second; as many as fit."""
    fitting = max(1.0, pixels / _CLOCK_WIDTH)
    step = next((step for step in _STEPS if whole / step <= fitting), _STEPS[-1])
    while whole / step > fitting:
        step *= 2
    return {at: clock(recording, at) for at in range(0, whole + 1, step)}

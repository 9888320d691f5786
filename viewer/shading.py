"""Events and gaps behind the traces: one glyph for all events, one for all gaps."""

from collections.abc import Sequence
from typing import Any

from bokeh.core.properties import value
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from eegstore.model import Annotation

from .marks import captions, end_of, is_seizure, touching
from .sources import put
from .stack import BOTTOM, TOP
from .state import ViewState
from .tiles import Spans, extent, gaps

SEIZURE, EVENT, NOTHING, WORDS = "#d62839", "#4a6fa5", "#8a929c", "#5b6570"

FONT = "system-ui, 'Segoe UI', 'Liberation Sans', sans-serif"


class Shading:
    """What lies behind a page of traces, on their figure."""

    def __init__(self, root: figure) -> None:
        self.root = root
        names = ("left", "right", "top", "bottom", "color", "fill", "line")
        self.source = ColumnDataSource({name: [] for name in names}, name="shading")
        self.captions = ColumnDataSource({"x": [], "y": [], "text": [], "color": []})
        self.gaps = ColumnDataSource({"left": [], "right": []}, name="gaps")
        root.vstrip(
            "left", "right", source=self.gaps, level="underlay", line_color=None,
            fill_color=NOTHING, fill_alpha=0.10, hatch_pattern="right_diagonal_line",
            hatch_color=NOTHING, hatch_alpha=0.30, hatch_scale=14, hatch_weight=0.6,
        )  # fmt: skip
        root.quad(
            "left", "right", "top", "bottom", source=self.source, level="underlay",
            fill_color="color", fill_alpha="fill", line_color="color", line_alpha="line",
            line_width=1.5,
        )  # fmt: skip
        root.text(
            "x", "y", "text", source=self.captions, level="annotation", text_color="color",
            text_font_size="11px", text_font=value(FONT), text_baseline="middle", x_offset=4,
        )  # fmt: skip

    def update(
        self,
        state: ViewState,
        annotations: Sequence[Annotation],
        spans: Spans,
        closed: bool,
        n_channels: int,
    ) -> None:
        """Show what touches the page. What may still come is no gap."""
        found = touching(annotations, state.start, state.stop)
        low = -(n_channels - 1) - BOTTOM
        columns: dict[str, list[Any]] = {name: [] for name in self.source.data}
        for one in found:
            seizure, sure = is_seizure(one), one.status == "confirmed"
            left, right = one.onset - state.start, end_of(one) - state.start
            for top, bottom in _rows(one, low):
                fill = (0.11 if seizure else 0.07) if sure else 0.06
                values = (left, right, top, bottom, SEIZURE if seizure else EVENT, fill,
                          0.8 if right <= left else 0.35)  # fmt: skip
                for column, entry in zip(columns.values(), values, strict=True):
                    column.append(entry)
        put(self.source, columns)
        end = extent(spans)
        holes = gaps(spans, state.start, state.stop if closed else min(state.stop, end))
        put(
            self.gaps,
            {
                "left": [lo - state.start for lo, _ in holes],
                "right": [hi - state.start for _, hi in holes],
            },
        )
        texts = captions(found, state.start, state.stop, state.width)
        words = ["no samples" if lo < end else "end of the recording" for lo, _ in holes]
        put(
            self.captions,
            {
                "x": [max(one.onset, state.start) - state.start for one in found]
                + [lo - state.start for lo, _ in holes],
                "y": [TOP - 0.3] * len(found) + [low + 0.25] * len(holes),
                "text": texts + words,
                "color": [SEIZURE if is_seizure(one) else EVENT for one in found]
                + [WORDS] * len(holes),
            },
        )

    def clear(self) -> None:
        """Show nothing."""
        for source in (self.source, self.gaps, self.captions):
            put(source, {name: [] for name in source.data})


def _rows(one: Annotation, low: float) -> list[tuple[float, float]]:
    """Top and bottom of what is shaded: the channels that are meant, or all."""
    if not one.channels:
        return [(TOP, low)]
    return [(0.5 - row, -0.5 - row) for row in one.channels]

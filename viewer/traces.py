"""The traces: one figure, one glyph for all of them."""

from bokeh.models import (
    Axis,
    ColumnDataSource,
    FixedTicker,
    PlainText,
    Range1d,
    SingleIntervalTicker,
)
from bokeh.plotting import figure

from eegstore.model import Recording
from eegstore.window import Window

from .stack import BOTTOM, TOP, Lines, label_size, labels, stack, ticks
from .state import ViewState


class TracePanel:
    """A page of traces; x is seconds from page start, trace k lies at y = -k."""

    def __init__(self) -> None:
        names = ("xs", "ys", "label", "unit", "gain", "baseline", "color")
        self.source = ColumnDataSource({name: [] for name in names}, name="traces")
        self._seconds = Range1d(start=0, end=10)
        self._rows = Range1d(start=-1 - BOTTOM, end=TOP)
        self.root = figure(
            name="eeg", tools="", toolbar_location=None, output_backend="canvas",
            lod_threshold=None, sizing_mode="stretch_both", min_width=200, min_height=120,
            x_range=self._seconds, y_range=self._rows,
        )  # fmt: skip
        self.root.multi_line(
            "xs", "ys", line_color="color", line_width=1, line_join="round", source=self.source,
            level="glyph",
        )  # fmt: skip
        self._x, self._y = self.root.xaxis[0], self.root.yaxis[0]
        self._x.ticker, self._y.ticker = FixedTicker(ticks=[]), FixedTicker(ticks=[])
        self.root.xgrid.ticker = SingleIntervalTicker(interval=1)
        self.root.ygrid.visible = False

    def update(self, state: ViewState, recording: Recording, window: Window) -> Lines:
        """Show a window; returns what was drawn of it."""
        lines = stack(window, state)
        n_channels = len(recording.channels)
        self._rows.update(start=-(n_channels - 1) - BOTTOM, end=TOP)
        self._seconds.update(end=state.duration)
        self._y.major_label_text_font_size = f"{label_size(n_channels, state.height):g}px"
        _write(self._y, labels(recording, state, lines.scales))
        _write(self._x, ticks(recording, state))
        self.source.data = {
            "xs": lines.xs,
            "ys": lines.ys,
            "label": [channel.label for channel in recording.channels],
            "unit": [channel.unit for channel in recording.channels],
            "gain": [scale.gain for scale in lines.scales],
            "baseline": [scale.baseline for scale in lines.scales],
            "color": lines.colors,
        }
        return lines

    def clear(self) -> None:
        """Show nothing."""
        self.source.data = {name: [] for name in self.source.data}
        _write(self._y, {})
        _write(self._x, {})


def _write(axis: Axis, texts: dict[int, str]) -> None:
    """Give an axis its ticks; plain text, for "$$" in a label is no formula."""
    plain = {at: PlainText(text=text) if "$" in text or "\\" in text else text
             for at, text in texts.items()}  # fmt: skip
    if axis.major_label_overrides != plain:
        axis.update(ticker=FixedTicker(ticks=list(texts)), major_label_overrides=plain)

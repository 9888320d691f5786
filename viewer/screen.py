"""The figure of traces: its sources are empty here and filled by the page's own script.

x is seconds from page start, y is pixels from the top of the field. There are no axes: labels
and times are elements of the page around it.
"""

from typing import Any

from bokeh.models import ColumnDataSource, Model, Range1d
from bokeh.plotting import figure

_TRACES = ("xs", "ys", "color", "label", "unit", "centre", "px", "up", "baseline", "own")
_MARKS = ("left", "right", "top", "bottom", "fill", "alpha", "edge", "width", "dash")


def screen() -> dict[str, Model]:
    """The figure and all that a script needs to know of it, by name."""
    xs, ys = Range1d(start=0, end=10), Range1d(start=1, end=0)
    root = figure(
        name="eeg", tools="", toolbar_location=None, output_backend="canvas", lod_threshold=None,
        sizing_mode="stretch_both", min_border=0, min_width=100, min_height=100,
        outline_line_color=None,
        x_axis_type=None, y_axis_type=None, x_range=xs, y_range=ys,
    )  # fmt: skip
    seconds = _source("seconds", "x", "width")
    gaps = _source("gaps", "left", "right")
    rails = _source("rails", "left", "right", "top", "bottom")
    traces = _source("traces", *_TRACES)
    marks = _source("marks", *_MARKS)
    captions = _source("captions", "x", "y", "text")
    behind: dict[str, Any] = {"level": "underlay"}
    lines = root.vspan("x", source=seconds, line_width="width", **behind)
    holes = root.vstrip(
        "left", "right", source=gaps, line_color=None, fill_alpha=0.12,
        hatch_pattern="right_diagonal_line", hatch_alpha=0.3, hatch_scale=14, hatch_weight=0.6,
        **behind,
    )  # fmt: skip
    limits = root.quad(
        "left", "right", "top", "bottom", source=rails, fill_alpha=0.35, line_alpha=0.6, **behind
    )
    root.quad(
        "left", "right", "top", "bottom", source=marks, fill_color="fill", fill_alpha="alpha",
        line_color="edge", line_width="width", line_dash="dash", **behind,
    )  # fmt: skip
    root.multi_line(
        "xs", "ys", line_color="color", line_width=1, line_join="round", source=traces,
        level="glyph",
    )  # fmt: skip
    words = root.text(
        "x", "y", "text", source=captions, text_font_size="11px", text_baseline="top", x_offset=3,
        background_fill_alpha=0.75, padding=1, level="annotation",
    )  # fmt: skip
    return {
        "figure": root, "xs": xs, "ys": ys, "traces": traces, "seconds": seconds, "gaps": gaps,
        "rails": rails, "seconds_glyph": lines.glyph, "gaps_glyph": holes.glyph,
        "rails_glyph": limits.glyph, "marks": marks, "captions": captions,
        "captions_glyph": words.glyph,
    }  # fmt: skip


def _source(name: str, *columns: str) -> ColumnDataSource:
    return ColumnDataSource({column: [] for column in columns}, name=name)

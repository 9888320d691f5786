"""Plots, as SVG files beside the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.benches.figures import number

OURS, OTHERS = "#0072b2", "#999999"  # of Okabe and Ito's palette, and grey
COLOURS = (
    "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442", OTHERS,
)  # fmt: skip


def dots(path: Path, values: Sequence[tuple[str, float]], label: str) -> Path:
    """A dot for each name on a logarithmic axis, with its value; eegstore's in colour."""
    figure, axes = _figure(8, 0.3 * len(values) + 1)
    for row, (name, value) in enumerate(values):
        axes.plot(value, row, "o", color=OURS if name.startswith("eegstore") else OTHERS)
        axes.annotate(
            number(value), (value, row), (6, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_yticks(range(len(values)), [name for name, _ in values])
    axes.set_xscale("log")
    axes.margins(x=0.1)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.grid(axis="y", alpha=0.3)
    return _saved(figure, path)


def lines(
    path: Path,
    series: Mapping[str, Sequence[tuple[float, float]]],
    x: str,
    y: str,
    logarithmic: bool = True,
) -> Path:
    """One line for each series of (x, y); eegstore's thicker than the others."""
    figure, axes = _figure(9, 5)
    for turn, (name, points) in enumerate(series.items()):
        ours = name.startswith("eegstore")
        axes.plot(
            *zip(*points, strict=True),
            label=name,
            color=OURS if ours else COLOURS[turn % len(COLOURS)],
            linewidth=2.5 if ours else 1,
            marker="o" if len(points) < 20 else None,
            markersize=4,
            linestyle="-" if turn < len(COLOURS) else "--",
        )
    if logarithmic:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    return _saved(figure, path)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()


def _saved(figure: Any, path: Path) -> Path:
    from matplotlib import rc_context

    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "eegstore"}):
        figure.savefig(path, metadata={"Date": None})
    return path

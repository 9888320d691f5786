"""Plots, as SVG files beside the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OURS, OTHERS = "#0072b2", "#999999"  # of Okabe and Ito's palette, and grey
COLOURS = (
    OURS, "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442", OTHERS,
)  # fmt: skip


def bars(path: Path, values: Sequence[tuple[str, float]], label: str) -> Path:
    """Horizontal bars on a logarithmic axis, eegstore's in colour."""
    figure, axes = _figure(8, 0.3 * len(values) + 1)
    names = [name for name, _ in values]
    colours = [OURS if name.startswith("eegstore") else OTHERS for name in names]
    axes.barh(names, [value for _, value in values], color=colours)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    return _saved(figure, path)


def lines(
    path: Path,
    series: Mapping[str, Sequence[tuple[float, float]]],
    x: str,
    y: str,
    logarithmic: bool = True,
) -> Path:
    """One line for each series of (x, y); eegstore's thicker than the others."""
    figure, axes = _figure(8, 5)
    for number, (name, points) in enumerate(series.items()):
        ours = name.startswith("eegstore")
        axes.plot(
            *zip(*points, strict=True),
            label=name,
            color=OURS if ours else COLOURS[1 + number % (len(COLOURS) - 1)],
            linewidth=2.5 if ours else 1,
            marker="o" if len(points) < 20 else None,
            markersize=4,
            linestyle="-" if number < len(COLOURS) else "--",
        )
    if logarithmic:
        axes.set_xscale("log")
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, ncols=2)
    return _saved(figure, path)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()


def _saved(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    return path

"""Sources that are sent to the browser only when they change."""

from collections.abc import Mapping, Sequence
from typing import Any

from bokeh.models import ColumnDataSource


def put(source: ColumnDataSource, data: Mapping[str, Sequence[Any]]) -> None:
    """Replace the data of a source, unless they are the same."""
    if source.data != data:
        source.data = dict(data)


def put_cells(source: ColumnDataSource, data: Mapping[str, Sequence[Any]]) -> None:
    """As `put`; where only some cells of as many rows differ, only those are sent."""
    old = source.data
    if any(len(old[name]) != len(new) for name, new in data.items()):
        put(source, data)
        return
    patches = {
        name: [(at, b) for at, (a, b) in enumerate(zip(old[name], new, strict=True)) if a != b]
        for name, new in data.items()
    }
    if any(patches.values()):
        source.patch({name: cells for name, cells in patches.items() if cells})

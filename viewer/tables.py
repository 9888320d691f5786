"""Two lists beside the traces: recordings, and the events of the one that is shown."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bokeh.models import ColumnDataSource, CustomJS
from bokeh.models.widgets.tables import DataTable, HTMLTemplateFormatter, TableColumn

from eegstore.model import Annotation, Recording, RecordingInfo

from .choice import Key, key_of
from .marks import is_seizure
from .sources import put_cells
from .times import clock, elapsed

_CSS = Path(__file__).parent / "static" / "table.css"
# <%- escapes what it writes: a description is anybody's text.
_RECORDING = (
    '<div class="line"><b><%- patient %></b><span class="cut"><%- value %></span></div>'
    '<div class="line"><span><%- start %></span><span><%- duration %></span>'
    '<span class="<%- kind %>"><%- seizures %></span></div>'
)
_EVENT = (
    '<div class="line <%- kind %>"><span><%- when %></span>'
    '<b class="cut" title="<%- value %>"><%- value %></b><span><%- lasting %></span></div>'
)

_REDRAW = "export default ({table}, _, __, {index}) => index.find_one(table)?.grid.invalidate()"


class RecordingTable:
    """All recordings, the latest first; a click opens one."""

    def __init__(self, chosen: Callable[[Key], None]) -> None:
        names = ("patient", "recording", "start", "duration", "seizures", "kind")
        self.source = ColumnDataSource({name: [] for name in names}, name="recordings")
        self.root = _table("recording_table", self.source, "recording", _RECORDING, 46)
        self._chosen = chosen
        self.source.selected.on_change("indices", lambda a, o, new: self._choose(new))

    def update(
        self, infos: Sequence[RecordingInfo], counts: dict[Key, int], shown: Key | None
    ) -> None:
        """Show the list, and which one is open."""
        put_cells(self.source, recording_rows(infos, counts))
        keys = [key_of(info.recording) for info in infos]
        self.source.selected.indices = [keys.index(shown)] if shown in keys else []

    def _choose(self, indices: list[int]) -> None:
        if indices:
            data = self.source.data
            self._chosen((data["patient"][indices[0]], data["recording"][indices[0]]))


class EventTable:
    """The annotations of a recording by onset; a click goes there."""

    def __init__(self, chosen: Callable[[float], None]) -> None:
        names = ("when", "what", "lasting", "kind")
        self.source = ColumnDataSource({name: [] for name in names}, name="events")
        self.root = _table("event_table", self.source, "what", _EVENT, 26)
        self._chosen = chosen
        self._onsets: list[float] = []
        self.source.selected.on_change("indices", lambda a, o, new: self._choose(new))

    def update(self, recording: Recording, annotations: Sequence[Annotation]) -> None:
        """Show the list."""
        self._onsets = [one.onset for one in annotations]
        put_cells(self.source, event_rows(recording, annotations))

    def _choose(self, indices: list[int]) -> None:
        if indices:
            self.source.selected.indices = []  # so that the next click on it counts, too
            self._chosen(self._onsets[indices[0]])


def recording_rows(infos: Sequence[RecordingInfo], counts: dict[Key, int]) -> dict[str, list[str]]:
    """The columns of the list of recordings."""
    numbers = [counts.get(key_of(info.recording)) for info in infos]
    starts = [info.recording.start_time for info in infos]
    return {
        "patient": [info.recording.patient_id for info in infos],
        "recording": [info.recording.recording_id for info in infos],
        "start": ["no clock time" if s is None else f"{s:%Y-%m-%d %H:%M}" for s in starts],
        "duration": [elapsed(info.duration) + ("" if info.closed else " · open") for info in infos],
        "seizures": [_counted(number) for number in numbers],
        "kind": ["seizure" if number else "" for number in numbers],
    }


def event_rows(recording: Recording, annotations: Sequence[Annotation]) -> dict[str, list[str]]:
    """The columns of the list of events."""
    kinds = [
        ("seizure " if is_seizure(one) else "") + ("" if one.status == "confirmed" else one.status)
        for one in annotations
    ]
    return {
        "when": [clock(recording, one.onset) for one in annotations],
        "what": [one.description for one in annotations],
        "lasting": [_lasting(one.duration) for one in annotations],
        "kind": [kind.strip() for kind in kinds],
    }


def _lasting(duration: float | None) -> str:
    if not duration:
        return ""
    return f"{duration:.0f} s" if duration >= 10 else f"{duration:.2g} s"


def _counted(number: int | None) -> str:
    if number is None:
        return "…"
    return "" if number == 0 else "1 seizure" if number == 1 else f"{number} seizures"


def _table(
    name: str, source: ColumnDataSource, column: str, template: str, height: int
) -> DataTable:
    table = DataTable(
        name=name, source=source, row_height=height, index_position=None, header_row=False,
        columns=[TableColumn(field=column, formatter=HTMLTemplateFormatter(template=template))],
        autosize_mode="force_fit", reorderable=False, sizing_mode="stretch_both", min_height=60,
        stylesheets=[_CSS.read_text()],
    )  # fmt: skip
    # Of as many rows with other cells a table takes no notice by itself.
    redraw = CustomJS(args={"table": table}, code=_REDRAW)
    for event in ("patching", "change:data"):
        source.js_on_change(event, redraw)
    return table

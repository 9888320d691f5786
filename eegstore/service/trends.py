"""Trends of a recording or a study: through the hours that are made, and what is left now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.encoding.checks import MAX_SECOND
from eegstore.errors import InvalidDataError, SpanError
from eegstore.model import Recording
from eegstore.service.recordings import declared
from eegstore.service.spectra import computed
from eegstore.service.studies import not_one
from eegstore.service.timeline import timeline_of
from eegstore.signal.spans import Spans, common, length, minus, union
from eegstore.signal.spectral import GROUPS, HOUR, MINUTE, MINUTES, table_of
from eegstore.signal.trend_columns import TrendColumns
from eegstore.signal.trends import EDGES, N_BINS
from eegstore.store import recordings, spectra, summary_loose
from eegstore.store.database import Database, Raw
from eegstore.store.extents import stop_of
from eegstore.trends import Trends
from eegstore.wire import unique_labels

MAX_COLUMNS = 10_000
COLUMNS = 2000  # where none are asked for
MAX_NOW = 120  # [s] computed while somebody waits
_WORTH = 60  # [s] of the hour that still grows, that are worth being kept
_MANY = 32  # spans looked for one by one

Key = tuple[str, str]


class TrendsRead(NamedTuple):
    """Trends, and the recordings whose spectral bins are due (`spectra.build`)."""

    trends: Trends
    due: list[Key]


@dataclass(slots=True)
class _Part:
    """A recording on the timeline."""

    recording: Recording
    offset: Fraction  # [s]
    end: int  # [s] from its start
    closed: bool
    line: int | None  # of its spectral table; None when it has none of that name
    loose: Spans = field(default_factory=list)  # stored seconds, of which no hour speaks


async def read_trends(
    database: Database,
    patient_id: str,
    *,
    recording_id: str | None = None,
    study_id: str | None = None,
    start: Fraction | None = None,
    stop: Fraction | None = None,
    px: int | None = None,
    group: str = "all",
) -> TrendsRead:
    """Spectral bins and amplitude over time, of a recording or of a study.

    Parameters
    ----------
    start, stop : Fraction, optional
        [s] of recording or study; default all of it.
    px : int, optional
        Columns at most. They are whole seconds long, or whole minutes, and begin at their
        multiples.
    group : str
        "all", "left" or "right" channels of EEG, or the label (made unique) of one.

    Raises
    ------
    NotFoundError
    SpanError, InvalidDataError
        A span that is empty or starts before the recording; no such group; px is not in 1 ..
        10,000; both or neither of recording_id and study_id are given.
    """
    if px is not None and not 1 <= px <= MAX_COLUMNS:
        raise InvalidDataError(f"px is {px}; it must be in 1 .. {MAX_COLUMNS}")
    parts = await _parts(database, patient_id, recording_id, study_id, group)
    first, unit, n_columns = _grid(parts, start, stop, px or COLUMNS)
    columns = TrendColumns(n_columns)
    grid = (first, unit, n_columns)
    for part in parts:
        if part.line is not None:
            await _stored(database, part, columns, grid, part.line)
    complete = await _now(database, parts, columns, grid)
    trends = Trends(
        patient_id, study_id, recording_id, group, first, unit, EDGES, complete, columns.bins,
        columns.amplitude,
    )  # fmt: skip
    return TrendsRead(trends, [_key(part) for part in parts if _is_due(part, complete)])


async def _parts(
    database: Database,
    patient_id: str,
    recording_id: str | None,
    study_id: str | None,
    group: str,
) -> list[_Part]:
    if (recording_id is None) == (study_id is None):
        raise not_one(study_id)
    if recording_id is not None:
        known = (await declared(database, patient_id, recording_id)).recording
        async with database.reading() as driver:
            end = await stop_of(driver, patient_id, recording_id)
        async with database.begin() as connection:
            closed = await recordings.closed_at(connection, patient_id, recording_id)
        found = [_Part(known, Fraction(0), end or 0, closed is not None, _line(known, group))]
    else:
        extended = await timeline_of(database, patient_id, study_id or "")
        found = [
            _Part(recording, offset, int(end or 0), closed, _line(recording, group))
            for (recording, offset), end, closed in zip(
                extended.timeline.study.parts, extended.ends, extended.closed, strict=True
            )
        ]
    if group not in GROUPS and all(part.line is None for part in found):
        labels = dict.fromkeys(label for part in found for label in _labels(part.recording))
        raise InvalidDataError(
            f"group {group!r} is not one of {', '.join(GROUPS)}, nor a channel of EEG: "
            f"{', '.join(labels) or 'there is none'}"
        )
    return found


def _labels(recording: Recording) -> list[str]:
    labels = unique_labels(recording.channels)
    return [labels[row] for row in table_of(recording.channels).rows]


def _line(recording: Recording, group: str) -> int | None:
    table = table_of(recording.channels)
    if not table.rows:
        return None
    if group in GROUPS:
        return GROUPS.index(group)
    labels = unique_labels(recording.channels)
    return table.line(labels.index(group)) if group in labels else None


def _grid(
    parts: Sequence[_Part], start: Fraction | None, stop: Fraction | None, px: int
) -> tuple[int, int, int]:
    """Where columns begin, how long they are [s], and how many there are."""
    lo = Fraction(0) if start is None else start
    hi = max(part.offset + part.end for part in parts) if stop is None else stop
    if lo < 0:
        raise SpanError(f"start {float(lo):g} s lies before the beginning, which is 0")
    if stop is not None and hi <= lo:
        raise SpanError(f"end {float(hi):g} s is not after start {float(lo):g} s")
    if max(lo, hi) > MAX_SECOND + 1:
        raise SpanError(
            f"{float(max(lo, hi)):g} s lies after second {MAX_SECOND}, the last there is"
        )
    unit = max(1, -((lo - hi) // px))
    if unit > MINUTE // 2:  # so that minutes, of which there is much less to read, suffice
        unit = -(-unit // MINUTE) * MINUTE
    first = int(lo // unit) * unit
    return first, unit, max(0, int(-((first - hi) // unit)))


async def _stored(
    database: Database, part: _Part, columns: TrendColumns, grid: tuple[int, int, int], line: int
) -> None:
    """Take in what hours hold, and note the seconds of which none speaks."""
    first, unit, n_columns = grid
    lo = max(0, int((first - part.offset) // 1))
    hi = min(part.end, int((first + unit * n_columns - part.offset) // 1) + 1)
    if lo >= hi:
        return
    table = table_of(part.recording.channels)
    covered: Spans = []
    what = "minutes" if unit >= MINUTE else "bins"
    async with database.reading() as driver:
        async for hours in spectra.line(
            driver, *_key(part), table.processing, (line, table.n_lines), what,
            (lo // HOUR * HOUR, hi),
        ):  # fmt: skip
            for hour in hours:
                covered += minus([(hour.start, hour.start + HOUR)], hour.missing)
                if unit >= MINUTE:
                    minutes = np.frombuffer(hour.data, MINUTES)
                    starts = hour.start + MINUTE * np.arange(len(minutes), dtype=np.int64)
                    columns.add_minutes(_columns(part, grid, starts), minutes)
                else:
                    bins = np.frombuffer(hour.data, np.uint8).reshape(-1, N_BINS)
                    seconds = hour.start + np.arange(len(bins), dtype=np.int64)
                    columns.add_seconds(_columns(part, grid, seconds), bins)
        left = minus([(lo, hi)], union(covered))
        part.loose = await _of_stored(driver, part, left)


async def _of_stored(driver: Raw, part: _Part, spans: Spans) -> Spans:
    """Those of some seconds that are stored."""
    if len(spans) > _MANY:
        whole = (spans[0][0], spans[-1][1])
        return common(spans, await summary_loose.stored(driver, *_key(part), *whole))
    found = [await summary_loose.stored(driver, *_key(part), *span) for span in spans]
    return [span for some in found for span in some]


async def _now(
    database: Database, parts: Sequence[_Part], columns: TrendColumns, grid: tuple[int, int, int]
) -> bool:
    """Compute the latest seconds of which no hour speaks; whether those were all."""
    left = MAX_NOW
    for part in reversed(parts):
        if part.line is None or not part.loose:
            continue
        wanted = _last(part.loose, left)
        left -= length(wanted)
        if not wanted:
            continue
        async with database.reading() as driver:
            kept = database.parameters
            async for seconds, bins in computed(driver, part.recording, wanted, kept):
                columns.add_seconds(_columns(part, grid, seconds), bins[part.line])
    return sum(length(part.loose) for part in parts if part.line is not None) <= MAX_NOW


def _last(spans: Spans, n_seconds: int) -> Spans:
    """The last seconds of some spans, so many at most."""
    made: Spans = []
    for start, stop in reversed(spans):
        if n_seconds <= 0:
            break
        made.append((max(start, stop - n_seconds), stop))
        n_seconds -= stop - made[-1][0]
    return made[::-1]


def _is_due(part: _Part, complete: bool) -> bool:
    if part.line is None or not part.loose:
        return False
    growing = not part.closed and part.loose[0][0] >= (part.end - 1) // HOUR * HOUR
    return not complete or not growing or length(part.loose) >= _WORTH


def _columns(
    part: _Part, grid: tuple[int, int, int], seconds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The column in which each second begins, or of long columns its minute."""
    first, unit, _ = grid
    offset = part.offset - first
    begins = seconds if unit < MINUTE else seconds // MINUTE * MINUTE
    return (begins + offset.numerator // offset.denominator) // unit


def _key(part: _Part) -> Key:
    return part.recording.patient_id, part.recording.recording_id

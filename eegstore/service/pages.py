"""Pages: a montage of a recording between two times, filtered, as points to draw."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from eegstore.errors import InvalidDataError, SpanError, TooLargeError
from eegstore.model import Channel, Recording
from eegstore.page import MAX_DURATION, MAX_PX, Page, PageBlock, PageTrace, Stretch
from eegstore.service.drawing import Drawing, Times, draw
from eegstore.service.ingest import MAX_SECOND
from eegstore.service.recordings import declared
from eegstore.signal.decimate import samples_per_column
from eegstore.signal.derivations import derive
from eegstore.signal.filter_setting import UNFILTERED, Setting
from eegstore.signal.montage import Derived, Line, Trace
from eegstore.signal.page import reach
from eegstore.store import recordings, summary_loose
from eegstore.store.database import Database
from eegstore.timebase import first_sample

MAX_VALUES = 16_000_000  # on a page
MAX_SAMPLES = 100_000_000  # read for a page: an hour of 108 channels at 256 Hz
MAX_LINES = 256  # of a montage of one's own


@dataclass(frozen=True, slots=True)
class View:
    """How a reader wants to see a recording."""

    montage: str | tuple[Line, ...] = "recorded"  # a standard one, or lines of one's own
    setting: Setting = UNFILTERED
    bad: frozenset[int] = frozenset()  # rows that no derivation may use
    px: int | None = None  # min and max in so many columns, where samples are more


class Read(NamedTuple):
    """A page, and whether it will never be another."""

    page: Page
    sealed: bool


async def read_page(
    database: Database,
    patient_id: str,
    recording_id: str,
    start: Fraction,
    stop: Fraction,
    view: View,
    *,
    max_values: int = MAX_VALUES,
) -> Read:
    """The page of a recording over ``start <= t < stop`` [s].

    Raises
    ------
    NotFoundError
    SpanError, TooLargeError, InvalidDataError
        The span is empty, starts before the recording or is too long; the answer would be too
        large; no such montage, filter or row.
    """
    recording = (await declared(database, patient_id, recording_id)).recording
    check_span(start, stop)
    check_view(view, len(recording.channels))
    found = derived(recording.channels, view.montage, view.bad)
    widths = widths_of(found.traces, start, stop, view.px, max_values)
    drawing = await draw(database, recording, found.traces, start, stop, view.setting, widths)
    before, after = reach(found.traces, view.setting)
    sealed = drawing.whole or await _is_sealed(database, recording, start - before, stop + after)
    study_id = recording.study_id or recording_id
    page = Page(
        patient_id, study_id, recording_id, start, stop,
        (Stretch(recording_id, float(start), float(stop)),),
        _within(drawing.spans, (float(start), float(stop))),
        _traces(found, drawing, (float(start), float(stop))), found.unavailable, (),
        _blocks(drawing, widths, float(start)),
    )  # fmt: skip
    return Read(page, sealed)


@lru_cache(maxsize=512)
def derived(
    channels: tuple[Channel, ...], montage: str | tuple[Line, ...], bad: frozenset[int]
) -> Derived:
    """`derive`, which takes longer than all else on a page, once for each montage."""
    return derive(channels, montage, bad)


def check_span(start: Fraction, stop: Fraction) -> None:
    """Raise unless a page may have this span."""
    if start < 0:
        raise SpanError(f"start {float(start):g} s lies before the beginning, which is 0")
    if stop <= start:
        raise SpanError(f"end {float(stop):g} s is not after start {float(start):g} s")
    if stop > MAX_SECOND + 1:
        raise SpanError(f"end {float(stop):g} s lies after second {MAX_SECOND}, the last there is")
    if stop - start > MAX_DURATION:
        raise TooLargeError(
            f"a page of {float(stop - start):g} s is too long; at most {MAX_DURATION} s"
        )


def check_view(view: View, n_rows: int) -> None:
    """Raise unless a recording of so many channels can be seen so."""
    if view.px is not None and not 1 <= view.px <= MAX_PX:
        raise InvalidDataError(f"px is {view.px}; it must be in 1 .. {MAX_PX}")
    if not isinstance(view.montage, str) and not 1 <= len(view.montage) <= MAX_LINES:
        raise InvalidDataError(
            f"a custom montage of {len(view.montage)} lines; allowed are 1 to {MAX_LINES}"
        )
    for row in view.bad:
        if not 0 <= row < n_rows:
            raise InvalidDataError(f"bad row {row} is not in 0 .. {n_rows - 1}")


def widths_of(
    traces: tuple[Trace, ...], start: Fraction, stop: Fraction, px: int | None, max_values: int
) -> dict[Fraction, int]:
    """How many samples share a column, by sampling frequency [Hz]; raises when it is too much."""
    widths, values, samples = {}, 0, 0
    for trace in traces:
        n_samples = first_sample(stop, trace.sfreq) - first_sample(start, trace.sfreq)
        width = 1 if px is None else samples_per_column(n_samples, px)
        widths[trace.sfreq] = width
        values += n_samples if width == 1 else 2 * (n_samples // width + 2)
        samples += n_samples
    if values > max_values:
        raise TooLargeError(
            f"a page of {values} values is too large; at most {max_values}; give px to reduce them"
        )
    if samples > MAX_SAMPLES:
        raise TooLargeError(
            f"a page of {samples} samples is too large; at most {MAX_SAMPLES} can be reduced"
        )
    return widths


async def _is_sealed(
    database: Database, recording: Recording, start: Fraction, stop: Fraction
) -> bool:
    """Whether nothing can come any more where samples are missing."""
    key = (recording.patient_id, recording.recording_id)
    async with database.begin() as connection:
        if await recordings.closed_at(connection, *key) is not None:
            return True
    first, last = max(0, start // 1), -(-stop // 1)
    async with database.reading() as driver:
        return await summary_loose.stored(driver, *key, first, last) == [(first, last)]


def _traces(found: Derived, drawing: Drawing, page: tuple[float, float]) -> tuple[PageTrace, ...]:
    made: dict[int, PageTrace] = {}
    for at, drawn in enumerate(drawing.blocks.values()):
        for index, used, clips in zip(drawn.traces, drawn.filters, drawn.clips, strict=True):
            trace, setting = found.traces[index], used.setting
            made[index] = PageTrace(
                trace.label, trace.unit, trace.kind, trace.side, trace.noise, trace.color,
                trace.sfreq, trace.rows, at, _within(clips, page), setting.lff, setting.hff,
                setting.notch,
            )  # fmt: skip
    return tuple(made[index] for index in range(len(made)))


def _within(times: Times, page: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    cut = ((max(lo, page[0]), min(hi, page[1])) for lo, hi in times)
    return tuple((lo, hi) for lo, hi in cut if lo < hi)


def _blocks(drawing: Drawing, widths: dict[Fraction, int], start: float) -> tuple[PageBlock, ...]:
    return tuple(
        PageBlock(
            sfreq, widths[sfreq], tuple(drawn.traces),
            (drawn.times - start).astype(np.float32), drawn.values.astype(np.float32),
        )
        for sfreq, drawn in drawing.blocks.items()
    )  # fmt: skip

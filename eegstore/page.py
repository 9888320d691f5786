"""What a reader looks at: the traces of a montage, filtered, as points to draw.

Traces of one `sfreq` are drawn at the same times and form a block. Nothing is turned over
here: negative is negative.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.leads import Kind
from eegstore.signal.montage import Unavailable
from eegstore.signal.names import Side

MAX_DURATION = 3600  # [s]
MAX_PX = 10_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which recording a part of a page shows; half-open."""

    recording_id: str
    start: float  # [s], on the page's timeline
    stop: float  # [s]


@dataclass(frozen=True, slots=True)
class PageTrace:
    """One line of a page."""

    label: str
    unit: str
    kind: Kind
    side: Side
    noise: float  # factor, see `eegstore.signal.montage`
    color: str | None
    sfreq: Fraction  # [Hz]
    rows: tuple[int, ...]  # that it is made of
    block: int
    clips: tuple[tuple[float, float], ...]  # where a row is at its rail [s], page's timeline
    lff: float | None  # [Hz], as applied; None for off
    hff: float | None  # [Hz]
    notch: float | None  # [Hz]


@dataclass(frozen=True, slots=True)
class PageBlock:
    """The points of the traces of one sampling frequency."""

    sfreq: Fraction  # [Hz]
    per_column: int  # samples that became two points, their min and max; 1: all are there
    traces: tuple[int, ...]  # which of the page's traces these are
    times: NDArray[np.float32]  # (n_points,) [s] from the start of the page
    values: NDArray[np.float32]  # (n_traces, n_points) in each trace's unit, NaN: no sample


@dataclass(frozen=True, slots=True)
class Page:
    """The traces of a montage between two times of a recording, or of a study."""

    patient_id: str
    study_id: str
    recording_id: str | None  # None of a study
    start: Fraction  # [s] from the start of what was asked for
    stop: Fraction  # [s]
    recordings: tuple[Stretch, ...]
    spans: tuple[tuple[float, float], ...]  # where samples are [s]
    traces: tuple[PageTrace, ...]
    unavailable: tuple[Unavailable, ...]
    suspects: tuple[str, ...]  # channels that may be swapped or inverted, in words
    blocks: tuple[PageBlock, ...]
    version: str | None = None  # of the study's clock: another one when a recording is added

    def trace(self, label: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Times [s] from the start of the page, and values, of the trace with that label.

        Raises
        ------
        InvalidDataError
            There is none, or there are several; names those that there are.
        """
        found = [index for index, trace in enumerate(self.traces) if trace.label == label]
        if len(found) != 1:
            told = ", ".join(trace.label for trace in self.traces)
            raise InvalidDataError(f"{len(found)} traces are called {label!r}; there are {told}")
        block = self.blocks[self.traces[found[0]].block]
        return block.times, block.values[block.traces.index(found[0])]

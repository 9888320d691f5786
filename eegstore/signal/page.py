"""From the rows of a recording to the lines of a page: montage, filters, min/max.

The order matters. Derivations come first, so that what is common to two electrodes is gone
before a filter could ring on it; then the filters that suit each kind of trace, on more than
the page; then the page is cut out, and reduced to what the screen can show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.signal.decimate import Reduced, reduce
from eegstore.signal.filter_design import Filter, design
from eegstore.signal.filter_setting import POLICY, Setting, Suits, of_kind
from eegstore.signal.filters import filtered
from eegstore.signal.leads import Kind
from eegstore.signal.montage import Trace, apply


@dataclass(frozen=True, slots=True)
class Lines:
    """The traces of one sampling frequency on a page."""

    reduced: Reduced
    filters: tuple[Filter, ...]  # of each trace, as applied


def reach(
    traces: Sequence[Trace], setting: Setting, policy: Mapping[Kind, Suits] = POLICY
) -> tuple[int, int]:
    """How much must be read before and after a page [s], for all its traces."""
    kinds = {(trace.kind, trace.sfreq) for trace in traces}
    used = [design(of_kind(setting, kind, policy), sfreq) for kind, sfreq in kinds]
    return max((one.before for one in used), default=0), max((one.after for one in used), default=0)


def lines(
    traces: Sequence[Trace],
    rows: Sequence[int],
    data: NDArray[Any],
    first_sample: int,
    page: tuple[int, int],
    setting: Setting,
    per_column: int = 1,
    policy: Mapping[Kind, Suits] = POLICY,
) -> Lines:
    """The lines of a page.

    Parameters
    ----------
    traces : sequence of Trace
        Of one sampling frequency.
    rows : sequence of int
        Which row of the recording each row of `data` is.
    data : ndarray of float, (n_rows, n_samples)
        The page and what lies around it, see `reach`; in each channel's unit, NaN in gaps.
    first_sample : int
        Index of column 0 of `data`, from recording start.
    page : (int, int)
        The samples to show, half-open, from recording start; within `data`.
    setting : Setting
        Filters.
    per_column : int
        See `decimate.reduce`.
    policy : mapping
        Which of the filters a kind of trace gets.

    Raises
    ------
    InvalidDataError
        The page is not within the data; a trace needs a row that is not there; the traces
        differ in sampling frequency.
    """
    rates = {trace.sfreq for trace in traces}
    if len(rates) > 1:
        told = ", ".join(f"{float(rate):g}" for rate in sorted(rates))
        raise InvalidDataError(f"traces of {told} Hz; lines are made for one rate at a time")
    lo, hi = page[0] - first_sample, page[1] - first_sample
    if not 0 <= lo <= hi <= data.shape[1]:
        raise InvalidDataError(
            f"page of samples {page[0]} to {page[1]} is not within {first_sample} to "
            f"{first_sample + data.shape[1]}"
        )
    values = apply(traces, rows, data)
    by_kind = {trace.kind: trace.sfreq for trace in traces}
    designs = {kind: design(of_kind(setting, kind, policy), sfreq)
               for kind, sfreq in by_kind.items()}  # fmt: skip
    used = tuple(designs[trace.kind] for trace in traces)
    shown = np.empty((len(traces), hi - lo))
    for one in {each.setting: each for each in used}.values():
        same = [index for index, other in enumerate(used) if other.setting == one.setting]
        shown[same] = filtered(values[same], one)[:, lo:hi]
    return Lines(reduce(shown, page[0], per_column), used)

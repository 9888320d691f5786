"""How a reader wants to see a recording, and the limits of that."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from eegstore.errors import InvalidDataError, TooLargeError
from eegstore.page import MAX_DURATION, MAX_PX
from eegstore.service.times import check_times
from eegstore.signal.decimate import samples_per_column
from eegstore.signal.filter_setting import UNFILTERED, Setting
from eegstore.signal.montage import Derived, Line
from eegstore.signal.own import MAX_LINES
from eegstore.timebase import first_sample

MAX_VALUES = 16_000_000  # on a page
MAX_SAMPLES = 100_000_000  # read for a page: an hour of 108 channels at 256 Hz


@dataclass(frozen=True, slots=True)
class View:
    """How a reader wants to see a recording."""

    montage: str | tuple[Line, ...] = "recorded"  # a standard one, or lines of one's own
    setting: Setting = UNFILTERED
    bad: frozenset[int] = frozenset()  # rows that no derivation may use
    px: int | None = None  # min and max in so many columns, where samples are more


def check(view: View, start: Fraction, stop: Fraction, n_rows: int) -> None:
    """Raise unless a page of such a span, of so many channels, may be asked for.

    Raises
    ------
    SpanError, TooLargeError, InvalidDataError
        Names the value and the limit.
    """
    check_times(start, stop)
    if stop - start > MAX_DURATION:
        raise TooLargeError(
            f"a page of {float(stop - start):g} s is too long; at most {MAX_DURATION} s"
        )
    if view.px is not None and not 1 <= view.px <= MAX_PX:
        raise InvalidDataError(f"px is {view.px}; it must be in 1 .. {MAX_PX}")
    if not isinstance(view.montage, str) and not 1 <= len(view.montage) <= MAX_LINES:
        raise InvalidDataError(
            f"a custom montage of {len(view.montage)} lines; allowed are 1 to {MAX_LINES}"
        )
    for row in view.bad:
        if not 0 <= row < n_rows:
            raise InvalidDataError(f"bad row {row} is not in 0 .. {n_rows - 1}")


def columns(
    montages: Iterable[Derived], start: Fraction, stop: Fraction, px: int | None, max_values: int
) -> dict[Fraction, int]:
    """How many samples share a column, by sampling frequency [Hz].

    Raises
    ------
    TooLargeError
        The largest of the montages makes more values, or reads more samples, than it may.
    """
    widths = {}
    for montage in montages:
        values, samples = 0, 0
        for trace in montage.traces:
            n_samples = first_sample(stop, trace.sfreq) - first_sample(start, trace.sfreq)
            width = 1 if px is None else samples_per_column(n_samples, px)
            widths[trace.sfreq] = width
            values += n_samples if width == 1 else 2 * (n_samples // width + 2)
            samples += n_samples
        if values > max_values:
            raise TooLargeError(
                f"a page of {values} values is too large; at most {max_values}; give px to "
                "reduce them"
            )
        if samples > MAX_SAMPLES:
            raise TooLargeError(
                f"a page of {samples} samples is too large; at most {MAX_SAMPLES} can be reduced"
            )
    return widths

"""Numbers out of repeated measurements, and how they are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

NONE = "-"  # a cell without a number


@dataclass(frozen=True)
class Sample:
    """Repeated measurements of one thing."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a sample needs at least one value")

    @property
    def n(self) -> int:
        """How many measurements there are."""
        return len(self.values)

    @property
    def median(self) -> float:
        """The value in the middle, or the mean of the two in the middle."""
        return quantile(self.values, 0.5)

    @property
    def p99(self) -> float:
        """The 99th percentile; of fewer than 100 values nearly the largest."""
        return quantile(self.values, 0.99)


def quantile(values: Sequence[float], q: float) -> float:
    """The `q`-quantile of some values, linear between neighbours (as numpy's default)."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def number(value: float) -> str:
    """Three digits that count, without an exponent; whole numbers from 1,000 on.

    >>> number(0.04567), number(4.567), number(45.67), number(45678.9), number(0)
    ('0.0457', '4.57', '45.7', '45,679', '0')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.3g}")
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return f"{value:,.{decimals}f}"


def milliseconds(sample: Sample) -> list[str]:
    """Two cells: median and p99 [ms] of a sample in [s]."""
    return [number(sample.median * 1e3), number(sample.p99 * 1e3)]


def compared(sample: Sample | None, base: Sample | None) -> list[str]:
    """Four cells: ratio of the medians, median [ms], p99 [ms] and n of a sample in [s]."""
    if sample is None:
        return [NONE] * 4
    ratio = number(sample.median / base.median) if base is not None else NONE
    return [ratio, *milliseconds(sample), str(sample.n)]


def over(sample: Sample | None, base: Sample | None) -> float | None:
    """The ratio of two medians."""
    return sample.median / base.median if sample is not None and base is not None else None


def megabytes(n_bytes: float) -> str:
    """A size [MB]."""
    return number(n_bytes / 1e6)

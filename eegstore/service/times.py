"""Which times may be asked for."""

from fractions import Fraction

from eegstore.encoding.checks import MAX_SECOND
from eegstore.errors import SpanError


def check_times(start: Fraction, stop: Fraction) -> None:
    """Raise SpanError unless ``start <= t < stop`` [s] is a span in which something may be."""
    if start.numerator < 0:
        raise SpanError(f"start {float(start):g} s lies before the beginning, which is 0")
    if stop <= start:
        raise SpanError(f"end {float(stop):g} s is not after start {float(start):g} s")
    if stop > MAX_SECOND + 1:
        raise SpanError(f"end {float(stop):g} s lies after second {MAX_SECOND}, the last there is")

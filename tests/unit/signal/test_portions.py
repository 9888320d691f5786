"""Portions of a page abut, end where columns do, and are within the times that they say."""

from fractions import Fraction as F

from hypothesis import given
from hypothesis import strategies as st

from eegstore.signal.portions import portions
from eegstore.timebase import first_sample

RATES = [F(256), F(64, 5), F(1, 30), F(200000, 1001)]


@given(
    st.fractions(0, 10_000, max_denominator=1000), st.fractions(F(1, 100), 3600),
    st.dictionaries(st.sampled_from(RATES), st.integers(1, 500), min_size=1), st.integers(1, 400),
)  # fmt: skip
def test_portions_are_the_page(
    start: F, duration: F, per_column: dict[F, int], longest: int
) -> None:
    stop = start + duration
    made = portions(start, stop, per_column, longest)
    assert len(made) == -(-duration // longest)
    for sfreq, width in per_column.items():
        at = first_sample(start, sfreq)
        for portion in made:
            first, last = portion.samples[sfreq]
            assert first == at <= last
            assert first == last or portion.start <= first / sfreq
            assert first == last or (last - 1) / sfreq < portion.stop
            at = last
            assert portion is made[-1] or last % width == 0 or last == first
        assert at == first_sample(stop, sfreq)
    for portion in made:
        columns = max(width / sfreq for sfreq, width in per_column.items())
        assert portion.stop - portion.start <= longest + columns + 1 / min(per_column)

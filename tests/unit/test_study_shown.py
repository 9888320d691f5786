"""Which recording of a study is seen when."""

from datetime import datetime, timedelta
from fractions import Fraction as F
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from eegstore.study import Study, shown, studies_of
from tests.unit.recordings import make_recording

EIGHT = datetime(2026, 11, 22, 8)


def study(*starts: float) -> Study:
    (made,) = studies_of(
        make_recording(
            recording_id=f"r{index}", study_id="s", start_time=EIGHT + timedelta(seconds=start)
        )
        for index, start in enumerate(starts)
    )
    return made


def test_holes_are_nobodys() -> None:
    two = study(0, 100)
    ends = [F(60), F(50)]
    assert shown(two, ends, F(10), F(20)) == [(0, 10, 20)]
    assert shown(two, ends, F(50), F(120)) == [(0, 50, 60), (1, 100, 120)]
    assert shown(two, ends, F(60), F(100)) == []
    assert shown(two, ends, F(140), F(200)) == [(1, 140, 150)]
    assert shown(two, [F(60), None], F(0), F(200)) == [(0, 0, 60)]


def test_where_two_overlap_the_later_is_seen_while_it_lasts() -> None:
    assert shown(study(0, 30), [F(100), F(20)], F(0), F(200)) == [
        (0, 0, 30), (1, 30, 50), (0, 50, 100)
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 50), st.none() | st.integers(0, 30)), min_size=1, max_size=6),
    st.fractions(0, 60, max_denominator=4), st.fractions(F(1, 4), 60, max_denominator=4),
)  # fmt: skip
def test_at_any_time_it_is_the_last_that_started_and_still_lasts(
    recordings: list[tuple[int, int | None]], start: F, duration: F
) -> None:
    made = study(*(begin for begin, _ in recordings))
    by_id = {f"r{i}": end for i, (_, end) in enumerate(recordings)}
    lengths = [by_id[name] for name in made.recording_ids]
    ends = [None if length is None else F(length) for length in lengths]
    found = shown(made, ends, start, start + duration)
    for lo, hi in pairwise(found):
        assert lo.stop <= hi.start
        assert lo.part != hi.part or lo.stop < hi.start
    for step in range(int(duration * 8)):
        time = start + F(step, 8)
        there = [
            (part.offset, index)
            for index, (part, end) in enumerate(zip(made.parts, ends, strict=True))
            if end is not None and part.offset <= time < part.offset + end
        ]
        seen = [one.part for one in found if one.start <= time < one.stop]
        assert seen == [max(there)[1]] if there else seen == []

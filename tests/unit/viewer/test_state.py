"""Turning pages: arithmetic only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore.errors import InvalidDataError
from viewer.state import (
    DURATIONS,
    PX_PER_MM,
    SENSITIVITIES,
    ViewState,
    around,
    at,
    before,
    fitting,
    following,
    last_start,
    lasting,
    moved,
)

MOVES = ("next", "previous", "later", "earlier", "home", "end")
extents = st.integers(0, 100_000)
states = st.builds(
    ViewState,
    st.just("p"),
    st.just("r"),
    start=st.integers(0, 100_000),
    duration=st.sampled_from(DURATIONS),
    live=st.booleans(),
)


def page(start: int, duration: int = 10) -> ViewState:
    return ViewState("p", "r", start, duration)


@pytest.mark.parametrize(
    ("move", "start", "to"),
    [
        ("next", 0, 10), ("next", 83, 90), ("next", 90, 90), ("previous", 83, 73),
        ("previous", 3, 0), ("later", 5, 6), ("earlier", 5, 4), ("earlier", 0, 0),
        ("home", 55, 0), ("end", 0, 90), ("next", 95, 95), ("later", 95, 95),
    ],
)  # fmt: skip
def test_moves_in_a_recording_of_100_s(move: str, start: int, to: int) -> None:
    assert moved(page(start), move, 100).start == to


@given(states, st.sampled_from(MOVES), extents)
def test_a_move_stays_inside_and_in_its_direction(state: ViewState, move: str, extent: int) -> None:
    to = moved(state, move, extent)
    assert 0 <= to.start <= max(last_start(state.duration, extent), state.start)
    if move in ("next", "later"):
        assert to.start >= state.start
    else:
        assert to.start <= state.start or move == "end"
    assert not to.live
    assert to.duration == state.duration


def test_an_unknown_move_is_named() -> None:
    with pytest.raises(InvalidDataError, match="'sideways' is not one of next"):
        moved(page(0), "sideways", 100)


def test_a_recording_shorter_than_the_page_has_one_page() -> None:
    for move in MOVES:
        assert moved(page(0), move, 6).start == 0


@given(states, extents)
def test_the_live_page_holds_the_end_and_at_least_half_a_page_before_it(
    state: ViewState, extent: int
) -> None:
    live = following(state, extent)
    assert live.live
    assert live.start <= extent <= live.stop
    assert live.start == 0 or extent - live.start >= state.duration // 2


@given(states, extents)
def test_the_live_page_stands_still_until_it_is_full(state: ViewState, extent: int) -> None:
    live = following(state, extent)
    assert following(live, live.stop) == live
    assert following(live, live.stop + 1).start > live.start


def test_live_is_left_by_a_move_and_kept_by_a_longer_page() -> None:
    live = following(page(0), 95)
    assert not moved(live, "earlier", 95).live
    assert lasting(live, 30, 95).live
    assert lasting(live, 30, 95).stop >= 95


def test_another_duration_keeps_the_start_where_it_can() -> None:
    assert lasting(page(30), 20, 100).start == 30
    assert lasting(page(90), 20, 100).start == 80
    with pytest.raises(InvalidDataError, match="page of 7 s"):
        lasting(page(0), 7, 100)


def test_jumps() -> None:
    assert at(page(0), 33, 100).start == 33
    assert at(page(0), 99, 100).start == 90
    assert at(page(0), -5, 100).start == 0
    assert around(page(0), 50.2, 100).start == 45
    assert around(page(0), 2.0, 100).start == 0
    assert before(page(0), 50.9, 100).start == 48
    assert before(page(0), -1.5, 100).start == 0


def test_the_sensitivity_that_fits_a_row() -> None:
    assert fitting(10 * PX_PER_MM) == 10
    assert fitting(6.7 * PX_PER_MM) == 15
    assert fitting(0) == SENSITIVITIES[-1]

"""What the screen shows, as one frozen value, and the arithmetic of turning pages.

A page is ``start <= t < start + duration`` and starts at a whole second. Every control
makes a new state; nothing changes one.
"""

from dataclasses import dataclass, replace
from math import log

from eegstore.errors import InvalidDataError

DURATIONS = (5, 10, 15, 20, 30, 60)  # [s]
SENSITIVITIES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)  # [uV/mm]
PX_PER_MM = 96 / 25.4  # CSS defines 96 px as an inch; no screen is measured
ROW = 100  # [uV], what should fit into a row: on paper, 14 mm at 7 uV/mm


@dataclass(frozen=True, slots=True)
class ViewState:
    """One page of one recording, on a field of traces of some size."""

    patient_id: str
    recording_id: str
    start: int = 0  # [s] from recording start
    duration: int = 10  # [s]
    sensitivity: int = 0  # [uV/mm]; 0 until somebody chose it or the field is known
    live: bool = False  # the page follows the end of the recording
    width: int = 0  # [px] of the field of traces; 0 until the browser has said it
    height: int = 0  # [px]

    @property
    def stop(self) -> int:
        """End of the page [s]."""
        return self.start + self.duration

    @property
    def key(self) -> tuple[str, str]:
        """What names the recording."""
        return self.patient_id, self.recording_id


def last_start(duration: int, extent: int) -> int:
    """Start [s] of the last page of a recording that reaches `extent` [s]."""
    return max(0, extent - duration)


def at(state: ViewState, start: int, extent: int) -> ViewState:
    """The page that starts at `start` [s], or as near as the recording allows; not live."""
    return replace(state, start=min(max(0, start), last_start(state.duration, extent)), live=False)


def around(state: ViewState, second: float, extent: int) -> ViewState:
    """The page with `second` [s] in its middle."""
    return at(state, int(second - state.duration / 2 + 0.5), extent)


def before(state: ViewState, onset: float, extent: int) -> ViewState:
    """The page that shows `onset` [s] after a fifth of its length."""
    return at(state, int(onset // 1) - state.duration // 5, extent)


def moved(state: ViewState, move: str, extent: int) -> ViewState:
    """The page after a key or button; a move forward never goes back.

    Parameters
    ----------
    move : str
        next, previous (a page), later, earlier (a second), home or end.

    Raises
    ------
    InvalidDataError
        Unknown move.
    """
    match move:
        case "home":
            return at(state, 0, extent)
        case "end":
            return at(state, last_start(state.duration, extent), extent)
        case "previous":
            return at(state, state.start - state.duration, extent)
        case "earlier":
            return at(state, state.start - 1, extent)
        case "next" | "later":
            step = state.duration if move == "next" else 1
            to = at(state, state.start + step, extent)
            return replace(to, start=max(to.start, state.start))
    raise InvalidDataError(f"move {move!r} is not one of next, previous, later, earlier, home, end")


def fitting(row_height: float) -> int:
    """The sensitivity [uV/mm] at which `ROW` fits into a row of that height [px]."""
    exact = ROW / max(row_height / PX_PER_MM, 1e-3)
    return min(SENSITIVITIES, key=lambda offered: abs(log(offered / exact)))


def lasting(state: ViewState, duration: int, extent: int) -> ViewState:
    """The page of another duration [s], with the same start where the recording allows.

    Raises
    ------
    InvalidDataError
        When `duration` is none of `DURATIONS`.
    """
    if duration not in DURATIONS:
        raise InvalidDataError(f"page of {duration} s; offered are {DURATIONS} s")
    longer = replace(state, duration=duration)
    return following(longer, extent) if state.live else at(longer, state.start, extent)


def following(state: ViewState, extent: int) -> ViewState:
    """The live page: it holds the end of the recording, and moves half a page at a time.

    Between two moves the traces stand still and grow at the right.
    """
    step = state.duration // 2
    turns = -(-(extent - state.duration) // step)
    return replace(state, start=max(0, turns) * step, live=True)

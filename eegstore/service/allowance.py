"""How much may be done the slow way: so much a second, and what was not used for a while."""

import time
from collections.abc import Callable


class Allowance:
    """Fills up with time and is drawn from.

    Parameters
    ----------
    per_second : float
        What it gains [1/s].
    most : float
        What it holds; in the beginning it is full.
    clock : callable
        Time [s] that never goes back.
    """

    def __init__(
        self, per_second: float, most: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._most, self._clock = per_second, most, clock
        self._left, self._at = most, clock()

    def take(self, count: float) -> bool:
        """Draw `count`, if there is so much."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < count:
            return False
        self._left -= count
        return True

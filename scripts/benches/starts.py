"""Where windows start: anywhere, at whole seconds, or where they started before."""

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Draw: TypeAlias = Callable[[random.Random], tuple[Any, ...]]
"""What draws the arguments of a method."""


def starting(total: int, seconds: int, *more: Any) -> Draw:
    """Draws (start, stop, *more) of windows of `seconds` within `total` [s]."""

    def draw(generator: random.Random) -> tuple[Any, ...]:
        start = generator.randrange(max(1, total - seconds + 1))
        return (start, start + seconds, *more)

    return draw


def again(windows: Sequence[tuple[Any, ...]]) -> Draw:
    """Draws one of some windows."""
    return lambda generator: generator.choice(windows)

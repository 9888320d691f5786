"""Where windows start: anywhere, at whole seconds."""

import random
from collections.abc import Callable
from typing import Any


def starting(total: int, seconds: int, *more: Any) -> Callable[[random.Random], tuple[Any, ...]]:
    """Draws (start, stop, *more) of windows of `seconds` within `total` [s]."""

    def draw(generator: random.Random) -> tuple[Any, ...]:
        start = generator.randrange(max(1, total - seconds + 1))
        return (start, start + seconds, *more)

    return draw

"""Where the time of a window goes: its steps, timed while it is read."""

import asyncio
import functools
import time
from collections.abc import Callable
from typing import Any

from eegstore import codec
from eegstore.codec import interpolated, polyphase
from eegstore.codec.lifting import Lifting
from eegstore.codec.restoring import Read
from eegstore.service import windows
from eegstore.store import chunks as chunk_table
from eegstore.window import Window
from scripts.benches.data import Signal
from scripts.benches.ours import Windows

DECODING = "decoding, all of it"
STEPS: list[tuple[str, Any, str]] = [
    ("blobs from PostgreSQL", chunk_table, "ask_blobs_but"),
    ("blobs from PostgreSQL", chunk_table, "blobs_but"),
    ("zstd", interpolated, "decompress_each"),
    ("bytes and low bits to residuals", Read, "fill"),
    ("prediction across channels undone", Lifting, "backward"),
    ("prediction along time undone", polyphase, "join"),
    (DECODING, codec, "decode_batches"),
    ("seconds to a window", windows, "assemble_batches"),
    ("counts to values in uV", Window, "physical"),
]
_PARTS = ("zstd", "bytes and low bits to residuals", "prediction across channels undone",
          "prediction along time undone")  # fmt: skip
WHOLE = "the whole window"


class Steps(Windows):
    """Windows with nothing kept, and how long each step takes."""

    def __init__(self, url: str, signal: Signal) -> None:
        super().__init__(url, signal, kept=False)
        self._spent: dict[str, float] = {}
        for name, where, what in STEPS:
            setattr(where, what, self._timed(name, getattr(where, what)))

    async def steps(self, start: int, stop: int) -> dict[str, float]:
        """What each step of reading [start, stop) s takes [s]; decoding is given as its parts."""
        self._spent = dict.fromkeys((name for name, _, _ in STEPS), 0.0)
        begun = time.perf_counter()
        await self.read(start, stop)
        whole = time.perf_counter() - begun
        spent = self._spent
        parts = sum(spent[name] for name in _PARTS)
        decoding = spent.pop(DECODING)
        spent["decoding, the rest: headers, copies, Python"] = decoding - parts
        spent["the rest: declaration, connection, event loop"] = whole - sum(spent.values())
        return {**spent, WHOLE: whole}

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time is added up; a step may come several times."""
        if asyncio.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*arguments: Any, **named: Any) -> Any:
                begun = time.perf_counter()
                result = await function(*arguments, **named)
                self._spent[name] += time.perf_counter() - begun
                return result

            return awaited

        @functools.wraps(function)
        def called(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            result = function(*arguments, **named)
            self._spent[name] += time.perf_counter() - begun
            return result

        return called

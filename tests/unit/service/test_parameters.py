"""Fitting leaves time for the rest."""

import asyncio
from typing import Any

import pytest

from eegstore.service import parameters
from eegstore.service.parameters import FIRST_FIT, REST, Learner


class Nothing:
    """A database in which there is nothing."""

    def begin(self) -> "Nothing":
        return self

    async def __aenter__(self) -> "Nothing":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


async def _nothing(*_: object) -> list[Any]:
    return []


def test_fits_are_made_one_by_one_with_a_rest_behind_each(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[float] = []
    monkeypatch.setattr(parameters, "raw", _nothing)
    monkeypatch.setattr(parameters.parameters, "latest", lambda *_: asyncio.sleep(0))
    monkeypatch.setattr(parameters.chunk_table, "blobs", _nothing)
    monkeypatch.setattr(parameters, "_fitted", lambda *_: (done.append(-1.0), (None, 0.5))[1])
    real = asyncio.sleep

    async def sleep(delay: float) -> None:
        if delay:
            done.append(delay)
        await real(0)

    async def work() -> None:
        learner = Learner(Nothing())  # type: ignore[arg-type]
        for key in (("p", "a"), ("p", "b"), ("p", "c")):
            learner.current(key)
        await real(0.05)
        monkeypatch.setattr(parameters.asyncio, "sleep", sleep)
        for key in (("p", "a"), ("p", "b"), ("p", "c")):
            learner.stored(key, range(FIRST_FIT))
        async with asyncio.timeout(30):
            while len(done) < 6:
                await real(0.01)
        await learner.close()

    asyncio.run(work())
    assert done == [-1.0, REST * 0.5] * 3

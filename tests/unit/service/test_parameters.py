"""Fitting leaves time for the rest."""

import asyncio
from typing import Any

import pytest

from eegstore.service import parameters
from eegstore.service.parameters import FIRST_FIT, FIT_EVERY, REST, REST_AGAIN, Learner


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


class Fitted:
    """What stands for parameters."""

    sha256 = packed = b""


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Fits (-1) and rests [s] as they come; a fit takes half a second."""
    done: list[float] = []
    monkeypatch.setattr(parameters, "raw", _nothing)
    monkeypatch.setattr(parameters, "add", _nothing)
    monkeypatch.setattr(parameters.parameters, "latest", lambda *_: asyncio.sleep(0))
    monkeypatch.setattr(parameters.chunk_table, "blobs", _nothing)
    monkeypatch.setattr(parameters, "_fitted", lambda *_: (done.append(-1.0), (Fitted(), 0.5))[1])
    return done


def _run(
    monkeypatch: pytest.MonkeyPatch, done: list[float], stored: list[tuple[str, int]], n: int
) -> None:
    """Store so many seconds of recordings, one after the other, until `n` things are done."""
    real = asyncio.sleep

    async def sleep(delay: float) -> None:
        if delay:
            done.append(delay)
        await real(0 if delay <= REST * 0.5 else 600)  # nothing waits for the longer rest

    async def work() -> None:
        learner = Learner(Nothing())  # type: ignore[arg-type]
        for recording_id, _ in stored:
            learner.current(("p", recording_id))
        await real(0.05)
        monkeypatch.setattr(parameters.asyncio, "sleep", sleep)
        for recording_id, n_seconds in stored:
            learner.stored(("p", recording_id), range(n_seconds))
            if n_seconds == FIT_EVERY:
                await real(0.05)
        async with asyncio.timeout(30):
            while len(done) < n:
                await real(0.01)
        await learner.close()

    asyncio.run(work())


def test_fits_are_made_one_by_one_with_a_rest_behind_each(
    monkeypatch: pytest.MonkeyPatch, done: list[float]
) -> None:
    _run(monkeypatch, done, [(name, FIRST_FIT) for name in "abc"], 6)
    assert done == [-1.0, REST * 0.5] * 3


def test_what_is_fitted_again_rests_longer_and_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch, done: list[float]
) -> None:
    hour = ("a", FIT_EVERY)
    _run(monkeypatch, done, [hour, hour, ("b", FIRST_FIT)], 7)
    first, again = [-1.0, REST * 0.5], [-1.0, REST * 0.5, (REST_AGAIN - REST) * 0.5]
    assert done == [*first, *again, *first]

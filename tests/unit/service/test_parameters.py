"""Fitting leaves time for the rest."""

import asyncio

import pytest

from eegstore.service import parameters


def test_a_fit_is_followed_by_a_rest_that_is_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    real = asyncio.sleep

    async def sleep(delay: float) -> None:
        rests.append(delay)

    async def work() -> None:
        monkeypatch.setattr(parameters.asyncio, "sleep", sleep)
        async with parameters._resting():
            await real(0.02)
        assert len(rests) == 1
        assert rests[0] >= 0.02 * parameters.REST
        with pytest.raises(RuntimeError, match="fit"):
            async with parameters._resting():
                raise RuntimeError("no fit")
        assert len(rests) == 1

    asyncio.run(work())

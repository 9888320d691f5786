"""Answers that end their connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from eegstore.api.moving import Moving


class _Far:
    """One that has far more connections than another, for so many answers."""

    def __init__(self, n: int) -> None:
        self.n = n

    def moves_one(self) -> bool:
        self.n -= 1
        return self.n >= 0


ANSWER = PlainTextResponse("as it was", 207, {"X-Own": "kept"})
BODY = [b"first", b"second"]


def _answering(read: Callable[[Request], Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read(Request(scope, receive))
        await ANSWER(scope, receive, send)

    return app


async def _body(request: Request) -> bytes:
    return await request.body()


async def _beginning(request: Request) -> bytes:
    return await anext(request.stream())


async def _nothing(_: Request) -> None:
    pass


async def _closes(
    far: list[_Far], times: int, read: Callable[[Request], Awaitable[object]] = _nothing,
    method: str = "GET", with_body: bool = False,
) -> list[bool]:  # fmt: skip
    async def body() -> AsyncIterator[bytes]:
        for part in BODY:
            yield part

    found = []
    app = Moving(_answering(read), far)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://eegstore") as client:
        for _ in range(times):
            content = body() if with_body else None
            answer = await client.request(method, "/", content=content)
            assert answer.status_code == 207
            assert answer.text == ("" if method == "HEAD" else "as it was")
            assert answer.headers["X-Own"] == "kept"
            found.append(answer.headers.get("Connection") == "close")
    return found


def test_an_answer_says_that_the_connection_ends_when_another_has_far_fewer() -> None:
    assert asyncio.run(_closes([_Far(2)], 4)) == [True, True, False, False]
    assert asyncio.run(_closes([_Far(0), _Far(1)], 2)) == [True, False]
    assert asyncio.run(_closes([], 1)) == [False]
    for method in ("HEAD", "DELETE"):
        assert asyncio.run(_closes([_Far(1)], 2, method=method)) == [True, False]
    for method in ("GET", "POST"):
        assert asyncio.run(_closes([_Far(1)], 2, _body, method, True)) == [True, False]


def test_no_connection_ends_while_a_body_comes_in() -> None:
    """It would be reset, and the answer might not arrive."""
    for method in ("GET", "POST"):
        for read in (_nothing, _beginning):
            assert asyncio.run(_closes([_Far(9)], 2, read, method, True)) == [False, False]

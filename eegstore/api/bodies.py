"""What comes in: the body of a request, never more of it than it may have."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request

from eegstore import wire
from eegstore.api.problems import MAX_BODY, too_large
from eegstore.errors import InvalidDataError

T = TypeVar("T")
_IN_THREAD = 256 << 10  # [byte]


async def whole_body(request: Request, most: int = MAX_BODY) -> bytes:
    """All of a body.

    Raises
    ------
    TooLargeError
        It has more than `most` bytes; no more are read.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large("larger", most)
        parts.append(part)
    return b"".join(parts)


async def aside(body: bytes, work: Callable[..., T], *arguments: Any) -> T:
    """`work` on what a body holds: off the event loop when it is large."""
    if len(body) > _IN_THREAD:
        return await asyncio.to_thread(work, *arguments)
    return work(*arguments)


async def json_body(request: Request, most: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object in the body of a request that says it is JSON; none is an empty one.

    A page elsewhere cannot make a browser send this content type unasked.
    """
    body = await whole_body(request, most)
    if not body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidDataError(f"Content-Type is {kind!r}; it must be application/json")
    return wire.object_(await aside(body, wire.load, body), "body")

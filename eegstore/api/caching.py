"""Answers that a browser may keep."""

import asyncio
from hashlib import blake2b

from fastapi import Request
from starlette.responses import Response

SEALED = "private, max-age=31536000, immutable"
OPEN = "no-cache"  # kept, but asked for again
_IN_THREAD = 1 << 20  # [byte]; their digest takes a millisecond


async def cacheable(request: Request, body: bytes, media_type: str, *, sealed: bool) -> Response:
    """The answer with its ETag, or 304 when the asker has it.

    Parameters
    ----------
    sealed : bool
        Whether the same question will have this answer for ever.
    """
    tag = await asyncio.to_thread(_tag, body) if len(body) > _IN_THREAD else _tag(body)
    headers = {"ETag": tag, "Cache-Control": SEALED if sealed else OPEN, "Vary": "Accept"}
    known = request.headers.get("if-none-match", "")
    if any(one.strip().removeprefix("W/") in (tag, "*") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _tag(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'

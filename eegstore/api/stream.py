"""Seconds as they are stored, over a WebSocket.

``GET /stream?patient_id=&recording_id=&from=&samples=``: messages of JSON ::

    {"type": "stored", "seconds": [[a, b], ...], "duration": d, "at": "2026-11-22T08:00:01.5+00:00"}
    {"type": "closed", "duration": d, "at": ...}

`seconds` are half-open spans [s] that are stored and were not told before, in any order of
time: late ones too. The first message comes at once. With ``from`` it tells what is stored from
that second on; what is stored later is told wherever it lies. `duration` [s] is the end of the
last stored second, `at` when the seconds were committed, or found to be. With ``samples=1`` every
such message speaks of one span, and a binary one follows it: the frame of a window, as
``GET /eeg`` answers (see `eegstore.wire`).

The service closes with 1000 after ``closed``, with 4000 + the HTTP status of an error (4401 no
key and no session, or it has ended, 4404 unknown or erased, 4422, 4503 the database is away),
with 1012 when it ends itself. From 4503, 1012 and a broken connection a client comes back. The
key goes into the header ``Authorization``; a page of the viewer has its session (see
`eegstore.api.session`), and other pages are refused.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket, WebSocketDisconnect

from eegstore import wire
from eegstore.api.access import check_key, check_origin, database_of
from eegstore.api.problems import status_of
from eegstore.encoding.checks import MAX_SECOND
from eegstore.errors import AccessError, EegStoreError, InvalidDataError
from eegstore.service.following import follow
from eegstore.service.recordings import declared
from eegstore.service.subscription import News
from eegstore.service.windows import read_window
from eegstore.store.database import Database

router = APIRouter(tags=["stream"])

MAX_HEARD = 4096  # [byte] of a message from the other side, which has nothing to say
PATIENCE = 60.0  # [s] that one message may take to get away
AT_ONCE = 30  # [s] of samples in one message, or fewer where there are many
_VALUES = 500_000  # in one message
_DIGITS = 20
_REASON = 123  # [byte], the most a WebSocket is closed with


class _Asked(NamedTuple):
    patient_id: str
    recording_id: str
    start: int | None
    samples: bool


@router.websocket("/stream")
async def stream(socket: WebSocket) -> None:
    """Tell a reader of a recording what is stored, and then every second as it is stored."""
    try:
        check_origin(socket)
    except AccessError:
        await socket.close()
        return
    await socket.accept()
    telling = asyncio.create_task(_answered(socket))
    hearing = asyncio.create_task(_until_gone(socket))
    try:
        done, _ = await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        hearing.cancel()
        telling.cancel()
        await asyncio.gather(telling, hearing, return_exceptions=True)


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _answered(socket: WebSocket) -> None:
    try:
        left = check_key(socket)
        telling = _tell(socket, database_of(socket), _asked(socket.query_params))
        code, reason = 1000, await _within(left, telling)
    except EegStoreError as error:
        code, reason = 4000 + status_of(error), str(error)
    except (TimeoutError, WebSocketDisconnect):
        return
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code, reason.encode()[:_REASON].decode(errors="ignore"))


async def _within(left: float | None, telling: Awaitable[str]) -> str:
    """What comes of it, unless a browser's session ends before that."""
    try:
        async with asyncio.timeout(left) as session:
            return await telling
    except TimeoutError:
        if session.expired():
            raise AccessError("the browser's session has ended") from None
        raise


async def _tell(socket: WebSocket, database: Database, asked: _Asked) -> str:
    """Send news until there will be no more; returns why."""
    place = asked.patient_id, asked.recording_id
    async with follow(database, *place, asked.start) as subscription:
        size = await _at_once(database, asked) if asked.samples else 0
        while True:
            news = await subscription.news()
            for spans in _portions(news, size):
                await _send(socket, _message("stored", news, seconds=spans))
                for start, stop in spans if asked.samples else ():
                    window = await read_window(database, *place, Fraction(start), Fraction(stop))
                    await _send(socket, wire.pack_window(window))
            if news.closed:
                await _send(socket, _message("closed", news))
                return "the recording is closed"


async def _send(socket: WebSocket, message: str | bytes) -> None:
    """Send, and wait until it is on its way: who reads slowly is not sent more meanwhile."""
    async with asyncio.timeout(PATIENCE):
        if isinstance(message, str):
            await socket.send_text(message)
        else:
            await socket.send_bytes(message)


def _message(kind: str, news: News, **more: Any) -> str:
    body = {"type": kind, **more, "duration": news.duration, "at": news.at}
    return wire.dump(body).decode()


def _portions(news: News, size: int) -> Iterator[list[tuple[int, int]]]:
    """The spans that go into one message; all of them, when `size` [s] is 0."""
    if size and news.seconds:
        for start, stop in news.seconds:
            yield from ([(at, min(at + size, stop))] for at in range(start, stop, size))
    elif news.seconds or not news.closed:
        yield news.seconds


async def _at_once(database: Database, asked: _Asked) -> int:
    """How many seconds of samples go into one message."""
    recording = (await declared(database, asked.patient_id, asked.recording_id)).recording
    values = sum(channel.sfreq for channel in recording.channels)
    return max(1, min(AT_ONCE, int(_VALUES / max(values, 1))))


def _asked(query: QueryParams) -> _Asked:
    for name in ("patient_id", "recording_id"):
        if name not in query:
            raise InvalidDataError(f"{name} is missing")
    samples = query.get("samples", "0")
    if samples not in ("0", "1"):
        raise InvalidDataError(f"samples is {samples!r}; it must be 0 or 1")
    return _Asked(query["patient_id"], query["recording_id"], _start(query), samples == "1")


def _start(query: QueryParams) -> int | None:
    text = query.get("from")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS or int(text) > MAX_SECOND:
        raise InvalidDataError(
            f"from is {wire.shown(text)}; it must be a second from 0 to {MAX_SECOND}"
        )
    return int(text)

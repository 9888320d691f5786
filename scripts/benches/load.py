"""Many devices at once: POST prepared bodies over kept connections, at little cost in CPU.

The generator shares the machine with what it measures, so it speaks just as much HTTP/1.1 as
the service answers with: a status and a body of stated length.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

PATIENCE = 60.0  # [s] to wait for the answers that are under way when the time is over


class Answers(NamedTuple):
    """What came back, in the order in which it came."""

    latencies: list[float]  # [s], from sending a request to the end of its answer
    statuses: list[int]  # 0 where the connection ended instead
    elapsed: float  # [s], from the first request sent to the last answer


def run(
    url: str,
    headers: Mapping[str, str],
    bodies_per_device: Sequence[Iterable[bytes]],
    content_type: str,
    seconds_limit: float,
) -> Answers:
    """POST the bodies of every device, each device one after the other, all devices at once.

    Parameters
    ----------
    url : str
        ``http://host:port/path`` to post to.
    headers : mapping
        Sent with every request, beside ``Host``, ``Content-Type`` and ``Content-Length``.
    bodies_per_device : sequence of iterables of bytes
        One connection for each, made anew where an answer says that it closes. A device ends
        with its bodies, or when its connection ends otherwise.
    seconds_limit : float
        No request begins later than this [s] after the first.

    Raises
    ------
    OSError
        When a connection cannot be made.
    """
    parts = urlsplit(url)
    lines = {"Host": parts.netloc, "Content-Type": content_type, **headers}
    head = f"POST {parts.path or '/'} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    place = (parts.hostname or "127.0.0.1", parts.port or 80)
    work = _all(place, head.encode() + b"Content-Length: ", bodies_per_device, seconds_limit)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _all(
    place: tuple[str, int], head: bytes, bodies: Sequence[Iterable[bytes]], limit: float
) -> Answers:
    loop = asyncio.get_running_loop()
    devices = [_Device(head, iter(of_one), loop.create_future(), place) for of_one in bodies]
    for device in devices:
        await loop.create_connection(lambda device=device: device, *place)
    began = time.perf_counter()
    for device in devices:
        device.begin(began + limit)
    if devices:
        await asyncio.wait([device.ended for device in devices], timeout=limit + PATIENCE)
    for device in devices:
        device.end()
    answers = sorted(answer for device in devices for answer in device.answers)
    return Answers(
        [latency for _, latency, _ in answers],
        [status for _, _, status in answers],
        max((at for at, _, _ in answers), default=began) - began,
    )


class _Device(asyncio.Protocol):
    """The next request goes out when the answer to the last one is in."""

    def __init__(
        self, head: bytes, bodies: Iterator[bytes], ended: asyncio.Future[None],
        place: tuple[str, int],
    ) -> None:  # fmt: skip
        self.answers: list[tuple[float, float, int]] = []  # when, latency [s], status
        self.ended = ended
        self._head, self._bodies, self._place = head, bodies, place
        self._transport: asyncio.Transport | None = None
        self._last = self._sent = 0.0
        self._waiting = self._closes = False
        self._again: asyncio.Task[None] | None = None
        self._received = b""

    def begin(self, last: float) -> None:
        self._last = last
        self._next()

    def end(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._waiting:
            self._answered(0)
        if not self.ended.done():
            self.ended.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass
        if self._closes:
            self._closes = False
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._closes and not self.ended.done():
            self._again = asyncio.get_running_loop().create_task(self._connect())
        else:
            self.end()

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, *self._place)
        except OSError:
            self._sent, self._waiting = time.perf_counter(), True  # what cannot be sent is lost
            self.end()

    def data_received(self, data: bytes) -> None:
        self._received += data
        at = self._received.find(b"\r\n\r\n")
        if at < 0 or len(self._received) - at - 4 < _length(self._received[:at]):
            return
        status = int(self._received[9:12])
        self._closes = b"\r\nconnection: close" in self._received[:at].lower()
        self._received = b""
        self._answered(status)
        if not self._closes:
            self._next()
        elif self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        body = next(self._bodies, None) if time.perf_counter() < self._last else None
        if body is None or self._transport is None:
            self.end()
            return
        self._waiting = True
        self._sent = time.perf_counter()
        self._transport.writelines([self._head, b"%d\r\n\r\n" % len(body), body])

    def _answered(self, status: int) -> None:
        self._waiting = False
        now = time.perf_counter()
        self.answers.append((now, now - self._sent, status))


def _length(head: bytes) -> int:
    """The stated length of a body [byte]."""
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0

"""Clients of HTTP as systems to be timed: as little of their own as can be."""

import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from scripts.benches.data import PATIENT, Signal

IDLE = 4.0  # [s] after which a connection is made anew; uvicorn closes it after 5


class Http:
    """One client with one connection that is kept, unless the server may have closed it."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = headers
        self._last = time.monotonic()

    def get(self, path: str, **query: Any) -> bytes:
        """The body of an answer."""
        return self._ask("GET", f"{path}?{urlencode(query, doseq=True)}", None, {})

    def post(self, path: str, body: bytes, kind: str) -> bytes:
        """The body of the answer to a POST."""
        return self._ask("POST", path, body, {"Content-Type": kind})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        if time.monotonic() - self._last > IDLE:
            self._connection.close()
        self._connection.request(method, path, body, self._headers | headers)
        response = self._connection.getresponse()
        said = response.read()
        self._last = time.monotonic()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path[:60]}: {response.status} {said[:150]!r}")
        return said


class HttpWindows(Http):
    """Windows of one recording over HTTP; `query` is sent with each."""

    def __init__(
        self,
        port: int,
        headers: dict[str, str],
        signal: Signal,
        accept: str,
        query: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(port, {**headers, "Accept": accept})
        self._signal = signal
        ids = {"patient_id": PATIENT, "recording_id": signal.recording.recording_id}
        self._query = {**ids, **(query or {})}

    def read(self, start: int, stop: int, labels: list[str] | None = None) -> bytes:
        """The body for [start, stop) s."""
        query = {**self._query, "start": start, "end": stop}
        return self.get("/eeg", **query, **({"channels": labels} if labels else {}))

    def length(self, start: int, stop: int) -> int:
        """How long the body is [byte]."""
        return len(self.read(start, stop))

    def wrong(self, start: int, stop: int) -> str | None:
        """What is wrong with a binary answer."""
        from eegstore import wire  # slow to import, and not needed by those who only ask

        return self._signal.wrong(wire.unpack_window(self.read(start, stop)).data, start, stop)


class Visitor(Http):
    """Asks one route for windows.

    Parameters
    ----------
    query : dict
        Sent with every request.
    loaded : int
        How many seconds the other side has; 0 for all of the recording.
    """

    def __init__(
        self, port: int, signal: Signal, path: str, query: dict[str, Any], loaded: int
    ) -> None:
        super().__init__(port, {})
        self._path, self._loaded = path, loaded or signal.seconds
        ids = {"patient_id": PATIENT, "recording_id": signal.recording.recording_id}
        self._query = {**ids, **query}

    def read(self, start: int, stop: int) -> bytes:
        """The body for a window as long as [start, stop) s."""
        first = start % (self._loaded - (stop - start) + 1)
        return self.get(self._path, **self._query, start=first, end=first + stop - start)

    def length(self, start: int, stop: int) -> int:
        """How long the body is [byte]."""
        return len(self.read(start, stop))

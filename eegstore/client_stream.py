"""Seconds as they are stored, from the asking side.

The one room there that names the WebSocket library.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

from eegstore import wire
from eegstore.connection import Connection, refusal
from eegstore.errors import EegStoreError, StoreUnavailableError
from eegstore.model import Span
from eegstore.window import Window

_SCHEMES = {"http": "ws", "https": "wss"}


class Stored(NamedTuple):
    """Seconds that are stored and were not told before."""

    spans: list[Span]
    duration: float  # [s] to the end of the last stored second
    at: datetime  # when they were committed, or found to be
    window: Window | None  # their samples, when they were asked for


class StreamClient:
    """Recordings as they grow, a part of `eegstore.Client`."""

    _api: Connection

    def stream(
        self, patient_id: str, recording_id: str, start: int | None = None, *, samples: bool = False
    ) -> Iterator[Stored]:
        """Every second of a recording when it is stored, late ones too, until it is closed.

        The first news come at once.

        Parameters
        ----------
        start : int, optional
            The second from which on what is stored already is told first; None: nothing of it.
        samples : bool
            Also give their samples, a window for each span.

        Raises
        ------
        NotFoundError
            Unknown recording, or one that was erased.
        StoreUnavailableError
            The stream has ended early: stream again, from where you are.
        """
        params = {"patient_id": patient_id, "recording_id": recording_id}
        if start is not None:
            params["from"] = str(start)
        if samples:
            params["samples"] = "1"
        with _socket(self._api, params) as socket:
            while (told := _told(socket, samples)) is not None:
                yield told


@contextmanager
def _socket(api: Connection, params: Mapping[str, str]) -> Iterator[ClientConnection]:
    parts = urlsplit(api.url)
    path = parts.path.rstrip("/") + "/stream"
    address = parts._replace(scheme=_SCHEMES[parts.scheme], path=path, query=urlencode(params))
    try:
        with connect(
            address.geturl(),
            additional_headers={} if api.key is None else {"Authorization": f"Bearer {api.key}"},
            open_timeout=api.timeout, close_timeout=api.timeout, compression=None, max_size=None,
            proxy=None if api.is_local else True,
        ) as socket:  # fmt: skip
            yield socket
    except ConnectionClosed as error:
        raise _problem(error) from error
    except (OSError, InvalidHandshake, InvalidURI) as error:
        what = str(error) or type(error).__name__
        raise StoreUnavailableError(f"GET /stream: {what}", retry_after=0.0) from error


def _told(socket: ClientConnection, samples: bool) -> Stored | None:
    """The next news; None when there will be no more."""
    try:
        said = wire.load(socket.recv(decode=False))
        if said["type"] == "closed":
            return None
        spans = [Span(Fraction(start), Fraction(stop)) for start, stop in said["seconds"]]
        at, duration = datetime.fromisoformat(said["at"]), float(said["duration"])
        window = wire.unpack_window(socket.recv(decode=False)) if samples and spans else None
    except (LookupError, TypeError, ValueError) as error:
        raise StoreUnavailableError(
            f"GET /stream was answered, but not by an eegstore API: {error}", retry_after=0.0
        ) from error
    return Stored(spans, duration, at, window)


def _problem(error: ConnectionClosed) -> EegStoreError:
    """The error that a closed connection stands for."""
    if error.rcvd is not None and 4400 <= error.rcvd.code < 4500:
        return refusal(error.rcvd.code - 4000, error.rcvd.reason)
    return StoreUnavailableError(f"GET /stream: {error}", retry_after=0.0)

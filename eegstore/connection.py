"""The way to the API and back: one key, reused connections, answers as values or errors.

The one room on the asking side that names the HTTP library.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fractions import Fraction
from numbers import Integral
from typing import Any, TypeAlias, TypeVar

import httpx

from eegstore import errors, wire
from eegstore.errors import (
    AccessError,
    ConflictError,
    EegStoreError,
    InvalidDataError,
    NotFoundError,
    StoreUnavailableError,
    TooLargeError,
)

T = TypeVar("T")
Params: TypeAlias = Mapping[str, str | list[str]]

JSON = "application/json"
MAX_RETRY_AFTER = 3600.0  # [s]
_BY_STATUS: dict[int, type[EegStoreError]] = {
    401: AccessError,
    403: AccessError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    422: InvalidDataError,
}


Time: TypeAlias = int | float | str | Fraction | datetime
"""Seconds from recording start [s], or clock time (a datetime, or ISO 8601 text)."""


class Connection:
    """An API at `url`, asked with one key.

    Raises
    ------
    InvalidDataError
        When `url` is no http or https URL.
    AccessError
        When the key cannot stand in a header.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None,
        timeout: float | None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            base = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InvalidDataError(f"url {url!r}: {error}") from None
        if base.scheme not in ("http", "https") or not base.host:
            raise InvalidDataError(f"url {url!r} does not begin with http://host or https://host")
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise AccessError("the API key holds characters other than printable ASCII")
        self.url, self.key, self.timeout = url, api_key, timeout
        self.is_local = base.host in ("127.0.0.1", "::1", "localhost")
        self._http = httpx.Client(
            base_url=base,
            headers={} if api_key is None else {"Authorization": f"Bearer {api_key}"},
            timeout=timeout,
            transport=transport,
            trust_env=not self.is_local,  # no proxy to oneself
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: bytes | None = None,
        media_type: str = JSON,
        accept: str = JSON,
        passing: int | None = None,
    ) -> httpx.Response:
        """The answer when it is a success, or has the status `passing`.

        Raises
        ------
        EegStoreError
            The class that the answer names, else the one of its status;
            StoreUnavailableError when there is no answer.
        """
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = media_type
        request = self._http.build_request(
            method, path, params=params, content=body, headers=headers
        )
        with _reached(request):
            response = self._http.send(request)
        if not response.is_success and response.status_code != passing:
            raise problem(response)
        return response

    def parts(self, path: str, *, params: Params | None = None) -> Iterator[bytes]:
        """A file that a GET gives, part by part, so that it may be larger than memory.

        Raises
        ------
        EegStoreError
            As `ask`, at the first part; StoreUnavailableError when it breaks off.
        """
        request = self._http.build_request("GET", path, params=params)
        with _reached(request):
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    raise problem(response)
                with understood(response):
                    if "attachment" not in response.headers["Content-Disposition"]:
                        raise ValueError("it is no file")
                yield from response.iter_raw()
            finally:
                response.close()

    def frame(
        self, path: str, params: Params, unpack: Callable[[bytes], T], px: int | None = None
    ) -> T:
        """What a frame that comes back holds, of `px` columns where they are given."""
        if px is not None:
            params = {**params, "px": str(px)}
        response = self.ask("GET", path, params=params, accept=wire.MEDIA_TYPE)
        with understood(response):
            return unpack(response.content)

    @contextmanager
    def answer(
        self, method: str, path: str, *, params: Params | None = None, body: bytes | None = None
    ) -> Iterator[Any]:
        """The JSON that comes back, for a block that takes it for what it should be."""
        response = self.ask(method, path, params=params, body=body)
        with understood(response):
            yield wire.load(response.content)


@contextmanager
def _reached(request: httpx.Request) -> Iterator[None]:
    """A block that sends a request; when the network fails, the API cannot be reached."""
    try:
        yield
    except httpx.RequestError as error:
        what = str(error) or type(error).__name__
        raise StoreUnavailableError(
            f"{request.method} {_place(request)}: {what}", retry_after=0.0
        ) from error


@contextmanager
def understood(response: httpx.Response) -> Iterator[None]:
    """A block that reads an answer; what it cannot read, no eegstore API has said.

    A login page with status 200 must not be taken for a refusal of the data that was sent.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError) as error:
        raise StoreUnavailableError(
            f"{response.request.method} {_place(response.request)} was answered, but not by an "
            f"eegstore API: {error}",
            retry_after=0.0,
        ) from error


def problem(response: httpx.Response) -> EegStoreError:
    """The error that an answer stands for."""
    status, request = response.status_code, response.request
    try:
        said = wire.load(response.content)
        name, detail = str(said["error"]), str(said["detail"])
    except (InvalidDataError, LookupError, TypeError):
        name, detail = "", f"{request.method} {_place(request)} was answered with status {status}"
    if status in (408, 429) or status >= 500:
        return StoreUnavailableError(detail, _retry_after(response))
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, EegStoreError)):
        return refusal(status, detail)
    return kind(detail)


def refusal(status: int, detail: str) -> EegStoreError:
    """The error that a status stands for."""
    return _BY_STATUS.get(status, EegStoreError)(detail)


def _place(request: httpx.Request) -> str:
    return str(request.url.copy_with(query=None))


def _retry_after(response: httpx.Response) -> float:
    """Seconds or an HTTP date (RFC 9110 §10.2.3), in [s]; 0 when there is none."""
    text = response.headers.get("Retry-After", "")
    try:
        wait = float(text)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(wait, 0.0), MAX_RETRY_AFTER) if wait == wait else 0.0


def query(
    patient_id: str,
    recording_id: str | None,
    start: Time | None,
    stop: Time | None,
    *,
    study_id: str | None = None,
) -> dict[str, str | list[str]]:
    """The parameters of a question about a stretch of a recording, or of a study."""
    params: dict[str, str | list[str]] = {"patient_id": patient_id}
    params |= {"recording_id": recording_id} if recording_id is not None else {}
    params |= {"study_id": study_id} if study_id is not None else {}
    params |= {k: time_text(v) for k, v in (("start", start), ("end", stop)) if v is not None}
    return params


def time_text(value: Time) -> str:
    """A time as questions have it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | Fraction):
        return str(value)
    return str(int(value)) if isinstance(value, Integral) else repr(float(value))

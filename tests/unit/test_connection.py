import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from eegstore.client import Client
from eegstore.errors import (
    AccessError,
    ConflictError,
    EdfError,
    EegStoreError,
    InvalidDataError,
    NotFoundError,
    SpanError,
    StoreUnavailableError,
    TooLargeError,
)
from tests.unit.fake_api import KEY, FakeApi, answer, serving
from tests.unit.made_seconds import chunk, recording, says


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.mark.parametrize(
    "said",
    [
        httpx.Response(200, text="<html>Please log in</html>"),
        httpx.Response(200, json=["no", "object"]),
        httpx.Response(200, json={"chunks": []}),
        httpx.Response(200, json={"chunks": [{"second": 1}]}),
        httpx.Response(
            200, json={"chunks": [{"second": 0, "outcome": "fine", "content_sha256": ""}]}
        ),
        httpx.Response(409, text="<html>conflict</html>"),
    ],
)
def test_whoever_answers_something_else_is_no_store(said: httpx.Response) -> None:
    declared = recording()
    with pytest.raises(StoreUnavailableError, match="not by an eegstore API"):
        says(said).send(declared, [chunk(declared, 0)])


def test_a_login_page_declares_nothing() -> None:
    for said in (httpx.Response(200, text="<html>"), httpx.Response(201, json={"fine": True})):
        with pytest.raises(StoreUnavailableError, match="not by an eegstore API"):
            says(said).declare(recording())


def test_a_damaged_window_is_no_answer() -> None:
    for content in (b"", b"<html>", b"\x02\x00\x00\x00{}", b"\x06\x00\x00\x00[1,2] "):
        with pytest.raises(StoreUnavailableError, match="not by an eegstore API"):
            says(httpx.Response(200, content=content)).window("p", "r", 0, 1)


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (401, "AccessError", AccessError),
        (404, "NotFoundError", NotFoundError),
        (409, "ConflictError", ConflictError),
        (413, "TooLargeError", TooLargeError),
        (422, "SpanError", SpanError),
        (422, "InvalidDataError", InvalidDataError),
        (503, "StoreUnavailableError", StoreUnavailableError),
        (401, "?", AccessError),
        (403, "?", AccessError),
        (404, "?", NotFoundError),
        (409, "?", ConflictError),
        (413, "?", TooLargeError),
        (422, "?", InvalidDataError),
        (408, "?", StoreUnavailableError),
        (429, "?", StoreUnavailableError),
        (500, "?", StoreUnavailableError),
        (502, "?", StoreUnavailableError),
        (405, "?", EegStoreError),
        (307, "?", EegStoreError),
        (400, "fractions", EegStoreError),
        (400, "Any", EegStoreError),
    ],
)
def test_errors_keep_their_class(status: int, name: str, kind: type[EegStoreError]) -> None:
    with pytest.raises(EegStoreError) as caught:
        says(answer(status, {"error": name, "detail": "why it was"})).patients()
    assert type(caught.value) is kind
    assert str(caught.value) == "why it was"
    with pytest.raises(EegStoreError, match=f"GET http://api.test/patients .* {status}") as bare:
        says(httpx.Response(status, text="<html>")).patients()
    assert issubclass(kind, type(bare.value))


def _from_now(delay: timedelta) -> str:
    return format_datetime(datetime.now(UTC) + delay, usegmt=True)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("0.25", 0.25, 0.25),
        (None, 0, 0),
        ("soon", 0, 0),
        ("nan", 0, 0),
        ("-5", 0, 0),
        ("1e99", 3600, 3600),
        pytest.param(_from_now(timedelta(days=1)), 3600, 3600, id="tomorrow"),
        pytest.param(_from_now(timedelta(minutes=-10)), 0, 0, id="ten minutes ago"),
    ],
)
def test_retry_after(header: str | None, low: float, high: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(StoreUnavailableError) as caught:
        says(answer(503, {}, headers)).patients()
    assert low <= caught.value.retry_after <= high


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout(""),
        httpx.ReadTimeout("timed out"),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.DecodingError("bad gzip"),
    ],
)
def test_no_answer_is_an_unavailable_store(broken: httpx.HTTPError) -> None:
    with pytest.raises(StoreUnavailableError, match=r"GET http://api.test/patients: .") as caught:
        says(broken).patients()
    assert caught.value.retry_after == 0


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        Client(f"http://127.0.0.1:{port}", KEY) as client,
        pytest.raises(StoreUnavailableError, match=f"GET http://127.0.0.1:{port}/patients"),
    ):
        client.patients()


def test_over_sockets_connections_are_reused_and_no_proxy_stands_between(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    peers: list[object] = []

    def breaks(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/patients":
            raise httpx.ReadError("cut")
        return api(request)

    with serving(breaks) as url, Client(url, KEY) as client:
        client.declare(recording())
        client.send(recording(), [chunk(recording(), second) for second in range(60)])
        assert client.recording("chb01", "chb01_03.edf").n_seconds == 60
        pool = client._api._http._transport._pool  # type: ignore[attr-defined]
        peers += pool.connections
        with pytest.raises(StoreUnavailableError):
            client.patients()
        assert client.recordings() != []
    assert len(peers) == 1


def test_the_key_comes_from_the_argument_the_environment_or_the_data_directory(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setenv("EEGSTORE_DATA", os.fspath(tmp_path))
    monkeypatch.delenv("EEGSTORE_API_KEY", raising=False)
    transport = httpx.MockTransport(api)
    with pytest.raises(AccessError):
        Client(transport=transport).patients()
    assert "Authorization" not in api.requests[-1].headers
    with open(os.path.join(tmp_path, "api_key"), "w") as file:
        file.write(KEY + "\n")
    assert Client(transport=transport).patients() == []
    monkeypatch.setenv("EEGSTORE_API_KEY", "another")
    with pytest.raises(AccessError, match="no valid key"):
        Client(transport=transport).patients()
    assert Client(api_key=KEY, transport=transport).patients() == []
    assert KEY not in repr(Client(api_key=KEY, transport=transport))


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "a\tb"])
def test_a_key_that_no_header_holds(key: str) -> None:
    with pytest.raises(AccessError, match="printable ASCII") as caught:
        Client(api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "ftp://x", "http://", "http://a:b", ""])
def test_no_url(url: str) -> None:
    with pytest.raises(InvalidDataError, match="url"):
        Client(url, KEY)


class Breaking(httpx.SyncByteStream):
    """A body that breaks off after its first part."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"0       "
        raise httpx.ReadError("connection reset")


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        (httpx.Response(200, text="<html>"), StoreUnavailableError, "not by an eegstore API"),
        (
            httpx.Response(
                200, headers={"Content-Disposition": "attachment"}, stream=Breaking()
            ),
            StoreUnavailableError, "connection reset",
        ),
        (answer(422, {"error": "EdfError", "detail": "no samples"}), EdfError, "no samples"),
        (httpx.Response(502, text="<html>"), StoreUnavailableError, "status 502"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_come_whole_is_not_there(
    said: httpx.Response, error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "r.edf"
    path.write_bytes(b"as before")
    with pytest.raises(error, match=message):
        says(said).download_edf("p", "r", path)
    assert path.read_bytes() == b"as before"
    assert [found.name for found in tmp_path.iterdir()] == ["r.edf"]

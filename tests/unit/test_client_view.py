"""The client asks for pages in the words of the API, and takes nothing else for one."""

from fractions import Fraction

import httpx
import pytest

from eegstore import wire
from eegstore.client import Client
from eegstore.errors import InvalidDataError, StoreUnavailableError
from eegstore.page import Page
from eegstore.signal.montage import Line
from eegstore.wire.page import pack_page
from tests.unit.fake_api import KEY
from tests.unit.made_seconds import says

PAGE = Page("p", "s", "r", Fraction(0), Fraction(10), (), (), (), (), (), ())


def test_a_page_is_asked_for() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=pack_page(PAGE))

    client = Client("http://api.test", KEY, transport=httpx.MockTransport(handle))
    assert client.page("p", "r", 0, 10) == PAGE
    client.page(
        "p", "r", Fraction(1, 3), 10.5, [Line("Fp1-F7", "a", "red"), Line("EKG")],
        lff=0.3, hff=70.0, notch=50, zero_phase=False, bad=[4, 2], px=1600,
    )  # fmt: skip
    ids = {"patient_id": "p", "recording_id": "r"}
    assert dict(asked[0].url.params) == ids | {
        "start": "0", "end": "10", "montage": "recorded", "phase": "zero"
    }  # fmt: skip
    params = asked[1].url.params
    assert params.get_list("line") == ["Fp1-F7|a|red", "EKG||"]
    assert params.get_list("bad") == ["2", "4"]
    assert {name: params[name] for name in ("start", "lff", "hff", "notch", "phase", "px")} == {
        "start": "1/3", "lff": "0.3", "hff": "70", "notch": "50", "phase": "single", "px": "1600"
    }  # fmt: skip
    assert all(request.headers["Accept"] == wire.MEDIA_TYPE for request in asked)


@pytest.mark.parametrize("content", [b"", b"<html>", pack_page(PAGE)[:-1]])
def test_what_is_no_page_no_eegstore_has_said(content: bytes) -> None:
    with pytest.raises(StoreUnavailableError, match="not by an eegstore API"):
        says(httpx.Response(200, content=content)).page("p", "r", 0, 1)


def test_a_refusal_is_raised_as_what_it_is() -> None:
    body = wire.dump({"error": "InvalidDataError", "detail": "px is 0"})
    with pytest.raises(InvalidDataError, match="px is 0"):
        says(httpx.Response(422, content=body)).page("p", "r", 0, 1, px=0)

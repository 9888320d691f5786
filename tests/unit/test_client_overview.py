"""The client asks for an overview and takes nothing else for one."""

from datetime import datetime
from fractions import Fraction

import httpx
import numpy as np
import pytest

from eegstore import wire
from eegstore.client import Client
from eegstore.errors import InvalidDataError, SpanError, StoreUnavailableError, TooLargeError
from eegstore.model import SampleType
from eegstore.overview import Grid, Overview
from eegstore.wire.overview import pack_overview
from tests.unit.fake_api import KEY
from tests.unit.made_seconds import recording, says

CHANNELS = recording().channels
OVERVIEW = Overview(
    "chb01", "chb01_03.edf", CHANNELS, SampleType.INT16, Grid(Fraction(0), Fraction(10), 7, 5), 10,
    np.arange(len(CHANNELS) * 10, dtype="<i2").reshape(-1, 5, 2), np.arange(5),
)  # fmt: skip


def test_an_overview_is_asked_for_as_windows_are() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=pack_overview(OVERVIEW))

    client = Client("http://api.test", KEY, transport=httpx.MockTransport(handle))
    key = ("chb01", "chb01_03.edf")
    found = client.overview(*key, 0, 70.0, 5)
    assert (found.grid, found.bucket, found.channels) == (OVERVIEW.grid, 10, CHANNELS)
    np.testing.assert_array_equal(found.digital, OVERVIEW.digital)
    np.testing.assert_array_equal(found.n_seconds, OVERVIEW.n_seconds)
    client.overview(*key, Fraction(1, 3), datetime(2026, 11, 22), 1500, "SaO2")
    client.overview(*key, 0, 1, 2, ["T8-P8-1", "FP1-F7"])
    ids = {"patient_id": "chb01", "recording_id": "chb01_03.edf"}
    assert [dict(request.url.params.multi_items()) for request in asked[:2]] == [
        ids | {"start": "0", "end": "70.0", "px": "5"},
        ids | {"start": "1/3", "end": "2026-11-22T00:00:00", "px": "1500", "channels": "SaO2"},
    ]
    assert asked[2].url.params.get_list("channels") == ["T8-P8-1", "FP1-F7"]
    assert all(request.headers["Accept"] == wire.MEDIA_TYPE for request in asked)
    with pytest.raises(InvalidDataError, match="channels is empty"):
        client.overview(*key, 0, 1, 2, [])


@pytest.mark.parametrize("content", [b"", b"<html>", pack_overview(OVERVIEW)[:-1]])
def test_what_is_no_overview_no_eegstore_has_said(content: bytes) -> None:
    with pytest.raises(StoreUnavailableError, match="not by an eegstore API"):
        says(httpx.Response(200, content=content)).overview("p", "r", 0, 1, 5)


@pytest.mark.parametrize("error", [SpanError, TooLargeError, InvalidDataError])
def test_a_refusal_is_raised_as_what_it_is(error: type[Exception]) -> None:
    body = wire.dump({"error": error.__name__, "detail": "px is 0"})
    with pytest.raises(error, match="px is 0"):
        says(httpx.Response(422, content=body)).overview("p", "r", 0, 1, 0)

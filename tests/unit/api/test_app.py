"""The app around its routes."""

import asyncio

import httpx
import pytest

from eegstore.api.app import create_app
from eegstore.wire import MEDIA_TYPE

URL = "postgresql+psycopg://nobody@127.0.0.1/none"


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/patients", "*/*"), ("/eeg?patient_id=p&recording_id=r&start=0&end=1", MEDIA_TYPE)],
)
def test_a_page_is_told_of_a_failure_that_nobody_foresaw(path: str, accept: str) -> None:
    """Else its browser would tell it only that it may not know the answer."""
    origin = "http://127.0.0.1:5006"
    app = create_app(URL, None, viewer_origins=[origin])  # never opened: it has no database

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, headers={"Origin": origin, "Accept": accept})

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"error": "EegStoreError", "detail": "Internal Server Error"}

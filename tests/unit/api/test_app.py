"""The app around its routes."""

import asyncio

import httpx

from eegstore.api.app import create_app

URL = "postgresql+psycopg://nobody@127.0.0.1/none"


def test_a_page_is_told_of_a_failure_that_nobody_foresaw() -> None:
    """Else its browser would tell it only that it may not know the answer."""
    origin = "http://127.0.0.1:5006"
    app = create_app(URL, None, viewer_origins=[origin])  # never opened: it has no database

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get("/patients", headers={"Origin": origin})

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == origin

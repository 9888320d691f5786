"""The page that documents the API."""

import asyncio
import re

import httpx
import pytest

from eegstore.api.app import create_app

URL = "postgresql+psycopg://nobody@127.0.0.1/none"


def ask(path: str) -> httpx.Response:
    app = create_app(URL, "a key that nobody gives")  # never opened: it has no database

    async def work() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return asyncio.run(work())


def test_all_that_it_needs_comes_from_this_service() -> None:
    page = ask("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    needed = re.findall(r"""(?:src|href)=["']([^"']+)|url: ["']([^"']+)""", page.text)
    paths = ["/" + (one or other).lstrip("/") for one, other in needed]
    assert len(paths) == 4
    for path in paths:
        answer = ask(path)
        assert answer.status_code == 200, path
        assert answer.content
    assert "/openapi.json" in paths


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect", "/docs/static/%2e%2e/core.py"])
def test_nothing_else_is_there(path: str) -> None:
    assert ask(path).status_code == 404

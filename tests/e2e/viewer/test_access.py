"""Pages that ask the API by themselves: a real browser's view of origins and cookies."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from eegstore import Client

from .conftest import Sent, Viewer
from .screens import Screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

SIGN_IN = """async ([api, grant]) => {
  const answer = await fetch(api + "/session", {
    method: "POST", credentials: "include",
    headers: {"Content-Type": "application/json"}, body: JSON.stringify({grant}),
  })
  return answer.status
}"""
READ = """async (url) => {
  const answer = await fetch(url, {
    credentials: "include", headers: {Accept: "application/octet-stream"},
  })
  return [answer.status, (await answer.arrayBuffer()).byteLength, document.cookie]
}"""
WRITE = """async (url) => (await fetch(url, {method: "POST", credentials: "include"})).status"""


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a page that another program on this machine serves."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html>")

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_of_the_viewer_reads_and_others_do_not(
    live: Any, client: Client, sent: Sent, viewer: Viewer, browser: "Browser", stranger: str
) -> None:
    window = f"{live.url}/eeg{sent.query.replace('=', '_id=')}&start=0&end=10"
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{viewer.home}/static/js/bokeh.min.js")
    assert page.evaluate(READ, window)[0] == 401
    assert page.evaluate(SIGN_IN, [live.url, client.grant()]) == 200
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method))
    status, size, seen_by_scripts = page.evaluate(READ, window)
    assert (status, seen_by_scripts) == (200, "")
    assert size > 6 * 10 * 100 * 2
    assert methods == ["GET"]
    assert page.evaluate(WRITE, f"{live.url}/ingest") == 401

    foreign = context.new_page()
    foreign.goto(stranger)
    for question, asked in ((READ, window), (SIGN_IN, [live.url, client.grant()])):
        assert "Failed to fetch" in foreign.evaluate(
            f"(asked) => ({question})(asked).catch(String)", asked
        )
    context.close()


def test_a_new_browser_is_let_in_before_it_asks(screen: Screen, sent: Sent) -> None:
    refused: list[str] = []
    screen.page.on("response", lambda answer: answer.status == 401 and refused.append(answer.url))
    screen.open(f"{sent.query}&time=0").at(0)
    assert refused == []

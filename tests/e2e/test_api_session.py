"""A browser's way in, and what it does not open: asked as a browser would, and as others would."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from eegstore import Client, wire
from eegstore.api import tickets
from eegstore.api.access import cookie_name
from eegstore.api.session import GRANTED, LASTS
from tests.e2e.asking import FRAME, http, new_patient, place
from tests.e2e.conftest import Live
from tests.unit.recordings import make_recording

FOREIGN = "http://127.0.0.1:1"  # of the same host, and so of the same site: cookies go there
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


@pytest.fixture
def browser(live: Live) -> Iterator[httpx.Client]:
    """What speaks for a page of the viewer; it knows no key, and keeps cookies."""
    headers = {"Origin": live.viewer_url}
    with httpx.Client(base_url=live.url, headers=headers, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def signed_in(live: Live, browser: httpx.Client) -> httpx.Client:
    with Client(live.url, live.api_key) as eeg:
        assert browser.post("/session", json={"grant": eeg.grant()}).status_code == 200
    return browser


def refused(answer: httpx.Response, why: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (401, "AccessError")
    assert why in answer.json()["detail"]
    assert "Set-Cookie" not in answer.headers


def test_a_grant_becomes_a_session_that_reads(live: Live, browser: httpx.Client) -> None:
    refused(browser.get("/patients"), "the API key is missing")
    with Client(live.url, live.api_key) as eeg:
        answer = browser.post("/session", json={"grant": eeg.grant()})
    assert answer.json() == {"expires_in": LASTS}
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{cookie_name(live.api_key)}=")
    for word in ("HttpOnly", "SameSite=strict", f"Max-Age={LASTS}", "Path=/"):
        assert word in cookie.split("; ")
    assert live.api_key not in cookie
    patients = browser.get("/patients")
    assert patients.status_code == 200
    assert patients.headers[ALLOW_ORIGIN] == live.viewer_url
    assert patients.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in patients.headers["Vary"]


def test_behind_tls_the_cookie_stays_there(live: Live, browser: httpx.Client) -> None:
    grant = {"grant": tickets.issue(live.api_key, tickets.GRANT, GRANTED)}
    answer = browser.post("/session", json=grant, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_the_grant_takes_the_key(live: Live, signed_in: httpx.Client) -> None:
    refused(httpx.post(f"{live.url}/session/grant"), "the API key is missing")
    refused(signed_in.post("/session/grant"), "may only read")


def test_a_grant_may_be_used_again_within_its_minute_and_not_after(
    live: Live, browser: httpx.Client
) -> None:
    grant = {"grant": tickets.issue(live.api_key, tickets.GRANT, GRANTED)}
    assert [browser.post("/session", json=grant).status_code for _ in range(2)] == [200, 200]
    expired = tickets.issue(live.api_key, tickets.GRANT, GRANTED, time.time() - GRANTED)
    browser.cookies.clear()
    refused(browser.post("/session", json={"grant": expired}), "expired")


def test_what_is_no_grant(live: Live, browser: httpx.Client) -> None:
    refused(browser.post("/session"), "the grant is missing")
    session = tickets.issue(live.api_key, tickets.SESSION, LASTS)
    for wrong in ("", "x", session, live.api_key, tickets.issue("x", tickets.GRANT, 60), 7, "é.é"):
        refused(browser.post("/session", json={"grant": wrong}), "or is none")
    as_form = browser.post("/session", content=b'{"grant": "x"}')
    assert as_form.status_code == 422


def with_cookie(live: Live, ticket: str, **headers: str) -> httpx.Response:
    headers["Cookie"] = f"{cookie_name(live.api_key)}={ticket}"
    return httpx.get(f"{live.url}/patients", headers=headers)


def test_cookies_that_open_nothing(live: Live) -> None:
    good = tickets.issue(live.api_key, tickets.SESSION, LASTS)
    assert with_cookie(live, good).status_code == 200
    until, _, signature = good.partition(".")
    for wrong in (
        "", "x", signature, f"{int(until) + 1}.{signature}", good[:-1],
        tickets.issue("another key", tickets.SESSION, LASTS),
        tickets.issue(live.api_key, tickets.GRANT, GRANTED),
        tickets.issue(live.api_key, tickets.SESSION, LASTS, time.time() - LASTS),
    ):  # fmt: skip
        refused(with_cookie(live, wrong), "session has ended")
    refused(with_cookie(live, good, Authorization="Bearer wrong"), "the API key is wrong")


def test_a_session_reads_and_does_nothing_else(signed_in: httpx.Client) -> None:
    place = "/recordings/nobody/none"
    for answer in (
        signed_in.post("/ingest", content=b"", headers=FRAME),
        signed_in.put(place, json={"channels": []}),
        signed_in.post(f"{place}/close", json={}),
        signed_in.post("/annotations", json={}),
    ):
        refused(answer, "may only read; this needs the API key")


def test_another_page_of_the_same_host_is_told_nothing(live: Live, signed_in: httpx.Client) -> None:
    """The browser sends the cookie along for it, since cookies know no ports."""
    for origin in (FOREIGN, "null", "http://localhost", live.viewer_url + ".example.org"):
        answer = signed_in.get("/patients", headers={"Origin": origin})
        refused(answer, f"pages of {origin} may not ask")
        assert ALLOW_ORIGIN not in answer.headers
        assert "Origin" in answer.headers["Vary"]
        grant = {"grant": tickets.issue(live.api_key, tickets.GRANT, GRANTED)}
        refused(signed_in.post("/session", json=grant, headers={"Origin": origin}), "may not ask")
    with http(live) as keyed:  # whoever has the key may tell whom he likes, but not in a browser
        answer = keyed.get("/patients", headers={"Origin": FOREIGN})
        assert (answer.status_code, ALLOW_ORIGIN in answer.headers) == (200, False)


def preflight(live: Live, path: str, origin: str, method: str, names: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return httpx.options(live.url + path, headers=asked | {"Access-Control-Request-Headers": names})


def test_preflights(live: Live) -> None:
    own = live.viewer_url
    allowed = preflight(live, "/session", own, "POST", "content-type")
    assert (allowed.status_code, allowed.headers[ALLOW_ORIGIN]) == (200, own)
    assert preflight(live, "/eeg", own, "GET", "if-none-match").status_code == 200
    assert preflight(live, "/eeg", own, "GET", "authorization").status_code == 400
    assert preflight(live, "/recordings/p/r", own, "PUT", "content-type").status_code == 400
    foreign = preflight(live, "/session", FOREIGN, "POST", "content-type")
    assert (foreign.status_code, ALLOW_ORIGIN in foreign.headers) == (400, False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/eeg", 422), ("GET", "/nothing", 404), ("DELETE", "/eeg", 405), ("GET", "/eeg", 401)],
)
def test_a_page_is_told_what_was_wrong(
    live: Live, signed_in: httpx.Client, method: str, path: str, status: int
) -> None:
    if status == 401:
        signed_in.cookies.clear()
    answer = signed_in.request(method, path)
    assert (answer.status_code, answer.headers[ALLOW_ORIGIN]) == (status, live.viewer_url)
    assert answer.json()["detail"]


def test_strangers_are_not_read_to_the_end(live: Live) -> None:
    """Who has no key yet sends a grant, and nothing that is larger than one."""
    answer = httpx.post(f"{live.url}/session", json={"grant": "x" * 5000})
    assert (answer.status_code, "at most 4096 bytes" in answer.text) == (413, True)


@pytest.mark.parametrize("path", ["/ingest", "/session"])
def test_a_page_is_told_that_it_sends_too_much(live: Live, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", live.port, timeout=60)
    with closing(connection):
        connection.putrequest("POST", path)
        connection.putheader("Origin", live.viewer_url)
        connection.putheader("Content-Length", str(33 << 20))
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.headers[ALLOW_ORIGIN]) == (413, live.viewer_url)


def test_caches_keep_answers_apart(live: Live) -> None:
    """One that a browser keeps from an address typed in serves no page, which would have to do
    without the header that lets it read."""
    page = "/eeg?patient_id=nobody&recording_id=none&start=0&end=10"
    with http(live) as keyed:
        for path, accept in (("/patients", "*/*"), (page, "*/*"), (page, wire.MEDIA_TYPE)):
            for origin in ({}, {"Origin": live.viewer_url}):
                answer = keyed.get(path, headers={"Accept": accept} | origin)
                assert "Origin" in answer.headers["Vary"]
                assert (ALLOW_ORIGIN in answer.headers) == bool(origin)


def test_without_a_key_pages_of_others_still_read_nothing(data_directory: Path, live: Live) -> None:
    unlocked = Live(data_directory)
    unlocked.start(sys.executable, "-m", "eegstore", "serve", "--no-auth")
    try:
        with Client(unlocked.url, "any") as eeg:
            assert eeg.grant() == ""
        own = {"Origin": unlocked.viewer_url}
        opened = httpx.post(f"{unlocked.url}/session", json={"grant": ""}, headers=own)
        assert (opened.status_code, "Set-Cookie" in opened.headers) == (200, False)
        read = httpx.get(f"{unlocked.url}/patients", headers=own)
        assert (read.status_code, read.headers[ALLOW_ORIGIN]) == (200, unlocked.viewer_url)
        foreign = httpx.get(f"{unlocked.url}/patients", headers={"Origin": FOREIGN})
        assert ALLOW_ORIGIN not in foreign.headers
        with Client(unlocked.url, "any") as eeg:
            recording = make_recording(patient_id=new_patient())
            eeg.declare(recording)
            refused(
                httpx.post(f"{unlocked.url}{place(recording)}/close", headers={"Origin": FOREIGN}),
                f"pages of {FOREIGN} may not ask",
            )
            assert not eeg.recordings(recording.patient_id)[0].closed
        named = {"Host": f"rebound.example:{unlocked.port}"}
        refused(httpx.get(f"{unlocked.url}/patients", headers=named), "not as rebound.example")
        frame = {"Accept": wire.MEDIA_TYPE} | named
        asked = {"patient_id": "p", "recording_id": "r", "start": "0", "end": "1"}
        refused(httpx.get(f"{unlocked.url}/eeg", params=asked, headers=frame), "not as rebound")
        local = {"Host": f"localhost:{unlocked.port}"}
        assert httpx.get(f"{unlocked.url}/patients", headers=local).status_code == 200
    finally:
        unlocked.stop()

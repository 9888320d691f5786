import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from fractions import Fraction

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import wire
from eegstore.client import Client
from eegstore.errors import (
    AccessError,
    ConflictError,
    EegStoreError,
    InvalidDataError,
    NotFoundError,
    SpanError,
    StoreUnavailableError,
    TooLargeError,
)
from eegstore.model import Annotation, Channel, Chunk, Recording, SampleType, Span
from eegstore.timebase import full_runs
from tests.unit.fake_api import KEY, FakeApi, answer, serving

RATES = (Fraction(256), Fraction(64, 5), Fraction(1, 30), Fraction(100))


def recording(sample_type: SampleType = SampleType.INT16, **changes: object) -> Recording:
    channels = (
        Channel("FP1-F7", RATES[0], physical_min=-800, physical_max=800,
                digital_min=-2048, digital_max=2047),
        Channel("T8-P8", RATES[0], physical_min=800, physical_max=-800.5,
                digital_min=-2048, digital_max=2047, prefiltering="HP:0.1Hz"),
        Channel("T8-P8", RATES[1], "mV", -3, 3, -32768, 32767),
        Channel("SaO2", RATES[2], "%", 0, 100, 0, 1000),
    )  # fmt: skip
    return replace(Recording("chb01", "chb01_03.edf", channels, sample_type), **changes)


def chunk(of: Recording, second: int, seed: int = 0) -> Chunk:
    runs = full_runs(of.channels, second)
    size = sum(count for channel in runs for _, count in channel)
    rng = np.random.default_rng([seed, second])
    if of.sample_type is SampleType.FLOAT32:
        return Chunk(second, runs, rng.normal(0, 50, size).astype("<f4"))
    limits = np.iinfo(of.sample_type.dtype)
    return Chunk(
        second, runs, rng.integers(limits.min, limits.max + 1, size).astype(of.sample_type.dtype)
    )


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def client(api: FakeApi) -> Client:
    return Client("http://api.test/base", KEY, transport=httpx.MockTransport(_below(api)))


def _below(api: FakeApi):  # type: ignore[no-untyped-def]
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path.startswith(b"/base/")
        request.url = request.url.copy_with(raw_path=request.url.raw_path[5:])
        return api(request)

    return handle


def says(response: httpx.Response | Exception) -> Client:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    return Client("http://api.test", KEY, transport=httpx.MockTransport(handle))


def test_a_recording_there_and_back(client: Client, api: FakeApi) -> None:
    declared = recording(start_time=datetime(2026, 3, 1, 8), zone="Europe/Berlin", utc_offset=3600)
    assert client.declare(declared)
    assert not client.declare(declared)
    sent = [chunk(declared, second) for second in (0, 1, 5)]
    outcomes = client.send(declared, sent, datetime.now(UTC))
    assert [(o.second, o.outcome) for o in outcomes] == [
        (0, "stored"), (1, "stored"), (5, "stored")
    ]  # fmt: skip
    assert [o.outcome for o in client.send(declared, sent)] == ["duplicate"] * 3
    assert client.send(declared, []) == []
    assert client.have("chb01", "chb01_03.edf") == [
        Span(Fraction(0), Fraction(2)), Span(Fraction(5), Fraction(6))
    ]  # fmt: skip
    info = client.recording("chb01", "chb01_03.edf")
    assert info.recording == declared
    assert (info.n_seconds, info.duration, info.closed) == (3, 6.0, False)
    assert client.recordings() == client.recordings("chb01") == [info]
    assert client.recordings("chb02") == []
    assert client.patients() == ["chb01"]
    assert client.close_recording("chb01", "chb01_03.edf", 3) == 3
    assert client.recording("chb01", "chb01_03.edf").closed


def test_a_window_is_what_was_sent_and_a_gap_is_a_gap(client: Client) -> None:
    declared = recording()
    client.declare(declared)
    sent = {second: chunk(declared, second) for second in (0, 2)}
    client.send(declared, list(sent.values()))
    window = client.window("chb01", "chb01_03.edf", 0, 3, channels="FP1-F7")
    assert window.sfreq == 256
    assert np.array_equal(window.digital[0, :256], sent[0].samples[:256])
    assert np.array_equal(window.digital[0, 512:], sent[2].samples[:256])
    assert np.isnan(window.data[0, 256:512]).all()
    assert np.isfinite(window.data[0, :256]).all()
    both = client.window("chb01", "chb01_03.edf", 0, 1, channels=["SaO2", "FP1-F7"])
    assert [c.label for c in both.channels] == ["SaO2", "FP1-F7"]
    assert len(client.window("chb01", "chb01_03.edf", 0, 1).channels) == 4
    with pytest.raises(InvalidDataError, match="channels is empty"):
        client.window("chb01", "chb01_03.edf", 0, 1, channels=[])


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (3, "3"),
        (2.5, "2.5"),
        (np.float64(2.5), "2.5"),
        (np.int64(7), "7"),
        ("12.5", "12.5"),
        (Fraction(1, 3), "1/3"),
        (datetime(2026, 3, 1, 8, 0, 1), "2026-03-01T08:00:01"),
        (datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T00:00:00+02:00"),
        ("2026-03-01T00:00:00+02:00", "2026-03-01T00:00:00+02:00"),
    ],
)
def test_times_travel_exactly(time: float, text: str) -> None:
    asked: list[httpx.URL] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return answer(422, {"error": "SpanError", "detail": "enough"})

    client = Client("http://api.test", KEY, transport=httpx.MockTransport(handle))
    with pytest.raises(SpanError, match="enough"):
        client.window("p", "r", time, "99", channels=["T8-P8", "C3 & C4"])
    assert asked[0].params["start"] == text
    assert asked[0].params.get_list("channels") == ["T8-P8", "C3 & C4"]
    assert b" " not in asked[0].raw_path
    assert b"+02" not in asked[0].raw_path


def test_annotations(client: Client) -> None:
    client.declare(recording())
    made = client.annotate("chb01", "chb01_03.edf", Annotation(2996.25, 40, "seizure", (0, 2)))
    assert made.annotation_id is not None
    assert replace(made, annotation_id=None) == Annotation(2996.25, 40, "seizure", (0, 2))
    assert client.annotate("chb01", "chb01_03.edf", made) == made
    assert client.annotations("chb01", "chb01_03.edf") == [made]
    assert client.annotations("chb01", "chb01_03.edf", 0, Fraction(1, 3)) == []
    with pytest.raises(ConflictError, match="other content"):
        client.annotate("chb01", "chb01_03.edf", replace(made, description="artefact"))


def test_ids_stand_percent_encoded_in_the_path(client: Client, api: FakeApi) -> None:
    odd = recording(patient_id="a@b+c", recording_id="r@1+2.edf")
    client.declare(odd)
    assert api.requests[-1].url.raw_path == b"/recordings/a%40b%2Bc/r%401%2B2.edf"
    assert client.have("a@b+c", "r@1+2.edf") == []
    with pytest.raises(NotFoundError):
        client.have("../../patients", "?x=1")
    assert api.requests[-1].url.raw_path.startswith(b"/recordings/..%2F..%2Fpatients/%3Fx%3D1")


@given(
    st.sampled_from(SampleType),
    st.integers(0, 10**6),
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from(RATES), min_size=1, max_size=5),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
)
def test_json_and_frames_carry_the_same_second(
    sample_type: SampleType, second: int, seed: int, rates: list[Fraction], low: float, width: float
) -> None:
    channels = tuple(
        Channel(f"c{n}", rate, "uV", low, low + width, -32768, 32767)
        for n, rate in enumerate(rates)
    )
    declared = recording(sample_type, channels=channels)
    one = chunk(declared, second, seed)
    api = FakeApi()
    client = Client("http://api.test", KEY, transport=httpx.MockTransport(api))
    client.declare(declared)
    outcome = client.send_json(declared, one)
    assert outcome.outcome == "stored"
    there = api.seconds["chb01", "chb01_03.edf"][second]
    assert there.runs == one.runs
    assert there.samples.tobytes() == one.samples.tobytes()
    assert client.send(declared, [one]) == [outcome._replace(outcome="duplicate")]


def test_what_json_cannot_carry(client: Client) -> None:
    declared = recording()
    whole = chunk(declared, 0)
    partial = Chunk(0, (((1, 255),), *whole.runs[1:]), whole.samples[1:])
    floats = recording(SampleType.FLOAT32)
    flat = recording(channels=(replace(declared.channels[0], physical_max=-800.0),))
    unknown = chunk(floats, 0)
    unknown.samples[3] = np.nan
    for of, one in ((declared, partial), (floats, unknown), (flat, chunk(flat, 0))):
        with pytest.raises(InvalidDataError, match=r"second 0 .* as a frame"):
            client.send_json(of, one)


def test_a_self_declared_json_second_says_what_the_declaration_would_say(client: Client) -> None:
    declared = recording(
        start_time=datetime(2026, 3, 1, 8), zone="Europe/Berlin", utc_offset=3600, device="amp 7",
        study_id="admission-1",
    )  # fmt: skip
    posted: list[dict[str, object]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        posted.append(wire.load(request.content))
        return answer(503, {})

    stub = Client("http://api.test", KEY, transport=httpx.MockTransport(handle))
    with pytest.raises(StoreUnavailableError):
        stub.send_json(declared, chunk(declared, 0))
    body = posted[0]
    listed = zip(body["channels"], body["sfreq"], body["calibration"], strict=True)  # type: ignore[call-overload]
    channels = [{"label": label, "sfreq": sfreq, **ranges} for label, sfreq, ranges in listed]
    assert wire.recording_from_json(body | {"channels": channels}) == declared


def test_conflicts_name_their_seconds_and_change_nothing(client: Client, api: FakeApi) -> None:
    declared = recording()
    client.declare(declared)
    client.send(declared, [chunk(declared, second) for second in (3, 4, 7)])
    others = [chunk(declared, second, seed=second % 2) for second in (3, 4, 7, 8)]
    with pytest.raises(ConflictError, match=r"second 3, 7$"):
        client.send(declared, others)
    there = api.seconds["chb01", "chb01_03.edf"]
    assert np.array_equal(there[3].samples, chunk(declared, 3).samples)
    outcomes = client.send(declared, others, on_conflict="return")
    assert [o.outcome for o in outcomes] == ["conflict", "duplicate", "conflict", "duplicate"]
    with pytest.raises(ConflictError, match=r"second 3$"):
        client.send_json(declared, others[0])
    assert client.send_json(declared, others[0], on_conflict="return").outcome == "conflict"
    with pytest.raises(ConflictError, match="4 seconds are stored, the device has 5"):
        client.close_recording("chb01", "chb01_03.edf", 5)
    with pytest.raises(ConflictError, match="declared otherwise"):
        client.declare(recording(device="another"))


def test_an_acknowledgement_of_other_samples_is_none(client: Client, api: FakeApi) -> None:
    declared = recording()
    client.declare(declared)
    one = chunk(declared, 0)

    def flip(request: httpx.Request) -> httpx.Response:
        there = api.seconds["chb01", "chb01_03.edf"].pop(0)
        there.samples[17] += 1
        frame, headers = wire.pack_chunks(declared, [there]), request.headers
        return api._ingest(httpx.Request("POST", request.url, headers=headers, content=frame))

    api.after = flip
    with pytest.raises(ConflictError, match=r"second 0 was sent with digest .* other samples"):
        client.send(declared, [one])


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
        (format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True), 1, 600),
        (format_datetime(datetime.now(UTC) - timedelta(seconds=600), usegmt=True), 0, 0),
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

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import wire
from eegstore.client import Client
from eegstore.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    SpanError,
    StoreUnavailableError,
)
from eegstore.model import Annotation, Channel, Chunk, SampleType, Span
from tests.unit.fake_api import KEY, FakeApi, answer
from tests.unit.made_seconds import RATES, chunk, recording


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

"""Pages over HTTP: frames and JSON of the same traces, and what browsers may keep of them."""

from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pytest

from eegstore import Client
from eegstore.errors import InvalidDataError
from eegstore.model import Recording
from eegstore.signal.montage import Line
from eegstore.wire.page import unpack_page
from tests.e2e.asking import new_patient
from tests.e2e.conftest import Live
from tests.unit.made_pages import RATE, counts, electrodes, seconds

FRAME = {"Accept": "application/octet-stream"}


@pytest.fixture(scope="module")
def stored(eeg: Client) -> Recording:
    recording = electrodes(patient_id=new_patient())
    eeg.declare(recording)
    eeg.send(recording, seconds(recording, counts(recording, 60), [*range(40), *range(50, 60)]))
    return recording


def asked(stored: Recording, start: float = 10, end: float = 20, **more: Any) -> dict[str, Any]:
    ids = {"patient_id": stored.patient_id, "recording_id": "r1"}
    return ids | {"start": start, "end": end} | more


def test_frames_json_and_the_client_show_the_same(
    api: httpx.Client, eeg: Client, stored: Recording
) -> None:
    look = {"montage": "longitudinal", "lff": "1", "hff": "30", "bad": ["4"], "px": "100"}
    key = (stored.patient_id, "r1", 35, 55)
    page = eeg.page(*key, "longitudinal", lff=1, hff=30, bad=[4], px=100)
    said = api.get("/eeg", params=asked(stored, 35, 55, **look)).json()
    frame = unpack_page(
        api.get("/eeg", params=asked(stored, 35, 55, **look), headers=FRAME).content
    )
    assert (frame.traces, frame.spans, frame.unavailable) == (
        page.traces, page.spans, page.unavailable
    )  # fmt: skip
    assert (said["start"], said["end"], said["spans"]) == (35, 55, [[35, 40], [50, 55]])
    assert [trace["label"] for trace in said["traces"]] == [t.label for t in page.traces]
    assert "P7-O1" in {one["label"] for one in said["unavailable"]}
    for trace, told in zip(page.traces, said["traces"], strict=True):
        times, values = page.trace(trace.label)
        exact = np.array(told["values"], float)
        np.testing.assert_allclose(told["times"], times + 35, atol=1e-4)
        np.testing.assert_array_equal(np.isnan(exact), np.isnan(values))
        assert np.nanmax(np.abs(values - exact)) <= np.nanmax(np.abs(exact)) / 65_000
        assert (told["lff"], told["hff"], told["notch"]) == (trace.lff, trace.hff, trace.notch)


def test_any_word_of_montage_or_filter_makes_a_page(api: httpx.Client, stored: Recording) -> None:
    for look in ({"montage": "recorded"}, {"lff": "off"}, {"hff": "30"}, {"notch": "50"},
                 {"phase": "single"}, {"bad": "0"}):  # fmt: skip
        said = api.get("/eeg", params=asked(stored, **look)).json()
        assert len(said["traces"]) == len(stored.channels), look
    assert "traces" not in api.get("/eeg", params=asked(stored)).json()
    assert "traces" not in api.get("/eeg", params=asked(stored, px=10)).json()


def test_phases_differ(eeg: Client, stored: Recording) -> None:
    key = (stored.patient_id, "r1", 10, 20)
    zero, single = (eeg.page(*key, hff=15, zero_phase=z).blocks[0].values for z in (True, False))
    assert np.abs(zero - single).max() > 1


def test_montages_of_ones_own(eeg: Client, stored: Recording) -> None:
    made = [Line("T7-Fp1", "my line", "#123456"), Line("EKG"), Line("Fp1-Oz")]
    page = eeg.page(stored.patient_id, "r1", 0, 5, made)
    assert [(t.label, t.color) for t in page.traces] == [("my line", "#123456"), ("EKG", None)]
    assert page.unavailable[0].missing == ("Oz",)
    with pytest.raises(InvalidDataError, match="0 traces are called 'Oz'; there are my line, EKG"):
        page.trace("Oz")


def test_a_page_that_is_kept_is_not_sent_again(api: httpx.Client, stored: Recording) -> None:
    for look, sealed in ((asked(stored, montage="recorded"), True),
                         (asked(stored, 35, 55, lff="1"), False)):  # fmt: skip
        first = api.get("/eeg", params=look, headers=FRAME)
        assert first.headers["Cache-Control"] == (
            "private, max-age=31536000, immutable" if sealed else "no-cache"
        )
        again = api.get(
            "/eeg", params=look, headers=FRAME | {"If-None-Match": f'"x", {first.headers["ETag"]}'}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        other = api.get("/eeg", params=look, headers={"If-None-Match": first.headers["ETag"]})
        assert other.status_code == 200  # JSON
        assert "Accept" in other.headers["Vary"]


def test_the_tag_of_an_open_page_changes_with_it(
    api: httpx.Client, eeg: Client, stored: Recording
) -> None:
    signal = counts(stored, 62, seed=1)
    look = asked(stored, 59, 62, montage="recorded")
    tags = []
    for second in (60, 61):
        tags.append(api.get("/eeg", params=look, headers=FRAME).headers["ETag"])
        eeg.send(stored, seconds(stored, signal, [second]))
        known = {"If-None-Match": tags[-1]}
        last = api.get("/eeg", params=look, headers=FRAME | known)
        assert last.status_code == 200
    assert tags[0] != tags[1] != last.headers["ETag"]
    assert "immutable" in last.headers["Cache-Control"]
    assert unpack_page(last.content).blocks[0].values.shape[1] == 3 * RATE


@pytest.fixture(scope="module")
def study(eeg: Client) -> str:
    """Two recordings of 20 s that begin a minute apart; only the first is closed."""
    patient_id = new_patient()
    for minute in (0, 1):
        recording = electrodes(
            patient_id=patient_id, recording_id=f"r{minute}", study_id="s1", slow=False,
            start_time=datetime(2026, 11, 22, 8, minute),
        )  # fmt: skip
        eeg.declare(recording)
        eeg.send(recording, seconds(recording, counts(recording, 20, minute), range(20)))
    eeg.close_recording(patient_id, "r0")
    return patient_id


def test_pages_of_a_study(api: httpx.Client, eeg: Client, study: str) -> None:
    page = eeg.page(study, None, 15, 65, study_id="s1", montage="longitudinal")
    assert [one.recording_id for one in page.recordings] == ["r0", "r1"]
    assert page.spans == ((15, 20), (60, 65))
    alone = eeg.page(study, "r1", 0, 5, montage="longitudinal")
    values = page.blocks[0].values[:, -5 * RATE :]
    np.testing.assert_allclose(values, alone.blocks[0].values, atol=0.1)  # rounded by page
    look = {"patient_id": study, "study_id": "s1", "montage": "longitudinal",
            "start": "2026-11-22T08:00:15", "end": "2026-11-22T08:01:05"}  # fmt: skip
    by_clock = unpack_page(api.get("/eeg", params=look, headers=FRAME).content)
    assert (by_clock.start, by_clock.stop, by_clock.spans) == (15, 65, page.spans)
    bare = api.get("/eeg", params={"patient_id": study, "study_id": "s1", "start": 0, "end": 1})
    assert [len(trace["values"]) for trace in bare.json()["traces"]] == [RATE] * 9


def test_pages_of_a_study_are_kept_while_its_version_is_the_same(
    api: httpx.Client, eeg: Client, study: str
) -> None:
    look = {"patient_id": study, "study_id": "s1", "start": 5, "end": 15}
    first = api.get("/eeg", params=look, headers=FRAME)
    assert first.headers["Cache-Control"] == "no-cache"
    version = unpack_page(first.content).version
    for more, kept in (({"version": version}, True), ({"version": "old"}, False)):
        again = api.get("/eeg", params=look | more, headers=FRAME)
        assert ("immutable" in again.headers["Cache-Control"]) is kept
        assert again.headers["ETag"] == first.headers["ETag"]
    growing = look | {"start": 75, "end": 85, "version": version}
    assert api.get("/eeg", params=growing).headers["Cache-Control"] == "no-cache"


def test_overviews_of_a_study(api: httpx.Client, eeg: Client, study: str) -> None:
    """Unfiltered, as recorded; `px` alone asks for one."""
    found = eeg.overview(study, None, 0, 80, 16, study_id="s1")
    assert found.n_seconds.tolist() == [5] * 4 + [0] * 8 + [5] * 4
    alone = eeg.overview(study, "r1", 0, 20, 4)
    np.testing.assert_array_equal(found.digital[:, 12:], alone.digital)
    look = {"patient_id": study, "study_id": "s1", "px": 16,
            "start": "2026-11-22T08:00:00", "end": "2026-11-22T08:01:20"}  # fmt: skip
    said = api.get("/eeg", params=look).json()
    assert said["start_time"] == "2026-11-22T08:00:00"
    assert (said["study_id"], said["recording_id"]) == ("s1", None)
    np.testing.assert_allclose(np.array(said["max"], float), found.data[..., 1], rtol=1e-6)
    assert len(api.get("/eeg", params=look | {"lff": "off"}).json()["traces"]) == 9


def test_a_question_names_a_study_or_a_recording(api: httpx.Client, study: str) -> None:
    both = {"patient_id": study, "study_id": "s1", "recording_id": "r0", "start": 0, "end": 1}
    answer = api.get("/eeg", params=both)
    assert (answer.status_code, "it must be one" in answer.json()["detail"]) == (422, True)
    unknown = {"patient_id": study, "study_id": "s2", "start": 0, "end": 1}
    assert api.get("/eeg", params=unknown).status_code == 404


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"montage": "sideways"}, "montage 'sideways' is not one of recorded, longitudinal"),
        ({"montage": "custom"}, "montage 'custom' with 0 lines"),
        ({"montage": "average", "line": "Fp1-F7"}, "montage 'average' with 1 lines"),
        ({"line": "Fp1-F7"}, "montage 'recorded' with 1 lines"),
        ({"montage": "custom", "line": ["Fp1-F7"] * 257}, "257 lines; a custom montage has at"),
        ({"montage": "custom", "line": "a|b|c|d"}, "is not TEXT, or TEXT|NAME|COLOR"),
        ({"montage": "custom", "line": "x" * 129}, "each of at most 128 characters"),
        ({"montage": "custom", "line": "|name"}, "is not TEXT"),
        ({"montage": "custom", "line": "Fp1||url(x)"}, "color 'url(x)' is neither"),
        ({"lff": "2"}, "LFF 2 Hz is not one of 0.1, 0.3, 0.5, 1, 1.6, 3, 5 Hz or off"),
        ({"hff": "seventy"}, "HFF 'seventy' is neither a number of Hz nor off"),
        ({"notch": "nan"}, "notch nan Hz is not one of 50, 60 Hz or off"),
        ({"lff": "1e400"}, "LFF inf Hz is not one of"),
        ({"phase": "new"}, "query.phase 'new'"),
        ({"bad": "10"}, "bad row 10 is not in 0 .. 9"),
        ({"bad": "Fp1"}, "query.bad.0 'Fp1'"),
        ({"montage": "recorded", "px": "0"}, "px is 0; it must be in 1 .. 10000"),
        ({"montage": "recorded", "channels": "EKG"}, "channels does not go with a montage"),
        ({"montage": "recorded", "start": "-1"}, "start -1 s lies before"),
        ({"montage": "recorded", "end": "3611"}, "3601 s is too long; at most 3600 s"),
    ],
)
def test_bad_questions_are_told_why(
    api: httpx.Client, stored: Recording, look: dict[str, Any], says: str
) -> None:
    for headers in ({}, FRAME):
        answer = api.get("/eeg", params=asked(stored) | look, headers=headers)
        assert answer.status_code == (413 if "too long" in says else 422)
        assert says in answer.json()["detail"]


@pytest.mark.parametrize("montage", ["recorded", "longitudinal", "average"])
def test_a_recording_without_channels_has_pages_without_traces(
    api: httpx.Client, stored: Recording, montage: str
) -> None:
    """As a file of annotations alone declares one."""
    place = f"/recordings/{stored.patient_id}/bare"
    said = api.put(place, json={"channels": [], "sample_type": "int16"})
    assert said.status_code in (200, 201)
    for which in ("recording_id", "study_id"):
        ids = {"patient_id": stored.patient_id, which: "bare"}
        answer = api.get("/eeg", params=ids | {"start": 0, "end": 10, "montage": montage})
        assert (answer.status_code, answer.json()["traces"]) == (200, [])
    file = api.get(f"{place}/edf", params={"lossy": "true"})
    assert (file.status_code, file.content[:8]) == (200, b"0       ")


def test_pages_with_little_or_nothing_on_them(eeg: Client, stored: Recording) -> None:
    key = (stored.patient_id, "r1")
    tiny = eeg.page(*key, "10.00001", "10.00002", "average", lff=1, hff=30, px=100)
    assert [block.values.shape for block in tiny.blocks] == [(9, 0), (1, 0)]
    one = eeg.page(*key, 10, "10.001", lff=1, notch=50)
    assert [block.values.shape[1] for block in one.blocks] == [1, 1]
    far = eeg.page(*key, 10**6, 10**6 + 60, lff=1, hff=30, px=200)
    assert far.spans == ()
    assert all(np.isnan(block.values).all() for block in far.blocks)
    assert eeg.page(*key, 10, "10.001", [Line("SpO2")]).traces[0].rows == (9,)


def test_pages_need_the_key(live: Live, stored: Recording) -> None:
    assert httpx.get(f"{live.url}/eeg", params=asked(stored, lff="1")).status_code == 401

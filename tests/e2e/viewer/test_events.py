"""Events on the traces and in the list: what is said is seen, and quickly found."""

from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from eegstore import Annotation, Client
from eegstore.tally import is_seizure

from .conftest import Js
from .marked import SECOND, File, said, stored
from .screens import Screen

pytestmark = pytest.mark.browser

PATIENT = "viewer-events"
QUERY = f"?patient={PATIENT}&study=s"
MANY = 10_000


@pytest.fixture(scope="module")
def files(client: Client) -> tuple[File, File]:
    a, b = stored(client, PATIENT)
    said(client, a, 5.0, 40.0, "seizure", source="chbmit-summary")
    said(client, a, 21.0, 0.5, "spike", (2,), status="proposed", author="Anna")
    said(client, a, 22.0, None, "button", source="device")
    said(client, a, 24.0, 2.0, "artefact", author="Berta")
    said(client, a, 26.0, 1.0, "spike?", (1,), status="rejected")
    said(client, b, 5.0, 3.0, "Sz 2")
    return a, b


@pytest.fixture
def eyes(shared: Screen, files: tuple[File, File]) -> Screen:
    """The page from 20 s on, as recorded, with the whole list."""
    if f"{QUERY}&" not in shared.page.url:
        shared.open(f"{QUERY}&time=20")
        shared.page.wait_for_function("eegstore.scene.events.all.length == 6")
    shared.page.evaluate(
        """eegstore.set({start: 20, duration: 10, montage: "recorded", rejected: false,
        filter: {text: "", kind: "", status: ""}}); document.activeElement.blur()"""
    )
    return shared.at(20)


def count(screen: Screen) -> str:
    """How many events the list has."""
    return screen.page.locator("#events h2 > span").first.text_content() or ""


def rows(screen: Screen) -> list[dict[str, Any]]:
    """What the one glyph shows, by row."""
    columns = screen.data("marks")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def listed(screen: Screen) -> list[str]:
    """The list, as far as it is seen."""
    return [
        one.replace("\n", " ")
        for one in screen.page.locator("#events .rows > div").all_inner_texts()
    ]


def test_an_event_longer_than_the_page_is_shaded_all_over(eyes: Screen) -> None:
    seizure = rows(eyes)[0]
    height = eyes.value("eegstore.scene.height")
    assert seizure["left"] <= 0
    assert seizure["right"] >= 10
    assert seizure["top"] <= 0
    assert seizure["bottom"] >= height
    assert seizure["fill"] == "#EE6677"
    assert seizure["alpha"] >= 0.15
    others = {row["fill"] for row in rows(eyes)[1:]}
    assert len(others) == 3
    assert "#EE6677" not in others
    eyes.press("Home").at(0)
    assert [row["left"] for row in rows(eyes)] == [5]
    eyes.page.keyboard.press("End")
    eyes.at(121)
    assert rows(eyes) == []


def test_shading_reaches_the_pixels(eyes: Screen) -> None:
    """Between the traces the paper is red within the seizure, and white after it."""
    eyes.page.evaluate("eegstore.set({start: 40})")
    eyes.at(40)
    box = eyes.page.locator("#traces").bounding_box()
    assert box is not None
    picture = np.asarray(Image.open(BytesIO(eyes.page.screenshot())).convert("RGB"), int)
    field = picture[round(box["y"]) + 30 : round(box["y"] + box["height"]) - 5]
    within, after = (
        np.median(field[:, round(box["x"] + share * box["width"])], axis=0)
        for share in (0.26, 0.76)
    )
    assert tuple(after) == (255, 255, 255)
    assert within[0] - within[1] > 15


def test_a_point_is_a_line_and_what_is_proposed_is_paler(eyes: Screen) -> None:
    seizure, spike, button, artefact = rows(eyes)
    assert (button["left"], button["right"], button["alpha"]) == (2, 2, 0)
    assert button["width"] > artefact["width"]
    assert 0 < spike["alpha"] < artefact["alpha"] < seizure["alpha"]
    assert spike["dash"] != artefact["dash"]
    assert set(eyes.data("captions")["text"]) == {
        "seizure",
        "spike (proposed)",
        "button",
        "artefact",
    }


@pytest.mark.parametrize(("key", "on"), [("1", ["EEG T3-REF"]), ("2", ["F7-T3", "T3-T5"])])
def test_an_event_of_a_channel_lies_on_its_traces(eyes: Screen, key: str, on: list[str]) -> None:
    eyes.press(key)
    centres = dict(zip(*(eyes.data("traces")[name] for name in ("label", "centre")), strict=True))
    shown = [row for row in rows(eyes) if row["left"] == 1]
    assert [(row["top"] + row["bottom"]) / 2 for row in shown] == [
        pytest.approx(centres[label]) for label in on
    ]
    assert shown[0]["bottom"] - shown[0]["top"] < 150


def test_rejected_events_are_hidden_until_they_are_wanted(eyes: Screen) -> None:
    assert len(rows(eyes)) == 4
    assert not any("spike?" in line for line in listed(eyes))
    eyes.page.get_by_label("rejected", exact=True).check()
    assert len(rows(eyes)) == 5
    assert any("spike?" in line for line in listed(eyes))
    eyes.page.get_by_label("rejected", exact=True).uncheck()
    assert len(rows(eyes)) == 4


def test_the_list_has_clock_words_and_length(eyes: Screen) -> None:
    assert listed(eyes) == [
        "22:00:05 seizure 40 s",
        "22:00:21 spike 0.50 s",
        "22:00:22 button",
        "22:00:24 artefact 2 s",
        "22:01:35 Sz 2 3 s",
    ]


def test_the_list_is_narrowed_by_words_kind_and_status(eyes: Screen) -> None:
    words = eyes.page.locator("input[name=filter]")
    eyes.page.keyboard.press("/")
    eyes.page.keyboard.type("BERTA")
    assert listed(eyes) == ["22:00:24 artefact 2 s"]
    assert count(eyes) == "1 of 5"
    words.fill("")
    eyes.page.locator("select[name=kind]").select_option("seizure")
    assert listed(eyes) == ["22:00:05 seizure 40 s", "22:01:35 Sz 2 3 s"]
    eyes.page.locator("select[name=kind]").select_option("")
    eyes.page.locator("#events select[name=status]").select_option("proposed")
    assert listed(eyes) == ["22:00:21 spike 0.50 s"]
    assert len(rows(eyes)) == 4
    eyes.page.locator("#events select[name=status]").select_option("rejected")
    assert listed(eyes) == ["22:00:26 spike? 1 s"]
    eyes.page.locator("#events select[name=status]").select_option("")


def test_a_click_or_enter_jumps_to_a_little_before_the_onset(eyes: Screen) -> None:
    eyes.page.locator("#events .rows > div", has_text="Sz 2").click()
    eyes.at(93)
    assert eyes.page.locator("#events [aria-selected=true]").inner_text().startswith("22:01:35")
    (row,) = rows(eyes)
    assert row["left"] == pytest.approx(SECOND + 5 - 93)
    eyes.press("PageDown").at(103)  # the list that was clicked does not keep the keys
    box = eyes.page.locator("#events [role=listbox]")
    eyes.page.locator("input[name=rejected]").focus()
    eyes.page.keyboard.press("Tab")
    assert box.evaluate("list => list == document.activeElement")
    for key in ("Home", "ArrowDown", "ArrowDown", "Enter"):
        eyes.page.keyboard.press(key)
    eyes.at(20)
    assert eyes.value("eegstore.state.sensitivity") == 7
    assert eyes.page.locator("#events [aria-selected=true]").inner_text().startswith("22:00:22")


def test_keys_and_buttons_go_from_event_to_event(eyes: Screen) -> None:
    eyes.press("Home").at(0)
    for key, second in ((".", 3), (".", 19), (".", 20), (",", 19), (":", 93), (";", 3)):
        eyes.page.keyboard.press(key)
        eyes.at(second)
    eyes.page.get_by_label("Next event").click()
    eyes.at(19)
    eyes.page.get_by_label("Previous event").click()
    eyes.at(3)
    eyes.page.keyboard.press(";")
    eyes.wait_for_text("notice", "no such event before")
    eyes.press("Alt+ArrowLeft").at(19)


def test_keys_for_an_event_say_that_none_is_chosen(eyes: Screen) -> None:
    eyes.press("Escape", "e")
    assert eyes.text("notice").startswith("No event is chosen")
    eyes.press("ArrowRight").at(21)
    assert eyes.text("notice") == ""
    eyes.press("Delete")
    assert eyes.text("notice").startswith("No event is chosen")


def test_tab_goes_on_from_the_labels(eyes: Screen) -> None:
    eyes.page.locator("#labels button").first.focus()
    eyes.page.keyboard.press("Tab")
    assert eyes.value("document.activeElement.dataset.label") == "EEG F7-REF"


def test_ten_thousand_events_do_not_change_the_page_turn(
    shared: Screen, client: Client, live: Any, files: tuple[File, File]
) -> None:
    """The same requests as with six, the glyph has what touches the page, the list what is seen."""
    asked: list[str] = []
    shared.page.on("request", lambda request: asked.append(request.url.split("?")[0]))
    a, _ = stored(client, PATIENT, "many")
    random = np.random.default_rng(5)
    onsets = np.sort(random.integers(0, 60 * 128, MANY) / 128)
    what = [{"onset": onset, "duration": 0.25, "description": "spike"} for onset in onsets.tolist()]
    body = {"patient_id": PATIENT, "recording_id": a.recording.recording_id, "annotations": what}
    httpx.post(
        f"{live.url}/annotations", json=body, headers=live.headers, timeout=60
    ).raise_for_status()

    turns = []
    for study, there in (("s", 6), ("many", MANY)):
        shared.open(f"?patient={PATIENT}&study={study}&time=0&duration=5").at(0)
        shared.page.wait_for_function(f"eegstore.scene.events.all.length == {there}")
        shared.page.wait_for_load_state("networkidle")
        asked.clear()
        for second in (5, 10, 15):
            shared.press("PageDown").at(second)
        shared.page.wait_for_load_state("networkidle")
        turns.append(sorted(url for url in asked if "/studies" not in url))
    assert turns[0] == turns[1]
    assert {url.rsplit("/", 1)[1] for url in turns[1]} == {"eeg"}

    touching = (onsets < 20) & (onsets + 0.25 > 15)
    assert len(rows(shared)) == touching.sum()
    assert count(shared) == str(MANY)
    assert len(listed(shared)) < 60
    shared.page.locator("#events [role=listbox]").evaluate(
        "list => list.scrollTop = list.scrollHeight"
    )
    shared.page.locator(f"#event-{MANY - 1}").click()
    shared.at(int(onsets[-1]) - 1)


def test_touching_finds_what_a_look_at_all_finds(js: Js) -> None:
    random = np.random.default_rng(3)
    starts, lengths = random.integers(0, 60, 300), random.choice([0, 0, 1, 3, 40], 300)
    entries = [
        {"annotation_id": f"{k:03}", "study_onset": int(start), "duration": int(length) or None}
        for k, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]
    spans = [[int(start), int(start) + 5] for start in range(-6, 66)] + [[0, 100]]
    found = js(
        "events",
        "spans.map((span) => new m.Events(entries.map(m.entryOf)).touching(...span)"
        ".map((one) => one.annotation_id))",
        entries=entries, spans=spans,
    )  # fmt: skip
    order = sorted(range(300), key=lambda k: (starts[k], k))
    for (start, stop), ids in zip(spans, found, strict=True):
        assert ids == [
            f"{k:03}" for k in order
            if starts[k] < stop and (starts[k] + lengths[k] > start or starts[k] >= start)
        ]  # fmt: skip


DESCRIPTIONS = {
    "seizure": "seizure", "Seizure 2": "seizure", "SZ": "seizure", "sz onset": "seizure",
    " seizure, left": "seizure", "seiz.": "seizure", "no seizure": "other", "szene": "other",
    "seizures?no": "other", "": "other", "spike": "spike", "Spike and wave": "spike",
    "spikes": "other", "note: eyes open": "note", "artefact, EMG": "artefact", "sleep": "sleep",
}  # fmt: skip


def test_kinds_of_descriptions(js: Js) -> None:
    """What is a seizure on the screen is one for the store."""
    found = js(
        "classes", "words.map((one) => m.kindsOf(m.USUAL)(one).name)", words=list(DESCRIPTIONS)
    )
    assert dict(zip(DESCRIPTIONS, found, strict=True)) == DESCRIPTIONS
    for words, kind in DESCRIPTIONS.items():
        assert is_seizure(Annotation(0.0, None, words)) == (kind == "seizure")


def test_captions_do_not_run_into_each_other(js: Js) -> None:
    marks = [
        (0, "seizure"),
        (10.2, "spike"),
        (10.3, "third"),
        (15, "  two\n words "),
        (19, "x" * 99),
        (19, ""),
    ]
    found = js(
        "events", "m.captions(found, 10, 20, 900)",
        found=[{"start": start, "description": words} for start, words in marks],
    )  # fmt: skip
    assert found == [
        {"words": "seizure", "line": 0}, {"words": "spike", "line": 1}, None,
        {"words": "two words", "line": 0}, {"words": "x" * 39 + "…", "line": 0}, None,
    ]  # fmt: skip

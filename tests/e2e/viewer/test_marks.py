"""Marking with mouse and keys: what is made lands on samples, is changed, undone and kept."""

import pytest

from eegstore import Client
from eegstore.review import Entry

from .marked import SECOND, File, files, said, stored
from .screens import Screen

pytestmark = pytest.mark.browser

PATIENT = "viewer-marks"
READER = "Dr. Emil"


@pytest.fixture(scope="module")
def pair(client: Client) -> tuple[File, File]:
    return stored(client, PATIENT)


@pytest.fixture
def desk(shared: Screen, pair: tuple[File, File]) -> Screen:
    """The page from 20 s on, as recorded, with nothing chosen, and a reader with a name."""
    if f"?patient={PATIENT}&study=s" not in shared.page.url:
        shared.open(f"?patient={PATIENT}&study=s&time=20")
        shared.page.evaluate(f"eegstore.set({{author: '{READER}'}})")
    shared.page.evaluate(
        """eegstore.set({start: 20, duration: 10, montage: "recorded", cross: false,
        rejected: false})"""
    )
    shared.page.keyboard.press("Escape")
    return shared.at(20)


def point(screen: Screen, second: float, label: str) -> tuple[float, float]:
    """Where on the screen a second of a trace lies [px]."""
    box = screen.page.locator("#over .glass").bounding_box()
    assert box is not None
    columns = screen.data("traces")
    y = columns["centre"][columns["label"].index(label)]
    start, duration = screen.state["start"], screen.state["duration"]
    return box["x"] + (second - start) / duration * box["width"], box["y"] + y


def drag(screen: Screen, start: float, stop: float, label: str = "EEG T3-REF") -> None:
    mouse = screen.page.mouse
    mouse.move(*point(screen, start, label))
    mouse.down()
    mouse.move(*point(screen, (start + stop) / 2, label))
    mouse.move(*point(screen, stop, label))
    mouse.up()


def done(screen: Screen, client: Client, *keys: str) -> Entry:
    """What the store has of the event that keys have made or changed."""
    before = screen.value(CHOSEN)
    for key in keys:
        screen.page.keyboard.press(key)
    return changed(screen, client, before)


CHOSEN = "eegstore.scene.events.all.find(({key}) => key == eegstore.scene.chosen)?.annotation_id"


def changed(screen: Screen, client: Client, before: str | None) -> Entry:
    """What the store has of the chosen event, once it is another version or another event."""
    screen.page.wait_for_function(
        f"(before) => ![undefined, before].includes({CHOSEN})", arg=before
    )
    return client.annotation_history(PATIENT, screen.value(CHOSEN))[-1]


def history(client: Client, entry: Entry) -> list[str]:
    """The status of all versions; each supersedes the one before."""
    assert entry.annotation.annotation_id is not None
    versions = client.annotation_history(PATIENT, entry.annotation.annotation_id)
    ids = [one.annotation.annotation_id for one in versions]
    assert [one.annotation.supersedes for one in versions] == [None, *ids[:-1]]
    return [one.annotation.status for one in versions]


def test_the_first_mark_asks_for_a_name_and_keeps_it(desk: Screen, client: Client) -> None:
    desk.page.evaluate("eegstore.set({author: ''})")
    desk.page.keyboard.press("a")
    desk.page.get_by_role("textbox", name="Your name").fill("Dr. First")
    first = done(desk, client, "Enter").annotation
    assert (first.author, first.source, first.status) == ("Dr. First", "user", "confirmed")
    desk.page.reload()
    desk.settled()
    assert desk.state["author"] == "Dr. First"
    desk.page.evaluate(f"eegstore.set({{author: '{READER}'}})")


def test_who_gives_no_name_marks_nothing(desk: Screen, client: Client) -> None:
    desk.page.evaluate("eegstore.set({author: ''})")
    before = client.study_annotations(PATIENT, "s")
    desk.page.keyboard.press("s")
    desk.page.get_by_role("textbox", name="Your name").press("Escape")
    desk.wait_for_text("notice", "nobody has said whose it is")
    assert client.study_annotations(PATIENT, "s") == before
    desk.page.evaluate(f"eegstore.set({{author: '{READER}'}})")


def test_a_drag_and_a_key_make_an_event_on_samples(desk: Screen, client: Client) -> None:
    drag(desk, 22, 24.5)
    selection = desk.value("eegstore.scene.selection")
    assert selection["start"] == pytest.approx(22, abs=0.02)
    made = done(desk, client, "s")
    seizure = made.annotation
    assert (made.recording_id, seizure.description, seizure.channels) == ("s-a", "seizure", ())
    assert seizure.author == READER
    assert seizure.onset == round(selection["start"] * 128) / 128
    assert seizure.duration == round((selection["stop"] - seizure.onset) * 128) / 128
    assert desk.value("eegstore.scene.selection") is None
    assert "#EE6677" in desk.data("marks")["fill"]
    desk.wait_for_text("studies", "1 seizure")
    assert desk.page.locator("#events [aria-selected=true]").inner_text().startswith("22:00:22")


@pytest.mark.parametrize(
    ("montage", "label", "rows"),
    [("recorded", "EEG T3-REF", (2,)), ("longitudinal", "F7-T3", (1, 2))],
)
def test_a_class_may_belong_to_the_trace(
    desk: Screen, client: Client, montage: str, label: str, rows: tuple[int, ...]
) -> None:
    desk.page.evaluate("(montage) => eegstore.set({montage})", montage)
    desk.settled()
    drag(desk, 26, 26.3, label)
    desk.page.get_by_role("button", name="spike").click()
    spike = changed(desk, client, None).annotation
    assert (spike.description, spike.channels) == ("spike", rows)


def test_in_the_second_file_it_lands_on_that_files_samples(desk: Screen, client: Client) -> None:
    desk.page.evaluate("eegstore.set({start: 86})")
    desk.at(86)
    drag(desk, 91.7, 93.2)
    start = desk.value("eegstore.scene.selection.start")
    made = done(desk, client, "a")
    assert made.recording_id == "s-b"
    assert made.annotation.onset == round((start - SECOND) * 100) / 100
    assert made.study_onset == pytest.approx(start, abs=0.006)


def test_a_moment_is_marked_at_the_crosshair_else_in_the_middle(
    desk: Screen, client: Client
) -> None:
    middle = done(desk, client, "a").annotation
    assert (middle.onset, middle.duration, middle.channels) == (25.0, None, ())
    desk.page.keyboard.press("x")
    desk.page.mouse.move(*point(desk, 22.43, "EEG T5-REF"))
    desk.page.keyboard.press("k")
    spike = changed(desk, client, middle.annotation_id).annotation
    assert spike.onset == pytest.approx(22.43, abs=0.01)
    assert spike.onset * 128 % 1 == 0
    assert (spike.duration, spike.channels) == (None, (3,))


def test_what_lasts_longer_than_a_page_begins_here_and_ends_there(
    desk: Screen, client: Client
) -> None:
    desk.press("Shift+d")
    desk.wait_for_text("events", "sleep since 22:00:25")
    desk.page.evaluate("eegstore.set({start: 45})")
    desk.at(45)
    sleep = done(desk, client, "Shift+d").annotation
    assert (sleep.description, sleep.onset, sleep.duration) == ("sleep", 25.0, 25.0)
    desk.press("Shift+d", "Escape")
    assert desk.value("eegstore.scene.begun") is None


def test_keys_confirm_propose_and_reject_and_all_is_undone(desk: Screen, client: Client) -> None:
    drag(desk, 21, 21.5)
    done(desk, client, "a")
    done(desk, client, "q")
    done(desk, client, "y")
    gone = done(desk, client, "Delete")
    assert history(client, gone) == ["confirmed", "proposed", "confirmed", "rejected"]
    assert desk.page.locator("#events .rejected").count() == 0
    for _ in range(4):
        last = done(desk, client, "Control+z")
    assert history(client, last)[4:] == ["confirmed", "proposed", "confirmed", "rejected"]
    for _ in range(2):
        last = done(desk, client, "Control+Shift+z")
    assert history(client, last)[8:] == ["confirmed", "proposed"]
    assert last.annotation.author == READER
    done(desk, client, "Control+y")
    desk.page.get_by_role("button", name="Reject").click()
    changed(desk, client, last.annotation.annotation_id)


def test_edges_are_dragged(desk: Screen, client: Client) -> None:
    drag(desk, 22, 23)
    made = done(desk, client, "a").annotation
    mouse = desk.page.mouse
    for edge, to in (("stop", 25.2), ("start", 21.1)):
        box = desk.page.locator(f"#over .grip.{edge}").bounding_box()
        assert box is not None
        before = desk.value(CHOSEN)
        mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
        mouse.down()
        mouse.move(*point(desk, to - 0.5, "EEG T5-REF"))
        mouse.move(*point(desk, to, "EEG T5-REF"))
        mouse.up()
        moved = changed(desk, client, before).annotation
        if edge == "stop":
            assert moved.onset == made.onset
    assert moved.onset == pytest.approx(21.1, abs=0.02)
    assert moved.onset + (moved.duration or 0) == pytest.approx(25.2, abs=0.02)
    assert moved.onset * 128 % 1 == 0
    assert (moved.duration or 0) * 128 % 1 == 0


def test_what_is_dragged_into_another_file_is_an_event_of_that_file(
    desk: Screen, client: Client
) -> None:
    """Undone and done again as one."""
    desk.page.evaluate("eegstore.set({start: 40, duration: 60})")
    desk.at(40)
    desk.page.keyboard.press("x")
    desk.page.mouse.move(*point(desk, 50, "EEG T5-REF"))
    first = done(desk, client, "a")
    assert first.recording_id == "s-a"
    mouse = desk.page.mouse
    mouse.down()
    mouse.move(*point(desk, 90, "EEG T5-REF"))
    mouse.move(*point(desk, 95, "EEG T5-REF"))
    mouse.up()
    moved = changed(desk, client, first.annotation.annotation_id)
    assert moved.recording_id == "s-b"
    assert moved.study_onset == pytest.approx(95, abs=0.07)
    assert moved.annotation.onset * 100 == pytest.approx(round(moved.annotation.onset * 100))
    assert history(client, first) == ["confirmed", "rejected"]
    back = done(desk, client, "Control+z")
    assert (back.recording_id, back.study_onset) == ("s-a", first.study_onset)
    assert history(client, first) == ["confirmed", "rejected", "confirmed"]
    assert history(client, moved) == ["confirmed", "rejected"]
    again = done(desk, client, "Control+y")
    assert again.recording_id == "s-b"
    assert history(client, first)[-1] == "rejected"


def test_a_click_chooses_the_shortest_event_under_the_pointer(desk: Screen, client: Client) -> None:
    desk.page.evaluate("eegstore.set({start: 0})")
    desk.at(0)
    drag(desk, 1, 9)
    long = done(desk, client, "d").annotation
    drag(desk, 3, 4, "EEG T5-REF")
    short = done(desk, client, "k").annotation
    for second, label, chosen in (
        (3.5, "EEG T5-REF", short), (3.5, "EEG F7-REF", long), (9.7, "EEG F7-REF", None),
    ):  # fmt: skip
        desk.page.mouse.click(*point(desk, second, label))
        assert desk.value(CHOSEN) == (chosen and chosen.annotation_id)
    desk.page.mouse.dblclick(*point(desk, 3.5, "EEG T5-REF"))
    dialog = desk.page.get_by_role("dialog", name="Event")
    assert dialog.get_by_label("Description").input_value() == "spike"
    dialog.get_by_role("button", name="Cancel").click()


def test_the_dialog_changes_words_time_length_and_channels(desk: Screen, client: Client) -> None:
    made = done(desk, client, "a").annotation
    desk.page.keyboard.press("e")
    dialog = desk.page.get_by_role("dialog", name="Event")
    dialog.get_by_text("Fri 6 Nov 22:00:2").wait_for()  # the clock beside the time from the start
    dialog.get_by_label("Description").fill("EMG artefact")
    dialog.get_by_label("Onset").fill("23:59")
    assert dialog.locator(".means").inner_text() == ""
    dialog.get_by_label("Duration").fill("1.5")
    dialog.get_by_role("button", name="Save").click()
    assert "not within the study" in dialog.get_by_role("alert").inner_text()
    dialog.get_by_label("Onset").fill("+0:00:21.003")
    assert dialog.locator(".means").inner_text() == "Fri 6 Nov 22:00:21.003"
    dialog.get_by_label("Onset").fill("22:00:21.003")
    dialog.get_by_label("all channels").uncheck()
    dialog.get_by_role("button", name="Save").click()
    assert "No channel is chosen" in dialog.get_by_role("alert").inner_text()
    dialog.get_by_label("EEG F7-REF").check()
    dialog.get_by_text("Dr. Emil: artefact confirmed").wait_for()
    dialog.get_by_role("button", name="Save").click()
    edited = changed(desk, client, made.annotation_id).annotation
    assert (edited.description, edited.channels) == ("EMG artefact", (1,))
    assert (edited.onset, edited.duration) == (21.0, 1.5)
    assert edited.supersedes == made.annotation_id


def test_keys_do_nothing_to_an_event_that_is_not_in_view(desk: Screen, client: Client) -> None:
    drag(desk, 21, 21.5)
    made = done(desk, client, "a")
    desk.page.evaluate("eegstore.set({start: 45})")
    desk.at(45)
    for key in ("Delete", "y", "q", "e"):
        desk.press(key)
        said = "The chosen event, artefact at 22:00:21, is not on this page"
        assert desk.text("notice") == said
    assert history(client, made) == ["confirmed"]
    desk.page.evaluate("eegstore.set({start: 20})")
    desk.at(20)
    assert history(client, done(desk, client, "Delete")) == ["confirmed", "rejected"]


def test_a_note_asks_for_its_words(desk: Screen, client: Client) -> None:
    desk.page.keyboard.press("w")
    field = desk.page.get_by_role("dialog", name="Event").get_by_label("Description")
    assert field.input_value() == "note: "
    field.press("End")
    field.type("eyes <b>open</b>")
    note = done(desk, client, "Enter").annotation
    assert (note.description, note.onset) == ("note: eyes <b>open</b>", 25.0)
    assert "note: eyes <b>open</b>" in desk.text("events")


def test_who_comes_second_is_told_and_sees_what_the_first_has_made(
    desk: Screen, client: Client, pair: tuple[File, File]
) -> None:
    made = done(desk, client, "s").annotation
    assert made.annotation_id is not None
    theirs = said(
        client, pair[0], 24.0, 3.0, "seizure, left", author="Berta", supersedes=made.annotation_id
    )
    desk.page.keyboard.press("Delete")
    desk.wait_for_text("notice", "Somebody else was first.*Berta made it 'seizure, left' from 24 s")
    desk.page.wait_for_function(f"(id) => {CHOSEN} == id", arg=theirs.annotation_id)
    assert "seizure, left" in desk.text("events")
    rejected = done(desk, client, "Delete").annotation
    assert rejected.supersedes == theirs.annotation_id


def test_a_mark_set_live_lands_on_a_stored_sample(shared: Screen, client: Client) -> None:
    """While the recording grows; the reader may look back meanwhile."""
    a, _ = files(PATIENT, "live")
    client.declare(a.recording)
    client.send(a.recording, [a.chunk(k) for k in range(17)])
    shared.open(f"?patient={PATIENT}&study=live").at(10)
    assert shared.state["live"]
    drag(shared, 13, 14)
    start = shared.value("eegstore.scene.selection.start")
    client.send(a.recording, [a.chunk(k) for k in range(17, 23)])
    shared.at(15)
    assert shared.state["live"]
    made = done(shared, client, "s")
    assert made.recording_id == "live-a"
    assert made.annotation.onset == round(start * 128) / 128

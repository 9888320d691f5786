"""Events as files, and the classes that a reader sets."""

import csv
import io

import pytest

from eegstore import Client
from eegstore.annotation_export import Format

from .marked import File, said, stored
from .screens import Screen

pytestmark = pytest.mark.browser

PATIENT = "viewer-event-files"


@pytest.fixture(scope="module")
def pair(client: Client) -> tuple[File, File]:
    a, b = stored(client, PATIENT)
    said(client, a, 5.0, 40.0, "seizure")
    said(client, b, 5.0, None, "button", (1,))
    return a, b


@pytest.fixture
def desk(shared: Screen, pair: tuple[File, File]) -> Screen:
    if PATIENT not in shared.page.url:
        shared.open(f"?patient={PATIENT}&study=s&time=20")
        shared.page.evaluate("eegstore.set({author: 'Dr. Emil'})")
    return shared.at(20)


def command(screen: Screen, words: str) -> None:
    """Something from the menu."""
    screen.page.keyboard.press("m")
    screen.page.get_by_role("button", name=words).click()


@pytest.mark.parametrize(
    ("words", "kind"),
    [("EDF+", Format.EDF), ("CSV", Format.CSV), ("BIDS events.tsv", Format.BIDS)],
)
def test_events_are_written_to_files(
    desk: Screen, client: Client, words: str, kind: Format
) -> None:
    with desk.page.expect_download() as download:
        command(desk, f"Events as {words}")
    body = download.value.path().read_bytes()
    assert download.value.suggested_filename == f"s{kind.ending}"
    assert body == client.export_annotations(PATIENT, kind, study_id="s")
    if kind is Format.CSV:
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        assert [(row["onset"], row["description"]) for row in rows] == [
            ("5.0", "seizure"), ("95.5", "button"),
        ]  # fmt: skip


def test_a_reader_sets_classes_and_their_keys(desk: Screen, client: Client) -> None:
    dialog = desk.page.get_by_role("dialog", name="Classes of events")
    command(desk, "Classes of events")
    line = dialog.locator(".line").nth(2)
    assert line.get_by_label("Name").input_value() == "artefact"
    keep = dialog.get_by_role("button", name="Keep")
    for key, words in (
        ("t", "taken by: Dark or light"),
        ("s", "Key s of artefact is taken"),
        (".", "taken by: Next event"),
        ("#", "neither a letter nor a digit"),
    ):
        line.get_by_label("Key").fill(key)
        keep.click()
        assert words in dialog.get_by_role("alert").inner_text()
    line.get_by_label("Key").fill("j")
    line.get_by_label("Name").fill("sharp wave")
    line.get_by_label("Colour").select_option("grey")
    line.get_by_label("on the trace").check()
    keep.click()
    desk.page.keyboard.press("?")
    assert "sharp wave; with Shift" in desk.page.locator("#help").inner_text()
    desk.page.keyboard.press("Escape")

    desk.page.reload()
    desk.at(20)
    desk.page.wait_for_function("eegstore.scene.events.all.length == 2")
    desk.page.keyboard.press("a")
    desk.page.keyboard.press("j")
    desk.page.wait_for_function("eegstore.scene.events.all.length == 3")
    assert "#BBBBBB" in desk.data("marks")["fill"]
    standing = client.study_annotations(PATIENT, "s")
    assert sorted(entry.annotation.description for entry in standing) == [
        "button", "seizure", "sharp wave",
    ]  # fmt: skip
    command(desk, "Classes of events")
    dialog.get_by_role("button", name="The usual ones").click()
    keep.click()
    assert [kind["name"] for kind in desk.state["classes"]][2] == "artefact"

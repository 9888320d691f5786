"""Who has looked at what: it counts what was on the screen for a second, and nothing else."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from eegstore import Client
from eegstore.review import Coverage

from . import holed
from .conftest import Viewer
from .holed import Holed
from .screens import Screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

SECOND = 1100  # [ms], a little more
GREEN = """(() => {
  const canvas = document.querySelector("#strip canvas"), {width} = canvas
  const row = canvas.getContext("2d").getImageData(0, canvas.height - 2, width, 1).data
  const all = Array.from({length: width}, (_, k) => k)
  const green = all.filter((k) => row[4 * k + 1] > row[4 * k] + 60)
  return [green[0], green.at(-1) + 1, green.length, width]
})()"""
HIDDEN = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s})"


@pytest.fixture
def fresh(client: Client, request: Any) -> Holed:
    """A study at which nobody has looked."""
    return holed.send(client, f"seen-{request.node.name.replace('[', '-').strip(']')}")


@pytest.fixture
def coverage(client: Client, fresh: Holed) -> Callable[[], Coverage]:
    return lambda: client.coverage(fresh.patient, holed.STUDY)


def unseen(screen: Screen) -> Screen:
    """To the next second that nobody has seen; all that was seen until then is stored."""
    before = screen.state["start"]
    screen.page.keyboard.press("u")
    screen.page.wait_for_function("before => eegstore.state.start != before", arg=before)
    return screen.settled()


def test_what_is_painted_for_a_second_is_seen(
    screen: Screen, fresh: Holed, coverage: Callable[[], Coverage]
) -> None:
    """Not what was fetched ahead; across files, holes left out, whole seconds of each."""
    screen.open(f"{fresh.query}&time=190&duration=30&montage=longitudinal&hff=30&notch=50").at(190)
    screen.page.wait_for_timeout(SECOND)
    unseen(screen).at(holed.SECOND)
    screen.page.wait_for_timeout(SECOND)
    unseen(screen).at(holed.SECOND + 30)
    found = coverage()
    assert found.seen == ((190, 200), (holed.SECOND, holed.SECOND + 30))
    first, second = found.reviews
    assert (first.recording_id, first.spans) == ("file-0", ((190, 200),))
    assert (second.recording_id, second.spans) == ("file-1", ((0, 30),))
    assert (first.montage, first.lff, first.hff, first.notch) == ("longitudinal", 1, 30, 50)
    assert first.author is None


def test_the_strip_shows_what_was_seen(screen: Screen, fresh: Holed) -> None:
    screen.open(f"{fresh.query}&time=0&duration=30").at(0)
    screen.page.wait_for_timeout(SECOND)
    unseen(screen).at(30)
    seen = screen.value(GREEN)
    first, last, count, width = seen
    assert first == 0
    assert last == count == pytest.approx(width * 30 / holed.DURATION, abs=1)
    assert (
        screen.page.locator("[name=unseen]")
        .get_attribute("title")
        .endswith("8 % of what is stored is seen")
    )


def test_on_a_page_of_a_minute_nothing_is_seen(
    screen: Screen, fresh: Holed, coverage: Callable[[], Coverage]
) -> None:
    screen.open(f"{fresh.query}&time=0&duration=60").at(0)
    screen.page.wait_for_timeout(SECOND)
    unseen(screen).at(60)
    assert coverage().seen == ()


def test_what_runs_through_is_not_seen(
    screen: Screen, fresh: Holed, coverage: Callable[[], Coverage]
) -> None:
    """The key is held on the last page, too, and let go on a page on which nothing counts."""
    screen.open(f"{fresh.query}&time=0&duration=30").at(0)
    keyboard = screen.page.keyboard
    keyboard.down("PageDown")
    screen.settled()
    keyboard.down("PageDown")
    screen.at(60)
    screen.page.wait_for_timeout(SECOND)
    screen.page.evaluate("eegstore.set({duration: 60})")
    screen.settled()
    keyboard.up("PageDown")
    unseen(screen).at(120)
    assert [span for span in coverage().seen if span[1] > 60] == []


def test_a_hidden_tab_sees_nothing(
    screen: Screen, fresh: Holed, coverage: Callable[[], Coverage]
) -> None:
    screen.page.add_init_script(HIDDEN % "true")
    screen.open(f"{fresh.query}&time=0&duration=30").at(0)
    screen.page.wait_for_timeout(SECOND)
    screen.press("PageDown").at(30)
    screen.page.evaluate(HIDDEN % "false")
    screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    screen.page.wait_for_timeout(SECOND)
    unseen(screen).at(60)
    assert coverage().seen == ((30, 60),)


def test_what_was_seen_survives_a_page_that_is_left(
    screen: Screen, fresh: Holed, coverage: Callable[[], Coverage]
) -> None:
    """It waits in the tab, as only Python may write; what Python has heard all the same is once."""
    for start, heard in ((0, False), (100, True)):
        screen.open(f"{fresh.query}&time={start}&duration=20").at(start)
        if not heard:
            screen.page.evaluate("eegstore.models.figure.tags[0].setv = () => {}")
        screen.page.wait_for_timeout(SECOND)
        screen.page.goto("about:blank")
    screen.open(f"{fresh.query}&time=200&duration=60").at(200)
    unseen(screen)
    found = coverage()
    assert found.seen == ((0, 20), (100, 120))
    assert len(found.reviews) == 2


def test_seen_by_others_and_by_me(
    screen: Screen, client: Client, fresh: Holed, coverage: Callable[[], Coverage]
) -> None:
    screen.open(f"{fresh.query}&time=0&duration=30").at(0)
    screen.press("PageDown").at(30)
    screen.page.evaluate("eegstore.set({author: 'Anna'})")
    screen.page.wait_for_timeout(SECOND)
    unseen(screen).at(60)
    assert client.coverage(fresh.patient, holed.STUDY, ["Anna"]).seen == ((30, 60),)
    screen.page.evaluate("eegstore.set({author: 'Bert', duration: 60})")
    screen.page.locator("[name=seenby]").click()
    screen.page.wait_for_function("eegstore.scene.coverage?.seen.length === 0")
    assert screen.page.locator("[name=seenby]").inner_text() == "me"
    screen.press("Home").at(0)
    screen.page.locator("[name=unseen]").click()
    screen.at(60)
    screen.press("Home").at(0)
    screen.page.evaluate("eegstore.set({duration: 30})")
    screen.settled()
    unseen(screen).at(30)
    screen.press("Shift+U")
    screen.page.wait_for_function("eegstore.scene.coverage?.seen.length === 1")
    unseen(screen).at(60)


def test_all_is_seen(screen: Screen, client: Client, fresh: Holed) -> None:
    from eegstore.review import Review

    for name, spans in (("file-0", ((0, 180),)), ("file-1", ((0, 200),))):
        client.review(fresh.patient, Review(name, spans, "recorded"))
    screen.open(f"{fresh.query}&time=300&duration=60").at(300)
    unseen(screen).at(180)
    screen.press("u")
    screen.wait_for_text("notice", "All else that is stored has been seen")


@pytest.fixture(scope="module")
def gaze(browser: "Browser", viewer: Viewer) -> Callable[[str], Any]:
    """What a script says that has `gaze`, and `at` for stretches of one look."""
    page = browser.new_page()
    page.goto(f"{viewer.home}/viewer/static/js/state.js")
    return lambda script: page.evaluate(
        f"""async () => {{
            const {{Gaze, wholeSeconds}} = await import("/viewer/static/js/gaze.js")
            const gaze = new Gaze(), at = (from, to, of = "a") => ({{of, from, to}})
            {script}
        }}"""
    )


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("gaze.show([at(0, 10)], 0); return gaze.ripe(999)", []),
        ("gaze.show([at(0, 10)], 0); return gaze.ripe(1000)", [["a", 0, 10]]),
        ("gaze.show([at(0, 10)], 0); gaze.ripe(1000); return gaze.ripe(5000)", []),
        ("gaze.show([at(0, 10)], 0); return gaze.show([at(10, 20)], 999)", []),
        ("gaze.show([at(0, 10)], 0); return gaze.show([at(10, 20)], 1000)", [["a", 0, 10]]),
        ("gaze.show([at(0, 10)], 0); gaze.show([at(2, 12)], 500); return gaze.ripe(1000)",
         [["a", 2, 10]]),
        ("gaze.show([at(0, 10)], 0); gaze.show([at(2, 12)], 500); gaze.ripe(1000);"
         "return gaze.ripe(1500)", [["a", 10, 12]]),
        ("gaze.show([at(0, 10)], 0); gaze.show([at(0, 10, 'b')], 800); return gaze.ripe(1700)", []),
        ("gaze.show([at(0, 10)], 0); gaze.show([], 500); gaze.show([at(0, 10)], 600);"
         "return gaze.ripe(1500)", []),
    ],
)  # fmt: skip
def test_a_second_on_the_screen(
    gaze: Callable[[str], Any], script: str, found: list[list[Any]]
) -> None:
    """Times in ms; what stays while the page moves keeps its time, another look has its own."""
    told = gaze(script)
    assert [[one["of"], one["from"], one["to"]] for one in told] == found


def test_when_something_is_due(gaze: Callable[[str], Any]) -> None:
    assert gaze("gaze.show([at(0, 1)], 5); gaze.show([at(0, 2)], 50); return gaze.due") == 1005
    assert gaze("gaze.show([at(0, 1)], 5); gaze.ripe(2000); return gaze.due") is None


def test_whole_seconds(gaze: Callable[[str], Any]) -> None:
    spans = gaze("return wholeSeconds([[0.5, 3], [4.2, 4.9], [5, 6 - 1e-9]])")
    assert spans == [[1, 3], [5, 6]]

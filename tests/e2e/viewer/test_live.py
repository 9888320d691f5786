"""A recording that grows in front of a reader: followed, looked back on, late, away and closed."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from eegstore import Client

from .growth import Device, as_sent, asked, painted_to, painted_to_second
from .screens import Screen

pytestmark = pytest.mark.browser
UNFILTERED = "&lff=off&hff=off"
LAST = "row => eegstore.models.traces.data.ys[row]?.findLastIndex(y => !isNaN(y))"


@pytest.fixture
def device(client: Client) -> Device:
    return Device(client)


@pytest.fixture
def follow(screen: Screen, device: Device) -> Callable[[str], Screen]:
    """Opens the recording, and waits until every second is told."""

    def opened(more: str = UNFILTERED) -> Screen:
        screen.open(device.sent.query + more)
        screen.page.wait_for_function("eegstore.scene.streaming")
        return screen

    return opened


def test_every_second_is_drawn_when_it_is_stored(
    follow: Callable[..., Screen], device: Device
) -> None:
    """In its place, and with nothing asked for that has not changed."""
    device.send(range(3))
    screen = follow("&lff=3&hff=off").at(0)
    screen.page.evaluate("() => {window.row = eegstore.models.traces.data.ys[0]}")
    stretches = asked(screen)
    for second in range(3, 8):
        device.send([second])
        painted_to(screen, 100 * (second + 1))
    assert stretches == [(max(0, second - 3), min(10, second + 4)) for second in range(3, 8)]
    assert screen.value("window.row === eegstore.models.traces.data.ys[0]")
    assert screen.value("eegstore.scene.page.spans") == [[0, 8]]
    drawn = screen.traces()
    screen.page.reload()  # which asks for the page as a whole
    screen.settled()
    for mine, whole in zip(drawn, screen.traces(), strict=True):
        np.testing.assert_allclose(mine, whole, atol=0.2)


def test_without_filters_it_is_the_samples(follow: Callable[..., Screen], device: Device) -> None:
    device.send(range(2))
    screen = follow().at(0)
    for stop in (3, 5, 6):
        device.send([stop - 1])
        device.send(range(stop))  # most of them again
        painted_to(screen, 100 * stop)
        as_sent(screen, device, 0, stop)
        as_sent(screen, device, 0, stop, row=6)


def test_the_page_turns_when_it_is_full(follow: Callable[..., Screen], device: Device) -> None:
    device.send(range(8))
    screen = follow().at(0)
    device.send(range(8, 12))
    screen.at(5)
    painted_to(screen, 700)
    as_sent(screen, device, 5, 12)
    device.send(range(12, 15))
    painted_to(screen, 1000)
    device.send([15])
    screen.at(10)
    painted_to(screen, 600)


def test_looking_back_while_it_grows_and_return(
    follow: Callable[..., Screen], device: Device
) -> None:
    device.send(range(32))
    screen = follow().at(25)
    button = screen.page.locator("[name=live]")
    assert button.get_attribute("aria-pressed") == "true"
    screen.press("PageUp").at(15)
    assert button.get_attribute("aria-pressed") == "false"
    stretches = asked(screen)
    device.send(range(32, 41))
    screen.page.wait_for_function("eegstore.scene.study.duration >= 41")
    screen.at(15)
    as_sent(screen, device, 15, 25)
    assert stretches == []
    button.click()
    screen.at(35)
    painted_to(screen, 600)
    screen.press("Home").at(0)
    screen.press("v").at(35)
    device.send(range(41, 43))
    painted_to(screen, 800)


def test_late_seconds_appear_where_they_belong(
    follow: Callable[..., Screen], device: Device
) -> None:
    device.send([*range(3), *range(5, 8)])
    screen = follow().at(0)
    assert screen.data("gaps") == {"left": [3], "right": [5]}
    device.send([4])
    screen.page.wait_for_function("eegstore.models.gaps.data.right[0] == 4")
    device.send([3])
    screen.page.wait_for_function("eegstore.models.gaps.data.left.length == 0")
    screen.settled()
    as_sent(screen, device, 0, 8)


def test_late_seconds_on_a_page_that_was_left(
    follow: Callable[..., Screen], device: Device
) -> None:
    """Kept pages are brought up to date when they are shown again."""
    device.send([*range(4), *range(6, 28)])
    screen = follow().at(20)
    screen.press("Home").at(0).press("v").at(20)
    device.send(range(4, 6))
    screen.page.wait_for_function("eegstore.scene.stored.length == 1")
    screen.press("Home").at(0)
    painted_to(screen, 1000)
    screen.page.wait_for_function("eegstore.scene.page.spans.length == 1")
    screen.settled()
    as_sent(screen, device, 0, 10)


def test_a_reduced_page_grows_too(follow: Callable[..., Screen], device: Device) -> None:
    device.send(range(30))
    screen = follow("&duration=60").at(0)
    screen.wait_for_text("foot", "÷")
    width = screen.value("eegstore.models.traces.data.ys[0].length")
    device.send([30])
    device.send([31])
    screen.page.wait_for_function(
        f"width => ({LAST})(0) >= width * 31.9 / 60 && ({LAST})(0) <= width * 32.1 / 60", arg=width
    )
    assert screen.value("eegstore.counts.most") <= 2


def test_how_long_it_took_can_be_read(follow: Callable[..., Screen], device: Device) -> None:
    device.send(range(2))
    screen = follow().at(0)
    for second in range(2, 5):
        device.send([second])
        screen.page.wait_for_function("n => eegstore.counts.lags.length == n", arg=second - 1)
        painted_to(screen, 100 * (second + 1))
    assert all(0 < lag < 60_000 for lag in screen.value("eegstore.counts.lags"))


def test_the_end_of_a_recording(follow: Callable[..., Screen], device: Device) -> None:
    device.send(range(5))
    screen = follow().at(0)
    device.send([5])
    device.close()
    button = screen.page.locator("[name=live]")
    screen.page.wait_for_function("eegstore.scene.study.closed && !eegstore.state.live")
    assert button.is_disabled()
    painted_to(screen, 600)
    assert screen.data("gaps") == {"left": [6], "right": [10]}


def test_the_store_goes_and_comes_back_while_it_grows(
    follow: Callable[..., Screen], device: Device, live: Any
) -> None:
    device.send(range(4))
    screen = follow().at(0)
    live.stop()
    try:
        screen.wait_for_text("notice", "The store does not answer")
        as_sent(screen, device, 0, 4)
    finally:
        live.start()
    device.send(range(4, 7))
    painted_to(screen, 700)
    screen.page.wait_for_function("document.getElementById('notice').hidden")
    screen.page.wait_for_function("eegstore.scene.streaming")
    device.send([7])
    painted_to(screen, 800)
    as_sent(screen, device, 0, 8)


def test_another_study_is_followed_in_its_place(
    follow: Callable[..., Screen], device: Device, client: Client
) -> None:
    other = Device(client)
    other.send(range(3))
    device.send(range(4))
    screen = follow().at(0)
    screen.page.wait_for_function(
        "name => eegstore.scene.studies.some(one => one.study_id == name)", arg=other.key[1]
    )
    screen.page.locator(".study", has_text=other.key[1]).get_by_role("button").first.click()
    screen.page.wait_for_function("name => eegstore.state.study == name", arg=other.key[1])
    screen.page.wait_for_function("eegstore.scene.streaming")
    device.send([4])
    other.send([3])
    painted_to(screen, 400)
    assert screen.value("eegstore.scene.study.duration") == pytest.approx(4)
    screen.page.wait_for_function("name => location.search.includes(name)", arg=other.key[1])


def test_a_study_grows_at_its_end(client: Client, screen: Screen) -> None:
    """Its second recording begins 30 s after the first, which has ended."""
    study, start = f"study-{uuid.uuid4().hex[:8]}", datetime(2026, 11, 22, 8)
    first = Device(client, study_id=study, start_time=start)
    first.send(range(20))
    first.close()
    second = Device(client, study_id=study, start_time=start + timedelta(seconds=30))
    second.send(range(3))
    screen.open(f"?patient=grows&study={study}{UNFILTERED}").at(25)
    screen.page.wait_for_function("eegstore.scene.streaming")
    stretches = asked(screen)
    second.send([3])
    painted_to_second(screen, 34)
    assert stretches == [(30, 35)]
    np.testing.assert_allclose(screen.traces()[0], second.sent.values(0, 0, 4), atol=0.1)
    second.send([5])
    screen.at(30)
    screen.page.wait_for_function("eegstore.models.gaps.data.left[0] == 4")
    second.send([4])
    painted_to_second(screen, 36)
    np.testing.assert_allclose(screen.traces()[0], second.sent.values(0, 0, 6), atol=0.1)
    assert screen.value("eegstore.scene.page.recordings") == [
        {"recording_id": second.key[1], "start": 30, "stop": 36}
    ]

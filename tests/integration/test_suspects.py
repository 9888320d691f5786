"""Pages say which channels may be swapped or upside down, once there is enough to tell."""

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

from eegstore.model import Recording
from eegstore.service.pages import read_page, read_study_page
from eegstore.service.view import View
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.unit.made_pages import RATE, counts, electrodes, seconds

CHAIN = ["Fp1-F7", "F7-T7", "T7-P7", "P7-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1"]


def bipolar(name: str, labels: list[str] = CHAIN) -> Recording:
    made = electrodes(CHAIN, recording_id=name, slow=False)
    first, *_ = made.channels
    return replace(made, channels=tuple(replace(first, label=label) for label in labels))


def signal(
    n_seconds: int, inverted: int | None = None, labels: list[str] = CHAIN
) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    names = {name for label in labels for name in label.split("-")}
    potentials = {name: random.integers(-900, 900, n_seconds * RATE) for name in sorted(names)}
    made = [potentials[a] - potentials[b] for a, b in (label.split("-") for label in labels)]
    if inverted is not None:
        made[inverted] = -made[inverted]
    return [row.astype(np.int16) for row in made]


async def told(database: Database, name: str, at: int = 0) -> tuple[str, ...]:
    page = (await read_page(database, "p1", name, F(at), F(at + 2), View())).page
    return page.suspects


@pytest.mark.parametrize("inverted", [None, 2])
def test_an_inverted_channel_is_told(common: Urls, inverted: int | None) -> None:
    recording = bipolar(f"inverted-{inverted}")
    name = recording.recording_id

    async def work(database: Database) -> None:
        await put(database, recording, seconds(recording, signal(40, inverted), range(40)))
        texts = await told(database, name)
        if inverted is None:
            assert texts == ()
        else:
            assert texts[0].startswith("T7-P7 may be upside down: then the loops close to 0.0 uV")
        of_study = await read_study_page(database, "p1", name, F(0), F(2), View("longitudinal"))
        assert of_study.page.suspects == texts

    used(common.app, work)


def test_it_is_looked_for_again_when_more_is_there(common: Urls) -> None:
    recording = bipolar("growing")
    name = recording.recording_id
    sound, wrong = signal(4), signal(60, 0)

    async def work(database: Database) -> None:
        assert await told(database, name) == ()
        await put(database, recording, seconds(recording, sound, range(4)))
        assert await told(database, name) == ()
        await put(database, recording, seconds(recording, wrong, range(4, 60)))
        assert await told(database, name, 5) == ()  # not yet twice as far
        assert "should add up to nothing, and leave" in (await told(database, name, 7))[0]

    async def declare(database: Database) -> None:
        await put(database, recording, [])
        await work(database)

    used(common.app, declare)


def test_channels_against_one_reference_have_no_loops(common: Urls) -> None:
    recording = electrodes(recording_id="star")

    async def work(database: Database) -> None:
        await put(database, recording, seconds(recording, counts(recording, 5), range(5)))
        assert await told(database, "star") == ()
        assert database.suspects["p1", "star"].until is None

    used(common.app, work)


@pytest.mark.parametrize(("n_electrodes", "n_told"), [(8, 1), (14, 0)])
def test_all_against_all_is_more_than_can_be_added_up(
    common: Urls, n_electrodes: int, n_told: int
) -> None:
    """Nobody records that, and nobody waits until its 78 loops have been tried."""
    labels = [f"X{i}-X{j}" for i in range(n_electrodes) for j in range(i)]
    recording = bipolar(f"all-{n_electrodes}", labels)

    async def work(database: Database) -> None:
        made = seconds(recording, signal(20, 3, labels), range(20))
        await put(database, recording, made)
        texts = await told(database, recording.recording_id)
        assert [text.partition(":")[0] for text in texts] == ["X3-X0 may be upside down"] * n_told

    used(common.app, work)

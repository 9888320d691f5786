"""Pages of a study: several recordings on one clock, lines matched by name."""

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction as F

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, NotFoundError, SpanError
from eegstore.model import Recording
from eegstore.page import Page
from eegstore.service import recordings
from eegstore.service.pages import Read, read_page, read_study_page
from eegstore.service.view import View
from eegstore.signal.filter_setting import Setting
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.unit.made_pages import CHAIN, RATE, counts, electrodes, seconds

EIGHT = datetime(2026, 11, 22, 8)
VIEW = View("recorded", Setting(1.0, 30.0))
LATER = (*CHAIN[1:], "Cz")  # Fp1 has gone, Cz has come
STARTS = {"a": 0.0, "b": 50.25, "c": 90.0}  # 40 s each: a hole, and two that abut almost


@pytest.fixture(scope="module")
def stored(common: Urls) -> None:
    """a; b with other electrodes; c at another rate. All closed."""
    made = {
        "a": electrodes(recording_id="a"),
        "b": electrodes(LATER, recording_id="b"),
        "c": electrodes(rate=64, recording_id="c"),
    }

    async def work(database: Database) -> None:
        for name, recording in made.items():
            start = EIGHT + timedelta(seconds=STARTS[name])
            placed = electrodes_at(recording, start)
            await put(database, placed, seconds(placed, counts(placed, 40, ord(name)), range(40)))
            await recordings.close(database, "p1", name, None)

    used(common.app, work)


def electrodes_at(recording: Recording, start: datetime, study_id: str = "s") -> Recording:
    return replace(recording, start_time=start, study_id=study_id)


def read(common: Urls, start: object, stop: object, view: View = VIEW) -> Read:
    span = F(str(start)), F(str(stop))
    return used(common.app, lambda db: read_study_page(db, "p1", "s", *span, view))


def alone(common: Urls, name: str, start: float, stop: float, view: View = VIEW) -> Page:
    offset = F(str(STARTS[name]))
    lo, hi = F(str(start)) - offset, F(str(stop)) - offset
    return used(common.app, lambda db: read_page(db, "p1", name, lo, hi, view)).page


def line(
    page: Page, label: str, rate: int = RATE
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Times and values of a trace."""
    (at,) = [i for i, t in enumerate(page.traces) if t.label == label and t.sfreq == rate]
    block = page.blocks[page.traces[at].block]
    return block.times, block.values[block.traces.index(at)]


@pytest.mark.usefixtures("stored")
def test_a_page_within_one_file_is_that_of_the_file(common: Urls) -> None:
    for name, start in (("a", 10), ("b", 60.25), ("c", 110)):
        page, right = read(common, start, start + 10).page, alone(common, name, start, start + 10)
        assert [s.recording_id for s in page.recordings] == [name]
        assert (page.study_id, page.recording_id) == ("s", None)
        assert page.spans == ((start, start + 10),)
        for one, other in zip(page.blocks, right.blocks, strict=True):
            np.testing.assert_allclose(one.times, other.times, atol=1e-5)
            np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.usefixtures("stored")
def test_a_page_across_a_hole_joins_lines_by_name(common: Urls) -> None:
    page = read(common, 35, 55).page
    assert [(s.recording_id, s.start, s.stop) for s in page.recordings] == [
        ("a", 35, 40), ("b", 50.25, 55)
    ]  # fmt: skip
    assert page.spans == ((35, 40), (50.25, 55))
    assert len({t.block for t in page.traces}) == 2
    for label in ("EEG F7-REF", "EEG Fp1-REF", "EEG Cz-REF", "EKG", "SpO2"):
        rate = 1 if label == "SpO2" else RATE
        times, values = line(page, label, rate)
        assert (np.diff(times) > 0).all()
        there = np.isfinite(values)
        assert not there[(times > 5) & (times < 15.25)].any()
        assert (~there & (times > 5) & (times < 15.25)).any()  # the line breaks
        assert there[times < 5].all() != (label == "EEG Cz-REF")
        assert there[times >= 15.25].all() != (label == "EEG Fp1-REF")
    first = alone(common, "a", 35, 40)
    np.testing.assert_array_equal(
        line(page, "EEG F7-REF")[1][: 5 * RATE], line(first, "EEG F7-REF")[1]
    )


@pytest.mark.usefixtures("stored")
def test_order_and_rows_are_those_of_the_study(common: Urls) -> None:
    """A new line stands behind the one that it followed."""
    page = read(common, 35, 55).page
    assert [t.label for t in page.traces] == [
        *(f"EEG {name}-REF" for name in (*CHAIN, "Cz")), "EKG", "SpO2"
    ]  # fmt: skip
    rows = {t.label: t.rows for t in page.traces}
    assert rows["EEG Fp1-REF"] == (0,)
    assert rows["EKG"] == (8,)
    assert rows["EEG Cz-REF"] == (10,)
    later = read(common, 60, 70, View("longitudinal", bad=frozenset({1}))).page
    assert {t.label for t in later.traces} == {
        "T7-P7", "P7-O1", "Fp2-F4", "F4-C4", "EKG", "SpO2"
    }  # fmt: skip
    assert {t.label: t.rows for t in later.traces}["P7-O1"] == (3, 4)
    with pytest.raises(InvalidDataError, match=r"bad row 11 is not in 0 .. 10"):
        read(common, 60, 70, View(bad=frozenset({11})))


@pytest.mark.usefixtures("stored")
def test_another_rate_is_another_block_of_the_same_name(common: Urls) -> None:
    page = read(common, 85, 95).page
    rates = sorted({(float(t.sfreq), t.block) for t in page.traces if t.label == "EEG F7-REF"})
    assert [rate for rate, _ in rates] == [64, 128]
    assert len({block for _, block in rates}) == 2
    fast, slow = line(page, "EEG F7-REF", 128), line(page, "EEG F7-REF", 64)
    assert fast[0].max() < 5 <= slow[0].min()
    assert {one.sfreq for one in page.blocks} == {128, 64, 1}


@pytest.mark.usefixtures("stored")
def test_what_one_file_lacks_is_unavailable_only_where_no_other_has_it(common: Urls) -> None:
    view = View("longitudinal")
    assert "Fp1-F7" in {one.label for one in read(common, 60, 70, view).page.unavailable}
    assert "Fp1-F7" not in {one.label for one in read(common, 35, 55, view).page.unavailable}
    assert "Fz-Cz" in {one.label for one in read(common, 35, 55, view).page.unavailable}


@pytest.mark.usefixtures("stored")
def test_in_a_hole_lines_have_names_and_no_points(common: Urls) -> None:
    for start, stop in ((41, 50), (200, 210)):
        found = read(common, start, stop)
        assert len(found.page.traces) == 10
        assert found.page.recordings == found.page.spans == ()
        assert all(len(block.times) == 0 for block in found.page.blocks)
        assert found.sealed


@pytest.mark.usefixtures("stored")
def test_px_of_a_page_across_files(common: Urls) -> None:
    full, drawn = read(common, 30, 60).page, read(common, 30, 60, View(VIEW.montage, VIEW.setting,
                                                                      px=200)).page  # fmt: skip
    assert drawn.blocks[0].per_column == -(-30 * RATE // 200)
    one, other = line(full, "EEG F7-REF")[1], line(drawn, "EEG F7-REF")[1]
    assert np.nanmax(one) == np.nanmax(other)
    assert np.nanmin(one) == np.nanmin(other)


def test_a_recording_that_comes_later_changes_version_and_maybe_zero(common: Urls) -> None:
    def at(name: str, minutes: int) -> Recording:
        made = electrodes(recording_id=f"late-{name}", slow=False)
        return electrodes_at(made, EIGHT + timedelta(minutes=minutes), "late")

    async def page(database: Database, start: int) -> Read:
        return await read_study_page(database, "p1", "late", F(start), F(start + 10), View())

    async def work(database: Database) -> None:
        with pytest.raises(NotFoundError, match="no study 'late'"):
            await page(database, 0)
        one, two = at("one", 10), at("two", 0)
        await put(database, one, seconds(one, counts(one, 20), range(20)))
        before = await page(database, 5)
        assert (before.page.spans, before.sealed) == (((5, 15),), True)
        assert not (await page(database, 15)).sealed  # it may still grow
        await recordings.close(database, "p1", "late-one", None)
        assert (await page(database, 15)).sealed
        await put(database, two, seconds(two, counts(two, 7), range(7)))
        after = await page(database, 5)
        assert (after.page.spans, after.sealed) == (((5, 7),), False)
        assert after.page.version != before.page.version
        moved = await page(database, 605)
        np.testing.assert_array_equal(moved.page.blocks[0].values, before.page.blocks[0].values)
        await put(database, two, seconds(two, counts(two, 9), range(7, 9)))
        assert (await page(database, 5)).page.spans == ((5, 9),)

    used(common.app, work)


@pytest.mark.usefixtures("stored")
def test_what_is_no_study_page(common: Urls) -> None:
    with pytest.raises(SpanError, match="start -1 s"):
        read(common, -1, 5)
    with pytest.raises(NotFoundError, match="no study 'x' of patient 'nobody'"):
        used(common.app, lambda db: read_study_page(db, "nobody", "x", F(0), F(1), VIEW))
    with pytest.raises(NotFoundError, match="no study 'x'"):
        used(common.app, lambda db: read_study_page(db, "p1", "x", F(0), F(1), VIEW))

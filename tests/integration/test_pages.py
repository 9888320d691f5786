"""Pages out of the database are what the whole recording shows there."""

from fractions import Fraction as F

import numpy as np
import pytest
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, NotFoundError, SpanError, TooLargeError
from eegstore.model import Recording
from eegstore.page import Page
from eegstore.service import drawing, recordings
from eegstore.service.pages import Read, read_page
from eegstore.service.view import View
from eegstore.signal.derivations import derive
from eegstore.signal.filter_setting import UNFILTERED, Setting
from eegstore.signal.montage import Line
from eegstore.signal.page import lines
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.unit.made_pages import RATE, counts, electrodes, physical, seconds

SECONDS = 200
GAP = range(100, 110)
STEP = 60 * RATE  # from here on 5 mV more in F7 and in T7


@pytest.fixture(scope="module")
def signal() -> list[NDArray[np.int16]]:
    """With a step, a spike of one sample, and a stretch at the rail."""
    made = counts(electrodes(), SECONDS)
    made[1][STEP:] += 25000
    made[1][:STEP] -= 25000
    made[2][150 * RATE] += 5000  # 500 uV
    made[3][170 * RATE : 170 * RATE + 40] = 32000
    return made


@pytest.fixture(scope="module")
def stored(common: Urls, signal: list[NDArray[np.int16]]) -> Recording:
    recording = electrodes(recording_id="pages")
    kept = [second for second in range(SECONDS) if second not in GAP]
    used(common.app, lambda database: put(database, recording, seconds(recording, signal, kept)))
    return recording


def read(common: Urls, start: object, stop: object, view: View, **more: int) -> Read:
    def work(database: Database):  # type: ignore[no-untyped-def]
        return read_page(database, "p1", "pages", F(str(start)), F(str(stop)), view, **more)

    return used(common.app, work)


def block_of(page: Page, rate: int = RATE) -> NDArray[np.float32]:
    (values,) = [block.values for block in page.blocks if block.sfreq == rate]
    return values


def whole(recording: Recording, signal: list[NDArray[np.int16]], view: View) -> NDArray[np.float64]:
    """The fast traces of a montage over all of the recording, with its gap."""
    data = physical(recording, signal)
    data[:, GAP.start * RATE : GAP.stop * RATE] = np.nan
    found = derive(recording.channels, view.montage, view.bad).traces
    traces = [trace for trace in found if trace.sfreq == RATE]
    rows = range(len(data))
    made = lines(traces, rows, data, 0, (0, data.shape[1]), view.setting)
    return made.reduced.values  # type: ignore[no-any-return]


@pytest.mark.parametrize("montage", ["recorded", "longitudinal", "average"])
@pytest.mark.parametrize(
    "setting", [UNFILTERED, Setting(0.5, 30.0, 50.0), Setting(1.0, 30.0, None, zero_phase=False)]
)
@pytest.mark.usefixtures("stored")
def test_a_page_is_a_part_of_the_whole(
    common: Urls, signal: list[NDArray[np.int16]], montage: str, setting: Setting
) -> None:
    """Also in halves, across the step and the gap, and where the recording begins and ends."""
    view = View(montage, setting)
    right = whole(electrodes(), signal, view)
    for start, stop in ((0, 10), (55, 65), (95, 105), (98, 112), (190, 200), ("61.3", "64.9")):
        middle = (F(str(start)) + F(str(stop))) / 2
        lo, hi = (int(-(-F(str(t)) * RATE // 1)) for t in (start, stop))
        page = block_of(read(common, start, stop, view).page)
        halves = [block_of(read(common, *half, view).page) for half in
                  ((start, middle), (middle, stop))]  # fmt: skip
        for made in (page, np.concatenate(halves, axis=1)):
            np.testing.assert_array_equal(np.isnan(made), np.isnan(right[:, lo:hi]))
            assert np.nanmax(np.abs(made - right[:, lo:hi])) < 0.5


@pytest.mark.parametrize("px", [50, 333, 1000])
def test_portions_do_not_show(
    common: Urls, stored: Recording, signal: list[NDArray[np.int16]],
    monkeypatch: pytest.MonkeyPatch, px: int,
) -> None:  # fmt: skip
    """Columns, gaps and rails are the same however a page is cut for reading."""
    view = View("longitudinal", Setting(1.0, 30.0), px=px)
    at_once = read(common, "0.5", 199, view).page
    monkeypatch.setattr(drawing, "AT_ONCE", 7 * RATE * 9)
    cut = read(common, "0.5", 199, view).page
    assert [block.per_column > 1 for block in at_once.blocks] == [True, px == 50]
    for one, other in zip(cut.blocks, at_once.blocks, strict=True):
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_allclose(one.values, other.values, atol=0.5)
    for one, other in zip(cut.traces, at_once.traces, strict=True):
        assert one == other
    assert cut.spans == at_once.spans


@pytest.mark.usefixtures("stored")
def test_what_a_page_says_of_itself(common: Urls) -> None:
    page = read(common, "99.5", "110.25", View("longitudinal", Setting(1.0, 30.0, 50.0))).page
    assert (page.patient_id, page.study_id, page.recording_id) == ("p1", "pages", "pages")
    assert page.spans == ((99.5, 100.0), (110.0, 110.25))
    assert [(s.recording_id, s.start, s.stop) for s in page.recordings] == [("pages", 99.5, 110.25)]
    by_label = {trace.label: trace for trace in page.traces}
    assert (by_label["EKG"].lff, by_label["EKG"].hff, by_label["EKG"].notch) == (1, None, 50)
    assert (by_label["SpO2"].lff, by_label["SpO2"].unit, by_label["SpO2"].block) == (None, "%", 1)
    assert by_label["Fp1-F7"].rows == (0, 1)
    assert by_label["Fp1-F7"].side == "left"
    missing = {one.label: one.missing for one in page.unavailable}
    assert missing["Fp2-F8"] == ("F8",)
    assert page.blocks[1].times.tolist() == [0.5 + second for second in range(11)]
    np.testing.assert_allclose(page.blocks[1].values[0], [np.nan] * 10 + [97])


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("px", [None, 1, 7, 100, 1000, 10_000])
@pytest.mark.parametrize("start", [145, 149, "149.99", 150])
def test_a_spike_of_one_sample_is_on_every_page(
    common: Urls, px: int | None, start: object
) -> None:
    for stop in ("150.25", 152, 170):
        shown = block_of(read(common, start, stop, View(px=px)).page)
        assert np.nanmax(shown[2]) > 400


@pytest.mark.usefixtures("stored")
def test_negative_stays_negative(common: Urls, signal: list[NDArray[np.int16]]) -> None:
    """Which way is up, drawing decides."""
    page = read(common, 0, 10, View("recorded")).page
    right = physical(electrodes(), signal)[:, : 10 * RATE]
    right[-1] *= 1000  # the EKG's mV are shown as uV
    np.testing.assert_allclose(block_of(page), right, atol=1e-3)


@pytest.mark.usefixtures("stored")
def test_rails_are_told_of_the_traces_that_are_made_of_them(common: Urls) -> None:
    page = read(common, 165, "170.2", View("longitudinal", Setting(1.0, 30.0))).page
    clips = {trace.label: trace.clips for trace in page.traces if trace.clips}
    assert clips == {"T7-P7": ((170, 170.2),), "P7-O1": ((170, 170.2),)}
    assert clips != {trace.label: trace.clips for trace in
                     read(common, 165, 175, View("longitudinal")).page.traces}  # fmt: skip
    bad = read(common, 165, 175, View("average", bad=frozenset({3}))).page
    assert not any(trace.clips for trace in bad.traces)


@pytest.mark.usefixtures("stored")
def test_montages_of_ones_own(common: Urls) -> None:
    made = (Line("C4-F4", "one", "#ff0000"), Line("SpO2"), Line("Oz-Fp1"), Line("Cz"))
    page = read(common, 0, 10, View(made)).page
    assert [(t.label, t.color, t.rows) for t in page.traces] == [
        ("one", "#ff0000", (6, 7)), ("SpO2", None, (9,))
    ]  # fmt: skip
    assert [one.missing for one in page.unavailable] == [("Oz",), ("Cz",)]
    nothing = read(common, 0, 10, View((Line("Oz"),))).page
    assert nothing.traces == nothing.blocks == ()


def test_pages_that_will_never_be_others(common: Urls) -> None:
    """Whole ones, gaps between stored seconds that the filters reach, and all once closed."""
    recording = electrodes(recording_id="sealing", slow=False)
    signal = counts(recording, 40)
    view = View("recorded", Setting(1.0, 30.0))
    key = ("p1", "sealing")

    async def sealed(database: Database) -> list[bool]:
        spans = ((5, 10), (20, 24), (10, 31), (27, 33), (100, 110))
        return [(await read_page(database, *key, F(a), F(b), view)).sealed for a, b in spans]

    async def work(database: Database) -> list[list[bool]]:
        kept = [second for second in range(40) if second != 25]
        await put(database, recording, seconds(recording, signal, kept))
        before = await sealed(database)
        await put(database, recording, seconds(recording, signal, [25]))
        after = await sealed(database)
        await recordings.close(database, *key, None)
        return [before, after, await sealed(database)]

    before, after, closed = used(common.app, work)
    assert before == [True, False, False, False, False]
    assert after == [True, True, True, True, False]
    assert closed == [True] * 5


@pytest.mark.parametrize(
    ("start", "stop", "view", "error", "match"),
    [
        (-1, 9, View(), SpanError, "start -1 s"),
        (9, 9, View(), SpanError, "end 9 s is not after start 9 s"),
        (0, 3601, View(px=10), TooLargeError, "3601 s is too long; at most 3600 s"),
        (0, 10**12, View(px=10), SpanError, "the last there is"),
        (0, 10, View(px=0), InvalidDataError, "px is 0; it must be in 1 .. 10000"),
        (0, 10, View(px=10_001), InvalidDataError, "px is 10001"),
        (0, 10, View("upside down"), InvalidDataError, "'upside down' is not one of recorded"),
        (0, 10, View(()), InvalidDataError, "of 0 lines; allowed are 1 to 256"),
        (0, 10, View(bad=frozenset({10})), InvalidDataError, "bad row 10 is not in 0 .. 9"),
        (0, 10, View(bad=frozenset({-1})), InvalidDataError, "bad row -1"),
    ],
)
@pytest.mark.usefixtures("stored")
def test_what_is_no_page(
    common: Urls, start: int, stop: int, view: View, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        read(common, start, stop, view)


def test_very_many_channels_are_seen_as_recorded(common: Urls) -> None:
    wide = electrodes([f"G{n}" for n in range(1, 513)], 4, slow=False, recording_id="wide")

    async def work(database: Database) -> None:
        await recordings.declare(database, wide)
        page = (await read_page(database, "p1", "wide", F(0), F(1), View())).page
        assert len(page.traces) == 513
        with pytest.raises(InvalidDataError, match="513 channels can only be seen as recorded"):
            await read_page(database, "p1", "wide", F(0), F(1), View("average"))

    used(common.app, work)


@pytest.mark.usefixtures("stored")
def test_pages_have_limits(common: Urls) -> None:
    with pytest.raises(TooLargeError, match="page of 11530 values is too large; at most 11529"):
        read(common, 0, 10, View(), max_values=11_529)
    read(common, 0, 10, View(), max_values=11_530)
    with pytest.raises(NotFoundError, match="'r0' of patient 'p1'"):
        used(common.app, lambda database: read_page(database, "p1", "r0", F(0), F(1), View()))

"""The pure modules of the page: times, turning, scales, rows, addresses, kept pages."""

from fractions import Fraction
from typing import Any

import pytest

from eegstore.model import Channel
from eegstore.wire import unique_labels

from .conftest import Js

pytestmark = pytest.mark.browser


def refusal(js: Js, module: str, expression: str, **given: Any) -> str:
    """The words with which an expression is refused."""
    said = js(
        module,
        f"(() => {{try {{return [{expression}]}} catch (e) {{return e.message}}}})()",
        **given,
    )
    assert isinstance(said, str), said
    return said


@pytest.mark.parametrize(
    ("second", "digits", "text"),
    [(0, 0, "0:00:00"), (2996, 0, "0:49:56"), (100_000.5, 0, "27:46:40"), (59.96, 1, "0:00:59.9"),
     (12.3, 1, "0:00:12.3")],
)  # fmt: skip
def test_elapsed(js: Js, second: float, digits: int, text: str) -> None:
    assert js("times", "m.elapsed(second, digits)", second=second, digits=digits) == text


BERLIN = {"start_time": "2026-10-25T01:30:00", "zone": "Europe/Berlin", "utc_offset": 7200}
SPRING = {"start_time": "2026-03-29T00:30:00", "zone": "Europe/Berlin", "utc_offset": 3600}
LOCAL = {"start_time": "2076-11-06T22:00:00", "zone": None, "utc_offset": None}
NO_CLOCK = {"start_time": None, "zone": None, "utc_offset": None}


@pytest.mark.parametrize(
    ("study", "second", "text"),
    [(LOCAL, 3510, "22:58:30"), (LOCAL, 7200, "00:00:00"), (LOCAL, 0.5, "22:00:00"),
     (BERLIN, 3600, "02:30:00"), (BERLIN, 7200, "02:30:00"), (BERLIN, 10_800, "03:30:00"),
     (NO_CLOCK, 90, "0:01:30")],
)  # fmt: skip
def test_clock(js: Js, study: dict[str, Any], second: float, text: str) -> None:
    """In a zone the hour after the change has been there before; without one the clock runs on."""
    assert js("times", "new m.Clock(study).text(second)", study=study, second=second) == text


def test_date(js: Js) -> None:
    assert js("times", "new m.Clock(study).date(7200)", study=LOCAL) == "7 Nov 2076"
    assert js("times", "new m.Clock(study).date(7200)", study=NO_CLOCK) == ""


@pytest.mark.parametrize(
    ("study", "text", "near", "second"),
    [
        (LOCAL, "22:58", 0, 3480), (LOCAL, "22:58:30", 0, 3510), (LOCAL, "22:58:30.5", 0, 3510.5),
        (LOCAL, "00:10", 0, 7800), (LOCAL, "22:30", 90_000, 88_200), (LOCAL, "22:30", 0, 1800),
        (LOCAL, "2076-11-07 22:30", 0, 88_200), (LOCAL, "2076-11-06T22:00:01", 0, 1),
        (LOCAL, "2996", 0, 2996), (LOCAL, "+0:49:56", 0, 2996), (NO_CLOCK, "0:49:56", 0, 2996),
        (BERLIN, "03:30", 0, 10_800),
    ],
)  # fmt: skip
def test_seek(js: Js, study: dict[str, Any], text: str, near: float, second: float) -> None:
    """A time of day is the one nearest to the page."""
    found = js(
        "times", "m.seek(text, new m.Clock(study), near, 100000)", study=study, text=text, near=near
    )
    assert found == pytest.approx(second)


@pytest.mark.parametrize(
    ("study", "text", "words"),
    [
        (LOCAL, "noon", "noon is no time"), (LOCAL, "25:00", "25:00 is no time of day"),
        (LOCAL, "999999", "999999 is not within the study, 22:00:00 to"),
        (LOCAL, "2076-11-05 22:00", "is not within the study"),
        (NO_CLOCK, "2076-11-05 22:00", "is a clock time, and this recording has none"),
        (NO_CLOCK, "-5", "-5 is no time"),
    ],
)  # fmt: skip
def test_seek_refuses_in_words(js: Js, study: dict[str, Any], text: str, words: str) -> None:
    said = refusal(
        js, "times", "m.seek(text, new m.Clock(study), 0, 100000)", study=study, text=text
    )
    assert words in said


def test_ticks(js: Js) -> None:
    assert js("times", "m.ticks(12, 10, 1000, 66)") == list(range(12, 22))
    assert js("times", "m.ticks(12, 10, 300, 66)") == [15, 20]
    assert js("times", "m.ticks(12.5, 5, 1000, 66)") == [13, 14, 15, 16, 17]
    assert js("times", "m.ticks(0, 60, 1000, 66)") == list(range(0, 60, 5))
    assert js("times", "m.seconds(12.5, 2)") == [0.5, 1.5]


@pytest.mark.parametrize(
    ("move", "start", "to"),
    [
        ("next", 0, 10), ("next", 85, 90), ("next", 90, 90), ("previous", 5, 0), ("later", 3, 4),
        ("earlier", 0, 0), ("onward", 3, 4), ("backward", 3.5, 2.5), ("home", 50, 0),
        ("end", 3, 90),
    ],
)  # fmt: skip
def test_moves(js: Js, move: str, start: float, to: float) -> None:
    assert js("turn", "m.moved(start, 10, 99.5, move)", start=start, move=move) == to


def test_a_move_forward_never_goes_back(js: Js) -> None:
    """A page may begin after the last one: what grows is followed half a page at a time."""
    assert js("turn", "m.moved(95, 10, 99.5, 'next')") == 95
    assert "sideways" in refusal(js, "turn", "m.moved(0, 10, 100, 'sideways')")


def test_places(js: Js) -> None:
    assert js("turn", "m.around(50, 10, 100)") == 45
    assert js("turn", "m.around(2, 10, 100)") == 0
    assert js("turn", "m.before(50.7, 10, 100)") == 48
    assert js("turn", "m.lastStart(10, 4)") == 0
    assert js("turn", "[8, 10, 11, 17, 31].map(end => m.following(10, end))") == [0, 0, 5, 10, 25]
    assert js("turn", "m.atPaperSpeed(1134, 3.78)") == 10.0


def test_polarity(js: Js) -> None:
    kinds = "['eeg', 'eog', 'ekg', 'resp', 'spo2', 'emg']"
    assert js("scale", f"{kinds}.map(kind => m.polarity(kind, true))") == [-1, -1, 1, 1, 1, 1]
    assert js("scale", f"{kinds}.map(kind => m.polarity(kind, false))") == [1] * 6


def test_sensitivities(js: Js) -> None:
    assert js(
        "scale",
        "[[7, 1], [7, -1], [1, -1], [200, 1]].map((of) => m.stepped(m.SENSITIVITIES, ...of))",
    ) == [10, 5, 1, 200]
    assert js("scale", "[1, -1].map((by) => m.stepped([10, 15, 20], 12, by))") == [15, 10]
    assert js("scale", "[0.011, 0.02, 3, 10, 11].map(m.roundUp)") == pytest.approx(
        [0.02, 0.02, 5, 10, 20]
    )
    bar = js("scale", "m.bar(7, 3.78, 22)")
    assert bar == {"value": 20, "height": pytest.approx(20 / 7 * 3.78)}


def test_calibration(js: Js) -> None:
    assert js("scale", "m.perMm(400, 100)") == 4
    assert "px are" in refusal(js, "scale", "m.perMm(400, 0)")
    assert "1 to 40" in refusal(js, "scale", "m.perMm(400, 1000)")


LOOK = "{sensitivity: 7, negativeUp: true, gains: {eeg: 1, ekg: 0.1, other: 1}, perMm: 4}"


def scale_of(js: Js, trace: str, values: list[float]) -> dict[str, Any]:
    found: dict[str, Any] = js(
        "scale", f"m.scaleOf({trace}, Float32Array.from(values), {LOOK}, 40)", values=values
    )
    return found


def test_scale_of_voltages(js: Js) -> None:
    """EKG is a tenth as sensitive, and says so; what is unfiltered is centred on its median."""
    eeg = scale_of(js, "{kind: 'eeg', unit: 'uV', lff: 1}", [5, 6, 7])
    assert eeg == {"up": -1, "baseline": 0, "px": 4 / 7, "own": ""}
    ekg = scale_of(js, "{kind: 'ekg', unit: 'uV', lff: null}", [5, 9, 7])
    assert ekg == {"up": 1, "baseline": 7, "px": pytest.approx(4 / 70), "own": "70 µV/mm"}
    coarse = js("scale", "m.scaleOf({kind: 'ekg', unit: 'uV', lff: 1}, [], look, 40)", look={
        "sensitivity": 200, "perMm": 4, "gains": {"ekg": 0.1}, "negativeUp": True,
    })  # fmt: skip
    assert coarse["own"] == "2 mV/mm"


def test_scale_of_other_quantities(js: Js) -> None:
    """What is no voltage fills its row, but noise of less than 2 % of the range does not."""
    wide = scale_of(js, "{kind: 'spo2', unit: '%', lff: null, range: 100}", [80, 90, 100])
    assert wide == {"up": 1, "baseline": 90, "px": pytest.approx(4 / 5), "own": "5 %/mm"}
    flat = scale_of(js, "{kind: 'spo2', unit: '%', lff: null, range: 100}", [90, 90, 90.1])
    assert flat["own"] == "0.5 %/mm"


def test_rows(js: Js) -> None:
    """Chains stand together, hidden traces leave no row, another kind stands apart."""
    labels = ["Fp1-F7", "F7-T7", "Fp2-F8", "X", "ECG"]
    found = js(
        "stack",
        """(() => {
            const kind = (label) => (label == "ECG" ? "ekg" : "eeg")
            const named = (label) => ({label, name: label, rows: [0], kind: kind(label)})
            const traces = labels.map(named)
            const {rows, rowHeight: height} = m.rowsOf(traces, ["X"], 570)
            return [rows.map(({centre}) => centre / height), rows.map(({index}) => index), height]
        })()""",
        labels=labels,
    )  # fmt: skip
    assert found[0] == pytest.approx([0.7, 1.7, 3.2, 4.7])
    assert found[1] == [0, 1, 2, 4]
    assert found[2] == pytest.approx(570 / 5.4)


@pytest.mark.parametrize(
    "labels",
    [["A", "B"], ["T8-P8", "A", "T8-P8"], ["A", "A", "A-0", "A"], ["A-1", "A", "A-1", "A"], []],
)
def test_names_of_traces_are_those_of_the_api(js: Js, labels: list[str]) -> None:
    channels = [Channel(label, Fraction(1)) for label in labels]
    assert js("frame", "m.unique(labels)", labels=labels) == unique_labels(channels)


def test_lines_are_cut_off_where_that_is_wished(js: Js) -> None:
    found = js(
        "stack",
        """[false, true].map((clip) => {
            const trace = {label: "A", rows: [0], kind: "eeg", side: "left", unit: "uV", lff: 1,
                           x: [0, 1, 2], values: Float32Array.of(-70, 700, NaN)}
            const rows = [{trace, index: 0, centre: 100}]
            const look = {sensitivity: 7, negativeUp: true, gains: {eeg: 1}, perMm: 4,
                          theme: "light", clip, bad: []}
            return [...m.linesOf({rows, rowHeight: 40}, look).ys[0]].map((y) => isNaN(y) ? null : y)
        })""",
    )
    assert found == [[60, 500, None], [60, 160, None]]


MANY = """(() => {
    const kinds = [...Array(63).fill("eeg"), "ekg", "resp", "eog"]
    const traces = kinds.map((kind, k) => ({label: `EEG ${k}`, rows: [k], kind}))
    const found = m.rowsOf(traces, [], height)
    return {...found, ...m.labelled(found), centres: found.rows.map(({centre}) => centre)}
})()"""


@pytest.mark.parametrize(
    ("start", "way", "to"),
    [(60, 1, 7200), (55, 1, None), (60, -1, None), (7190, -1, 50), (7000, -1, 50), (7000, 1, 7200),
     (7085, 1, 7200), (7095, 1, None), (7195, 1, None), (7260, 1, None), (0, -1, None)],
)  # fmt: skip
def test_over_a_hole(js: Js, start: float, way: int, to: float | None) -> None:
    """Between two recordings of a minute lie two hours; the page has 10 s."""
    recordings = [{"offset": offset, "duration": 60} for offset in (0, 7200.5)]
    given = {"start": start, "recordings": recordings, "way": way}
    assert js("turn", "m.overHole(start, 10, recordings, way)", **given) == to


def test_many_traces_on_a_small_screen(js: Js) -> None:
    """The last traces have room, too, and all that are no EEG have their labels."""
    found = js("stack", MANY, height=573)
    assert found["centres"][0] == pytest.approx(14)
    assert found["centres"][-1] == pytest.approx(573 - 14)
    assert found["visible"][:4] == [True, False, True, False]
    assert found["visible"][63:] == [True, True, True]
    assert all(js("stack", MANY, height=900)["visible"])


def test_gaps(js: Js) -> None:
    def gaps(spans: list[list[float]], closed: bool, duration: float) -> list[list[float]]:
        study = {"closed": closed, "duration": duration}
        page = {"start": 10, "stop": 20, "spans": spans}
        found = js("draw", "m.gapsOf(page, study)", page=page, study=study)
        return [list(one) for one in zip(found["left"], found["right"], strict=True)]

    assert gaps([[10, 20]], True, 60) == []
    assert gaps([[12, 14], [15, 20]], True, 60) == [[0, 2], [4, 5]]
    assert gaps([[10, 17]], True, 17) == [[7, 10]]
    assert gaps([[10, 17]], False, 18) == []
    assert gaps([[10, 17]], False, 60) == [[7, 10]]
    assert gaps([], False, 5) == []


STATE: dict[str, Any] = {
    "patient": "p", "study": "s", "start": 12.5, "duration": 20, "paper": False,
    "montage": "average", "lff": "0.3", "hff": "off", "notch": "50", "phase": "single",
    "sensitivity": 10, "negativeUp": False, "bad": [3, 5], "hidden": ["A&B", "C"],
}  # fmt: skip
OFFERS = {"lff": ["0.3", "1"], "hff": ["70"], "notch": ["50", "60"]}
ONE = {"study_id": "s", "recordings": [{"recording_id": "s"}]}
TWO = {"study_id": "s", "recordings": [{"recording_id": "a"}, {"recording_id": "s"}]}


def test_an_address_says_all_again(js: Js) -> None:
    text = js("address", "m.written(now, study).toString()", now=STATE, study=TWO)
    assert text.startswith("patient=p&study=s&time=12.5&duration=20&montage=average")
    again = js("address", "m.read(new URLSearchParams(text), offers)", text=text, offers=OFFERS)
    places = ("patient", "study", "start")
    assert again == {name: value for name, value in STATE.items() if name not in places}
    alone = js("address", "m.written(now, study).toString()", now=STATE, study=ONE)
    assert alone.startswith("patient=p&recording=s&time=12.5")


def test_an_address_that_lies_is_not_believed(js: Js) -> None:
    text = "lff=7&hff=x&notch=off&phase=both&sensitivity=-1&duration=1e9&bad=x&bad=2"
    found = js("address", "m.read(new URLSearchParams(text), offers)", text=text, offers=OFFERS)
    assert found == {"notch": "off", "paper": False, "bad": [2], "hidden": []}


def test_who_watches_is_told(js: Js) -> None:
    told = js(
        "state",
        """(() => {
            const one = new m.Observed({a: 1, b: [1, 2], c: 3}), told = []
            const end = one.on(["a", "b"], (now, before) => told.push([now.a, before.a]))
            one.set({c: 4}); one.set({a: 1, b: [1, 2]}); one.set({a: 2}); end(); one.set({a: 3})
            return told
        })()""",
    )  # fmt: skip
    assert told == [[2, 1]]
    assert "d is not one of a" in refusal(js, "state", "new m.Observed({a: 1}).set({d: 1})")


PAGES = """(async () => {
    const queries = [], came = [], loads = new Map()
    const pages = new m.Pages((query, signal) => new Promise((resolve, reject) => {
        queries.push(query)
        loads.set(query, () => resolve({query, sealed: false}))
        signal.addEventListener("abort", () => reject(new Error("aborted")))
    }))
    const want = (query, ...ahead) => pages.want(query, ahead,
        (page, stale) => came.push(page.query + (stale ? " stale" : "")),
        (error) => came.push(error.message))
    const answer = async (query) => {
        loads.get(query)()
        await new Promise((go) => setTimeout(go))
    }
    BODY
    return {queries, came, ...pages.counts, inFlight: pages.inFlight}
})()"""


def pages(js: Js, body: str) -> dict[str, Any]:
    """What became of wishes for pages."""
    found: dict[str, Any] = js("pages", PAGES.replace("BODY", body))
    return found


def test_neighbours_are_fetched_ahead_and_kept(js: Js) -> None:
    found = pages(js, """
        want("1", "2", "0"); await answer("1"); await answer("2"); await answer("0")
        want("2", "3", "1")
    """)  # fmt: skip
    assert found["queries"] == ["1", "2", "0", "3"]
    assert found["came"] == ["1", "2"]
    assert found["most"] == 2


def test_the_latest_wish_wins(js: Js) -> None:
    """What nobody wants any more is broken off, and never more than two are under way."""
    found = pages(js, """
        want("1", "2", "0"); want("5", "6", "4"); want("9", "10", "8"); await answer("9")
    """)  # fmt: skip
    assert found["came"] == ["9"]
    assert found["queries"] == ["1", "2", "5", "6", "9", "10", "8"]
    assert (found["most"], found["inFlight"], found["aborted"]) == (2, 2, 4)


def test_a_page_wanted_overtakes_its_neighbours(js: Js) -> None:
    found = pages(js, """
        want("1", "2", "3"); await answer("1")
        want("4", "2", "3"); await answer("4")
    """)  # fmt: skip
    assert found["came"] == ["1", "4"]
    assert found["queries"] == ["1", "2", "3", "4", "3"]


def test_what_was_forgotten_on_its_way_is_not_kept(js: Js) -> None:
    found = pages(js, """
        want("1"); pages.forget(() => true); await answer("1"); want("1"); await answer("1")
        want("1")
    """)  # fmt: skip
    assert found["came"] == ["1 stale", "1", "1"]
    assert found["queries"] == ["1", "1"]


def test_twenty_pages_are_kept(js: Js) -> None:
    found = pages(js, """
        for (let k = 0; k < 21; k++) { want(String(k)); await answer(String(k)) }
        want("1"); want("0")
    """)  # fmt: skip
    assert len(found["queries"]) == 22
    assert found["came"][-1] == "1"


def test_parts_of_a_crop(js: Js) -> None:
    """Whole seconds of each recording; a hole is in none."""
    study = {"recordings": [{"recording_id": "a", "offset": 0, "duration": 60.0},
                            {"recording_id": "b", "offset": 90.5, "duration": 59.3}]}  # fmt: skip
    assert js("crop", "m.parts(study, 50.2, 100)", study=study) == [
        {"recording_id": "a", "start": 50, "end": 60},
        {"recording_id": "b", "start": 0, "end": 10},
    ]
    assert js("crop", "m.parts(study, 62, 80)", study=study) == []


@pytest.mark.parametrize(
    ("stretch", "part"),
    [(None, [0, 1000]), ([100, 200], [100, 200]), ([950, 1050], [900, 1000]), ([-20, 80], [0, 100]),
     ([0, 2000], [0, 1000])],
)  # fmt: skip
def test_part_of_the_strip(js: Js, stretch: list[float] | None, part: list[float]) -> None:
    assert js("timeline", "m.partOf(stretch, 1000)", stretch=stretch) == part


@pytest.mark.parametrize(
    ("part", "factor", "about", "zoomed"),
    [([0, 1000], 0.5, 500, [250, 750]), ([0, 1000], 0.5, 0, [0, 500]),
     ([250, 750], 2, 500, None), ([400, 500], 0.1, 500, [440, 500]),
     ([0, 500], 1.5, 500, [0, 750])],
)  # fmt: skip
def test_zooming_the_strip(
    js: Js, part: list[float], factor: float, about: float, zoomed: list[float] | None
) -> None:
    """What is under the finger stays there; a minute is the least, all the most."""
    given = {"part": part, "factor": factor, "about": about}
    assert js("timeline", "m.zoomed(part, factor, about, 1000)", **given) == zoomed


@pytest.mark.parametrize(
    ("page", "part"),
    [([250, 260], [200, 300]), ([295, 305], [205, 305]), ([190, 200], [190, 290]),
     ([995, 1005], [900, 1000])],
)  # fmt: skip
def test_the_strip_follows_the_page(js: Js, page: list[float], part: list[float]) -> None:
    assert js("timeline", "m.holding([200, 300], ...page, 1000)", page=page) == part


@pytest.mark.parametrize(
    ("spans", "marks"),
    [([[10, 20]], [[10, 20]]), ([[10, 10]], [[9, 11]]), ([[0, 0]], [[0, 2]]),
     ([[100, 100]], [[98, 100]]), ([[10, 11], [11.2, 11.4], [30, 40]], [[10, 12], [30, 40]]),
     ([[-50, 150], [20, 20]], [[0, 100]]), ([[101, 105]], [])],
)  # fmt: skip
def test_marks_on_a_line(js: Js, spans: list[list[float]], marks: list[list[float]]) -> None:
    """Two pixels are the least; what touches is one."""
    assert js("timeline", "m.marksOf(spans, [0, 100], 100, 2)", spans=spans) == marks


@pytest.mark.parametrize(
    ("study", "part", "width", "words"),
    [
        (LOCAL, [0, 86_400], 300, ["Sat 7 Nov", "12:00"]),
        (LOCAL, [0, 600], 400, ["22:00", "22:05"]),
        (LOCAL, [30, 34], 400, ["22:00:30", "22:00:31", "22:00:32", "22:00:33"]),
        (BERLIN, [0, 10_800], 400, ["02:00", "02:00", "03:00"]),
        (BERLIN, [5280, 5430], 994, ["02:58:00", "02:58:30", "02:59:00", "02:59:30", "02:00:00"]),
        (BERLIN, [0, 28_800], 400, ["02:00", "04:00", "06:00", "08:00"]),
        (SPRING, [0, 10_800], 400, ["01:00", "03:00", "04:00"]),
        (NO_CLOCK, [0, 200_000], 300, ["0:00", "24:00", "48:00"]),
    ],
)
def test_ticks_of_the_strip(
    js: Js, study: dict[str, Any], part: list[float], width: float, words: list[str]
) -> None:
    found = js(
        "timeline",
        "import('./times.js').then(({Clock}) => m.clockTicks(new Clock(study), part, width, 90))",
        study=study, part=part, width=width,
    )  # fmt: skip
    assert [tick["words"] for tick in found] == words


def band(js: Js, rows: list[int], **channel: Any) -> dict[str, list[float | None]]:
    """Of three channels with three columns; in the last nothing is stored."""
    usual = {"unit": "uV", "physical_min": -10, "physical_max": 10, "digital_min": -10,
             "digital_max": 10}  # fmt: skip
    limits = [1, 3, 5, 9, 1, -1], [-4, 4, -4, 4, 1, -1], [100, 102, 100, 102, 1, -1]
    found: dict[str, list[float | None]] = js(
        "envelope",
        """(() => {
            const overview = {channels, limits: new Int16Array(limits.flat()), stored: [1, 1, 0]}
            const {low, high, reach} = m.bandOf(overview, rows)
            const list = (values) => Array.from(values, (one) => (Number.isNaN(one) ? null : one))
            return {low: list(low), high: list(high), reach}
        })()""",
        channels=[usual | channel, usual, usual], limits=limits, rows=rows,
    )  # fmt: skip
    return found


def test_a_band_is_about_the_middle_of_its_channel(js: Js) -> None:
    assert band(js, [0]) == {"low": [-3.5, 0.5, None], "high": [-1.5, 4.5, None], "reach": 3.5}
    assert band(js, [0], unit="mV")["low"] == [-3500, 500, None]


def test_a_band_of_counts_that_run_against_values(js: Js) -> None:
    found = band(js, [0], physical_min=10, physical_max=-10)
    assert (found["low"], found["high"]) == ([1.5, -4.5, None], [3.5, -0.5, None])


def test_a_band_of_several_channels_is_the_middle_one(js: Js) -> None:
    found = band(js, [0, 1, 2])
    assert (found["low"], found["high"]) == ([-3.5, -1, None], [1, 4, None])
    assert band(js, [1, 2])["low"] == [-2.5, -2.5, None]


def test_holes_of_an_overview(js: Js) -> None:
    """What is still to come is none; neighbours are one."""
    found = js(
        "envelope", "m.holesOf({edges, stored}, 55)",
        edges=[0, 10, 20, 30, 40, 50, 60], stored=[10, 0, 0, 7, 10, 5],
    )  # fmt: skip
    assert found == {"empty": [[10, 30]], "partial": [[30, 40]]}

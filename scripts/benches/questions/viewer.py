"""How it feels to turn pages in the viewer."""

import threading
import time
from dataclasses import replace
from typing import NamedTuple

import orjson

from scripts.benches import asking, posting
from scripts.benches.data import PATIENT
from scripts.benches.figures import Sample, compared, number, over, quantile
from scripts.benches.place import Place, Urls, imported
from scripts.benches.program import Program
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Worker, ended
from scripts.benches.screen import CHROMIUM, Screen

DURATIONS = (10, 60)  # [s]
MANY = 10_000  # annotations
ANNOTATED = "annotated.edf"  # the same recording again
PLAIN, MARKED = "as recorded", f"as recorded, {MANY:,} annotations"


class Visit(NamedTuple):
    """How often and how long the reader does what is timed."""

    opened: int  # times, of the first page
    rounds: int
    turns: int  # of each kind of page in a round
    held: float  # [s] that PageDown is held
    watched: float  # [s] of a recording that grows


VISITS = {"full": Visit(3, 3, 20, 5.0, 20.0), "quick": Visit(3, 1, 4, 1.0, 3.0)}


def run(place: Place) -> Answer:
    """One reader in a headless browser, on the machine that also runs API and PostgreSQL."""
    answer = Answer("viewer", "How does it feel to turn pages?")
    answer.text = (
        "Headless Chromium, 1600 x 900 px, without a graphics card; API, PostgreSQL, Bokeh server "
        "and browser share the cores. From the key to the second animation frame after the page "
        "was drawn, with 150 ms between two keys. LFF 1 Hz and HFF 70 Hz, zero-phase, unless it "
        "says unfiltered. Of the annotations one in a hundred lies where pages are turned. Live: a "
        "device sends a second each second, and the page follows; from the commit to the "
        "second frame after it was drawn."
    )
    if not CHROMIUM.exists():
        place.missing["viewer"] = f"no browser: {CHROMIUM} is not there"
        return answer
    urls = place.hours(1)
    api, viewer = place.viewer(urls)
    recording_id = place.source.signal(place.scale.hour).recording.recording_id
    asked = {"patient": PATIENT, "recording": recording_id, "time": 0}
    visit = VISITS[place.scale.name]
    screen = Worker("viewer", Screen, f"http://127.0.0.1:{viewer.port}")
    _annotate(api, urls, place)
    kinds = [
        (PLAIN, {}),
        ("as recorded, unfiltered", {"lff": "off", "hff": "off"}),
        ("longitudinal bipolar", {"montage": "longitudinal"}),
        (MARKED, {"recording": ANNOTATED}),
    ]
    taken: dict[str, list[float]] = {}
    with ended([screen]):
        opened = [screen.call("open", asked) for _ in range(visit.opened)]
        # In several rounds, since the machine is not always the same.
        for _ in range(visit.rounds):
            for words, more in kinds:
                screen.call("open", asked | more)
                for duration in DURATIONS if words is not MARKED else DURATIONS[:1]:
                    times = screen.call("turn", duration, visit.turns)
                    taken.setdefault(f"{duration} s, {words}", []).extend(times)
        rate, most = screen.call("hold", visit.held)
        lags, tasks = _live(place, api, screen, visit.watched)
    found = {name: Sample(tuple(times)) for name, times in taken.items()}
    few, many = found[f"10 s, {PLAIN}"], found[f"10 s, {MARKED}"]
    minute = found[f"60 s, {PLAIN}"]
    answer.targets = [
        Target("10 s: key to painted, p50", few.median * 1e3, 50, None, "ms"),
        Target("10 s: key to painted, p95", _p95(few) * 1e3, 100, None, "ms"),
        Target("60 s: key to painted, p50", minute.median * 1e3, 80, None, "ms"),
        Target("first page after opening", Sample(tuple(opened)).median, 3, None, "s"),
        Target(f"10 s with {MANY:,} annotations / with none", over(many, few), 1.25, None),
        Target("live: committed to painted, p50", lags.median * 1e3 if lags else None, 250, None,
               "ms"),
        Target("live: tasks of more than 50 ms", len(tasks), 0, None, "tasks"),
        Target("in flight at most while PageDown is held", most, 2, None, "requests"),
    ]  # fmt: skip
    rows = [[name, *compared(sample, few), number(_p95(sample) * 1e3)]
            for name, sample in found.items()]  # fmt: skip
    answer.tables = [
        Table("", ["page", "/ 10 s as recorded", "median [ms]", "p99", "n", "p95"], rows),
        Table("", ["PageDown held", ""], [["pages painted a second", number(rate)]]),
        Table(
            "Live, one device, one second a second",
            ["", "median [ms]", "p99", "n"],
            [["committed to painted", *(compared(lags, None)[1:] if lags else ["-"] * 3)]],
        ),
    ]
    return answer


def _p95(sample: Sample) -> float:
    return quantile(sample.values, 0.95)


def _live(
    place: Place, api: Program, screen: Worker, watched: float
) -> tuple[Sample | None, list[float]]:
    """What `Screen.watch` gives while a device sends a second each second."""
    signal = place.source.signal(place.scale.hour)
    recording = replace(signal.recording, recording_id="growing")
    posting.declare(api.url, api.headers, [recording])
    http, stop = asking.Http(api.port, api.headers), threading.Event()

    def send(first: int, count: int) -> None:
        chunks = [posting.cut(signal, second) for second in range(first, first + count)]
        http.post("/ingest", posting.body(recording, chunks, posting.FRAME), posting.FRAME)

    def run() -> None:
        begun = time.monotonic()
        for second in range(30, 30 + 600):
            if stop.wait(max(0.0, begun + second - 30 - time.monotonic())):
                return
            send(second, 1)

    send(0, 30)
    screen.call("open", {"patient": PATIENT, "recording": "growing", "time": 0})
    device = threading.Thread(target=run)
    device.start()
    try:
        lags, tasks = screen.call("watch", watched)
    finally:
        stop.set()
        device.join()
    return Sample(tuple(lags)) if lags else None, tasks


def _annotate(api: Program, urls: Urls, place: Place) -> None:
    """One in a hundred is spread over the recording, the others lie in its last tenth."""
    imported(urls.app, place.source.edf(place.scale.hour), ANNOTATED)
    seconds = place.scale.hour
    listed = [
        {
            "onset": seconds * (index / MANY if index % 100 == 0 else 0.9 + 0.1 * index / MANY),
            "duration": 0.3,
            "description": "spike" if index % 7 else "seizure",
        }
        for index in range(MANY)
    ]
    said = {"patient_id": PATIENT, "recording_id": ANNOTATED, "annotations": listed}
    asking.Http(api.port, api.headers).post("/annotations", orjson.dumps(said), "application/json")

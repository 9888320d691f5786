"""How it feels to turn pages in the viewer."""

import orjson

from scripts.benches import asking
from scripts.benches.data import PATIENT
from scripts.benches.figures import Sample, compared, number, over, quantile
from scripts.benches.place import Place
from scripts.benches.program import Program
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Worker, ended
from scripts.benches.screen import CHROMIUM, Screen

DURATIONS = (10, 60)  # [s]
MANY = 10_000  # annotations
RECORDED, BIPOLAR = "recorded", "longitudinal"


def run(place: Place) -> Answer:
    """One reader in a headless browser, on the machine that also runs API and PostgreSQL."""
    answer = Answer("viewer", "How does it feel to turn pages?")
    answer.text = (
        "Headless Chromium, 1600 x 900 px, without a graphics card; API, PostgreSQL, Bokeh server "
        "and browser share the cores. From the key to the second animation frame after the page "
        "was drawn, with 150 ms between two keys. LFF 1 Hz and HFF 70 Hz, zero-phase, unless it "
        "says unfiltered."
    )
    if not CHROMIUM.exists():
        place.missing["viewer"] = f"no browser: {CHROMIUM} is not there"
        return answer
    urls = place.hours(1)
    api, viewer = place.viewer(urls)
    recording_id = place.source.signal(place.scale.hour).recording.recording_id
    asked = {"patient": PATIENT, "recording": recording_id, "time": 0}
    turns = 60 if place.scale.name == "full" else 12
    screen = Worker("viewer", Screen, f"http://127.0.0.1:{viewer.port}")
    with ended([screen]):
        opened = [screen.call("open", asked) for _ in range(3)]
        found: dict[str, Sample] = {}
        for words, more in (
            ("as recorded", {}),
            ("as recorded, unfiltered", {"lff": "off", "hff": "off"}),
            ("longitudinal bipolar", {"montage": BIPOLAR}),
        ):
            screen.call("open", asked | more)
            for duration in DURATIONS:
                times = screen.call("turn", duration, turns)
                found[f"{duration} s, {words}"] = Sample(tuple(times))
        rate, most = screen.call("hold", 5.0 if place.scale.name == "full" else 2.0)
        _annotate(api, recording_id, place.scale.hour)
        screen.call("open", asked)
        found[f"10 s, as recorded, {MANY:,} annotations"] = Sample(
            tuple(screen.call("turn", 10, turns))
        )
    few, many = found["10 s, as recorded"], found[f"10 s, as recorded, {MANY:,} annotations"]
    minute = found["60 s, as recorded"]
    answer.targets = [
        Target("10 s: key to painted, p50", few.median * 1e3, 50, None, "ms"),
        Target("10 s: key to painted, p95", _p95(few) * 1e3, 100, None, "ms"),
        Target("60 s: key to painted, p50", minute.median * 1e3, 80, None, "ms"),
        Target("first page after opening", Sample(tuple(opened)).median, 3, None, "s"),
        Target(f"10 s with {MANY:,} annotations / with none", over(many, few), 1.25, None),
        Target("in flight at most while PageDown is held", most, 2, None, "requests"),
    ]  # fmt: skip
    rows = [[name, *compared(sample, few), number(_p95(sample) * 1e3)]
            for name, sample in found.items()]  # fmt: skip
    answer.tables = [
        Table("", ["page", "/ 10 s as recorded", "median [ms]", "p99", "n", "p95"], rows),
        Table("", ["PageDown held", ""], [["pages painted a second", number(rate)]]),
    ]
    return answer


def _p95(sample: Sample) -> float:
    return quantile(sample.values, 0.95)


def _annotate(api: Program, recording_id: str, seconds: int) -> None:
    listed = [
        {
            "onset": seconds / MANY * index,
            "duration": 0.3,
            "description": "spike" if index % 7 else "seizure",
        }
        for index in range(MANY)
    ]
    said = {"patient_id": PATIENT, "recording_id": recording_id, "annotations": listed}
    asking.Http(api.port, api.headers).post("/annotations", orjson.dumps(said), "application/json")

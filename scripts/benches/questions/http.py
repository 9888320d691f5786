"""What HTTP adds to a window: against a route that does nothing, and one that passes blobs."""

from eegstore.wire import unique_labels
from scripts.benches.asking import HttpWindows, Visitor
from scripts.benches.figures import compared, number, over
from scripts.benches.place import Place
from scripts.benches.posting import FRAME, JSON
from scripts.benches.questions.disk import rows_database
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Worker, ended, in_turn
from scripts.benches.starts import starting

SECONDS = 10
ALL_AT = 60  # [s] of a request, when all is asked for once
FRESH = "eegstore, binary int16, nothing kept"
BINARY, PLAIN = "eegstore, binary int16", "eegstore, JSON as in the plan"
NOTHING, BLOBS = "floor: a route that does nothing, same bytes", "floor: stored blobs, not decoded"
ORM = "row per sample: SQLAlchemy ORM, response model"
TUNED = "row per sample: SQLAlchemy Core, orjson"


def run(place: Place) -> Answer:
    """10 s of all channels, one client on one connection."""
    answer = Answer("http", "What does a 10-second page cost over HTTP?")
    loaded = place.scale.rows
    answer.text = (
        f"{SECONDS} s of all channels from random seconds on; one client, one connection, API, "
        "PostgreSQL and client on the same cores. The routes to compare with run in the same web "
        "server. The services of a row per sample have the index of the plan, and name the "
        f"channels so that it serves them; {loaded} s are loaded. The API keeps decoded seconds, "
        "and has been asked for all of them once; beside it runs one that keeps none."
    )
    signal, urls = place.source.signal(place.scale.hour), place.hours(1)
    api, floors, rows = place.api(urls), place.floors(urls), place.floors(rows_database(place))
    fresh = place.api(urls, kept=False)
    here = (api.port, api.headers, signal)
    labels = {"channels": unique_labels(signal.recording.channels)}
    binary = Worker(BINARY, HttpWindows, *here, FRAME)
    size = {"size": binary.call("length", 0, SECONDS)}
    workers = [
        binary,
        Worker(FRESH, HttpWindows, fresh.port, fresh.headers, signal, FRAME),
        Worker("eegstore, binary float32", HttpWindows, *here, FRAME, {"values": "physical"}),
        Worker(PLAIN, HttpWindows, *here, JSON),
        Worker("eegstore, JSON columns", HttpWindows, *here, JSON, {"layout": "columns"}),
        Worker(NOTHING, Visitor, floors.port, signal, "/nothing", size, 0),
        Worker(BLOBS, Visitor, floors.port, signal, "/blobs", {}, 0),
        Worker(ORM, Visitor, rows.port, signal, "/rows", labels, loaded),
        Worker(TUNED, Visitor, rows.port, signal, "/rows/tuned", labels, loaded),
    ]
    with ended(workers):
        lengths = {worker.name: worker.call("length", 0, SECONDS) for worker in workers}
        if wrong := binary.call("wrong", 3, 3 + SECONDS):
            raise ValueError(f"the API answers wrongly: {wrong}")
        for start in range(0, signal.seconds, ALL_AT):
            binary.call("read", start, min(start + ALL_AT, signal.seconds))
        found = in_turn(place, workers, "read", {"": starting(signal.seconds, SECONDS)})
    page = {name: sample for (name, _), sample in found.items()}
    ours, tuned = page.get(BINARY), over(page.get(TUNED), page.get(PLAIN))
    note = f"{number(tuned)} times one tuned by hand" if tuned else ""
    answer.targets = [
        Target("10 s binary, nothing kept / stored blobs passed through",
               over(page.get(FRESH), page.get(BLOBS)), 1.6),
        Target("10 s binary / stored blobs passed through", over(ours, page.get(BLOBS)), 1.6),
        Target("10 s binary / route that does nothing", over(ours, page.get(NOTHING)), None, 2),
        Target(
            "service of a row per sample / JSON as in the plan",
            over(page.get(ORM), page.get(PLAIN)), 20, 50, higher=True, note=note,
        ),
    ]  # fmt: skip
    answer.tables = [
        Table(
            "",
            ["route", "/ nothing", "median [ms]", "p99", "n", "answer [kB]"],
            [
                [name, *compared(sample, page.get(NOTHING)), number(lengths[name] / 1e3)]
                for name, sample in sorted(page.items(), key=lambda item: item[1].median)
            ],
        )
    ]
    return answer

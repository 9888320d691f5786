"""The table of the original plan: queries and ingest, over HTTP and in process."""

from scripts.benches.asking import HttpWindows
from scripts.benches.data import Signal
from scripts.benches.figures import NONE, Sample, milliseconds, number
from scripts.benches.ours import Windows
from scripts.benches.place import Place
from scripts.benches.posting import FRAME, JSON, Poster
from scripts.benches.report import Answer, Table
from scripts.benches.runner import Worker, ended, in_turn
from scripts.benches.starts import starting

DURATIONS = (1, 5, 10, 30, 60)  # [s]
RECORDINGS = (1, 10)


def run(place: Place) -> Answer:
    """Windows with one and with ten recordings loaded; ingest of a second and of an hour."""
    answer = Answer("plan", "How long does a query take, and how fast do seconds go in?")
    signal = place.source.signal(place.scale.hour)
    answer.text = (
        f"Recordings of {signal.seconds} s ({place.source.name}, tiled), one and ten of them "
        "loaded. Over HTTP one client asks on one connection; binary is int16 with its "
        "calibration, JSON the shape `{label: [{timestamp, value}]}`. In process is "
        "`read_window(...).data`. Cells: median / p99 [ms]."
    )
    answer.tables = [_queries(place, signal), _ingest(place, signal)]
    return answer


def _queries(place: Place, signal: Signal) -> Table:
    workers = []
    databases = [place.hours(n) for n in RECORDINGS]
    apis = [place.api(urls) for urls in databases]
    for n, urls, api in zip(RECORDINGS, databases, apis, strict=True):
        for kind, accept in (("binary", FRAME), ("JSON", JSON)):
            workers.append(
                Worker(f"{kind}, {n}", HttpWindows, api.port, api.headers, signal, accept)
            )
        workers.append(Worker(f"in process, {n}", Windows, urls.app, signal))
    label = signal.recording.channels[0].label
    cases = {
        (seconds, one): starting(signal.seconds, seconds, *([[label]] if one else []))
        for seconds in DURATIONS
        for one in (True, False)
    }
    with ended(workers):
        found = in_turn(place, workers, "read", cases)
    rows = []
    for seconds, one in cases:
        n_channels = 1 if one else len(signal.recording.channels)
        cells = [f"{seconds} s, {n_channels} channel{'s' * (n_channels > 1)}"]
        for worker in workers:
            sample = found.get((worker.name, (seconds, one)))
            cells.append(" / ".join(milliseconds(sample)) if sample else NONE)
        binary = found.get(("binary, 10", (seconds, one)))
        read = seconds * signal.sfreq * n_channels
        cells.append(number(read / binary.median / 1e6) if binary else NONE)
        rows.append(cells)
    head = [f"{worker.name} rec." for worker in workers]
    return Table(
        "Queries",
        ["window", *head, "million samples/s (binary, 10)"],
        rows,
    )


def _ingest(place: Place, signal: Signal) -> Table:
    urls = place.database("plan_ingest")
    api = place.api(urls)
    workers = {
        kind: Worker(kind, Poster, api.port, api.headers, signal, kind, per_post, place.scale.posts)
        for kind, per_post in (("binary", 1), ("JSON", 1), ("binary, 60 s a request", 60))
    }
    single: dict[str, list[float]] = {"binary": [], "JSON": []}
    with ended(list(workers.values())):
        for second in range(place.scale.posts):
            for kind, taken in single.items():
                taken.append(workers[kind].timed("post", second))
        many = workers["binary, 60 s a request"]
        batched = [many.timed("post", k) for k in range(place.scale.posts // 60)]
    per_second = signal.sfreq * len(signal.recording.channels)
    rows = []
    for kind, taken in {**single, "binary, 60 s a request": batched}.items():
        total = sum(taken)
        rows.append([
            f"{kind}, {len(taken)} requests",
            " / ".join(milliseconds(Sample(tuple(taken)))),
            number(total),
            number(place.scale.posts / total),
            number(place.scale.posts * per_second / total),
        ])  # fmt: skip
    return Table(
        f"Ingest over HTTP, durable, one device: {place.scale.posts} chunks",
        ["request", "one request [ms]", "all [s]", "chunks/s", "samples/s"],
        rows,
    )

"""How fast a window is read in process, against files, other stores and what lies beneath."""

import random
from collections.abc import Mapping, Sequence
from statistics import median

from scripts.benches import peers, plots
from scripts.benches.figures import Sample, compared, number
from scripts.benches.ours import Fetch, Memory, Windows
from scripts.benches.peers.rows import Rows
from scripts.benches.place import Place
from scripts.benches.questions.disk import build, rows_database
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Failed, Worker, ended, in_turn
from scripts.benches.starts import Draw, again, starting
from scripts.benches.steps import WHOLE, Steps

DURATIONS = (1, 10, 60)  # [s]
OURS, FLOOR = "eegstore, in process", "floor: psycopg fetches the blobs"
FRESH = "eegstore, in process, nothing kept"
ENTERED = "eegstore, in process, a loop entered for each"
OWN_FETCH = "eegstore, blobs only"
MEMORY, ZSTD = "eegstore, blobs in memory", "floor: zstd alone, in memory"
_WINDOWS = 10  # that are read again, of each length
_STEPPED = 200  # windows whose steps are timed, of each length
_UNDRAWN = (MEMORY, ZSTD, OWN_FETCH, ENTERED)
Found = Mapping[tuple[str, int], Sample]


def run(place: Place) -> Answer:
    """Windows of 1, 10 and 60 s, all channels, as float32 in uV."""
    answer = Answer("read", "How fast is a window in a Python process?")
    answer.text = (
        f"{place.scale.hour} s of {place.source.name}; every system gives the same float32 "
        "(n_channels, n_samples) in uV, which is checked before. Files and stores are opened once; "
        "what they hold is in the machine's memory. Windows start at random seconds, the same for "
        "all. Some keep in memory what they decoded, as they are recommended to be used: eegstore "
        "64 MB of seconds, each of which is decoded when it is first read, HDF5, Zarr and others "
        "what their libraries keep; so eegstore also stands here with nothing kept, where every "
        "read decodes its seconds. Its windows are awaited in an event loop that runs, as in the "
        "service; a row tells what they take when a loop is entered for each. The second table "
        "has windows that every system has read once before, as when a page is turned back, or "
        "when several look at a recording; the last one where the time of a window goes of which "
        "nothing is kept."
    )
    workers = _workers(place)
    with ended(workers):
        for worker in workers:
            if worker.name in (FLOOR, ZSTD):
                continue  # bytes, not values
            try:
                wrong = worker.call("wrong", 7, 10)
            except Failed as failure:
                wrong = str(failure)
            if wrong:
                place.missing[worker.name] = wrong
        cases = {n: starting(place.scale.hour, n) for n in DURATIONS}
        found = in_turn(place, workers, "read", cases, 3)
        once_more = [worker for worker in workers if _reads_again(worker, place)]
        repeated = in_turn(place, once_more, "read", _seen(place, once_more), 1.5)
    answer.targets = _targets(found)
    answer.tables = [_table("", found), _table("Read again", repeated), _bounds(place)]
    series = {
        name: [(n, found[name, n].median * 1e3) for n in DURATIONS]
        for name in (worker.name for worker in workers)
        if name not in (MEMORY, ZSTD, OWN_FETCH, ENTERED)
        and all((name, n) in found for n in DURATIONS)
    }
    plot = plots.lines(
        place.plots / "latency.svg", series, "window [s], all channels", "median [ms]"
    )
    answer.plots = [("Latency by window length", plot)]
    return answer


def _workers(place: Place) -> list[Worker]:
    signal, urls = place.source.signal(place.scale.hour), place.hours(1)
    workers = [
        Worker(OURS, Windows, urls.app, signal),
        Worker(ENTERED, Windows, urls.app, signal, method="enter_and_read"),
        Worker(FRESH, Windows, urls.app, signal, False),
        Worker(OWN_FETCH, Windows, urls.app, signal, method="fetch"),
        Worker(FLOOR, Fetch, urls.plain, signal),
        Worker(MEMORY, Memory, signal, method="window"),
        Worker(ZSTD, Memory, signal, method="zstd"),
    ]
    stores = peers.stores(signal, place.directory / "stores")
    build(place, stores)
    rows = rows_database(place).admin
    for name, method in (("psycopg, binary", "binary"), ("SQLAlchemy ORM", "orm")):
        workers.append(
            Worker(f"row per sample, {name}", Rows, rows, signal, place.scale.rows, method=method)
        )
    return [*workers, *peers.files(signal), *stores]


def _bounds(place: Place) -> Table:
    """What the time of a window is spent on; timing the steps takes a little, too."""
    worker = Worker("steps", Steps, place.hours(1).app, place.source.signal(place.scale.hour))
    spent: dict[int, list[dict[str, float]]] = {}
    with ended([worker]):
        for n in DURATIONS[1:]:
            draw, generator = starting(place.scale.hour, n), random.Random(2)
            times = 3 + min(place.scale.rounds, _STEPPED)
            spent[n] = [worker.call("steps", *draw(generator)) for _ in range(times)][3:]
    rows = []
    for name in next(iter(spent.values()))[0]:
        row = [name]
        for taken in spent.values():
            here, whole = (median(one[what] for one in taken) for what in (name, WHOLE))
            row += [number(1e3 * here), number(100 * here / whole)]
        rows.append(row)
    columns = ["step", *(cell for n in spent for cell in (f"{n} s: median [ms]", "of all [%]"))]
    return Table("Where the time goes", columns, rows)


def _reads_again(worker: Worker, place: Place) -> bool:
    slow = worker.name.startswith("row per sample")
    return not slow and worker.name not in {MEMORY, ZSTD, OWN_FETCH, *place.missing}


def _seen(place: Place, workers: Sequence[Worker]) -> dict[int, Draw]:
    """Windows of each length, all of which the workers have read."""
    cases: dict[int, Draw] = {}
    for n in DURATIONS:
        draw, generator = starting(place.scale.hour, n), random.Random(1)
        windows = [draw(generator) for _ in range(_WINDOWS)]
        cases[n] = again(windows)
        for worker in workers:
            for window in windows:
                worker.timed(worker.method or "read", *window)
    return cases


def _targets(found: Found) -> list[Target]:
    def over(name: str, n: int, others: Sequence[str]) -> tuple[float | None, str]:
        """The ratio to the fastest of others, whose names begin so, and which that is."""
        rivals = [key for key in found if key[1] == n and key[0].startswith(tuple(others))]
        if not rivals or (name, n) not in found:
            return None, ""
        best = min(rivals, key=lambda key: found[key].median)
        return found[name, n].median / found[best].median, best[0]

    many = ("HDF5", "Zarr", "TileDB", "ArcticDB", "Parquet", "DuckDB", "pyedflib")
    asked = [
        ("60 s from memory / pyedflib", MEMORY, 60, ("pyedflib",), 0.8, None),
        ("60 s from memory / zstd alone", MEMORY, 60, (ZSTD,), None, 3),
        ("10 s, nothing kept / fetching the blobs", FRESH, 10, (FLOOR,), 3.5, 2.5),
        ("10 s / fetching the blobs", OURS, 10, (FLOOR,), 3.5, 2.5),
        ("10 s / fastest of HDF5, Zarr, TileDB, ArcticDB, Parquet, DuckDB, pyedflib", OURS, 10,
         many, 1, None),
        ("10 s / MNE", OURS, 10, ("MNE",), None, 1),
        ("60 s, nothing kept / fastest of pyedflib, Parquet, DuckDB, TileDB", FRESH, 60,
         ("pyedflib", "Parquet", "DuckDB", "TileDB"), 1, None),
        ("60 s / fastest of pyedflib, Parquet, DuckDB, TileDB", OURS, 60,
         ("pyedflib", "Parquet", "DuckDB", "TileDB"), 1, None),
        ("60 s / fastest of Zarr, ArcticDB, HDF5", OURS, 60, ("Zarr", "ArcticDB", "HDF5"), None, 1),
    ]  # fmt: skip
    targets = []
    for what, name, n, others, must, want in asked:
        measured, best = over(name, n, others)
        note = best if len(others) > 1 else ""
        targets.append(Target(what, measured, must, want, note=note))
    return targets


def _table(title: str, found: Found) -> Table:
    columns = ["system"]
    for n in DURATIONS:
        columns += [f"{n} s: / eegstore", "median [ms]", "p99", "n"]
    ordered = sorted(
        {name for name, _ in found}, key=lambda name: found.get((name, 10), _LAST).median
    )
    rows = []
    for name in ordered:
        pairs = ((found.get((name, n)), found.get((OURS, n))) for n in DURATIONS)
        rows.append([name, *(cell for pair in pairs for cell in compared(*pair))])
    return Table(title, columns, rows)


_LAST = Sample((float("inf"),))

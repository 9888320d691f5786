"""How much a service takes in, from many devices at once and from files."""

from dataclasses import replace

from scripts.benches.figures import NONE, Sample, compared, milliseconds, number
from scripts.benches.inserting import Committer, Copier, Flusher, Importer
from scripts.benches.peers.rows import Rows
from scripts.benches.place import Place, Urls
from scripts.benches.posting import FRAME, JSON, Devices, declare
from scripts.benches.questions.disk import rows_database
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Failed, Worker, ended, in_turn

DEVICES = 64
BINARY, TEXT = f"binary, {DEVICES} devices", f"JSON, {DEVICES} devices"
ALONE, SINGLE = "binary, 1 device", "floor: INSERT and COMMIT for each, 1 connection"
CHUNK = "chunk: one INSERT"
POOLED = "floor: INSERT and COMMIT for each, 8 connections"
UPLOADERS = 16
BATCH, BATCHES = "60 s a request, 1 device", f"60 s a request, {UPLOADERS} devices"
PROCESSES = 2  # of the API
ONE = ", API in one process"


def run(place: Place) -> Answer:
    """Live seconds, batches, files; the floors beneath each in the same run."""
    answer = Answer("ingest", "How much can be taken in?")
    answer.text = (
        "Everything is durable when it is acknowledged. Devices post one second each and wait for "
        "the answer; API, PostgreSQL and the load generator share the machine. The API runs as "
        f"`eegstore serve --workers {PROCESSES}`, and where a row says so in one process. The "
        "floors insert ready blobs with psycopg, without HTTP, check, encoding or log."
    )
    urls = place.database("ingest")
    answer.tables.append(_live(place, urls, answer))
    answer.tables.append(_files(place, urls, answer))
    answer.tables.append(_one_second(place, urls))
    return answer


def _live(place: Place, urls: Urls, answer: Answer) -> Table:
    signal, source = place.source.signal(place.scale.hour), place.hours(1)
    api, single = place.api(urls, workers=PROCESSES), place.api(urls)
    own = [replace(signal.recording, recording_id=f"one{k}") for k in range(10)]
    declare(api.url, api.headers, own)
    here, there = (api.url, api.headers, signal), (single.url, single.headers, signal)
    workers = [
        Worker(BINARY, Devices, *here, FRAME, DEVICES, 1),
        Worker(TEXT, Devices, *here, JSON, DEVICES, 1),
        Worker(ALONE, Devices, *here, FRAME, 1, 1),
        Worker(BATCH, Devices, *here, FRAME, 1, 60),
        Worker(BATCHES, Devices, *here, FRAME, UPLOADERS, 60),
        Worker(BINARY + ONE, Devices, *there, FRAME, DEVICES, 1, "one"),
        Worker(TEXT + ONE, Devices, *there, JSON, DEVICES, 1, "one"),
        Worker(BATCHES + ONE, Devices, *there, FRAME, UPLOADERS, 60, "one"),
        Worker(SINGLE, Committer, urls.plain, source.plain, 0, 1),
        Worker(POOLED, Committer, urls.plain, source.plain, 1, 8),
    ]
    rates: dict[str, list[float]] = {}
    latencies: dict[str, list[float]] = {}
    refused: dict[str, int] = {}
    with ended(workers):
        for turn in range(1 + (3 if place.scale.name == "full" else 1)):
            for worker in workers:
                if worker.name in place.missing:
                    continue
                try:
                    said = worker.call("burst", place.scale.load if turn else 0.3)
                except Failed as failure:
                    place.missing[worker.name] = str(failure)
                    continue
                if turn:  # the first warms up
                    rate, taken, lost = said if isinstance(said, tuple) else (said, [], 0)
                    rates.setdefault(worker.name, []).append(rate)
                    latencies.setdefault(worker.name, []).extend(taken)
                    refused[worker.name] = refused.get(worker.name, 0) + lost
    medians = {name: Sample(tuple(values)).median for name, values in rates.items()}
    rows = []
    for name, rate in medians.items():
        taken = latencies[name]
        cells = milliseconds(Sample(tuple(taken))) if taken else [NONE, NONE]
        ratio = number(rate / medians[SINGLE]) if SINGLE in medians else NONE
        rows.append([name, ratio, number(rate), *cells, str(refused[name])])
    worst = {name: Sample(tuple(taken)).p99 * 1e3 for name, taken in latencies.items() if taken}
    binary = medians.get(BINARY)
    floor, alone = medians.get(SINGLE), medians.get(ALONE)
    batched = max((medians[name], name) for name in (BATCH, BATCHES) if name in medians)
    answer.targets += [
        Target(f"{BINARY}, one second a request", binary, 1200, 2500, "chunks/s", True),
        Target(f"{TEXT}, one second a request", medians.get(TEXT), 500, 1000, "chunks/s", True),
        Target(f"{BINARY}: p99", worst.get(BINARY), 250, None, "ms"),
        Target(f"{TEXT}: p99", worst.get(TEXT), 250, None, "ms"),
        Target(f"{BINARY} / 1 device, whose every chunk is a commit",
               binary / alone if binary and alone else None, 5, None, higher=True),
        Target(f"{BINARY} / ready blobs, one connection, one commit per chunk",
               binary / floor if binary and floor else None, 5, None, higher=True),
        Target("batched upload", batched[0], 5000, 8000, "chunks/s", True, batched[1]),
    ]  # fmt: skip
    return Table(
        "Chunks over HTTP",
        ["load", "/ one commit per chunk", "chunks/s", "request [ms]", "p99", "not stored"],
        rows,
    )


def _files(place: Place, urls: Urls, answer: Answer) -> Table:
    path, source = place.source.edf(place.scale.hour), place.hours(1)
    seconds = place.scale.hour
    name, floor = "eegstore import", "floor: COPY of ready blobs"
    workers = [
        Worker(name, Importer, urls.app, path),
        Worker(floor, Copier, urls.plain, source.plain, "one0", seconds),
    ]
    with ended(workers):
        found = in_turn(place, workers, "run", {"": lambda _: ()})
    rates = {key[0]: seconds / sample.median for key, sample in found.items()}
    answer.targets.append(
        Target("bulk import, EDF to committed, file proved", rates.get(name), 3000, 6000,
               "chunks/s", True)
    )  # fmt: skip
    base = rates.get(name, 1)
    rows = [[key, number(rate / base), number(rate)] for key, rate in rates.items()]
    return Table(f"A file of {seconds} s", ["way", "/ import", "chunks/s"], rows)


def _one_second(place: Place, urls: Urls) -> Table:
    signal, rows = place.source.signal(place.scale.hour), rows_database(place).admin
    source = place.hours(1).plain
    workers = [
        Worker("floor: write a file, fdatasync", Flusher, place.directory / "flushed"),
        Worker(CHUNK, Committer, urls.plain, source, 9, 1, method="one"),
        Worker("rows: COPY", Rows, rows, signal, place.scale.rows, method="insert_copy"),
        Worker("rows: SQLAlchemy ORM", Rows, rows, signal, place.scale.rows, method="insert_orm"),
    ]
    with ended(workers):
        found = in_turn(place, workers, "one", {"": lambda _: ()}, 0.3)
    samples = {key[0]: sample for key, sample in found.items()}
    return Table(
        "One second of all channels into PostgreSQL, committed, one connection",
        ["way", "/ chunk", "median [ms]", "p99", "n"],
        [[key, *compared(sample, samples.get(CHUNK))] for key, sample in samples.items()],
    )

"""How much disk a recording takes."""

from collections.abc import Sequence

from scripts.benches import peers, plots
from scripts.benches.figures import megabytes, number
from scripts.benches.peers.rows import Rows
from scripts.benches.place import Place, Urls
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Failed, Worker, ended

CHUNK_TABLE = "SELECT pg_total_relation_size('chunk')"


def run(place: Place) -> Answer:
    """The chunk table and the whole database against the EDF file and other stores."""
    answer = Answer("disk", "How much disk does a recording take?")
    signal = place.source.signal(place.scale.hour)
    edf = signal.edf.stat().st_size
    hour, day = place.hours(1), place.day()
    day_edf = place.source.edf(place.scale.day).stat().st_size
    chunk_table = place.ask(hour, CHUNK_TABLE)
    whole, empty = place.size(hour), place.size(place.database("empty"))
    day_whole, day_chunks = place.size(day), place.ask(day, CHUNK_TABLE)
    sizes: dict[str, float] = {
        "eegstore, chunk table with index": chunk_table,
        "eegstore, whole database without the empty one": whole - empty,
    }
    sizes |= sizes_of_stores(place)
    sizes["EDF file"] = edf
    per_second = _row_per_sample(place)
    sizes["row per sample (PostgreSQL)"] = per_second * signal.seconds
    ordered = sorted(sizes.items(), key=lambda item: item[1])
    answer.text = (
        f"{signal.seconds} s of {place.source.name}. Row per sample: {place.scale.rows} s are "
        "loaded and the size of table and indexes is scaled up, since it grows in proportion. "
        f"An empty database of eegstore has {megabytes(empty)} MB, nearly all of it PostgreSQL's "
        "own catalogue; for one hour that is what counts most, for a day nothing."
    )
    of_days = place.scale.day / day_chunks
    answer.targets = [Target("chunk table / EDF file", chunk_table / edf, 0.40, 0.33, "")]
    if place.scale.whole_day:
        ratio = day_whole / day_edf
        answer.targets += [
            Target("row per sample / chunk table, 86400 s", per_second * of_days, 300, 400,
                   higher=True),
            Target("whole database / EDF file, 86400 s", ratio, 0.50, 0.40, ""),
        ]  # fmt: skip
    answer.tables = [
        Table(
            "Sizes",
            ["store", "/ EDF file", "/ chunk table", "MB"],
            [
                [name, number(size / edf), number(size / chunk_table), megabytes(size)]
                for name, size in ordered
            ],
        ),
        Table(
            "eegstore, whole databases as PostgreSQL counts them",
            ["recording", "database / EDF", "chunk table / EDF", "row per sample / chunk table",
             "database [MB]", "EDF [MB]"],
            [
                [f"{seconds} s", number(all_ / file), number(chunks / file),
                 number(per_second * seconds / chunks), megabytes(all_), megabytes(file)]
                for seconds, all_, chunks, file in (
                    (place.scale.hour, whole, chunk_table, edf),
                    (place.scale.day, day_whole, day_chunks, day_edf),
                )
            ],
        ),
    ]  # fmt: skip
    plot = plots.dots(
        place.plots / "size.svg", [(name, size / edf) for name, size in ordered], "size / EDF file"
    )
    answer.plots = [("Size on disk by store", plot)]
    return answer


def sizes_of_stores(place: Place) -> dict[str, float]:
    """Build the stores beside PostgreSQL, unless they are; their sizes [byte]."""
    if "sizes" not in place.notes:
        place.notes["sizes"] = {}
        signal = place.source.signal(place.scale.hour)
        with ended(workers := peers.stores(signal, place.directory / "stores")):
            build(place, workers)
    return dict(place.notes["sizes"])


def build(place: Place, workers: Sequence[Worker]) -> None:
    """Have stores built and note their sizes."""
    sizes = place.notes.setdefault("sizes", {})
    for worker in workers:
        try:
            sizes[worker.name] = worker.call("build")
        except Failed as failure:
            place.missing[worker.name] = str(failure)


def rows_database(place: Place) -> Urls:
    """A database with a row per sample, of the superuser."""

    def fill(urls: Urls) -> None:
        signal = place.source.signal(place.scale.hour)
        with ended([worker := Worker("rows", Rows, urls.admin, signal, place.scale.rows)]):
            place.notes["bytes of rows"] = worker.call("load")

    urls = place.database("rows", fill)
    return Urls(urls.admin, urls.admin)


def _row_per_sample(place: Place) -> float:
    """Bytes on disk of a second."""
    rows_database(place)
    return float(place.notes["bytes of rows"]) / place.scale.rows

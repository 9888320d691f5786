"""Whether reading gets slower with what was written before, and how it was written."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg

from scripts.benches import load, posting
from scripts.benches.data import PATIENT
from scripts.benches.figures import compared, milliseconds, over
from scripts.benches.ours import Beds, Windows
from scripts.benches.place import Place, Urls, imported, plain
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Worker, ended, in_turn

MANY = 100  # recordings
DURATIONS = (10, 60)  # [s]
FILL = """
INSERT INTO chunk (patient_id, recording_id, second, n_samples, content_sha256, blob_sha256,
                   envelope, blob)
SELECT %(patient)s, 'fill' || r, s, c.n_samples, c.content_sha256, c.blob_sha256, c.envelope,
       substring(c.blob FROM 1 FOR 64)
FROM generate_series(1, %(recordings)s) AS r, generate_series(0, %(seconds)s - 1) AS s,
     LATERAL (SELECT * FROM chunk WHERE patient_id = %(patient)s AND recording_id = %(like)s
              AND second = 0) AS c
"""


def run(place: Place) -> Answer:
    """Appended second by second against imported; many recordings against one."""
    answer = Answer("ageing", "Does reading get slower as the store fills?")
    n_beds, rows = place.scale.beds, place.scale.many_rows
    length = place.scale.aged // n_beds
    answer.text = (
        f"Windows of all channels in process. Appended: {n_beds} devices post one second at a "
        f"time, all at once, {length} s each, so that their seconds lie mixed on disk; loaded: the "
        f"same recordings imported from files. With {MANY + 1} recordings: beside the one that is "
        f"read lie {MANY} others with {rows:,} rows of the chunk table, put there by SQL with "
        "blobs of 64 bytes."
    )
    appended = place.database("appended", lambda urls: _append(place, urls, length))
    loaded = place.database("loaded", lambda urls: _load(place, urls, length))
    full = place.database("filled", lambda urls: _fill(place, urls, rows))
    signal = place.source.signal(place.scale.hour)
    beds = {f"{name}, {n_beds} beds": urls for name, urls in
            (("appended", appended), ("loaded", loaded))}  # fmt: skip
    pairs = [
        ([Worker(name, Beds, urls.app, signal) for name, urls in beds.items()], length, n_beds),
        (
            [
                Worker(f"{MANY + 1} recordings", Windows, full.app, signal),
                Worker("1 recording", Windows, place.hours(1).app, signal),
            ],
            signal.seconds,
            None,
        ),
    ]
    rows_of_table = []
    for workers, seconds, drawn in pairs:
        with ended(workers):
            cases = {n: _drawing(seconds, n, drawn) for n in DURATIONS}
            found = in_turn(place, workers, "read", cases, 0.5)
        for n in DURATIONS:
            one, two = (found.get((worker.name, n)) for worker in workers)
            limits = (1.2, 1.0) if drawn else (1.3, 1.1)
            what = f"{n} s: {workers[0].name} / {workers[1].name}"
            answer.targets.append(Target(what, over(one, two), *limits))
            if one is not None and two is not None:
                rows_of_table.append([what, *compared(one, two), *milliseconds(two)])
    head = ["windows", "ratio", "first [ms]", "p99", "n", "second [ms]", "p99"]
    answer.tables = [Table("", head, rows_of_table)]
    return answer


def _drawing(
    total: int, seconds: int, beds: int | None
) -> Callable[[random.Random], tuple[Any, ...]]:
    def draw(generator: random.Random) -> tuple[Any, ...]:
        start = generator.randrange(max(1, total - seconds + 1))
        more = () if beds is None else (generator.randrange(beds),)
        return (start, start + seconds, *more)

    return draw


def _append(place: Place, urls: Urls, length: int) -> None:
    signal, api = place.source.signal(place.scale.hour), place.api(urls)
    beds = [replace(signal.recording, recording_id=f"bed{k}") for k in range(place.scale.beds)]
    posting.declare(api.url, api.headers, beds)
    bodies = [posting.frames(bed, signal, length) for bed in beds]
    said = load.run(f"{api.url}/ingest", api.headers, bodies, posting.FRAME, 3600)
    counted = Counter(said.statuses)
    if counted != {201: length * len(beds)}:
        raise RuntimeError(f"of {length * len(beds)} seconds some were not stored: {dict(counted)}")


def _load(place: Place, urls: Urls, length: int) -> None:
    for k in range(place.scale.beds):
        imported(urls.app, place.source.edf(length), f"bed{k}")


def _fill(place: Place, urls: Urls, rows: int) -> None:
    path = place.source.edf(place.scale.hour)
    imported(urls.app, path)
    values = {"patient": PATIENT, "like": path.name, "recordings": MANY, "seconds": rows // MANY}
    with psycopg.connect(plain(urls.admin), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no check of foreign keys
        connection.execute(
            """INSERT INTO recording SELECT patient_id, 'fill' || r, study_id, start_time, zone,
               utc_offset, device, sample_type, channels, channels_sha256
               FROM recording, generate_series(1, %(recordings)s) AS r
               WHERE recording_id = %(like)s""",
            values,
        )
        connection.execute(FILL, values)
        connection.execute("VACUUM ANALYZE chunk")

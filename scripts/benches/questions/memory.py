"""How much memory an import and an export of a day take, against those of an hour."""

import filecmp
import os
import subprocess
import sys
import time
from pathlib import Path

from scripts.benches import machine, plots
from scripts.benches.data import PATIENT, ROOT
from scripts.benches.figures import megabytes, number
from scripts.benches.place import Place, Urls
from scripts.benches.report import Answer, Table, Target

EVERY = 0.1  # [s]
EXPORTS: list[tuple[str, list[str]]] = [("export", []), ("export --original", ["--original"])]
Course = list[tuple[float, float]]  # [s], [MB]


def run(place: Place) -> Answer:
    """Resident memory of `eegstore import` and `eegstore export` over time."""
    answer = Answer("memory", "Does memory stay bounded?")
    hour, day = place.scale.hour, place.scale.day
    answer.text = (
        f"Resident memory of the commands `eegstore import` and `eegstore export` on files of "
        f"{hour} s and {day} s, from start to end, with the process that encodes for an import; "
        "without PostgreSQL."
    )
    if machine.resident(os.getpid()) is None:
        place.missing["memory"] = "this system does not tell the memory of a process (no /proc)"
        return answer
    if day <= hour:
        raise ValueError(f"a day of {day} s is no longer than an hour of {hour} s")
    courses: dict[str, Course] = {}
    exports = EXPORTS if place.scale.name == "full" else EXPORTS[:1]

    def import_into(urls: Urls, seconds: int) -> None:
        path = place.source.edf(seconds)
        courses[f"import, {seconds} s"] = _watched(
            place, urls, "import", str(path), "--patient", PATIENT
        )

    for seconds, urls in (
        (hour, place.database("hour_by_cli", lambda urls: import_into(urls, hour))),
        (day, place.database("days_1", lambda urls: import_into(urls, day))),
    ):
        name = place.source.edf(seconds).name
        for what, option in exports:
            to = place.directory / f"exported-{name}"
            courses[f"{what}, {seconds} s"] = _watched(
                place, urls, "export", name, "--patient", PATIENT, "-o", str(to), *option
            )
            if option and not filecmp.cmp(to, place.source.edf(seconds), shallow=False):
                raise ValueError(f"{name} does not come back as it was")
            to.unlink()
    peaks = {name: max(held for _, held in course) for name, course in courses.items()}
    for what in ("import", *(what for what, _ in exports)):
        long, short = peaks.get(f"{what}, {day} s"), peaks.get(f"{what}, {hour} s")
        ratio = long / short if long and short else None
        answer.targets.append(Target(f"peak of {what}, {day} s / {hour} s (flat)", ratio, 1.25))
    answer.tables = [
        Table(
            "",
            ["command", "peak [MB]", "median [MB]", "took [s]"],
            [
                [name, megabytes(1e6 * peaks[name]),
                 megabytes(1e6 * sorted(held for _, held in course)[len(course) // 2]),
                 number(course[-1][0])]
                for name, course in courses.items()
            ],
        )
    ]  # fmt: skip
    path = plots.lines(
        place.plots / "memory.svg", courses, "time [s]", "resident memory [MB]", False
    )
    answer.plots = [("Memory of import and export over time", path)]
    return answer


def _watched(place: Place, urls: Urls, *words: str) -> Course:
    """Run `eegstore` and watch what it holds."""
    environment = os.environ | place.environment(urls)
    log = place.directory / "cli.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "eegstore", *words],
            env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT,
        )  # fmt: skip
    begun, course = time.monotonic(), [(0.0, 0.0)]
    while process.poll() is None:
        held = machine.resident(process.pid)
        if held is not None:
            course.append((time.monotonic() - begun, held / 1e6))
        time.sleep(EVERY)
    if process.returncode:
        raise RuntimeError(f"eegstore {words[0]}: {_tail(log)}")
    return _thinned(course)


def _thinned(course: Course, most: int = 1000) -> Course:
    """At most so many points; of those left out the largest is kept."""
    step = -(-len(course) // most)
    return [max(course[k : k + step], key=lambda point: point[1])
            for k in range(0, len(course), step)]  # fmt: skip


def _tail(log: Path) -> str:
    return log.read_text()[-500:]

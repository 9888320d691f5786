"""What the API holds in memory over an hour of load."""

import threading
import time

from scripts.benches import machine, plots
from scripts.benches.asking import HttpWindows
from scripts.benches.figures import number
from scripts.benches.place import Place
from scripts.benches.posting import FRAME, JSON, Devices
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Worker, ended

DEVICES = 64
BURST, REST = 2.0, 4.0  # [s]: a third of the time at full load keeps the disk bounded


def run(place: Place) -> Answer:
    """Devices in bursts and readers all the time, while the memory of the API is watched."""
    minutes = place.scale.soak
    answer = Answer("soak", f"Does the API hold more and more memory? {minutes:g} minutes of load")
    answer.text = (
        f"{DEVICES} devices send seconds as fast as they are acknowledged, {BURST:g} s of every "
        f"{BURST + REST:g}, as binary and as JSON in turn, while a reader asks for windows of 10 s "
        "without pause. Resident memory of the API's process."
    )
    urls = place.hours(1)
    api, signal = place.api(urls), place.source.signal(place.scale.hour)
    if machine.resident(api.pid) is None:
        place.missing["soak"] = "this system does not tell the memory of a process (no /proc)"
        return answer
    course: list[tuple[float, float]] = []
    counts = {"chunks": 0.0, "not stored": 0.0, "windows": 0.0}
    stop = threading.Event()
    failures: list[str] = []

    def send() -> None:
        kinds = [
            Worker(kind, Devices, api.url, api.headers, signal, kind, DEVICES, 1)
            for kind in (FRAME, JSON)
        ]
        with ended(kinds):
            turn = 0
            while not stop.is_set():
                _, latencies, lost = kinds[turn % 2].call("burst", BURST)
                counts["chunks"] += len(latencies) - lost
                counts["not stored"] += lost
                turn += 1
                stop.wait(REST)

    def read() -> None:
        with ended([reader := Worker("r", HttpWindows, api.port, api.headers, signal, FRAME)]):
            while not stop.is_set():
                start = int(counts["windows"]) % (signal.seconds - 10)
                reader.call("length", start, start + 10)
                counts["windows"] += 1

    def guarded(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except Exception as failure:
            failures.append(f"{type(failure).__name__}: {failure}")
            stop.set()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (send, read)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    while not stop.is_set() and time.monotonic() - begun < 60 * minutes:
        held = machine.resident(api.pid)
        course.append(((time.monotonic() - begun) / 60, (held or 0) / 1e6))
        stop.wait(min(5.0, minutes))
    stop.set()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"the load broke off: {failures[0]}")
    early = [held for at, held in course if minutes / 10 <= at <= minutes / 2]
    late = [held for at, held in course if at >= minutes / 2]
    ratio = max(late) / max(early) if early and late else None
    answer.targets = [Target("peak of the second half / of the first (flat)", ratio, 1.1)]
    told = [("start", course[0][1]), ("peak", max(m for _, m in course)), ("end", course[-1][1])]
    answer.tables = [
        Table("", ["memory of the API", "MB"], [[name, number(value)] for name, value in told]),
        Table("", ["load", "number"], [[name, f"{value:,.0f}"] for name, value in counts.items()]),
    ]
    path = plots.lines(
        place.plots / "soak.svg", {"eegstore API": course}, "time [min]", "resident [MB]", False
    )
    answer.plots = [("Memory of the API under load", path)]
    return answer

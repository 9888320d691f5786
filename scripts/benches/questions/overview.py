"""How fast a whole day is drawn, and whether two more days cost more."""

from scripts.benches import asking
from scripts.benches.data import PATIENT
from scripts.benches.figures import compared, number, over
from scripts.benches.place import Place
from scripts.benches.posting import FRAME, JSON
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Failed, Worker, ended, in_turn

PX = 1500
DAYS = (1, 3)


class Overview(asking.Http):
    """Minimum and maximum of all channels at a pixel width, from end to end of a recording."""

    def __init__(
        self, port: int, headers: dict[str, str], recording_id: str, stop: int, accept: str
    ) -> None:
        super().__init__(port, headers | {"Accept": accept})
        ids = {"patient_id": PATIENT, "recording_id": recording_id}
        self._query = {**ids, "start": 0, "end": stop, "px": PX}

    def read(self) -> int:
        """Ask; returns the length of the answer [byte]."""
        return len(self.get("/eeg", **self._query))


def run(place: Place) -> Answer:
    """`px` over one day and over three."""
    answer = Answer("overview", "How fast is the overview of a day?")
    day = place.scale.day
    hours = {days: f"{days * day / 3600:.3g} h" for days in DAYS}
    answer.text = (
        f"All channels as minimum and maximum in at most {PX} columns, over the whole recording, "
        "by HTTP. The first answer after the import is listed apart: it may find roll-ups that "
        "are not made yet."
    )
    apis = {days: place.api(place.day(days)) for days in DAYS}
    api = apis[1]
    if b'"px"' not in asking.Http(api.port, api.headers).get("/openapi.json"):
        place.missing["overview"] = "the API has no px= yet"
        answer.targets = [Target(f"{hours[1]} overview, {PX} px", None, 60, 20, "ms")]
        return answer
    workers = []
    for days, api in apis.items():
        recording_id = place.source.edf(days * day).name
        for kind, accept in (("binary", FRAME), ("JSON", JSON)):
            here = (api.port, api.headers, recording_id, days * day, accept)
            workers.append(Worker(f"{hours[days]}, {kind}", Overview, *here))
    first: dict[str, list[str]] = {}
    with ended(workers):
        for worker in workers:
            try:
                milliseconds, size = worker.timed("read") * 1e3, worker.call("read") / 1e3
                first[worker.name] = [number(milliseconds), number(size)]
            except Failed as failure:
                place.missing[worker.name] = str(failure)
        found = in_turn(place, workers, "read", {"": lambda _: ()})
    samples = {name: sample for (name, _), sample in found.items()}
    one, last = (samples.get(f"{hours[days]}, binary") for days in (DAYS[0], DAYS[-1]))
    answer.targets = [
        Target(
            f"{hours[1]} overview, {PX} px, binary", one.median * 1e3 if one else None, 60, 20, "ms"
        ),
    ]
    if place.scale.whole_day:
        ratio = over(last, one)
        answer.targets.append(
            Target(f"overview of {hours[DAYS[-1]]} / of {hours[1]}", ratio, 1.25, 1)
        )
    answer.tables = [
        Table(
            "",
            ["recording", "/ a day", "median [ms]", "p99", "n", "first [ms]", "answer [kB]"],
            [[name, *compared(sample, one), *first[name]] for name, sample in samples.items()],
        )
    ]
    return answer

"""How small a second gets, and what that costs in time."""

from functools import partial
from pathlib import Path

import numpy as np

from eegstore.edf import EdfFile
from eegstore.errors import EegStoreError
from eegstore.model import Chunk
from scripts.benches import ours
from scripts.benches.figures import NONE, number
from scripts.benches.peers import audio, codecs
from scripts.benches.place import Place, imported
from scripts.benches.recordings import recordings
from scripts.benches.report import Answer, Table, Target
from scripts.benches.runner import Failed, Worker, ended, in_turn

OURS = "eegstore"
CODECS = {
    "FLAC": audio.Flac,
    "WavPack": audio.WavPack,
    "pcodec": codecs.Pcodec,
    "pcodec, convolution": partial(codecs.Pcodec, True),
    "blosc2": codecs.Blosc2,
    "xz": codecs.Xz,
    "gzip": codecs.Gzip,
    "zstd": codecs.Zstd,
}
SIZES = (1, 10, 60, 300)
Sizes = dict[str, dict[str, float]]


class Ours:
    """eegstore's codec as a system to be timed."""

    def __init__(self, chunks: list[Chunk]) -> None:
        self._coder, self._chunks = ours.Coder(chunks), chunks
        self._blobs = self._coder.encode(chunks)

    def encode(self, n: int) -> None:
        """Encode the first `n` seconds."""
        self._coder.encode(self._chunks[:n])

    def decode(self, n: int) -> None:
        """Decode the first `n` seconds."""
        self._coder.decode(self._blobs[:n])

    def wrong(self) -> str | None:
        """What is wrong with the first second after a round trip."""
        (batch,) = self._coder.decode(self._blobs[:1])
        same = np.array_equal(next(batch.chunks()).samples, self._chunks[0].samples)
        return None if same else "the samples come back changed"


def run(place: Place) -> Answer:
    """Ratios on every recording, and microseconds a second on the first."""
    answer = Answer("codec", "How small does a second get, and what does it cost in time?")
    answer.text = (
        "Every second of a recording is coded alone, so that it can be decoded alone; ratios are "
        "against the counts as plain integers (16 bits, or 24). eegstore's blobs are those that an "
        "import stores, so its rules choose the method; parameters that all seconds of a recording "
        "share are in the last column. Of FLAC only the frames are counted; WavPack gets the "
        "channels in the way in which it does best."
    )
    chunks = place.source.chunks[: 60 if place.scale.name == "quick" else 300]
    seconds = [codecs.second_of(chunk) for chunk in chunks]
    workers = [Worker(OURS, Ours, chunks)]
    workers += [Worker(name, codecs.Timed, make, seconds) for name, make in CODECS.items()]
    with ended(workers):
        for worker in workers:
            try:
                if wrong := worker.call("wrong"):
                    place.missing[worker.name] = wrong
            except Failed as failure:
                place.missing[worker.name] = str(failure)
        workers = [worker for worker in workers if worker.name not in place.missing]
        ratios = _ratios(place, workers[1:], answer)
        answer.targets = _targets(ratios)
        answer.tables.append(_time(place, workers, len(chunks)))
    return answer


def _ratios(place: Place, workers: list[Worker], answer: Answer) -> Sizes:
    """Ratios of every codec on every recording, and their table."""
    found: Sizes = {}
    rows = []
    for name, path in recordings(place):
        try:
            most = place.scale.chunks if found else 10 * place.scale.chunks
            chunks, sample_bytes = _sampled(path, most)
            if not chunks:
                continue
            own, shared = _stored(place, path, [chunk.second for chunk in chunks])
        except EegStoreError as error:
            place.missing[f"codec on {name}"] = str(error)
            continue
        plain = sample_bytes * sum(chunk.samples.size for chunk in chunks)
        found[name] = {OURS: plain / own}
        seconds = [codecs.second_of(chunk) for chunk in chunks]
        for worker in workers:
            try:
                found[name][worker.name] = plain / sum(worker.call("sizes", seconds))
            except Failed as failure:
                place.missing[f"{worker.name} on {name}"] = str(failure)
        ratios = [found[name].get(column) for column in (OURS, *CODECS)]
        cells = [f"{ratio:.2f}" if ratio else NONE for ratio in ratios]
        rows.append([name, *cells, str(len(chunks)), number(shared)])
    head = ["recording", OURS, *CODECS, "seconds coded", "shared [byte]"]
    answer.tables.append(Table("Ratio, every second decodable alone (more is better)", head, rows))
    return found


def _sampled(path: Path, most: int) -> tuple[list[Chunk], int]:
    """About so many seconds from all over a file, and how many bytes a sample has in it."""
    with EdfFile(path) as file:
        step = max(1, file.n_seconds // most)
        picked = (chunk for k in range(0, file.n_seconds, step) for chunk in file.chunks(k, k + 1))
        return [chunk for chunk in picked if chunk.samples.size], (
            file.original.parsed.layout.sample_bytes
        )


def _stored(place: Place, path: Path, seconds: list[int]) -> tuple[int, int]:
    """Bytes that an import stores of these seconds, and of what all of a recording share."""
    urls, patient = place.database("codec"), f"of-{path.stem[:100]}"
    imported(urls.app, path, patient_id=patient)
    blobs = place.ask(
        urls,
        f"""SELECT sum(octet_length(blob)) FROM chunk WHERE patient_id = '{patient}'
            AND second IN ({", ".join(map(str, seconds))})""",
    )
    shared = place.ask(
        urls,
        f"""SELECT coalesce(sum(octet_length(parameters)), 0) FROM codec_parameters
            WHERE patient_id = '{patient}'""",
    )
    return int(blobs), int(shared)


def _targets(found: Sizes) -> list[Target]:
    base, *others = found.items()
    names = [name for name, _ in others]
    bipolar = [name for name in names if name.startswith(("chb", "clips"))]

    def worst(names: list[str], rivals: tuple[str, ...]) -> tuple[float | None, str]:
        """The least lead over the best of some codecs, and on which recording."""
        leads = []
        for name in names:
            theirs = [ratio for rival, ratio in found[name].items() if rival in rivals]
            if theirs:
                leads.append((found[name][OURS] / max(theirs), name))
        lead, where = min(leads, default=(None, ""))
        ahead = sum(one >= 1 for one, _ in leads)
        return lead, f"{where}; at least as small on {ahead} of {len(leads)}"

    asked = (
        ("better of WavPack and zstd, worst recording", names, ("WavPack", "zstd"), 1, None),
        (
            "better of FLAC and pcodec, worst bipolar recording",
            bipolar, ("FLAC", "pcodec", "pcodec, convolution"), 1, None,
        ),
        ("best codec, worst recording", names, tuple(CODECS), None, 1),
    )  # fmt: skip
    targets = [Target(f"codec ratio on {base[0]}", base[1][OURS], 3.1, 3.6, "", True)]
    for what, on, rivals, must, want in asked:
        lead, where = worst(on, rivals)
        targets.append(Target(f"ratio / {what}", lead, must, want, higher=True, note=where))
    return targets


def _time(place: Place, workers: list[Worker], most: int) -> Table:
    programs = [worker for worker in workers if worker.name != "WavPack"]
    rows = {worker.name: [worker.name] for worker in programs}
    sizes = [n for n in SIZES if n <= most]
    for method in ("encode", "decode"):
        cases = {n: lambda _, n=n: (n,) for n in sizes}
        found = in_turn(place, programs, method, cases, 0.5)
        for worker in programs:
            for n in sizes:
                sample = found.get((worker.name, n))
                rows[worker.name].append(number(sample.median / n * 1e6) if sample else NONE)
    head = [f"{method} {n}" for method in ("encode", "decode") for n in sizes]
    return Table(
        "Time for one second of the base recording [us], when so many are coded in one call "
        "(WavPack is a program here: starting it would be what is timed)",
        ["codec", *head], list(rows.values()),
    )  # fmt: skip

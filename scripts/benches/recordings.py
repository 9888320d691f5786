"""The recordings on which codecs are compared."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from eegstore.edf import write_edf
from eegstore.model import Chunk
from eegstore.timebase import full_runs
from scripts.benches.data import shared_data
from scripts.benches.place import Place

SMALL = 1 << 16  # [byte], what a quick run takes of the other recordings


def recordings(place: Place) -> Iterator[tuple[str, Path]]:
    """Everything there is to code: the base, real files, clips, the synthetic EEG."""
    yield place.source.label, place.source.edf(len(place.source.chunks))
    shared = shared_data()
    if shared is not None:
        for path in [*sorted(shared.glob("chbmit/*_*s.edf")), *sorted(shared.glob("edf/*.?df"))]:
            if place.scale.name == "full" or path.stat().st_size < SMALL:
                yield path.name, path
        yield from _clips(place, shared / "chbmit" / "clips_10s")
    from eegstore.signal.synthetic import SyntheticEeg  # slow to import

    eeg = SyntheticEeg(seed=1)
    path = place.directory / "synthetic.edf"
    write_edf(
        path,
        eeg.recording("bench", "synthetic"),
        eeg.chunks(0, 30 if place.scale.name == "quick" else 120),
    )
    yield "synthetic EEG of the project", path


def _clips(place: Place, directory: Path) -> Iterator[tuple[str, Path]]:
    """Clips of one subject and state, one after the other as one recording."""
    channels = place.source.recording.channels

    def group(path: Path) -> tuple[str, str]:
        return path.name[:5], path.name.split("_")[-1].partition(".")[0]

    for (subject, state), paths in groupby(sorted(directory.glob("*.npy"), key=group), group):
        clips = [np.load(path)[:, : 10 * 256] for path in paths]
        counts = np.concatenate(clips, axis=1).astype("<i2")
        if len(counts) != len(channels):
            continue
        chunks = [
            Chunk(k, full_runs(channels, k), counts[:, k * 256 : (k + 1) * 256].reshape(-1))
            for k in range(counts.shape[1] // 256)
        ]
        path = place.directory / f"{subject}-{state}.edf"
        write_edf(path, replace(place.source.recording, recording_id=path.name), chunks)
        yield f"clips {subject} {state}", path

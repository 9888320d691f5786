"""Channels that may be swapped or inverted, in words that a reader understands.

Looked for once for a recording, in three stretches of what is stored of it; again when a page
is asked for that lies as much further on.
"""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from eegstore.model import Recording
from eegstore.service.windows import read_window
from eegstore.signal.derivations import graphs
from eegstore.signal.graph import Graph
from eegstore.signal.leads import read_leads
from eegstore.signal.loops import LoopCheck, check_loops
from eegstore.store.database import Database
from eegstore.store.extents import stop_of
from eegstore.window import Window
from eegstore.wire import unique_labels

STRETCH = 20  # [s], of which three are looked at
LEAST = 5  # [s] of samples, below which nothing is said
MAX_CHANNELS = 512  # beyond which finding loops takes too long
MAX_LOOPS = 64  # likewise
TOLD = 3  # of several mistakes that would explain the same
_KEPT = 10_000


class Found(NamedTuple):
    """What was found of a recording, and when to look again."""

    texts: tuple[str, ...]
    until: Fraction | None  # [s] from recording start; None for good


async def suspects(database: Database, recording: Recording, at: Fraction) -> tuple[str, ...]:
    """What may be wrong with the channels of a recording.

    Parameters
    ----------
    at : Fraction
        Up to where it is seen [s].
    """
    key = (recording.patient_id, recording.recording_id)
    kept: Found | None = database.suspects.get(key)
    if kept is None or (kept.until is not None and at > kept.until):
        kept = await _look(database, recording)
        if len(database.suspects) >= _KEPT:
            database.suspects.clear()
        database.suspects[key] = kept
    return kept.texts


async def _look(database: Database, recording: Recording) -> Found:
    looped = await asyncio.to_thread(_looped, recording)
    if not looped:
        return Found((), None)
    key = (recording.patient_id, recording.recording_id)
    async with database.reading() as driver:
        stop = await stop_of(driver, *key)
    if stop is None:
        return Found((), Fraction(0))
    labels = unique_labels(recording.channels)
    texts: list[str] = []
    for sfreq, graph in looped.items():
        rows = sorted({link.row for link in graph.links})
        starts = sorted({max(0, (stop * part) // 6 - STRETCH // 2) for part in (1, 3, 5)})
        windows = [
            await read_window(database, *key, Fraction(at), Fraction(at + STRETCH),
                              [labels[row] for row in rows])
            for at in starts
        ]  # fmt: skip
        check = await asyncio.to_thread(_check, recording, graph, rows, windows)
        if check.n_samples >= LEAST * sfreq:
            texts += _texts(labels, check)
    return Found(tuple(texts), Fraction(2 * stop))


def _looped(recording: Recording) -> dict[Fraction, Graph]:
    """The links of each sampling frequency among which there are loops, but not too many."""
    if len(recording.channels) > MAX_CHANNELS:
        return {}
    found = graphs(recording.channels)
    return {f: graph for f, graph in found.items() if 0 < graph.n_loops <= MAX_LOOPS}


def _check(
    recording: Recording, graph: Graph, rows: Sequence[int], windows: Sequence[Window]
) -> LoopCheck:
    leads = read_leads(recording.channels)
    microvolts = np.array([leads[row].microvolt or 1.0 for row in rows])
    data = np.concatenate(
        [window.physical(window.blocks[0], np.float64) for window in windows], axis=1
    )
    counted = recording.sample_type.dtype.kind == "i"
    steps = [abs(recording.channels[row].gain) for row in rows]
    count = float((np.array(steps) * microvolts).max()) if counted else 0.0
    return check_loops(graph, rows, data * microvolts[:, None], count)


def _texts(labels: Sequence[str], check: LoopCheck) -> list[str]:
    texts = []
    for suspect in check.suspects[:TOLD]:
        names = " and ".join(labels[row] for row in suspect.rows)
        may = "upside down" if suspect.inverted else "in each other's place"
        texts.append(f"{names} may be {may}: then the loops close to {suspect.sd:.1f} uV")
    if not texts:
        for residual in check.residuals:
            if residual.is_open:
                names = ", ".join(labels[row] for row in residual.loop.rows)
                texts.append(
                    f"{names} should add up to nothing, and leave {residual.sd:.0f} uV: one of "
                    "them may not be what its label says"
                )
    return texts

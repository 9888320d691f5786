"""Ten seconds at a time: what is fetched, kept, and joined to a page of any position."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Digital, Recording, Span
from eegstore.timebase import first_sample
from eegstore.window import Block, Window, rates

TILE = 10  # [s]

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Whole seconds that are stored, half-open and ascending [s]."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Which ten seconds, and what was stored of them.

    A stored second never changes, so a window that was fetched for a tile stays true as
    long as the tile's `spans` are what is stored.
    """

    patient_id: str
    recording_id: str
    start: int  # [s], a multiple of `TILE`
    spans: Spans

    @property
    def stop(self) -> int:
        """End [s]."""
        return self.start + TILE


def whole(spans: Iterable[Span]) -> Spans:
    """What `Client.have` says, as integers."""
    return tuple((int(span.start), int(span.stop)) for span in spans)


def within(spans: Spans, start: int, stop: int) -> Spans:
    """The parts of `spans` in ``start <= t < stop``."""
    cut = ((max(lo, start), min(hi, stop)) for lo, hi in spans)
    return tuple((lo, hi) for lo, hi in cut if lo < hi)


def gaps(spans: Spans, start: int, stop: int) -> Spans:
    """The parts of ``start <= t < stop`` of which nothing is stored."""
    found, at = [], start
    for lo, hi in within(spans, start, stop):
        if at < lo:
            found.append((at, lo))
        at = hi
    if at < stop:
        found.append((at, stop))
    return tuple(found)


def extent(spans: Spans) -> int:
    """Where the last stored second ends [s]; 0 when there is none."""
    return spans[-1][1] if spans else 0


def tiles(recording: Recording, spans: Spans, start: int, stop: int) -> tuple[Tile, ...]:
    """The tiles that a page needs: those in which something is stored."""
    first = max(start, 0) // TILE * TILE
    every = (
        Tile(recording.patient_id, recording.recording_id, at, within(spans, at, at + TILE))
        for at in range(first, stop, TILE)
    )
    return tuple(tile for tile in every if tile.spans)


def join(recording: Recording, parts: Sequence[Window], start: int, stop: int) -> Window:
    """The window of all channels from `start` to `stop` [s] out of the windows of its tiles.

    What no tile holds is a gap.
    """
    blocks = []
    for sfreq, rows in rates(recording.channels).items():
        lo, hi = first_sample(start, sfreq), first_sample(stop, sfreq)
        digital = np.zeros((len(rows), hi - lo), recording.sample_type.dtype)
        present = np.zeros(digital.shape, np.bool_)
        for part in parts:
            for block in part.blocks:
                if block.sfreq == sfreq:
                    _paste(block, digital, present, lo)
        whole_block = None if present.all() else present
        blocks.append(Block(sfreq, tuple(rows), lo, digital, whole_block))
    return Window(
        recording.patient_id, recording.recording_id, Fraction(start), Fraction(stop),
        recording.channels, recording.sample_type, tuple(blocks),
    )  # fmt: skip


def _paste(block: Block, digital: Digital, present: NDArray[np.bool_], lo: int) -> None:
    at = block.first_sample - lo
    first, last = max(at, 0), min(at + block.digital.shape[1], digital.shape[1])
    if first < last:
        columns = slice(first - at, last - at)
        digital[:, first:last] = block.digital[:, columns]
        present[:, first:last] = True if block.present is None else block.present[:, columns]

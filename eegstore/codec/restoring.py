"""The way back from bytes to a block's samples, undoing `residuals`."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import polyphase
from eegstore.codec.parameters import Block
from eegstore.codec.plan import ESCAPE, Plan, plan
from eegstore.codec.pyramid import join
from eegstore.codec.zigzag import unzigzag

_IN_FLOAT32 = 1 << 24


class Read:
    """The residuals of a block in some chunks, as they are filled in.

    Parameters
    ----------
    n_samples, n_chunks : int
        Samples of each channel in a chunk, and chunks.
    dtype : dtype
        Of the samples, int16 or int32.
    """

    def __init__(self, block: Block, n_samples: int, n_chunks: int, dtype: np.dtype[Any]) -> None:
        here = plan(block, n_samples, 0)
        self._block = block
        self._n_samples = n_samples
        self._n_chunks = n_chunks
        self._margin = here.margin
        self._sizes = here.sizes
        n_channels = len(block.rows)
        self.size = n_channels * n_samples
        kind = np.float32 if dtype.itemsize == 2 else np.float64
        # Tables of phases stand in one array, those of parts each in its own.
        self._tables: list[NDArray[Any]]
        if self._margin:
            shape = (here.n_rows, n_chunks, n_samples)
            self._tables = [polyphase.room(shape, self._margin, kind)]
        else:
            shapes = [(1, here.n_rows, n_chunks, size) for size in here.sizes]
            self._tables = [np.empty(shape, kind) for shape in shapes]
        if here.n_rows > n_channels:
            for table in self._tables:
                table[:, n_channels:] = 0
        self._largest = [0] * len(here.sizes)

    def plan(self, shift: int) -> Plan:
        """The plan of chunks with this shift."""
        return plan(self._block, self._n_samples, shift)

    def fill(
        self, members: list[int], shift: int, stream: NDArray[np.uint8], low: NDArray[np.uint8]
    ) -> None:
        """Take in chunks of one shift: ``(n_members, size)`` and ``(n_members, n_low)`` bytes."""
        here = self.plan(shift)
        n_channels = len(self._block.rows)
        which = slice(None) if len(members) == self._n_chunks else members
        for places, table in zip(self._places(), _signed(stream, low, here), strict=True):
            halves = (table,) if len(places) == 1 else polyphase.halves(table)
            for (place, _), half in zip(places, halves, strict=True):
                turned = half.reshape(len(members), n_channels, -1).transpose(1, 0, 2)
                place[:n_channels, which] = turned
        self._largest = list(map(max, self._largest, here.largest))

    def escape(self, member: int, stream: NDArray[np.uint8], values: NDArray[np.int32]) -> None:
        """Put the residuals of a chunk that escaped where they belong."""
        where = np.flatnonzero(stream == ESCAPE)
        largest = int(np.abs(values.astype(np.int64)).max(initial=0))
        if largest >= _IN_FLOAT32:
            self._tables = [table.astype(np.float64) for table in self._tables]
        start = 0
        for part, (size, places) in enumerate(zip(self._sizes, self._places(), strict=True)):
            stop = start + len(self._block.rows) * size
            here = (where >= start) & (where < stop)
            channel, sample = np.divmod(where[here] - start, size)
            for place, samples in places:
                step, first = samples.step or 1, samples.start or 0
                mine = sample % step == first
                place[channel[mine], member, sample[mine] // step] = values[here][mine]
            self._largest[part] = max(self._largest[part], largest)
            start = stop

    def restore(self, out: NDArray[Any]) -> None:
        """The samples, into ``(n_channels, n_chunks, n_samples)``, channels as in the block."""
        n_channels = len(self._block.rows)
        block = self._block
        taps = block.taps if out.dtype.itemsize > 2 else block.taps32
        for part, lifting in enumerate(block.liftings):
            at = 0 if self._margin else part
            if self._tables[at].dtype == np.float32 and not lifting.exact_in_float32(
                self._largest[part]
            ):
                largest = max(float(np.abs(place).max()) for place, _ in self._places()[part])
                if not lifting.exact_in_float32(largest):
                    self._tables[at] = self._tables[at].astype(np.float64)
        liftings = (block.phased,) if self._margin else block.liftings
        for table, lifting in zip(self._tables, liftings, strict=True):
            lifting.backward(table.reshape(table.shape[0] * table.shape[1], -1))
        parts = [table[:, :n_channels].astype(taps[0].dtype, copy=False) for table in self._tables]
        if self._margin:
            polyphase.join(parts[0], taps, block.order, out)
        else:
            join([part[0] for part in parts], taps, block.order, out)

    def _places(self) -> list[list[tuple[NDArray[Any], slice]]]:
        """Where each part's samples belong, ``(n_rows, n_chunks, n)``, and which each place has."""
        if not self._margin:
            return [[(table[0], slice(None))] for table in self._tables]
        coarse, middle, even, odd = polyphase.cropped(self._tables[0], self._margin)
        fine = [(even, slice(0, None, 2)), (odd, slice(1, None, 2))]
        return [[(coarse, slice(None))], [(middle, slice(None))], fine]


def _signed(
    stream: NDArray[np.uint8], low: NDArray[np.uint8], here: Plan
) -> Iterator[NDArray[Any]]:
    """The residuals of each part, ``(n_chunks, n_channels * size)``; those that escape stay."""
    n_shifted = here.n_shifted
    if n_shifted:
        numbers: NDArray[Any] = stream[:, :n_shifted].astype(here.by_sample.dtype)
        numbers <<= here.by_sample
        numbers |= _low(low, here)
        shifted = unzigzag(numbers)
    if n_shifted < stream.shape[1]:
        bare = unzigzag(stream[:, n_shifted:])
    for start, stop in pairwise(here.starts):
        if stop <= n_shifted:
            yield shifted[:, start:stop]
        else:
            yield bare[:, start - n_shifted : stop - n_shifted]


def _low(packed: NDArray[np.uint8], here: Plan) -> NDArray[Any]:
    """The low bits of the samples that have any, ``(n_chunks, n_shifted)``."""
    bits: NDArray[Any] = np.unpackbits(packed, axis=1, bitorder="little")
    bits = bits * here.values  # shifting bytes takes four times as long
    found = np.zeros((len(packed), here.n_shifted), bits.dtype)
    for samples, theirs in here.lows:
        found[:, samples] |= bits[:, theirs]
    return found

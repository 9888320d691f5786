"""The way back from bytes to a block's samples, undoing `residuals`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import polyphase
from eegstore.codec.lifting import padded
from eegstore.codec.parameters import Block
from eegstore.codec.plan import ESCAPE, Plan, plan
from eegstore.codec.pyramid import join, part_sizes
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
        self._block = block
        self._sizes = part_sizes(n_samples, len(block.taps))
        self._n_samples = n_samples
        self._n_chunks = n_chunks
        self.size = len(block.rows) * n_samples
        n_rows = padded(len(block.rows))
        kind = np.float32 if dtype.itemsize == 2 else np.float64
        self._phased = polyphase.suits(n_samples, len(block.taps))
        sizes = [n_samples // polyphase.PHASES] * 3 if self._phased else list(self._sizes)
        shapes = [(n_rows, n_chunks, size) for size in sizes]
        # Tables of phases stand in one array, those of parts each in its own.
        self._tables: list[NDArray[Any]]
        if self._phased:
            self._tables = [np.empty((polyphase.PHASES, *shapes[0]), kind)]
        else:
            self._tables = [np.empty(shape, kind)[None] for shape in shapes]
        for table in self._tables:
            table[:, len(block.rows) :] = 0
        self._largest = [0.0] * len(self._sizes)

    def plan(self, shift: int) -> Plan:
        """The plan of chunks with this shift."""
        return plan(self._block, self._n_samples, shift)

    def fill(
        self, members: list[int], shift: int, stream: NDArray[np.uint8], low: NDArray[np.uint8]
    ) -> None:
        """Take in chunks of one shift: ``(n_members, size)`` and ``(n_members, n_low)`` bytes."""
        here = self.plan(shift)
        n_channels = len(self._block.rows)
        signed = _signed(stream, low, here, n_channels)
        which = slice(None) if len(members) == self._n_chunks else members
        for part, size in enumerate(here.sizes):
            table = signed[:, here.starts[part] : here.starts[part + 1]]
            turned = table.reshape(-1, n_channels, size).transpose(1, 0, 2)
            for place, samples in self._places(part):
                place[:n_channels, which] = turned[..., samples]
            self._largest[part] = max(self._largest[part], here.largest[part])

    def escape(self, member: int, stream: NDArray[np.uint8], values: NDArray[np.int32]) -> None:
        """Put the residuals of a chunk that escaped where they belong."""
        where = np.flatnonzero(stream == ESCAPE)
        largest = int(np.abs(values.astype(np.int64)).max(initial=0))
        if largest >= _IN_FLOAT32:
            self._tables = [table.astype(np.float64) for table in self._tables]
        start = 0
        for part, size in enumerate(self._sizes):
            stop = start + len(self._block.rows) * size
            here = (where >= start) & (where < stop)
            channel, sample = np.divmod(where[here] - start, size)
            for place, samples in self._places(part):
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
            at = 0 if self._phased else part
            if self._tables[at].dtype == np.float32 and not lifting.exact_in_float32(
                self._largest[part]
            ):
                largest = max(float(np.abs(place).max()) for place, _ in self._places(part))
                if not lifting.exact_in_float32(largest):
                    self._tables[at] = self._tables[at].astype(np.float64)
        liftings = (block.phased,) if self._phased else block.liftings
        for table, lifting in zip(self._tables, liftings, strict=True):
            lifting.backward(table.reshape(table.shape[0] * table.shape[1], -1))
        parts = [table[:, :n_channels].astype(taps[0].dtype, copy=False) for table in self._tables]
        if self._phased:
            polyphase.join(parts[0], taps, block.order, out)
        else:
            join([part[0] for part in parts], taps, block.order, out)

    def _places(self, part: int) -> list[tuple[NDArray[Any], slice]]:
        """Where a part's samples belong, ``(n_padded, n_chunks, n)``, and which each has."""
        if not self._phased:
            return [(self._tables[part][0], slice(None))]
        phases = self._tables[0]
        if part < 2:
            return [(phases[part], slice(None))]
        return [(phases[2], slice(0, None, 2)), (phases[3], slice(1, None, 2))]


def _signed(
    stream: NDArray[np.uint8], low: NDArray[np.uint8], here: Plan, n_channels: int
) -> NDArray[Any]:
    """The residuals ``(n_chunks, size)`` in a stream and its low bits; those that escape stay."""
    wide = max(here.largest) > 1 << 15
    numbers: NDArray[Any] = stream.astype(np.uint32 if wide else np.uint16)
    if here.planes:
        tables = [
            numbers[:, here.starts[part] : here.starts[part + 1]].reshape(-1, n_channels, size)
            for part, size in enumerate(here.sizes)
        ]
        _put_low(numbers, tables, here, np.unpackbits(low, axis=1, bitorder="little"))
    return unzigzag(numbers)


def _put_low(
    numbers: NDArray[Any], tables: list[NDArray[Any]], here: Plan, bits: NDArray[np.uint8]
) -> None:
    """Shift what the stream holds and set the low bits."""
    for table, shifts in zip(tables, here.shifts, strict=True):
        if shifts[0]:
            table <<= shifts.astype(table.dtype)[:, None]
    at = 0
    for part, bit, n_bits in here.planes:
        plane = bits[:, at : at + n_bits]
        if bit:
            plane = plane.astype(numbers.dtype)
            plane <<= bit
        numbers[:, here.starts[part] : here.starts[part] + n_bits] |= plane
        at += -(-n_bits // 8) * 8

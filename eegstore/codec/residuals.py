"""A block's samples as bytes to compress, and back: what codec 2 does between the samples
and zstd (`interpolated` describes the format)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import polyphase
from eegstore.codec.lifting import padded
from eegstore.codec.parameters import MAX_SHIFT, Block
from eegstore.codec.pyramid import join, part_sizes, split

ESCAPE = 255
TARGET = 4.0  # mean of the stream: smaller wastes whole bits, larger needs too many symbols
_LOUDER, _QUIETER = 1.8, 0.4  # times TARGET: then a chunk has a shift of its own
_LIMIT = float(1 << 31)
_IN_FLOAT32 = 1 << 24


@dataclass(frozen=True, eq=False)
class Plan:
    """Where everything is in the stream and the low bits of a block.

    Attributes
    ----------
    shifts : ndarray of int, (n_parts, n_channels)
        Of parts and channels in this chunk, not rising along the channels.
    sizes, starts : list of int
        Samples per channel of each part; where each begins in the stream, and its end.
    planes : list of (part, bit, number of bits)
        The runs of low bits in their order, each padded to whole bytes.
    n_low : int
        Bytes of low bits.
    largest : list of int
        What the residuals of a part that do not escape stay below.
    """

    shifts: NDArray[np.int64]
    sizes: tuple[int, ...]
    starts: list[int]
    planes: list[tuple[int, int, int]]
    n_low: int
    largest: list[int]


def plan(block: Block, n_samples: int, shift: int) -> Plan:
    """The plan for chunks of `n_samples` per channel that are shifted by `shift` more."""
    kept: Plan | None = block.plans.get((n_samples, shift))
    if kept is not None:
        return kept
    shifts = np.clip(block.shifts + shift, 0, MAX_SHIFT)
    sizes = part_sizes(n_samples, len(block.taps))
    n_channels = len(block.rows)
    planes = [
        (part, bit, int((shifts[part] > bit).sum()) * sizes[part])
        for part in range(len(shifts))
        for bit in range(int(shifts[part][0]))
    ]
    made = Plan(
        shifts, sizes, np.cumsum([0, *(n_channels * size for size in sizes)]).tolist(), planes,
        sum(-(-n_bits // 8) for _, _, n_bits in planes),
        [(ESCAPE << int(of_part[0])) // 2 + 1 for of_part in shifts],
    )  # fmt: skip
    if len(block.plans) < 256:
        block.plans[n_samples, shift] = made
    return made


def residuals(table: NDArray[Any], block: Block) -> list[NDArray[np.floating[Any]]]:
    """What prediction leaves of samples ``(n_channels, n_chunks, n_samples)``, by part."""
    return _parts(_left(table, block))


def _left(table: NDArray[Any], block: Block) -> list[NDArray[np.floating[Any]]]:
    """What prediction leaves: one table of four phases (`polyphase`), or one for each part.

    Each is ``(n_phases, n_channels, n_chunks, n)``; in float32 where that is as exact: of int16
    samples, the interpolation always is.
    """
    n_channels, n_chunks, n_samples = table.shape
    narrow = table.dtype.itemsize == 2
    taps = block.taps32 if narrow else block.taps
    kind = taps[0].dtype
    n_rows = padded(n_channels)
    liftings = block.liftings
    if polyphase.suits(n_samples, len(taps)):
        size = n_samples // polyphase.PHASES
        whole = np.empty((polyphase.PHASES, n_rows, n_chunks, size), kind)
        whole[:, n_channels:] = 0
        polyphase.split(table, taps, block.order, whole[:, :n_channels])
        tables, liftings = [whole], (block.phased,)
    else:
        tables = []
        for part in split(table.astype(kind), taps, block.order):
            rows = np.zeros((1, n_rows, *part.shape[1:]), kind)
            rows[0, :n_channels] = part
            tables.append(rows)
    left = []
    for rows, lifting in zip(tables, liftings, strict=True):
        if narrow and not lifting.forward_exact_in_float32(_magnitude(rows)):
            rows = rows.astype(np.float64)
        lifting.forward(rows.reshape(len(rows) * n_rows, -1))
        left.append(rows[:, :n_channels])
    return left


def _magnitude(table: NDArray[Any]) -> float:
    """The largest magnitude."""
    return max(float(table.max(initial=0)), -float(table.min(initial=0)))


def _parts(tables: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """The parts, ``(n_channels, n_chunks, n)``, of tables like those of `_left`."""
    whole = tables[0]
    if len(whole) == 1:
        return [table[0] for table in tables]
    fine = np.empty((*whole.shape[1:-1], 2 * whole.shape[-1]), whole.dtype)
    fine[..., ::2], fine[..., 1::2] = whole[2], whole[3]
    return [whole[0], whole[1], fine]


@dataclass(frozen=True, eq=False)
class Written:
    """The bytes of a block in some chunks.

    Attributes
    ----------
    possible : ndarray of bool, (n_chunks,)
        Whether the residuals of a chunk fit into 32 bits.
    shift : ndarray of int8, (n_chunks,)
    stream : ndarray of uint8, (n_chunks, n_channels * n_samples)
    low : list of bytes
    escapes : dict
        Chunk to the residuals that its stream does not hold.
    """

    possible: NDArray[np.bool_]
    shift: NDArray[np.int8]
    stream: NDArray[np.uint8]
    low: list[bytes]
    escapes: dict[int, bytes]


def write(table: NDArray[Any], block: Block) -> Written:
    """Samples ``(n_channels, n_chunks, n_samples)``, channels as in the block, as bytes."""
    n_channels, n_chunks, n_samples = table.shape
    left = _left(table, block)
    sizes = [np.abs(one) for one in left]
    top = max(float(one.max()) for one in sizes)
    possible = np.ones(n_chunks, np.bool_)
    if top >= _LIMIT:
        possible = np.max([one.max(axis=(0, 1, 3)) for one in sizes], axis=0) < _LIMIT
        left = [np.where(possible[:, None], one, 0) for one in left]
    kind: Any = np.int16 if top < 1 << 14 else np.int32 if top < _LIMIT / 4 else np.int64
    numbers = _parts([_zigzag(one.astype(kind)) for one in left])
    shift = _own_shift(sizes, block, n_samples)
    stream = np.empty((n_chunks, n_channels * n_samples), np.uint8)
    low = [b""] * n_chunks
    escapes = {}
    for own in set(shift.tolist()):
        members = np.flatnonzero(shift == own)
        here = plan(block, n_samples, own)
        mine = numbers if len(members) == n_chunks else [part[:, members] for part in numbers]
        stream[members] = _stream(mine, here)
        for member, packed in zip(members.tolist(), _low(mine, here), strict=True):
            low[member] = packed
    for index in np.flatnonzero((stream == ESCAPE).any(axis=1)).tolist():
        flat = np.concatenate([part[:, index].ravel() for part in numbers])
        flat = flat[stream[index] == ESCAPE]
        escapes[index] = ((flat >> 1) ^ -(flat & 1)).astype("<i4").tobytes()
    return Written(possible, shift, stream, low, escapes)


def _zigzag(signed: NDArray[Any]) -> NDArray[Any]:
    """0, -1, 1, -2 ... as 0, 1, 2, 3 ...; what it is given becomes something else."""
    doubled: NDArray[Any] = signed << 1
    signed >>= signed.itemsize * 8 - 1
    doubled ^= signed
    return doubled


def _own_shift(
    sizes: list[NDArray[np.floating[Any]]], block: Block, n_samples: int
) -> NDArray[np.int8]:
    """How much each chunk is to be shifted more, from the magnitudes of its residuals.

    `sizes` are tables like those of `_left`.
    """
    shifts = plan(block, n_samples, 0).shifts
    tables = [one for table in sizes for one in table]
    total = sum(
        2.0 ** (1 - shifts[min(part, len(shifts) - 1)]) @ (one @ np.ones(one.shape[-1], one.dtype))
        for part, one in enumerate(tables)
    )
    level = total / (len(block.rows) * n_samples) - 0.5  # what shifting cuts off, in the mean
    own = np.rint(np.log2(np.maximum(level, 1e-3) / TARGET))
    own[(level > TARGET * _QUIETER) & (level < TARGET * _LOUDER)] = 0
    deepest = int(block.shifts.max())
    limited: NDArray[np.int8] = np.clip(own, -deepest, MAX_SHIFT - deepest).astype(np.int8)
    return limited


def _stream(numbers: list[NDArray[Any]], here: Plan) -> NDArray[np.uint8]:
    n_chunks = numbers[0].shape[1]
    stream = np.empty((n_chunks, here.starts[-1]), np.uint8)
    for part, table in enumerate(numbers):
        shifts = here.shifts[part].astype(table.dtype)
        high = table >> shifts[:, None, None] if shifts[0] else table
        place = stream[:, here.starts[part] : here.starts[part + 1]]
        high = np.minimum(high, ESCAPE)
        place.reshape(n_chunks, len(table), -1)[:] = high.transpose(1, 0, 2)
    return stream


def _low(numbers: list[NDArray[Any]], here: Plan) -> list[bytes]:
    n_chunks = numbers[0].shape[1]
    if not here.planes:
        return [b""] * n_chunks
    packed = []
    for part, bit, n_bits in here.planes:
        table = numbers[part][: n_bits // here.sizes[part]]
        bits = (table >> bit).astype(np.uint8)
        bits &= 1
        flat = bits.transpose(1, 0, 2).reshape(n_chunks, -1)
        packed.append(np.packbits(flat, axis=1, bitorder="little"))
    return [row.tobytes() for row in np.concatenate(packed, axis=1)]


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
    signed: NDArray[Any] = (numbers >> 1).view(np.int32 if wide else np.int16)
    numbers &= 1
    sign = numbers.view(signed.dtype)
    signed ^= np.negative(sign, out=sign)
    return signed


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

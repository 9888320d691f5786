"""From chunks to one continuous window, with gaps as gaps.

Channels of one `sfreq` form a block; a window of equal rates has one block, and its
`data`, `digital` and `sfreq` speak for the whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import Batch
from eegstore.errors import InvalidDataError
from eegstore.model import Channel, Chunk, Digital, Recording, Runs, SampleType
from eegstore.timebase import first_sample


@dataclass(frozen=True, slots=True)
class Block:
    """The channels of a window that share one `sfreq`.

    Parameters
    ----------
    sfreq : Fraction
        [Hz]
    rows : tuple of int
        Which of the window's channels these are.
    first_sample : int
        Index of column 0, from recording start.
    digital : ndarray, (n_rows, n_samples)
        Samples as stored; 0 where `present` is False.
    present : ndarray of bool, (n_rows, n_samples), or None
        Which samples exist; None when all do.
    """

    sfreq: Fraction
    rows: tuple[int, ...]
    first_sample: int
    digital: Digital
    present: NDArray[np.bool_] | None

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of every column [s] from recording start, (n_samples,)."""
        index = np.arange(self.first_sample, self.first_sample + self.digital.shape[1])
        return index * self.sfreq.denominator / self.sfreq.numerator


@dataclass(frozen=True, slots=True)
class Window:
    """The samples of some channels between two times."""

    patient_id: str
    recording_id: str
    start: Fraction  # [s] from recording start
    stop: Fraction  # [s]
    channels: tuple[Channel, ...]
    sample_type: SampleType
    blocks: tuple[Block, ...]

    def physical(self, block: Block, dtype: type = np.float32) -> NDArray[Any]:
        """Values of a block in each channel's unit, (n_rows, n_samples), NaN in gaps.

        Computed in float64 and rounded once to `dtype`.
        """
        values: NDArray[Any]
        if self.sample_type is SampleType.FLOAT32:
            values = block.digital.astype(dtype)
        else:
            channels = [self.channels[row] for row in block.rows]
            values = block.digital * np.array([[c.gain] for c in channels], np.float64)
            values += np.array([[c.offset] for c in channels], np.float64)
            values = values.astype(dtype, copy=False)
        if block.present is not None:
            values[~block.present] = np.nan
        return values

    @property
    def data(self) -> NDArray[np.float32]:
        """Values in each channel's unit, float32 (n_channels, n_samples), NaN in gaps.

        Raises
        ------
        InvalidDataError
            When the channels differ in rate; see `blocks`.
        """
        return self.physical(self._only)

    @property
    def digital(self) -> Digital:
        """Samples as stored, (n_channels, n_samples), 0 in gaps; see `Block.present`."""
        return self._only.digital

    @property
    def sfreq(self) -> float:
        """Sampling frequency [Hz] of all channels."""
        return float(self._only.sfreq)

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of every column [s] from recording start, (n_samples,)."""
        return self._only.times

    @property
    def _only(self) -> Block:
        if len(self.blocks) != 1:
            rates = ", ".join(f"{float(b.sfreq):g}" for b in self.blocks)
            raise InvalidDataError(
                f"the window has {len(self.blocks)} sampling frequencies ({rates} Hz); "
                "use its blocks, or ask for channels of one rate"
            )
        return self.blocks[0]


def rates(channels: Sequence[Channel]) -> dict[Fraction, list[int]]:
    """Rows by `sfreq`, in the order in which the rates first occur."""
    groups: dict[Fraction, list[int]] = {}
    last: Fraction | None = None
    for row, channel in enumerate(channels):
        if channel.sfreq is not last:  # hashing a Fraction takes longer than all else here
            last = channel.sfreq
            members = groups.setdefault(last, [])
        members.append(row)
    return groups


def assemble(
    recording: Recording,
    rows: Sequence[int],
    start: Fraction,
    stop: Fraction,
    chunks: Iterable[Chunk],
) -> Window:
    """The window of `rows` from `start` to `stop` [s] out of the chunks that touch it.

    Equals slicing the whole recording at ``start <= n / sfreq < stop``.
    """
    batches = [Batch([chunk.second], chunk.runs, chunk.samples[None]) for chunk in chunks]
    return assemble_batches(recording, rows, start, stop, batches)


def assemble_batches(
    recording: Recording,
    rows: Sequence[int],
    start: Fraction,
    stop: Fraction,
    batches: Iterable[Batch],
) -> Window:
    """As `assemble`, out of seconds that were decoded together."""
    channels = tuple([recording.channels[row] for row in rows])
    groups = rates(channels)
    dtype = recording.sample_type.dtype
    batches = list(batches)
    if len(batches) == 1 and len(groups) == 1:
        ((f, members),) = groups.items()
        whole = _whole(batches[0], rows, f, start, stop)
        if whole is not None:
            block = Block(f, tuple(members), first_sample(start, f), whole, None)
            return Window(
                recording.patient_id, recording.recording_id, start, stop, channels,
                recording.sample_type, (block,),
            )  # fmt: skip
    edges = {f: (first_sample(start, f), first_sample(stop, f)) for f in groups}
    arrays = {f: np.zeros((len(r), edges[f][1] - edges[f][0]), dtype) for f, r in groups.items()}
    seen = {f: np.zeros(a.shape, np.bool_) for f, a in arrays.items()}
    for batch in batches:
        one = _shared_run(batch.runs)
        for f, members in groups.items():
            sources = [rows[member] for member in members]
            if one is not None:
                _paste_batch(arrays[f], seen[f], batch, sources, f, one, edges[f][0])
            else:
                _paste_runs(arrays[f], seen[f], batch, sources, f, edges[f][0])
    blocks = tuple(
        Block(f, tuple(groups[f]), edges[f][0], arrays[f], None if seen[f].all() else seen[f])
        for f in groups
    )
    return Window(
        recording.patient_id, recording.recording_id, start, stop, channels,
        recording.sample_type, blocks,
    )  # fmt: skip


def _whole(
    batch: Batch, rows: Sequence[int], sfreq: Fraction, start: Fraction, stop: Fraction
) -> Digital | None:
    """The samples of a window that one batch has without a gap, if it is so."""
    seconds = batch.seconds
    n_channels = len(batch.runs)
    first, last = first_sample(start, sfreq), first_sample(stop, sfreq)
    origin = first_sample(seconds[0], sfreq)
    if (
        batch.samples.ndim != 3
        or _shared_run(batch.runs) != 0
        or sfreq.denominator != 1
        or batch.samples.shape[2] != sfreq
        or seconds != list(range(seconds[0], seconds[0] + len(seconds)))
        or first < origin
        or last > first_sample(seconds[-1] + 1, sfreq)
    ):
        return None
    table = batch.samples
    if list(rows) != list(range(n_channels)):
        table = table[rows]
    flat = table.reshape(len(table), -1)
    return np.ascontiguousarray(flat[:, first - origin : last - origin])


def _shared_run(runs: Runs) -> int | None:
    """First sample of the one run that all channels share, if they do."""
    first = runs[0]
    if len(first) == 1 and all(channel == first for channel in runs):
        return first[0][0]
    return None


def _paste_batch(
    target: Digital,
    seen: NDArray[np.bool_],
    batch: Batch,
    sources: list[int],
    sfreq: Fraction,
    first: int,
    origin: int,
) -> None:
    """Paste seconds in which all channels have one run, the same; abutting seconds at once."""
    n_channels = len(batch.runs)
    table = batch.samples
    if table.ndim == 2:
        table = table.reshape(len(table), n_channels, -1).transpose(1, 0, 2)
    if sources != list(range(n_channels)):
        table = table[sources]
    count = table.shape[2]
    starts = [first_sample(second, sfreq) + first - origin for second in batch.seconds]
    at = 0
    for index in range(1, len(starts) + 1):
        if index == len(starts) or starts[index] != starts[index - 1] + count:
            whole = table[:, at:index].reshape(len(table), -1)
            _paste(target, seen, slice(None), whole, starts[at], target.shape[1])
            at = index


def _paste_runs(
    target: Digital,
    seen: NDArray[np.bool_],
    batch: Batch,
    sources: list[int],
    sfreq: Fraction,
    origin: int,
) -> None:
    """Paste seconds run by run."""
    counts = [sum(count for _, count in channel) for channel in batch.runs]
    offsets = np.concatenate([[0], np.cumsum(counts)]).tolist()
    for chunk in batch.chunks():
        base = first_sample(chunk.second, sfreq) - origin
        for at, source in enumerate(sources):
            position = offsets[source]
            for first, count in chunk.runs[source]:
                run = chunk.samples[position : position + count]
                _paste(target, seen, at, run, base + first, target.shape[1])
                position += count


def _paste(
    target: Digital,
    seen: NDArray[np.bool_],
    rows: slice | int,
    run: Digital,
    at: int,
    width: int,
) -> None:
    """Put the samples of `run` that fall into the window at column `at`."""
    count = run.shape[-1]
    lo, hi = max(at, 0), min(at + count, width)
    if lo < hi:
        target[rows, lo:hi] = run[..., lo - at : hi - at]
        seen[rows, lo:hi] = True

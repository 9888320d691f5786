"""From chunks to one continuous window, with gaps as gaps.

Channels of one `sfreq` form a block; a window of equal rates has one block, and its
`data`, `digital` and `sfreq` speak for the whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import Batch
from eegstore.errors import InvalidDataError
from eegstore.model import Channel, Chunk, Digital, Recording, Runs, SampleType
from eegstore.picks import Calibration, Picks, pick
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
    calibration: Calibration = field(repr=False, compare=False)

    def physical(self, block: Block, dtype: type = np.float32) -> NDArray[Any]:
        """Values of a block in each channel's unit, (n_rows, n_samples), NaN in gaps.

        Computed in float64 and rounded once to `dtype`.
        """
        values: NDArray[Any]
        if self.sample_type is SampleType.FLOAT32:
            values = block.digital.astype(dtype)
        else:
            values = self.calibration.values(block.digital, block.rows, dtype)
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
    return assemble_batches(pick(recording, rows), start, stop, batches)


def assemble_batches(
    picks: Picks, start: Fraction, stop: Fraction, batches: Iterable[Batch]
) -> Window:
    """As `assemble`, out of seconds that were decoded together."""
    batches = list(batches)
    blocks = _one_block(picks, start, stop, batches) or _blocks(picks, start, stop, batches)
    recording = picks.recording
    return Window(
        recording.patient_id, recording.recording_id, start, stop, picks.channels,
        recording.sample_type, blocks, picks.calibration,
    )  # fmt: skip


def _blocks(
    picks: Picks, start: Fraction, stop: Fraction, batches: Sequence[Batch]
) -> tuple[Block, ...]:
    groups, rows = picks.rates, picks.rows
    dtype = picks.recording.sample_type.dtype
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
    return tuple(
        Block(f, groups[f], edges[f][0], arrays[f], None if seen[f].all() else seen[f])
        for f in groups
    )


def _one_block(
    picks: Picks, start: Fraction, stop: Fraction, batches: Sequence[Batch]
) -> tuple[Block] | None:
    """The block of a window of whole seconds of one rate, none of which is missing; else None."""
    if len(picks.rates) != 1:
        return None
    ((sfreq, members),) = picks.rates.items()
    first, last = start.numerator // start.denominator, -(-stop.numerator // stop.denominator)
    seconds = list(range(first, last))
    if not seconds or sorted([k for batch in batches for k in batch.seconds]) != seconds:
        return None
    width, more = sfreq.numerator, sfreq.denominator
    for batch in batches:
        table = batch.samples
        if more != 1 or table.ndim != 3 or table.shape[2] != width or _shared_run(batch.runs) != 0:
            return None
    if len(batches) == 1 and batches[0].seconds == seconds:
        table = _picked(batches[0], picks)
    else:
        table = np.empty((len(members), len(seconds), width), batches[0].samples.dtype)
        for batch in batches:
            table[:, _columns(batch.seconds, first)] = _picked(batch, picks)
    flat = table.reshape(len(members), -1)
    left, right = first_sample(start, sfreq), first_sample(stop, sfreq)
    digital = np.ascontiguousarray(flat[:, left - first * width : right - first * width])
    return (Block(sfreq, members, left, digital, None),)


def _picked(batch: Batch, picks: Picks) -> Digital:
    return batch.samples if picks.are_all else batch.samples[list(picks.rows)]


def _columns(seconds: Sequence[int], first: int) -> slice | list[int]:
    """Where these seconds lie in a table that begins with second `first`."""
    columns = [second - first for second in seconds]
    stop = columns[0] + len(columns)
    return slice(columns[0], stop) if columns == list(range(columns[0], stop)) else columns


def _shared_run(runs: Runs) -> int | None:
    """First sample of the one run that all channels share, if they do."""
    first = runs[0]
    if len(first) == 1 and runs.count(first) == len(runs):
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

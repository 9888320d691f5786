"""Data records as bytes and as arrays (EDF+ 2.1.2).

A record holds `n_samples` samples of every signal, signal after signal, little-endian two's
complement of 16 bits (EDF) or 24 bits (BDF). Consecutive signals of one rate are a *strip*:
one slice of the record, and one array ``(n_rows, n_samples)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.edf.placement import GroupRuns
from eegstore.errors import EdfError
from eegstore.model import Chunk, Digital, Recording, Runs, SampleType


class Strip(NamedTuple):
    """Consecutive channels of one rate."""

    group: int  # which rate
    row: int  # the first of the recording's channels
    n_rows: int
    offset: int  # [byte] from the record's start


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """Where the signals lie in a record.

    A group is all channels of one rate, numbered in the order of their first channel.
    """

    sample_bytes: int  # 2 or 3
    record_bytes: int
    rates: tuple[Fraction, ...]  # [Hz] of every group
    counts: tuple[int, ...]  # samples per record, of every group
    groups: tuple[int, ...]  # of every channel
    strips: tuple[Strip, ...]
    annotations: tuple[tuple[int, int], ...]  # (offset, bytes) of every annotation signal

    @classmethod
    def of(
        cls, sample_bytes: int, signals: Sequence[tuple[int, Fraction | None]]
    ) -> "RecordLayout":
        """From (samples per record, sfreq) of every signal; sfreq None means annotations."""
        rates: dict[Fraction, int] = {}
        counts: list[int] = []
        groups: list[int] = []
        strips: list[Strip] = []
        annotations = []
        offset, joined = 0, False
        for n_samples, sfreq in signals:
            if sfreq is None:
                annotations.append((offset, n_samples * sample_bytes))
            else:
                group = rates.setdefault(sfreq, len(rates))
                if group == len(counts):
                    counts.append(n_samples)
                if joined and strips[-1].group == group:
                    strips[-1] = strips[-1]._replace(n_rows=strips[-1].n_rows + 1)
                else:
                    strips.append(Strip(group, len(groups), 1, offset))
                groups.append(group)
            joined = sfreq is not None
            offset += n_samples * sample_bytes
        return cls(
            sample_bytes, offset, tuple(rates), tuple(counts), tuple(groups), tuple(strips),
            tuple(annotations),
        )  # fmt: skip

    @property
    def annotation_bytes(self) -> int:
        """Bytes of annotations in one record."""
        return sum(size for _, size in self.annotations)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of samples in memory."""
        return (SampleType.INT16 if self.sample_bytes == 2 else SampleType.INT32).dtype

    def per_channel(self, by_group: Sequence[GroupRuns]) -> Runs:
        """Runs of every channel from those of every group."""
        return tuple(by_group[group] for group in self.groups)

    def unpack(self, raw: bytes, strip: Strip) -> Digital:
        """The samples of `strip` in whole records, (n_rows, n_records * n_samples)."""
        table = np.frombuffer(raw, np.uint8).reshape(-1, self.record_bytes)
        count, width = self.counts[strip.group], self.sample_bytes
        part = table[:, strip.offset : strip.offset + strip.n_rows * count * width]
        bytes_ = part.reshape(len(table), strip.n_rows, count, width).swapaxes(0, 1)
        return from_bytes(bytes_).reshape(strip.n_rows, -1)

    def pack(self, arrays: Sequence[Digital], annotations: bytes, n_records: int) -> bytes:
        """`n_records` records from the arrays of all strips and all annotation bytes."""
        table = np.empty((n_records, self.record_bytes), np.uint8)
        for strip, array in zip(self.strips, arrays, strict=True):
            shape = (strip.n_rows, n_records, self.counts[strip.group])
            bytes_ = to_bytes(array.reshape(shape).swapaxes(0, 1), self.sample_bytes)
            size = strip.n_rows * shape[2] * self.sample_bytes
            table[:, strip.offset : strip.offset + size] = bytes_.reshape(n_records, size)
        words = np.frombuffer(annotations, np.uint8).reshape(n_records, self.annotation_bytes)
        column = 0
        for offset, size in self.annotations:
            table[:, offset : offset + size] = words[:, column : column + size]
            column += size
        return table.tobytes()


def from_bytes(raw: NDArray[np.uint8]) -> Digital:
    """int16 or int32 of the same shape without the last axis, which holds 2 or 3 bytes."""
    if raw.shape[-1] == 2:
        return np.ascontiguousarray(raw).view("<i2")[..., 0]
    wide = np.empty((*raw.shape[:-1], 4), np.uint8)
    wide[..., 0] = 0
    wide[..., 1:] = raw
    samples = wide.view("<i4")[..., 0]
    samples >>= 8
    return samples


def to_bytes(samples: Digital, sample_bytes: int) -> NDArray[np.uint8]:
    """The bytes of int16 (2) or int32 within 24 bits (3), on an axis of their own."""
    if sample_bytes == 2:
        wide = np.ascontiguousarray(samples, "<i2")
        return wide.view(np.uint8).reshape(*samples.shape, 2)
    wide = np.ascontiguousarray(samples, "<i4")
    return wide.view(np.uint8).reshape(*samples.shape, 4)[..., :3]


class Streams:
    """Samples of chunks on their way into records: a queue for every strip.

    Parameters
    ----------
    layout : RecordLayout
    recording : Recording
        Its channels are the layout's.
    """

    def __init__(self, layout: RecordLayout, recording: Recording) -> None:
        self._layout = layout
        self._dtype = recording.sample_type.dtype
        self._queues: list[list[Digital]] = [[] for _ in layout.strips]
        self._waiting = [0] * len(layout.strips)
        self._runs: Runs | None = None
        self._by_group: list[GroupRuns] = []
        self._second = -1

    def split(self, chunk: Chunk) -> tuple[list[GroupRuns], list[Digital]]:
        """The runs of every group and the samples of every strip, (n_rows, n_samples).

        Raises
        ------
        EdfError
            Not in order, of another type or size, or channels of one rate whose runs differ.
        """
        layout, samples = self._layout, chunk.samples
        if chunk.second <= self._second:
            raise EdfError(f"second {chunk.second} comes after second {self._second}")
        if samples.dtype != self._dtype:
            raise EdfError(f"second {chunk.second}: samples are {samples.dtype}, not {self._dtype}")
        if chunk.runs is not self._runs:
            self._by_group = runs_by_group(layout, chunk.second, chunk.runs)
            self._runs = chunk.runs
        self._second = chunk.second
        counts = [sum(count for _, count in runs) for runs in self._by_group]
        total = sum(strip.n_rows * counts[strip.group] for strip in layout.strips)
        if samples.shape != (total,):
            raise EdfError(f"second {chunk.second}: {samples.shape} samples, its runs say {total}")
        arrays, position = [], 0
        for strip in layout.strips:
            size = strip.n_rows * counts[strip.group]
            part = samples[position : position + size]
            arrays.append(part.reshape(strip.n_rows, counts[strip.group]))
            position += size
        return self._by_group, arrays

    def push(self, at: int, array: Digital) -> None:
        """Append samples to strip number `at`."""
        if array.shape[1]:
            self._queues[at].append(array)
            self._waiting[at] += array.shape[1]

    @property
    def n_records(self) -> int:
        """Whole records that wait, of a layout that has channels."""
        return min(
            waiting // self._layout.counts[strip.group]
            for waiting, strip in zip(self._waiting, self._layout.strips, strict=True)
        )

    @property
    def is_empty(self) -> bool:
        """Nothing waits."""
        return not any(self._waiting)

    def take(self, n_records: int) -> list[Digital]:
        """The samples of the next `n_records` records, an array for every strip."""
        taken = []
        for at, strip in enumerate(self._layout.strips):
            count = n_records * self._layout.counts[strip.group]
            queue = self._queues[at]
            whole = queue[0] if len(queue) == 1 else np.concatenate(queue, axis=1)
            taken.append(whole[:, :count])
            self._waiting[at] -= count
            self._queues[at] = [whole[:, count:].copy()] if self._waiting[at] else []
        return taken


def runs_by_group(layout: RecordLayout, second: int, runs: Runs) -> list[GroupRuns]:
    """Runs of every group.

    Raises
    ------
    EdfError
        Another number of channels, or channels of one rate whose runs differ.
    """
    if len(runs) != len(layout.groups):
        raise EdfError(f"second {second}: {len(runs)} channels, the recording {len(layout.groups)}")
    found: dict[int, GroupRuns] = {}
    for row, (group, one) in enumerate(zip(layout.groups, runs, strict=True)):
        if found.setdefault(group, one) != one:
            raise EdfError(
                f"second {second}: channel {row + 1} has the runs {one}, others of "
                f"{float(layout.rates[group]):g} Hz have {found[group]}; a record of EDF begins "
                "and ends for all channels at once"
            )
    return [found[group] for group in range(len(layout.rates))]

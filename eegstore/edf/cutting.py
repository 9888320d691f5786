"""Cutting the records of a file into the seconds of a recording."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from eegstore.edf.placement import GroupRuns, Placement
from eegstore.edf.records import RecordLayout, from_bytes
from eegstore.model import Chunk, Digital, Runs
from eegstore.timebase import first_sample

BLOCK_SECONDS = 60
BLOCK_BYTES = 8 << 20


class Cutter:
    """The chunks of a file, read in blocks.

    Parameters
    ----------
    read : callable
        Bytes of the file by (offset, size).
    base : int
        Where the first record begins [byte].
    layout : RecordLayout
    placements : sequence of Placement
        Of every group of channels.
    """

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        base: int,
        layout: RecordLayout,
        placements: Sequence[Placement],
    ) -> None:
        self._read = read
        self._base = base
        self._layout = layout
        self._placements = placements
        self._known_runs: dict[tuple[GroupRuns, ...], Runs] = {}

    @property
    def n_seconds(self) -> int:
        """Seconds up to the one that holds the last sample, inclusive."""
        ends = [
            int((placement.stop - 1) / rate) + 1
            for placement, rate in zip(self._placements, self._layout.rates, strict=True)
        ]
        return max(ends, default=0)

    def chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        """Chunks of ``start <= second < stop``; those without any sample are left out."""
        layout = self._layout
        per_second = sum(
            strip.n_rows * layout.rates[strip.group] * layout.dtype.itemsize
            for strip in layout.strips
        )
        if not per_second:
            return
        step = min(max(int(BLOCK_BYTES / per_second), 1), BLOCK_SECONDS)
        second, stop = max(start, 0), min(stop, self.n_seconds)
        while second < stop:
            second = self._following(second)
            yield from self._block(second, min(second + step, stop))
            second += step

    def _block(self, start: int, stop: int) -> Iterator[Chunk]:
        layout, n_seconds = self._layout, stop - start
        if n_seconds <= 0:
            return
        ends = [
            (p.position(first_sample(start, rate)), p.position(first_sample(stop, rate)))
            for p, rate in zip(self._placements, layout.rates, strict=True)
        ]
        arrays = self._samples(ends)
        if all(
            rate.denominator == 1 and hi - lo == n_seconds * rate
            for rate, (lo, hi) in zip(layout.rates, ends, strict=True)
        ):
            runs = self._runs(tuple(((0, int(rate)),) for rate in layout.rates))
            for at, samples in enumerate(self._full_seconds(arrays, n_seconds)):
                yield Chunk(start + at, runs, samples)
            return
        edges = [
            [first_sample(second, rate) for second in range(start, stop + 1)]
            for rate in layout.rates
        ]
        positions = [
            [placement.position(sample) for sample in samples]
            for placement, samples in zip(self._placements, edges, strict=True)
        ]
        for at in range(n_seconds):
            cuts = [(p[at] - p[0], p[at + 1] - p[0]) for p in positions]
            if all(lo == hi for lo, hi in cuts):
                continue
            runs = self._runs(
                tuple(
                    placement.runs(samples[at], samples[at + 1])
                    for placement, samples in zip(self._placements, edges, strict=True)
                )
            )
            parts = [
                array[:, slice(*cuts[strip.group])].reshape(-1)
                for strip, array in zip(layout.strips, arrays, strict=True)
            ]
            yield Chunk(start + at, runs, parts[0] if len(parts) == 1 else np.concatenate(parts))

    def _full_seconds(self, arrays: Sequence[Digital], n_seconds: int) -> Digital:
        """(n_seconds, n_samples) of seconds that lack nothing, channel after channel."""
        layout = self._layout
        widths = [strip.n_rows * int(layout.rates[strip.group]) for strip in layout.strips]
        table = np.empty((n_seconds, sum(widths)), layout.dtype)
        column = 0
        for strip, array, width in zip(layout.strips, arrays, widths, strict=True):
            shape = (strip.n_rows, n_seconds, width // strip.n_rows)
            part = array.reshape(shape).swapaxes(0, 1)
            table[:, column : column + width] = part.reshape(n_seconds, width)
            column += width
        return table

    def _samples(self, ranges: Sequence[tuple[int, int]]) -> list[Digital]:
        """Samples of every strip, (n_rows, hi - lo), by the (lo, hi) positions of its group.

        Reads whole records, except where they are much larger than what is asked for.
        """
        layout = self._layout
        spans = [
            (lo // count, -(-hi // count))
            for (lo, hi), count in zip(ranges, layout.counts, strict=True)
            if lo < hi
        ]
        first = min((span[0] for span in spans), default=0)
        stop = max((span[1] for span in spans), default=0)
        wanted = sum(s.n_rows * (ranges[s.group][1] - ranges[s.group][0]) for s in layout.strips)
        base = self._base
        if (stop - first) * layout.record_bytes > 4 * wanted * layout.sample_bytes + (1 << 20):
            return self._sparse_samples(ranges)
        raw = self._read(base + first * layout.record_bytes, (stop - first) * layout.record_bytes)
        found = []
        for strip in layout.strips:
            lo, hi = ranges[strip.group]
            skip = first * layout.counts[strip.group]
            found.append(layout.unpack(raw, strip)[:, lo - skip : hi - skip])
        return found

    def _sparse_samples(self, ranges: Sequence[tuple[int, int]]) -> list[Digital]:
        layout, found = self._layout, []
        for strip in layout.strips:
            lo, hi = ranges[strip.group]
            count, width = layout.counts[strip.group], layout.sample_bytes
            array = np.empty((strip.n_rows, hi - lo), layout.dtype)
            at = lo
            while at < hi:
                record, within = divmod(at, count)
                size = min(hi - at, count - within)
                base = self._base + record * layout.record_bytes + strip.offset
                for row in range(strip.n_rows):
                    raw = self._read(base + (row * count + within) * width, size * width)
                    samples = from_bytes(np.frombuffer(raw, np.uint8).reshape(size, width))
                    array[row, at - lo : at - lo + size] = samples
                at += size
            found.append(array)
        return found

    def _runs(self, by_group: tuple[GroupRuns, ...]) -> Runs:
        known = self._known_runs.get(by_group)
        if known is None:
            if len(self._known_runs) >= 1024:
                self._known_runs.clear()
            known = self._known_runs[by_group] = self._layout.per_channel(by_group)
        return known

    def _following(self, second: int) -> int:
        """The first second at or after `second` that holds a sample."""
        found = []
        for placement, rate in zip(self._placements, self._layout.rates, strict=True):
            sample = placement.following(first_sample(second, rate))
            if sample is not None:
                found.append(int(sample / rate))
        return max(second, min(found))

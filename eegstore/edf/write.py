"""Writing EDF+C and EDF+D (BDF+ for 24 bits), counts as they are stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

import numpy as np

from eegstore.edf.crop import crop_annotations, crop_of, crop_runs
from eegstore.edf.fields import (
    annotation_fields,
    channel_fields,
    compose_header,
    is_plain_number,
)
from eegstore.edf.header import Header
from eegstore.edf.identification import later, plus_patient, plus_recording, subfield
from eegstore.edf.original import Original
from eegstore.edf.placement import Placement
from eegstore.edf.plan import Plan, own_plan, placements_of, plan_records
from eegstore.edf.records import RecordLayout, Streams
from eegstore.edf.requantise import Requantiser
from eegstore.edf.tal import decimal, format_tal, spread, timekeeping
from eegstore.errors import EdfError
from eegstore.model import Annotation, Channel, Chunk, Digital, Recording, Runs, SampleType, Span
from eegstore.timebase import first_sample


class EdfWriter:
    """A recording, or a crop of it, as an EDF+ or BDF+ file, written while chunks arrive.

    A gap stays a gap (EDF+D). The records are those of the original file when all of it is
    written, else they last one second, or what the data can be divided into. A record may be
    longer than the 61440 bytes that EDF recommends. One annotation signal holds the start of
    every record and the annotations.

    Parameters
    ----------
    recording : Recording
    runs : iterable of (second, Runs)
        Of all chunks in the crop, in order; read once, before samples come.
    annotations : iterable of Annotation
        Those outside the crop are dropped. One that reaches into it begins at its start, with
        the rest of its duration; one that reaches out of it keeps its duration.
    original : Original, optional
        Where the recording comes from; its header fields are used again, plain EDF identification
        fields with the subfields of EDF+.
    onsets : sequence of Fraction, optional
        Of the original's records, as `record_onsets` gives them. EDF+D needs all of them to get
        its own records back; of others the first is used, which may be finer than `start_time`.
    start, stop : Fraction, optional
        Bounds of the crop [s from recording start].
    bdf : bool, optional
        24 bits; by default for int32.
    lossy : bool
        Allow what changes values: int32 in 16 bits, float32 in either (see `Requantiser`),
        header texts shortened, calibrations rounded to 8 characters.
    ranges : sequence of (low, high), optional
        Of every channel, in samples as stored, for requantising.

    Attributes
    ----------
    n_records : int
    size : int
        Of the whole file [byte].

    Raises
    ------
    EdfError
        EDF cannot hold this exactly; says why, and names the nearest crop that it can.
    SpanError
        The crop stops before it starts.
    """

    def __init__(
        self,
        recording: Recording,
        runs: Iterable[tuple[int, Runs]],
        annotations: Iterable[Annotation] = (),
        *,
        original: Original | None = None,
        onsets: Sequence[Fraction] | None = None,
        start: Fraction | None = None,
        stop: Fraction | None = None,
        bdf: bool | None = None,
        lossy: bool = False,
        ranges: Sequence[tuple[float, float]] | None = None,
    ) -> None:
        if start is not None and stop is not None:
            Span(start, stop)
        kind = recording.sample_type
        self._bytes = 3 if (kind is SampleType.INT32 if bdf is None else bdf) else 2
        self._requantiser: Requantiser | None = None
        channels = recording.channels
        if kind is SampleType.FLOAT32 or (kind is SampleType.INT32 and self._bytes == 2):
            if not lossy:
                raise EdfError(
                    f"samples are {kind}, {'BDF' if self._bytes == 3 else 'EDF'} has "
                    f"{8 * self._bytes} bits of integer; lossy=True requantises them"
                )
            self._requantiser = Requantiser(recording, ranges, self._bytes)
            channels = self._requantiser.channels
        source = None if original is None else original.parsed
        if source is not None and len(source.channels) != len(channels):
            raise EdfError(
                f"{len(channels)} channels, the original header has {len(source.channels)}"
            )
        self._limits = [crop_of(rate, start, stop) for rate in _rates(channels)]
        self._placements, self._plan, is_own = _divide(
            channels, runs, start, stop, original, onsets
        )
        zero = _exact_start(recording, source, onsets)
        begin = zero + self._plan.stretches[0][0]
        self._shift = zero - begin // 1
        self.n_records = self._plan.n_records

        room = self._annotate(channels, crop_annotations(annotations, start, stop))
        counts = [int(self._plan.duration * channel.sfreq) for channel in channels]
        words = -(-room // self._bytes)
        self._layout = RecordLayout.of(
            self._bytes,
            [*((n, c.sfreq) for n, c in zip(counts, channels, strict=True)), (words, None)],
        )
        second = None
        if recording.start_time is not None:
            second = later(later(recording.start_time, -zero), Fraction(begin // 1))
        self._header = self._compose(recording, channels, second, source, is_own, lossy)
        self._streams = Streams(self._layout, recording)
        self._times = self._plan.onsets(self._shift)
        self._written = 0
        self._pushed = [0] * len(self._layout.rates)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self._header) + self.n_records * self._layout.record_bytes

    def header(self) -> bytes:
        """The file's first bytes."""
        return self._header

    def feed(self, chunks: Sequence[Chunk]) -> bytes:
        """All records that are complete with `chunks`, which come in order.

        Raises
        ------
        EdfError
            A chunk that is not what `runs` said, or a count that 24 bits cannot hold.
        """
        for chunk in chunks:
            self._push(chunk)
        return self._records(self._streams.n_records if self._layout.strips else 0)

    def finish(self) -> bytes:
        """The rest of the file.

        Raises
        ------
        EdfError
            Chunks that `runs` announced did not come.
        """
        made = b"" if self._layout.strips else self._records(self.n_records)
        if self._written != self.n_records or not self._streams.is_empty:
            raise EdfError(f"{self._written} of {self.n_records} records got their samples")
        return made

    def _compose(
        self,
        recording: Recording,
        channels: Sequence[Channel],
        start: datetime | None,
        source: Header | None,
        is_own: bool,
        lossy: bool,
    ) -> bytes:
        """The header; `is_own`: the records are those of `source`."""
        layout = self._layout
        signals = [
            (
                channel_fields(channel, source.ordinary[row] if source else None, lossy),
                layout.counts[layout.groups[row]],
            )
            for row, channel in enumerate(channels)
        ]
        signals.append((annotation_fields(self._bytes), layout.annotation_bytes // self._bytes))
        split, duration = not self._plan.is_continuous, decimal(self._plan.duration)
        if is_own and source is not None:
            split = source.is_discontinuous
            if is_plain_number(source.raw[244:252]):
                duration = source.raw[244:252].decode()
        return compose_header(
            self._bytes,
            plus_patient(source.patient) if source else f"{recording.patient_id[:74]} X X X",
            plus_recording(
                source.recording if source else _device(recording), start.date() if start else None
            ),
            start,
            f"{'BDF' if self._bytes == 3 else 'EDF'}+{'D' if split else 'C'}",
            self.n_records,
            duration,
            signals,
        )

    def _push(self, chunk: Chunk) -> None:
        by_group, arrays = self._streams.split(chunk)
        cuts = []
        for group, (rate, runs) in enumerate(zip(self._layout.rates, by_group, strict=True)):
            lowest, end = self._limits[group]
            base, top = first_sample(chunk.second, rate), first_sample(chunk.second + 1, rate)
            lo = max(base, lowest)
            hi = max(top if end is None else min(top, end), lo)
            skipped, kept = crop_runs(runs, lo - base, hi - base)
            placement = self._placements[group]
            if kept != placement.runs(lo, hi) or self._pushed[group] != placement.position(lo):
                raise EdfError(
                    f"second {chunk.second}: the samples of the channels of {float(rate):g} Hz, or "
                    "those before them, are not those that the runs announced"
                )
            count = sum(size for _, size in kept)
            self._pushed[group] += count
            cuts.append(slice(skipped, skipped + count))
        for at, (strip, array) in enumerate(zip(self._layout.strips, arrays, strict=True)):
            self._streams.push(at, self._fitted(strip.row, array[:, cuts[strip.group]]))

    def _fitted(self, first_row: int, samples: Digital) -> Digital:
        if self._requantiser is not None:
            return self._requantiser(first_row, samples)
        if samples.dtype.itemsize == 4 and samples.size:
            low, high = samples.min(axis=1), samples.max(axis=1)
            odd = np.flatnonzero((low < -(1 << 23)) | (high >= 1 << 23))
            if odd.size:
                raise EdfError(
                    f"channel {first_row + odd[0] + 1}: counts reach from {low[odd[0]]} to "
                    f"{high[odd[0]]}, BDF holds {-(1 << 23)} to {(1 << 23) - 1}"
                )
        return samples

    def _records(self, n_records: int) -> bytes:
        if not n_records:
            return b""
        size = self._layout.annotation_bytes
        words = []
        for record in range(self._written, self._written + n_records):
            text = timekeeping(next(self._times)) + self._tals.get(record, b"")
            words.append(text.ljust(size, b"\0"))
        self._written += n_records
        arrays = self._streams.take(n_records)
        return self._layout.pack(arrays, b"".join(words), n_records)

    def _annotate(
        self,
        channels: Sequence[Channel],
        annotations: Iterable[tuple[Fraction, Fraction | None, Annotation]],
    ) -> int:
        """Place the annotations; bytes that every record needs for them and for its start."""
        kept = sorted(annotations, key=lambda item: item[0])
        tals = [
            format_tal(onset + self._shift, duration, annotation, channels)
            for onset, duration, annotation in kept
        ]
        records = self._plan.records_at(onset for onset, _, _ in kept)
        room, self._tals = spread(list(zip(records, tals, strict=True)), self.n_records)
        plan = self._plan
        starts = [onset + self._shift for onset, _ in plan.stretches]
        last = starts[-1] + plan.stretches[-1][1] * plan.duration
        parts = max(len(decimal(part % 1)) for part in [*starts, plan.duration])
        return room + len(timekeeping(Fraction(int(last)))) + parts - 1


def _rates(channels: Sequence[Channel]) -> tuple[Fraction, ...]:
    return RecordLayout.of(2, [(1, channel.sfreq) for channel in channels]).rates


def _divide(
    channels: Sequence[Channel],
    runs: Iterable[tuple[int, Runs]],
    start: Fraction | None,
    stop: Fraction | None,
    original: Original | None,
    onsets: Sequence[Fraction] | None,
) -> tuple[list[Placement], Plan, bool]:
    """The samples, the records that hold them, and whether these are the original's own."""
    layout = RecordLayout.of(2, [(1, channel.sfreq) for channel in channels])
    placements = placements_of(layout, runs, start, stop)
    if original is not None and (channels or start is stop is None):
        own = own_plan(original, onsets, placements)
        if own is not None:
            return placements, own, True
    return placements, plan_records(layout, placements, start, stop), False


def _exact_start(
    recording: Recording, source: Header | None, onsets: Sequence[Fraction] | None
) -> Fraction:
    """From the whole second in which the recording starts to its start [s].

    `start_time` knows microseconds, the original's first onset may know more.
    """
    if source is not None and onsets and recording.start_time == later(source.start, onsets[0]):
        return onsets[0] % 1
    clock = recording.start_time
    return Fraction(0) if clock is None else Fraction(clock.microsecond, 1_000_000)


def _device(recording: Recording) -> str:
    device = "X" if recording.device is None else subfield(recording.device)
    return f"Startdate X X X {device}"

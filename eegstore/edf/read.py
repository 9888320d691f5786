"""Reading EDF, EDF+C, EDF+D, BDF and BDF+ files, counts as they are stored."""

import hashlib
import os
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from eegstore.edf.cutting import Cutter
from eegstore.edf.header import Header, header_size, parse_header
from eegstore.edf.identification import identity_of, later
from eegstore.edf.original import Original, onsets
from eegstore.edf.placement import Placement, place
from eegstore.edf.records import RecordLayout
from eegstore.edf.tal import annotations_of
from eegstore.errors import EdfError, InvalidDataError, NotFoundError
from eegstore.model import Annotation, Chunk, Recording

MAX_TRAILING = 64 << 20  # [byte]
MAX_SECONDS = 3660 * 86400  # ten years [s]
MIN_UNCOUNTED = 10  # records without their number: fewer tell of a start that broke off


class EdfFile:
    """An open EDF or BDF file.

    Parameters
    ----------
    path : path
    salvage : bool
        Take a file whose length is not what its header describes: its whole records are read,
        but no more than the header declares, and `loss` says what is lost.

    Raises
    ------
    NotFoundError
        No such file.
    EdfError
        The file is not what its header describes; names file, field, value and limit.
    """

    def __init__(self, path: str | Path, *, salvage: bool = False) -> None:
        self.name = Path(path).name
        try:
            self._fd = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise NotFoundError(f"no file {str(path)!r}") from None
        except OSError as error:
            raise EdfError(f"{self.name}: cannot be opened: {error.strerror}") from None
        try:
            self.size = os.fstat(self._fd).st_size
            self._header = self._read_header()
            self._check_channels()
            self._layout: RecordLayout = self._header.layout
            self.n_records, self.loss = self._count_records(salvage)
            self._t0 = next(self._onsets())
            self._cutter = Cutter(self._read, len(self._header.raw), self._layout, self._place())
            if self.n_seconds > MAX_SECONDS:
                raise EdfError(
                    f"{self.name}: lasts {self.n_seconds} s; at most {MAX_SECONDS} s are read"
                )
        except OSError as error:
            self.close()
            raise EdfError(f"{self.name}: cannot be read: {error.strerror}") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def recording(
        self, patient_id: str, recording_id: str, study_id: str | None = None
    ) -> Recording:
        """The file as a recording: its ordinary signals in the file's order.

        `start_time` is the header's start and the first record's onset, to the microsecond;
        None when the header's date or time cannot be read.
        """
        return Recording(
            patient_id,
            recording_id,
            self._header.channels,
            self._header.sample_type,
            start_time=later(self._header.start, self._t0),
            study_id=study_id,
        )

    @property
    def identity(self) -> dict[str, str]:
        """What the file says of the person; see `identification.identity_of`."""
        return identity_of(self._header.patient, self._header.is_plus)

    @cached_property
    def annotations(self) -> list[Annotation]:
        """All annotations of all annotation signals, onsets from the recording's start."""
        found: list[Annotation] = []
        for block in self._annotation_blocks():
            position = 0
            for _, size in self._layout.annotations:
                found += annotations_of(block[position : position + size], self._t0)
                position += size
        return found

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole file, hexadecimal."""
        digest = hashlib.sha256()
        for offset in range(0, self.size, 1 << 20):
            digest.update(self._read(offset, min(1 << 20, self.size - offset)))
        return digest.hexdigest()

    @property
    def original(self) -> Original:
        """Everything that is neither samples nor annotation signals."""
        end = len(self._header.raw) + self.n_records * self._layout.record_bytes
        return Original(
            self.name, self.size, self.sha256, self._header.raw, self.n_records,
            self._read(end, self.size - end),
        )  # fmt: skip

    def annotation_bytes(self, first_record: int, stop_record: int) -> bytes:
        """Raw bytes of the annotation signals of some records, record after record."""
        stop = min(stop_record, self.n_records)
        return b"".join(self._annotation_blocks(first_record, stop))

    @property
    def n_seconds(self) -> int:
        """Seconds from the recording's start to the one that holds the last sample, inclusive."""
        return self._cutter.n_seconds

    def chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        """The chunks of seconds ``start <= second < stop`` that hold any sample, in order.

        Chunks that lack nothing share one `runs`. Samples are views of a block of up to 60 s.
        """
        return self._cutter.chunks(start, stop)

    def _read_header(self) -> Header:
        size = header_size(self.name, self._read(0, min(256, self.size)))
        return parse_header(self.name, self._read(0, min(size, self.size)))

    def _check_channels(self) -> None:
        try:
            Recording("p", "r", self._header.channels, self._header.sample_type)
        except InvalidDataError as error:
            raise EdfError(f"{self.name}: {error}") from None

    def _count_records(self, salvage: bool) -> tuple[int, str | None]:
        """How many records to read, and what a salvage loses."""
        declared, size = self._header.n_records, self._layout.record_bytes
        start = len(self._header.raw)
        there, rest = divmod(self.size - start, size)
        if declared >= 0:
            described = start + declared * size
            said = f"its header describes {described} ({declared} records of {size} bytes)"
        else:
            said = f"its header says -1 records, each of {size} bytes after a header of {start}"
        n_records = there if declared < 0 else min(there, declared)
        if n_records == 0:
            raise EdfError(f"{self.name}: file has {self.size} bytes, not one whole record; {said}")
        problem = f"file has {self.size} bytes, {said}"
        if rest == 0 and declared == there:
            return n_records, None
        if rest == 0 and declared < 0:
            if n_records >= MIN_UNCOUNTED:
                return n_records, None
            problem += (
                f"; {n_records} are there, and a header without their number is believed from "
                f"{MIN_UNCOUNTED} on"
            )
        trailing = self.size - start - n_records * size
        if not salvage:
            raise EdfError(f"{self.name}: {problem}{self._suspicion(start)}")
        if trailing > MAX_TRAILING:
            raise EdfError(
                f"{self.name}: {problem}; {trailing} bytes after the last declared record are more "
                f"than the {MAX_TRAILING} that a salvage keeps"
            )
        kept = f"kept {n_records} whole records ({float(n_records * self._header.duration):g} s)"
        lost = f", lost {declared - n_records}" if declared > n_records else ""
        return n_records, f"{problem}; {kept}{lost}, the last {trailing} bytes are not read"

    def _suspicion(self, start: int) -> str:
        """A hint at what happened to a file that is too long."""
        replaced = self._read(start, min(self.size - start, 1 << 16)).count(b"\xef\xbf\xbd")
        if replaced * 3 * 16 < min(self.size - start, 1 << 16):
            return ""
        return "; it is full of the bytes EF BF BD, as after a conversion to UTF-8 text"

    def _place(self) -> list[Placement]:
        layout = self._layout
        if self._header.is_discontinuous:
            stretches = [(onset - self._t0, 1) for onset in self._onsets()]
        else:
            stretches = [(Fraction(0), self.n_records)]
        return [
            place(self.name, stretches, rate, count)
            for rate, count in zip(layout.rates, layout.counts, strict=True)
        ]

    def _onsets(self) -> Iterator[Fraction]:
        blocks = self._annotation_blocks()
        return onsets(self.name, self._header, self._layout, blocks, self.n_records)

    def _annotation_blocks(self, first: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Annotation bytes of one record after another."""
        base, layout = len(self._header.raw), self._layout
        for record in range(first, self.n_records if stop is None else stop):
            offset = base + record * layout.record_bytes
            yield b"".join(self._read(offset + at, size) for at, size in layout.annotations)

    def _read(self, offset: int, size: int) -> bytes:
        parts = []
        while size:
            part = os.pread(self._fd, size, offset)
            if not part:
                raise EdfError(f"{self.name}: ended at byte {offset} while it was being read")
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

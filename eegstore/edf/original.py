"""Everything of a file that is not samples, and the file made whole again from both."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from eegstore.edf.header import Header, parse_header
from eegstore.edf.records import RecordLayout, Streams
from eegstore.edf.tal import record_onset
from eegstore.errors import EdfError
from eegstore.model import Chunk, Recording


@dataclass(frozen=True, slots=True)
class Original:
    """An EDF or BDF file without its samples and its annotation signals."""

    file_name: str
    size: int  # [byte] of the whole file
    sha256: str  # of the whole file, hexadecimal
    header: bytes
    n_records: int  # that are there, whatever the header says
    trailing: bytes  # after the last whole record; only a salvaged file has any

    @property
    def parsed(self) -> Header:
        """The header's fields."""
        return parse_header(self.file_name, self.header)


class OriginalRebuilder:
    """The original file, byte for byte, from its stored parts.

    Chunks and annotation bytes arrive in order, each in portions of its own. Memory holds what
    has arrived and is no whole record yet.

    Parameters
    ----------
    original : Original
    recording : Recording
        As `EdfFile.recording` made it from that file.

    Raises
    ------
    EdfError
        The channels are not those of the header.
    """

    def __init__(self, original: Original, recording: Recording) -> None:
        header = original.parsed
        if [c.sfreq for c in header.channels] != [c.sfreq for c in recording.channels]:
            raise EdfError(
                f"{original.file_name}: the header has {len(header.channels)} channels of other "
                f"rates than the {len(recording.channels)} of {recording.recording_id!r}"
            )
        if header.sample_type is not recording.sample_type:
            raise EdfError(
                f"{original.file_name}: its samples are {header.sample_type}, those of "
                f"{recording.recording_id!r} are {recording.sample_type}"
            )
        self._original = original
        self._layout = header.layout
        self._streams = Streams(self._layout, recording)
        self._annotations = bytearray()
        self._records = 0
        self._pending = original.header
        self._digest = hashlib.sha256()

    def feed(self, chunks: Sequence[Chunk], annotation_bytes: bytes = b"") -> bytes:
        """Bytes of all records that are complete now; the header comes first.

        Raises
        ------
        EdfError
            Chunks out of order, or not of this file.
        """
        for chunk in chunks:
            _, arrays = self._streams.split(chunk)
            for at, array in enumerate(arrays):
                self._streams.push(at, array)
        self._annotations += annotation_bytes
        parts = [self._pending]
        self._pending = b""
        n_records = self._complete()
        if n_records:
            width = n_records * self._layout.annotation_bytes
            arrays = self._streams.take(n_records)
            parts.append(self._layout.pack(arrays, bytes(self._annotations[:width]), n_records))
            del self._annotations[:width]
            self._records += n_records
        made = b"".join(parts)
        self._digest.update(made)
        return made

    def finish(self) -> bytes:
        """What is left of the file.

        Raises
        ------
        EdfError
            Records are missing, something is left over, or the SHA-256 of the whole is not the
            original's.
        """
        name, wanted = self._original.file_name, self._original.n_records
        made = self.feed(())
        if self._records != wanted:
            raise EdfError(f"{name}: {self._records} of {wanted} records could be rebuilt")
        if self._annotations or not self._streams.is_empty:
            raise EdfError(f"{name}: samples or annotations are left after {wanted} records")
        self._digest.update(self._original.trailing)
        if self._digest.hexdigest() != self._original.sha256:
            raise EdfError(
                f"{name}: the rebuilt file has SHA-256 {self._digest.hexdigest()}, the original "
                f"had {self._original.sha256}"
            )
        return made + self._original.trailing

    def _complete(self) -> int:
        ready = []
        if self._layout.strips:
            ready.append(self._streams.n_records)
        if self._layout.annotations:
            ready.append(len(self._annotations) // self._layout.annotation_bytes)
        return min(ready)


def record_onsets(original: Original, annotation_bytes: bytes) -> list[Fraction]:
    """When the records of a file start [s after the header's start], for its export.

    Parameters
    ----------
    annotation_bytes : bytes
        Of all records. Only EDF+D needs more than those of the first.

    Raises
    ------
    EdfError
        A record of an EDF+D file does not say when it starts.
    """
    header, layout = original.parsed, original.parsed.layout
    width = layout.annotation_bytes
    blocks = (
        annotation_bytes[at : at + width] for at in range(0, original.n_records * width, width or 1)
    )
    return list(onsets(original.file_name, header, layout, blocks, original.n_records))


def onsets(
    name: str, header: Header, layout: RecordLayout, blocks: Iterator[bytes], n_records: int
) -> Iterator[Fraction]:
    """Onset of every record [s]; `blocks` are the annotation bytes of one record each.

    In EDF and EDF+C the records follow the first one without a gap (EDF+ 2.1.1).
    """
    first = Fraction(0)
    if header.is_plus and layout.annotations:
        stated = _onset(layout, next(blocks, b""))
        if stated is None and header.is_discontinuous:
            raise _unstated(name, 0)
        first = stated or first
    for record in range(n_records):
        if not header.is_discontinuous or record == 0:
            yield first + record * header.duration
            continue
        stated = _onset(layout, next(blocks, b""))
        if stated is None:
            raise _unstated(name, record)
        yield stated


def _onset(layout: RecordLayout, block: bytes) -> Fraction | None:
    signals, position = [], 0
    for _, size in layout.annotations:
        signals.append(block[position : position + size])
        position += size
    return record_onset(signals)


def _unstated(name: str, record: int) -> EdfError:
    return EdfError(
        f"{name}: record {record} of an EDF+D file does not begin with the annotation that says "
        "when it starts"
    )

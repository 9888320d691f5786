"""The header of an EDF or BDF file: its fields, read and checked.

256 bytes for the file and 256 for every signal, all of it text (EDF 1992; EDF+ 2.1.1).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

from eegstore.edf.identification import parse_start
from eegstore.edf.records import RecordLayout
from eegstore.errors import EdfError, InvalidDataError
from eegstore.model import Channel, SampleType

SIGNAL_FIELDS = {
    "label": 16,
    "transducer": 80,
    "unit": 8,
    "physical_min": 8,
    "physical_max": 8,
    "digital_min": 8,
    "digital_max": 8,
    "prefiltering": 80,
    "n_samples": 8,
    "reserved": 32,
}
"""Width in bytes of the fields that every signal has, in the order of the file."""

VERSIONS = {2: b"0       ", 3: b"\xffBIOSEMI"}
"""First 8 bytes, by bytes per sample: EDF and BDF."""

ANNOTATION_LABELS = ("EDF Annotations", "BDF Annotations")

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?")
_LARGEST = 99_999_999


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of the file; `channel` is None for an annotation signal."""

    fields: dict[str, bytes]  # as they stand in the file
    n_samples: int  # in one record
    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says; `raw` are its bytes."""

    raw: bytes
    sample_bytes: int  # 2 or 3
    patient: str
    recording: str
    start: datetime | None  # whole seconds, local; None when date or time cannot be read
    reserved: str
    n_records: int  # -1: not known when the header was written
    duration: Fraction  # [s] of one record
    signals: tuple[Signal, ...]

    @property
    def is_plus(self) -> bool:
        """EDF+ or BDF+."""
        return self.reserved.startswith(("EDF+", "BDF+"))

    @property
    def is_discontinuous(self) -> bool:
        """EDF+D or BDF+D: records start when their first annotation says."""
        return self.reserved.startswith(("EDF+D", "BDF+D"))

    @property
    def ordinary(self) -> tuple[Signal, ...]:
        """The signals that are no annotations."""
        return tuple(s for s in self.signals if s.channel is not None)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ordinary signals as channels, in the file's order."""
        return tuple(s.channel for s in self.signals if s.channel is not None)

    @property
    def sample_type(self) -> SampleType:
        """int16 for EDF, int32 for BDF's 24 bits."""
        return SampleType.INT16 if self.sample_bytes == 2 else SampleType.INT32

    @property
    def layout(self) -> RecordLayout:
        """Where things lie in a record."""
        return RecordLayout.of(
            self.sample_bytes,
            [(s.n_samples, s.channel.sfreq if s.channel else None) for s in self.signals],
        )


def text(field: bytes) -> str:
    """A text field without its padding: UTF-8 where it is that, else Latin-1."""
    stripped = field.replace(b"\0", b" ").strip()
    try:
        return stripped.decode()
    except UnicodeDecodeError:
        return stripped.decode("latin-1")


def header_size(name: str, head: bytes) -> int:
    """Bytes of the whole header, from the first 256 of the file called `name`.

    Raises
    ------
    EdfError
        Too short, neither EDF nor BDF, or a size that does not fit the number of signals.
    """
    if len(head) < 256:
        raise EdfError(f"{name}: file has {len(head)} bytes, a header has at least 512")
    if head[:8] not in VERSIONS.values():
        raise EdfError(
            f"{name}: version is {head[:8]!r}; EDF has {VERSIONS[2]!r}, BDF {VERSIONS[3]!r}"
        )
    n_signals = _integer(f"{name}: number of signals", head[252:256], 1, 9999)
    size = _integer(f"{name}: bytes in header", head[184:192], 512, _LARGEST)
    if size != 256 * (n_signals + 1):
        raise EdfError(
            f"{name}: bytes in header is {size}; {n_signals} signals make {256 * (n_signals + 1)}"
        )
    return size


@lru_cache(maxsize=1)  # an import and its proof parse the same one four times
def parse_header(name: str, raw: bytes) -> Header:
    """The header in `raw` of the file called `name`.

    Raises
    ------
    EdfError
        Names file, field, value and limit.
    """
    size = header_size(name, raw[:256])
    if len(raw) != size:
        raise EdfError(f"{name}: file has {len(raw)} bytes, its header alone {size}")
    n_signals = size // 256 - 1
    duration = _number(f"{name}: duration of a record", raw[244:252])
    if duration < 0:
        raise EdfError(f"{name}: duration of a record is {float(duration)} s; the least is 0")
    recording = text(raw[88:168])
    header = Header(
        raw=raw,
        sample_bytes=2 if raw[:8] == VERSIONS[2] else 3,
        patient=text(raw[8:88]),
        recording=recording,
        start=parse_start(text(raw[168:176]), text(raw[176:184]), recording),
        reserved=text(raw[192:236]),
        n_records=_integer(f"{name}: number of records", raw[236:244], -1, _LARGEST),
        duration=duration,
        signals=tuple(
            _signal(name, fields, row, duration)
            for row, fields in enumerate(_signal_fields(raw, n_signals))
        ),
    )
    if header.is_discontinuous and len(header.ordinary) == n_signals:
        raise EdfError(
            f"{name}: reserved is {header.reserved!r}, but no signal is called 'EDF Annotations', "
            "which has to say when records start"
        )
    return header


def _signal_fields(raw: bytes, n_signals: int) -> list[dict[str, bytes]]:
    fields: list[dict[str, bytes]] = [{} for _ in range(n_signals)]
    position = 256
    for field, width in SIGNAL_FIELDS.items():
        for one in fields:
            one[field] = raw[position : position + width]
            position += width
    return fields


def _signal(name: str, fields: dict[str, bytes], row: int, duration: Fraction) -> Signal:
    label = text(fields["label"])
    where = f"{name}: signal {row + 1} {label!r}: "
    n_samples = _integer(f"{where}samples per record", fields["n_samples"], 1, _LARGEST)
    if label in ANNOTATION_LABELS:
        return Signal(fields, n_samples, None)
    if duration == 0:
        raise EdfError(f"{where}the duration of a record is 0 s, so only annotations may be in it")
    physical = [_float(where + f, fields[f]) for f in ("physical_min", "physical_max")]
    digital = [
        _integer(where + f, fields[f], -_LARGEST, _LARGEST) for f in ("digital_min", "digital_max")
    ]
    try:
        channel = Channel(
            label=label,
            sfreq=n_samples / duration,
            unit=text(fields["unit"]),
            physical_min=physical[0],
            physical_max=physical[1],
            digital_min=digital[0],
            digital_max=digital[1],
            transducer=text(fields["transducer"]),
            prefiltering=text(fields["prefiltering"]),
        )
    except InvalidDataError as error:
        raise EdfError(f"{name}: signal {row + 1}: {error}") from None
    return Signal(fields, n_samples, channel)


def _number(where: str, field: bytes) -> Fraction:
    """A decimal number; a comma counts as its point, as files of some locales have it."""
    stripped = field.strip(b" \0").replace(b",", b".")
    if not _NUMBER.fullmatch(stripped):
        raise EdfError(f"{where} is {text(field)!r}; it must be a number")
    return Fraction(stripped.decode())


def _float(where: str, field: bytes) -> float:
    _number(where, field)
    return float(field.strip(b" \0").replace(b",", b"."))


def _integer(where: str, field: bytes, least: int, most: int) -> int:
    value = _number(where, field)
    if value.denominator != 1 or not least <= value <= most:
        raise EdfError(f"{where} is {text(field)!r}; it must be an integer in {least} .. {most}")
    return int(value)

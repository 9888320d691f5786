"""The annotation files of the CHB-MIT Scalp EEG Database (Guttag 2010, PhysioNet).

Every subject has a ``chbNN-summary.txt`` for people, and every recording with seizures a
``chbNN_MM.edf.seizures`` for programs. Both say when seizures begin and end, in seconds
from the start of the recording.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from eegstore.errors import InvalidDataError

Interval = tuple[Fraction, Fraction]
"""Start and stop of a seizure [s] from the start of the recording, half-open."""

_NOTE, _SKIP, _NUM, _SUB, _CHN, _AUX = 22, 59, 60, 61, 62, 63
_START, _STOP = 32, 33  # "[" and "]", in other databases ventricular flutter
_RESOLUTION = re.compile(rb"## time resolution:\s*(\d+(?:\.\d+)?)\s*\0?")


@dataclass(frozen=True, slots=True)
class ChbmitFile:
    """One recording as the summary describes it."""

    name: str  # "chb02_16+.edf"
    start_clock: int | None  # [s] after midnight, as written: 26:02:15 is 93735
    end_clock: int | None  # [s] after midnight; None where the summary is silent (chb24)
    channels: tuple[str, ...]  # labels in the order of the EDF file; dummies are "-"
    seizures: tuple[tuple[int, int], ...]  # start and stop [s] from the recording's start


@dataclass(frozen=True, slots=True)
class ChbmitSummary:
    """What a ``chbNN-summary.txt`` says of one subject."""

    subject: str  # "chb02"
    sfreq: Fraction  # [Hz]
    files: tuple[ChbmitFile, ...]


def read_chbmit_summary(source: str | os.PathLike[str]) -> ChbmitSummary:
    """The summary of one subject.

    Seizures are paired in the order of their lines. The numbers printed in them are not
    used: chb09 ends its second seizure as "Seizure 1 End Time".

    Parameters
    ----------
    source : path or str
        The file. A str that holds a line break is taken for the text itself.

    Raises
    ------
    InvalidDataError
        Names the file, the line and the value that makes no sense, or a file whose number
        of seizures is not the number it states.
    OSError
        When the file cannot be read.
    """
    if isinstance(source, str) and "\n" in source:
        return _Summary("summary").read(source)
    text = Path(source).read_bytes().decode("utf-8", errors="replace")
    return _Summary(Path(source).name).read(text)


def read_chbmit_seizures(source: str | os.PathLike[str] | bytes) -> tuple[Interval, ...]:
    """Start and stop [s] of the seizures in a ``.edf.seizures`` file.

    The file is a WFDB annotation file in MIT format (WFDB Applications Guide, annot(5)):
    16-bit little-endian words, 6 bits of code and 10 bits of time step or length.

    Parameters
    ----------
    source : path or bytes
        The file, or its content.

    Raises
    ------
    InvalidDataError
        Names the file, the byte and the value where it is no such file or is cut short.
    OSError
        When the file cannot be read.
    """
    name, data = "seizures", source
    if not isinstance(data, bytes):
        name, data = Path(data).name, Path(data).read_bytes()
    resolution: Fraction | None = None
    start: int | None = None
    found: list[tuple[int, int]] = []
    for at, time, code, aux in _wfdb_annotations(name, data):
        stated = _RESOLUTION.fullmatch(aux)
        if code == _NOTE and stated:
            resolution = Fraction(stated[1].decode())
        elif code == _START and start is None:
            start = time
        elif code == _STOP and start is not None and time > start:
            found.append((start, time))
            start = None
        elif code in (_START, _STOP):
            raise InvalidDataError(
                f"{name}, byte {at}: code {code} at sample {time}; a seizure is code {_START} "
                f"followed by a later {_STOP}"
            )
        elif code not in (0, _NOTE):
            raise InvalidDataError(
                f"{name}, byte {at}: code {code} at sample {time}; seizures have {_START} and "
                f"{_STOP}, comments {_NOTE}"
            )
    if start is not None:
        raise InvalidDataError(f"{name}: the seizure at sample {start} has no end")
    if not resolution:
        raise InvalidDataError(f"{name}: no time resolution is stated, or it is 0 Hz")
    return tuple((begin / resolution, end / resolution) for begin, end in found)


def _wfdb_annotations(name: str, data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(byte, time in samples, code, auxiliary text) of every annotation."""
    at, time = 0, 0
    here: tuple[int, int, int, bytes] | None = None
    while word := _word(name, data, at):
        code, low = word >> 10, word & 0x3FF
        if code == _AUX:
            if here is None:
                raise InvalidDataError(f"{name}, byte {at}: a text belongs to no annotation")
            here = (*here[:3], data[at + 2 : at + 2 + low])
            at += 2 + low + low % 2  # an odd text is padded
        elif code in (_NUM, _SUB, _CHN):
            at += 2
        else:
            if here is not None:
                yield here
            here = None
            if code == _SKIP:
                # A 32-bit step as the PDP-11 wrote it: the high word first.
                high = _word(name, data, at + 2)
                step = high << 16 | _word(name, data, at + 4)
                time += step - (step >> 31 << 32)
                at += 6
                continue
            time += low
            here = (at, time, code, b"")
            at += 2
    if here is not None:
        yield here
    if any(data[at:]):
        raise InvalidDataError(f"{name}: {len(data) - at - 2} bytes follow the end at byte {at}")


def _word(name: str, data: bytes, at: int) -> int:
    if at + 2 > len(data):
        raise InvalidDataError(f"{name}: cut short, byte {at} of {len(data)} is missing")
    return int.from_bytes(data[at : at + 2], "little")


@dataclass
class _Draft:
    """The file whose lines are being read."""

    name: str
    line: int
    channels: tuple[str, ...]
    start_clock: int | None = None
    end_clock: int | None = None
    stated: int | None = None  # number of seizures
    times: list[int] = field(default_factory=list)  # start, stop, start, stop ...


class _Summary:
    """Reads a summary line by line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = 0
        self.sfreq: Fraction | None = None
        self.channels: list[str] = []
        self.draft: _Draft | None = None
        self.files: list[ChbmitFile] = []

    def read(self, text: str) -> ChbmitSummary:
        for self.line, line in enumerate(text.splitlines(), start=1):
            self._take(" ".join(line.split()))
        self._finish()
        if self.sfreq is None or not self.files:
            missing = "sampling rate" if self.sfreq is None else "file"
            raise InvalidDataError(f"{self.name}: is no CHB-MIT summary, it names no {missing}")
        subject = re.match(r"[A-Za-z]*\d*", self.files[0].name)
        return ChbmitSummary(subject[0] if subject else "", self.sfreq, tuple(self.files))

    def _take(self, line: str) -> None:
        key, colon, value = (part.strip() for part in line.partition(":"))
        words = key.lower()
        if words == "data sampling rate":
            self.sfreq = Fraction(self._number(value, "Hz"))
            if not self.sfreq:
                raise self._wrong(value, "a rate above 0 Hz")
        elif words.startswith("channels "):
            self._finish()
            self.channels = []
        elif re.fullmatch(r"channel \d+", words):
            self.channels.append(value)
        elif words == "file name":
            self._finish()
            if not value:
                raise self._wrong(line, "the name of a file")
            self.draft = _Draft(value, self.line, tuple(self.channels))
        elif words == "file start time":
            self._file().start_clock = self._clock(value)
        elif words == "file end time":
            self._file().end_clock = self._clock(value)
        elif words.startswith("number of seizures"):
            self._file().stated = self._number(value)
        elif edge := re.fullmatch(r"seizure (?:\d+ )?(start|end) time", words):
            self._seizure(edge[1], self._number(value, "seconds"))
        elif colon and words.startswith(("seizure", "file", "channel", "number")):
            raise self._wrong(line, "a line of a CHB-MIT summary")

    def _seizure(self, edge: str, second: int) -> None:
        times = self._file().times
        is_end = len(times) % 2 == 1
        if is_end != (edge == "end"):
            raise self._wrong(f"seizure {edge} {second}", "start and end in turn")
        if is_end and second <= times[-1]:
            raise self._wrong(str(second), f"an end after the start at {times[-1]} s")
        times.append(second)

    def _finish(self) -> None:
        draft, self.draft = self.draft, None
        if draft is None:
            return
        where = f"{self.name}, line {draft.line}: {draft.name}"
        if len(draft.times) % 2:
            raise InvalidDataError(f"{where}: the seizure at {draft.times[-1]} s has no end")
        seizures = tuple(zip(draft.times[::2], draft.times[1::2], strict=True))
        if draft.stated not in (None, len(seizures)):
            raise InvalidDataError(
                f"{where} states {draft.stated} seizures and lists {len(seizures)}"
            )
        if any(file.name == draft.name for file in self.files):
            raise InvalidDataError(f"{where} is described twice")
        self.files.append(
            ChbmitFile(draft.name, draft.start_clock, draft.end_clock, draft.channels, seizures)
        )

    def _file(self) -> _Draft:
        if self.draft is None:
            raise InvalidDataError(f"{self.name}, line {self.line}: comes before any File Name")
        return self.draft

    def _number(self, value: str, unit: str = "") -> int:
        match = re.fullmatch(rf"(\d+) ?(?:{unit})?", value, re.IGNORECASE)
        if match is None:
            raise self._wrong(value, f"a whole number {unit}".strip())
        return int(match[1])

    def _clock(self, value: str) -> int:
        match = re.fullmatch(r"(\d+):([0-5]?\d):([0-5]?\d)", value)
        if match is None:
            raise self._wrong(value, "a time such as 26:02:15")
        hours, minutes, seconds = map(int, match.groups())
        return hours * 3600 + minutes * 60 + seconds

    def _wrong(self, value: str, wanted: str) -> InvalidDataError:
        return InvalidDataError(f"{self.name}, line {self.line}: {value!r} is not {wanted}")

"""The words of eegstore: what a recording is made of. Nouns only.

EDF's own words for EDF's own things (`label`, `physical_min`, `digital_max`,
`prefiltering`), MNE's for the rest (`sfreq`, `onset`, `duration`, `description`).
Times are seconds from the recording's start, intervals are half-open, arrays are
``(n_channels, n_samples)``.
"""

import re
import sys
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import cache, lru_cache
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError, SpanError

Digital: TypeAlias = NDArray[Any]
"""Samples as they are stored: little-endian int16, int32 or float32."""

Runs: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]
"""Per channel, the runs of samples that exist: (first sample within the second, count)."""

ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}"
MAX_CHANNELS = 4096
MAX_SFREQ = 1_000_000  # [Hz]
MAX_SAMPLES = 1 << 24  # in one second, over all channels
MAX_TIME = 1e12  # [s], of an annotation


class SampleType(StrEnum):
    """How one sample is stored. float32 is for sources that have no counts."""

    INT16 = "int16"
    INT32 = "int32"
    FLOAT32 = "float32"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The little-endian numpy type of one sample."""
        return _dtype(self.value)


@cache
def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(name).newbyteorder("<")


def check_id(what: str, value: str) -> str:
    """`value` when it can name a `what` (patient_id, recording_id ...).

    Raises
    ------
    InvalidDataError
        Names the first character that does not belong, or the length.
    """
    if re.fullmatch(ID_PATTERN, value):
        return value
    if not 1 <= len(value) <= 128:
        raise InvalidDataError(f"{what} has {len(value)} characters; allowed are 1 to 128")
    odd = next(
        (i, c)
        for i, c in enumerate(value)
        if not re.fullmatch(r"[A-Za-z0-9]" if i == 0 else r"[A-Za-z0-9._@+-]", c)
    )
    raise InvalidDataError(
        f"{what}: character {odd[1]!r} at position {odd[0]} is not allowed; an id begins with a "
        "letter or digit and goes on with letters, digits and . _ @ + -"
    )


@lru_cache(maxsize=1024)
def _shared(sfreq: Fraction) -> Fraction:
    """The same object for the same rate: to compare and hash Fractions takes long."""
    return sfreq


@dataclass(frozen=True, slots=True)
class Channel:
    """One EDF signal: its name, its rate, and how counts become its unit.

    Without a calibration the four ranges are the identity: one count is one `unit`.
    """

    label: str  # "EEG Fpz-Cz"; labels repeat in real files and are no keys
    sfreq: Fraction  # [Hz], exact
    unit: str = "uV"  # EDF physical dimension
    physical_min: float = -1.0  # [unit]
    physical_max: float = 1.0  # [unit]; may be below physical_min (inverted polarity)
    digital_min: int = -1  # [count]
    digital_max: int = 1  # [count]; a sample may lie outside, and is kept
    transducer: str = ""  # "AgAgCl electrode"
    prefiltering: str = ""  # "HP:0.1Hz LP:75Hz"

    def __post_init__(self) -> None:
        if not 0 < self.sfreq <= MAX_SFREQ:
            raise InvalidDataError(
                f"channel {self.label!r}: sfreq {self.sfreq} Hz is not in (0, {MAX_SFREQ}]"
            )
        object.__setattr__(self, "sfreq", _shared(self.sfreq))
        # -0.0 and integers: one value, one digest.
        object.__setattr__(self, "physical_min", float(self.physical_min) + 0.0)
        object.__setattr__(self, "physical_max", float(self.physical_max) + 0.0)
        if self.digital_min == self.digital_max:
            raise InvalidDataError(
                f"channel {self.label!r}: digital_min and digital_max are both {self.digital_min}"
            )
        if not np.isfinite([self.physical_min, self.physical_max]).all():
            raise InvalidDataError(
                f"channel {self.label!r}: physical range {self.physical_min} .. "
                f"{self.physical_max} is not finite"
            )
        for count in (self.digital_min, self.digital_max):
            if not -(1 << 31) <= count < 1 << 31:
                raise InvalidDataError(
                    f"channel {self.label!r}: digital range {self.digital_min} .. "
                    f"{self.digital_max} does not fit into 32 bits"
                )
        if not np.isfinite([self.gain, self.offset]).all():
            raise InvalidDataError(
                f"channel {self.label!r}: physical range {self.physical_min} .. "
                f"{self.physical_max} is too wide for float64"
            )

    @property
    def gain(self) -> float:
        """One count [unit]."""
        return (self.physical_max - self.physical_min) / (self.digital_max - self.digital_min)

    @property
    def tells_counts(self) -> bool:
        """Whether a value in float64 says which count it was."""
        largest = max(abs(self.physical_min), abs(self.physical_max))
        return abs(self.gain) > 64 * sys.float_info.epsilon * largest

    @property
    def offset(self) -> float:
        """The value of count 0 [unit]."""
        return self.physical_min - self.digital_min * self.gain


@dataclass(frozen=True, slots=True)
class Recording:
    """One continuous acquisition with one set of channels (an EDF file, an MNE Raw).

    `start_time` is local clock time without a zone, as EDF has it; truth is seconds from
    the recording's start by the sample counter.
    """

    patient_id: str  # a pseudonym
    recording_id: str
    channels: tuple[Channel, ...]
    sample_type: SampleType
    start_time: datetime | None = None  # naive, local
    zone: str | None = None  # IANA name
    utc_offset: int | None = None  # [s], of start_time
    study_id: str | None = None  # ties the files of one admission
    device: str | None = None

    def __post_init__(self) -> None:
        check_id("patient_id", self.patient_id)
        check_id("recording_id", self.recording_id)
        if self.study_id is not None:
            check_id("study_id", self.study_id)
        if len(self.channels) > MAX_CHANNELS:
            raise InvalidDataError(
                f"{len(self.channels)} channels; a recording has at most {MAX_CHANNELS}"
            )
        per_second = sum(float(channel.sfreq) for channel in self.channels)
        if per_second > MAX_SAMPLES:
            raise InvalidDataError(
                f"{per_second:g} samples a second over all channels; at most {MAX_SAMPLES}"
            )
        if self.start_time is not None and self.start_time.tzinfo is not None:
            raise InvalidDataError("start_time is local time without a zone; zone stands apart")


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open interval from `start` to `stop`, in seconds from recording start."""

    start: Fraction  # [s]
    stop: Fraction  # [s]

    def __post_init__(self) -> None:
        if self.stop < self.start:
            raise SpanError(
                f"span stops at {float(self.stop)} s before it starts at {float(self.start)} s"
            )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Second `second` of a recording: for every channel the samples n with
    ``second <= n / sfreq < second + 1`` that exist.

    `samples` is flat, ``(n_samples,)``: channel after channel, run after run, in the
    recording's sample type.
    """

    second: int
    runs: Runs
    samples: Digital


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something said about a stretch of a recording (EDF+ TAL, mne.Annotations).

    `channels` are rows of the recording's channel table; empty means all of them.
    """

    onset: float  # [s] from recording start
    duration: float | None  # [s]; None when unknown
    description: str
    channels: tuple[int, ...] = ()
    annotation_id: str | None = None  # a UUID; the store makes one when there is none
    source: str = "user"  # edf, chbmit-summary, chbmit-seizures, device, user ...
    status: str = "confirmed"  # proposed, confirmed, rejected
    author: str | None = None
    supersedes: str | None = None  # annotation_id of what this one replaces

    def __post_init__(self) -> None:
        if not isfinite(self.onset):
            raise InvalidDataError(f"onset {self.onset} s is not finite")
        if self.duration is not None and not (isfinite(self.duration) and self.duration >= 0):
            raise InvalidDataError(f"duration {self.duration} s is not a number >= 0")
        if max(abs(self.onset), self.duration or 0) > MAX_TIME:
            raise InvalidDataError(
                f"onset {self.onset} s, duration {self.duration} s: at most {MAX_TIME:g} s"
            )
        if self.status not in ("proposed", "confirmed", "rejected"):
            raise InvalidDataError(
                f"status {self.status!r} is not one of proposed, confirmed, rejected"
            )


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who a pseudonym is, as the source wrote it. It does not show what it holds: no log should."""

    name: str | None = None
    birth_date: str | None = None  # ISO 8601 where it is a date
    sex: str | None = None  # EDF+ has F, M and X
    hospital_number: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """A recording and what is stored of it now. Computed when asked, never kept."""

    recording: Recording
    n_seconds: int  # chunks stored
    duration: float  # [s] from start to the end of the last stored sample
    n_samples: int  # over all channels
    stored_bytes: int  # of blobs
    closed: bool
    n_seizures: int = 0  # annotations that begin "seizure" or "sz" and are not rejected

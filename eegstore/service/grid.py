"""The grid of a recording: which count each value was, or how it is stored without counts."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Channel, Digital, Recording, SampleType

MAX_OFF_GRID = 0.02  # [count]


class Grid:
    """Maps values in the channels' units to samples, all channels in one go.

    Parameters
    ----------
    recording : Recording
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.accepted = b""  # digest of the metadata last found to be as declared
        channels = recording.channels
        self._gain = np.array([channel.gain for channel in channels], np.float64)
        self._offset = np.array([channel.offset for channel in channels], np.float64)
        self._mute = next((channel for channel in channels if not channel.tells_counts), None)

    def samples(self, values: NDArray[np.float64], counts: Sequence[int]) -> Digital:
        """Samples as they are stored.

        Parameters
        ----------
        values : ndarray, (n_samples,)
            Channel after channel.
        counts : sequence of int
            How many of them each channel has.

        Raises
        ------
        InvalidDataError
            Names a channel, its value and the limit.
        """
        if self.recording.sample_type is SampleType.FLOAT32:
            return self._narrow(values, counts)
        if self._mute is not None:
            channel = self._mute
            raise InvalidDataError(
                f"channel {channel.label!r}: one count is {channel.gain} of "
                f"{channel.physical_min} .. {channel.physical_max}, so values do not tell counts; "
                "send binary counts"
            )
        gain, offset = np.repeat(self._gain, counts), np.repeat(self._offset, counts)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite counts are refused below
            exact = (values - offset) / gain
            nearest = np.rint(exact)
            off = np.abs(exact - nearest)
        if off.size and off.max() > MAX_OFF_GRID:
            at = int(off.argmax())
            raise InvalidDataError(
                f"channel {self._at(at, counts).label!r}: value {values[at]} is {off[at]:.3f} "
                f"counts off the grid of its calibration; at most {MAX_OFF_GRID}"
            )
        limits = np.iinfo(self.recording.sample_type.dtype)
        outside = (nearest < limits.min) | (nearest > limits.max)
        if outside.any():
            at = int(outside.argmax())
            raise InvalidDataError(
                f"channel {self._at(at, counts).label!r}: value {values[at]} is count "
                f"{nearest[at]:.0f}; {self.recording.sample_type} holds {limits.min} .. "
                f"{limits.max}"
            )
        return nearest.astype(self.recording.sample_type.dtype)

    def _narrow(self, values: NDArray[np.float64], counts: Sequence[int]) -> Digital:
        with np.errstate(over="ignore"):
            narrow = values.astype(self.recording.sample_type.dtype)
        finite = np.isfinite(narrow)
        if not finite.all():
            at = int(finite.argmin())
            raise InvalidDataError(
                f"channel {self._at(at, counts).label!r}: value {values[at]} is no float32"
            )
        return narrow

    def _at(self, sample: int, counts: Sequence[int]) -> Channel:
        row = int(np.searchsorted(np.cumsum(counts), sample, side="right"))
        return self.recording.channels[row]


def numbers(rows: Sequence[Sequence[Any]], labels: Sequence[Any]) -> NDArray[np.float64]:
    """The numbers in the rows of a JSON array, one row after the other.

    Raises
    ------
    InvalidDataError
        Names the channel and the first value that is no number; true and false are none.
    """
    try:
        packed = b"".join([struct.pack(f"{len(row)}d", *row) for row in rows])
    except (struct.error, OverflowError):
        raise _odd(rows, labels) or InvalidDataError("a sample is no float64") from None
    values = np.frombuffer(packed, np.float64)
    if ((values == 0) | (values == 1)).any() and (error := _odd(rows, labels)) is not None:
        raise error  # a boolean, which passes for 0 or 1
    return values


def _odd(rows: Sequence[Sequence[Any]], labels: Sequence[Any]) -> InvalidDataError | None:
    for row, label in zip(rows, labels, strict=True):
        if not {int, float}.issuperset(map(type, row)):
            odd = next(value for value in row if type(value) not in (int, float))
            return InvalidDataError(f"channel {label!r}: sample {repr(odd)[:40]} is not a number")
    return None

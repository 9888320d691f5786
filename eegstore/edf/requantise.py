"""Counts of 32 bits and floats made to fit EDF's 16 bits, or BDF's 24. This loses something."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR

import numpy as np

from eegstore.edf.fields import numeral
from eegstore.errors import EdfError
from eegstore.model import Channel, Digital, Recording, SampleType


class Requantiser:
    """Maps the samples of a recording to the integers of a file.

    Each channel's range is stretched over all integers that the file has; what lies outside
    of it is clipped. A range of counts that fits already stays as it is, count for count.

    Parameters
    ----------
    recording : Recording
        Of int32 or float32.
    ranges : sequence of (low, high), or None
        Of every channel, in samples as stored. None: the digital range, which float32 has not.
    sample_bytes : int
        2 or 3.

    Attributes
    ----------
    channels : tuple of Channel
        With the calibration that the file gets.

    Raises
    ------
    EdfError
        No ranges for float32, another number of them than channels, or not finite.
    """

    def __init__(
        self,
        recording: Recording,
        ranges: Sequence[tuple[float, float]] | None,
        sample_bytes: int,
    ) -> None:
        channels = recording.channels
        self._is_float = recording.sample_type is SampleType.FLOAT32
        if ranges is None:
            if self._is_float:
                raise EdfError("samples are float32; requantising them needs the channels' ranges")
            ranges = [_ordered(c.digital_min, c.digital_max) for c in channels]
        if len(ranges) != len(channels) or not np.isfinite(ranges).all():
            raise EdfError(f"{len(ranges)} ranges for {len(channels)} channels; all must be finite")
        self._limit = (1 << (8 * sample_bytes - 1)) - 1
        made = [self._map(c, *pair) for c, pair in zip(channels, ranges, strict=True)]
        self.channels = tuple(channel for channel, _, _ in made)
        self._gains = np.array([gain for _, gain, _ in made], np.float64)
        self._offsets = np.array([offset for _, _, offset in made], np.float64)

    def __call__(self, first_row: int, samples: Digital) -> Digital:
        """Counts for the file, (n_rows, n_samples), of the channels from `first_row` on."""
        rows = slice(first_row, first_row + len(samples))
        counts = samples * self._gains[rows, None] + self._offsets[rows, None]
        if np.isnan(counts).any():
            raise EdfError(
                f"channels {first_row + 1} to {rows.stop}: a sample is NaN, which EDF has not"
            )
        return np.rint(np.clip(counts, -self._limit - 1, self._limit)).astype("<i4")

    def _map(self, channel: Channel, low: float, high: float) -> tuple[Channel, float, float]:
        """The channel in the file, and gain and offset from stored samples to its counts."""
        lowest, highest = -self._limit - 1, self._limit
        if not self._is_float and lowest <= low and high <= highest:
            return channel, 1.0, 0.0
        if high <= low:
            high = low + 1
        gain, offset = (1.0, 0.0) if self._is_float else (channel.gain, channel.offset)
        ends = (low * gain + offset, high * gain + offset)
        downwards = (ROUND_FLOOR, ROUND_CEILING)
        first, last = (
            float(numeral(end, rounding))
            for end, rounding in zip(
                ends, downwards if ends[0] <= ends[1] else downwards[::-1], strict=True
            )
        )
        scale = (highest - lowest) / (last - first)
        fitted = replace(
            channel, physical_min=first, physical_max=last, digital_min=lowest, digital_max=highest
        )
        return fitted, gain * scale, (offset - first) * scale + lowest


def _ordered(low: float, high: float) -> tuple[float, float]:
    return min(low, high), max(low, high)

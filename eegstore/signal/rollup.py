"""Roll-ups of envelopes: min and max per channel over buckets of seconds.

A `Tile` holds up to `BUCKETS` buckets in one row, because reading many small rows costs more
than the bytes in them. For 23 channels as int16, read through a connection that is warm:
24 h in buckets of 10 s take 1.7 ms as 24 rows of 360, 3.8 ms as 144 rows of 60, 25 ms as
8,640 rows of one, and the 86,400 envelopes beneath 115 ms; a day of buckets takes 0.9 MB. With
1,500 columns on the screen no length needs more than 15,000 envelopes of the widest level
that is not wider than a column.

A tile says which seconds it does not speak for. Seconds are immutable and only added, so
what it says of the others stays true however late, and in whatever order, more arrive: who
reads it looks up what it misses. So nothing has to be told to it, and it is made anew only
when it would gain a good part (`WORTH`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Digital, SampleType
from eegstore.signal.envelope import no_samples
from eegstore.signal.spans import Spans, length, minus

BUCKETS = 360  # in a tile
LEVELS = (10, 60, 600)  # [s] in a bucket; a tile is 1, 6 or 60 hours long
WORTH = 12  # a tile is made (anew) when it gains a twelfth of what it can hold


@dataclass(frozen=True, slots=True)
class Tile:
    """The seconds from `start` to `start + BUCKETS * bucket`, without those in `missing`."""

    bucket: int  # [s]
    start: int  # [s] from recording start
    n_seconds: int
    n_samples: int  # over all channels
    stored_bytes: int  # of blobs
    missing: Spans
    envelope: bytes  # (n, n_channels, 2) of its first n buckets; in the others is nothing

    @property
    def covered(self) -> Spans:
        """The seconds that it speaks for."""
        return minus([(self.start, self.start + span_of(self.bucket))], self.missing)

    def limits(self, sample_type: SampleType, n_channels: int) -> Digital:
        """Min and max, ``(n, n_channels, 2)`` of its first n buckets.

        Raises
        ------
        InvalidDataError
            It is not of so many channels of this type, or has more buckets than it can.
        """
        count, rest = divmod(len(self.envelope), 2 * n_channels * sample_type.dtype.itemsize)
        if rest or count > BUCKETS:
            raise InvalidDataError(
                f"the roll-up from {self.start} s has {len(self.envelope)} bytes; at most "
                f"{BUCKETS} buckets of {n_channels} channels in {sample_type} are its parts"
            )
        return np.frombuffer(self.envelope, sample_type.dtype).reshape(count, n_channels, 2)


def span_of(bucket: int) -> int:
    """How long a tile is [s]."""
    return BUCKETS * bucket


def tile_of(
    bucket: int, start: int, columns: "Columns", seconds: Spans, n_samples: int, stored_bytes: int
) -> Tile:
    """The tile of buckets that are filled with `seconds`."""
    there = np.flatnonzero((columns.limits[..., 0] <= columns.limits[..., 1]).any(axis=1))
    count = int(there[-1]) + 1 if len(there) else 0
    missing = minus([(start, start + span_of(bucket))], seconds)
    return Tile(
        bucket, start, length(seconds), n_samples, stored_bytes, missing,
        columns.limits[:count].tobytes(),
    )  # fmt: skip


def buckets_of(bucket: int, start: int) -> NDArray[np.int64]:
    """Edges of the buckets of a tile [s], ``(BUCKETS + 1,)``."""
    return start + bucket * np.arange(BUCKETS + 1, dtype=np.int64)


class Columns:
    """Min and max per channel in columns of time, put together in any order.

    Parameters
    ----------
    edges : ndarray of int64, (n_columns + 1,)
        Ascending [s]; column i is ``edges[i] <= t < edges[i + 1]``.

    Attributes
    ----------
    limits : ndarray, (n_columns, n_channels, 2)
        Min and max; min > max where there is no sample.
    """

    def __init__(self, edges: NDArray[np.int64], n_channels: int, sample_type: SampleType) -> None:
        self.edges = edges
        self.limits: Digital = no_samples((len(edges) - 1, n_channels), sample_type.dtype)

    def add(self, starts: NDArray[np.int64], limits: NDArray[Any]) -> None:
        """Take in the limits of stretches of time, none of which reaches over an edge.

        Those outside the columns are left out; adding one again changes nothing.

        Parameters
        ----------
        starts : ndarray of int64, (n,)
            When each begins [s].
        limits : ndarray, (n, n_channels, 2)
        """
        inside = (starts >= self.edges[0]) & (starts < self.edges[-1])
        if not inside.all():
            starts, limits = starts[inside], limits[inside]
        if not len(starts):
            return
        column = np.searchsorted(self.edges, starts, side="right") - 1
        if (np.diff(column) < 0).any():
            order = np.argsort(column, kind="stable")
            column, limits = column[order], limits[order]
        firsts = np.flatnonzero(np.diff(column, prepend=-1))
        at = column[firsts]
        low, high = (
            fold.reduceat(limits[..., side], firsts, axis=0)
            for side, fold in enumerate((np.minimum, np.maximum))
        )
        self.limits[at, :, 0] = np.minimum(self.limits[at, :, 0], low)
        self.limits[at, :, 1] = np.maximum(self.limits[at, :, 1], high)

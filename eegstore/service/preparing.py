"""From chunks to rows of the chunk table: check, encode, digest."""

from collections.abc import Sequence
from typing import NamedTuple

from eegstore.codec import Parameters
from eegstore.encoding import Plain, encoded
from eegstore.encoding.checks import check_all
from eegstore.model import Chunk
from eegstore.service.recordings import Declared
from eegstore.store.append import StoredChunk


class Work(NamedTuple):
    """A checked second that waits to be encoded; see `eegstore.encoding.Plain`."""

    declared: Declared
    chunk: Chunk
    parameters: Parameters | None
    fast: bool = False

    @property
    def plain(self) -> Plain:
        """What the encoding needs of it."""
        return Plain(self.declared.channels_sha256, self.chunk, self.parameters, self.fast)


def prepare(
    declared: Declared, chunks: Sequence[Chunk], parameters: Parameters | None = None
) -> list[StoredChunk]:
    """Rows for the chunk table, encoded with `parameters` where there are some.

    Raises
    ------
    InvalidDataError
        Names the second, the channel and the limit.
    """
    check_all(declared.recording, chunks)
    return rows([Work(declared, chunk, parameters) for chunk in chunks])


def rows(work: Sequence[Work]) -> list[StoredChunk]:
    """Rows for the chunk table, in this order; seconds that are alike are worked on together."""
    return [
        StoredChunk(one.chunk.second, one.chunk.samples.size, *found)
        for one, found in zip(work, encoded([one.plain for one in work]), strict=True)
    ]

"""Digests: what a second is, whatever codec holds it, and one root over many seconds."""

import hashlib
import json
from collections.abc import Sequence

from eegstore.codec.header import runs_to_bytes
from eegstore.model import Channel, Chunk, SampleType

_SECOND = b"eegstore second 1\0"
_CHANNELS = b"eegstore channels 1\0"


def channels_sha256(channels: Sequence[Channel], sample_type: SampleType) -> bytes:
    """SHA-256 of a channel table: everything that gives counts their meaning, in order."""
    table = [
        [c.label, str(c.sfreq), c.unit, repr(c.physical_min), repr(c.physical_max), c.digital_min,
         c.digital_max, c.transducer, c.prefiltering]
        for c in channels
    ]  # fmt: skip
    text = json.dumps([str(sample_type), table], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(_CHANNELS + text.encode()).digest()


def content_sha256(table: bytes, chunk: Chunk, runs: bytes | None = None) -> bytes:
    """SHA-256 of a second: tag, channel table digest, second (int64), runs, samples.

    The same samples stored by another codec have the same digest. `chunk.runs` must be in
    their one canonical form (ascending, merged, none empty).

    Parameters
    ----------
    runs : bytes, optional
        ``runs_to_bytes(chunk.runs)``, when it is at hand.
    """
    digest = hashlib.sha256(_SECOND + table + chunk.second.to_bytes(8, "little", signed=True))
    digest.update(runs_to_bytes(chunk.runs) if runs is None else runs)
    digest.update(chunk.samples.astype(chunk.samples.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash over `leaves` (RFC 6962 §2.1; SHA-256 of nothing for no leaf)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    stack: list[tuple[int, bytes]] = []  # (height, hash) of complete subtrees
    for leaf in leaves:
        node, height = hashlib.sha256(b"\x00" + leaf).digest(), 0
        while stack and stack[-1][0] == height:
            node = hashlib.sha256(b"\x01" + stack.pop()[1] + node).digest()
            height += 1
        stack.append((height, node))
    root = stack.pop()[1]
    while stack:
        root = hashlib.sha256(b"\x01" + stack.pop()[1] + root).digest()
    return root

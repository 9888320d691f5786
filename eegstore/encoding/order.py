"""What a program and the one that encodes for it say to each other."""

from pathlib import Path
from typing import NamedTuple

from eegstore.model import Recording

LENGTH = 4  # bytes, little-endian, before each message
READY, FAILED = "ready", "failed"


class Order(NamedTuple):
    """Which seconds of which file are to be encoded."""

    path: Path
    size: int  # [byte], else it is another file by now
    salvage: bool
    recording: Recording
    channels_sha256: bytes  # digest of its channel table
    packed: bytes | None  # codec parameters
    start: int  # the first second
    portion: int  # seconds in one message


def framed(message: bytes) -> bytes:
    """A message behind its length."""
    return len(message).to_bytes(LENGTH, "little") + message

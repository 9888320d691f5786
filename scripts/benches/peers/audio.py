"""Codecs of audio on the same seconds: WavPack and FLAC."""

import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benches import install
from scripts.benches.peers.codecs import Bytes, Second

CHANNELS = 8  # a FLAC stream has no more


class WavPack(Bytes):
    """The program of this name, -hh -x4, channel after channel as one track.

    That is its best of those tried; as 23 interleaved channels it is a third larger.
    """

    def __init__(self) -> None:
        program = install.wavpack()
        if program is None:
            raise FileNotFoundError("no program wavpack")
        self._programs = [program, str(Path(program).with_name("wvunpack"))]

    def pack(self, samples: NDArray[Any]) -> bytes:
        bits = f"{8 * samples.itemsize}s"
        options = ["-hh", "-x4", f"--raw-pcm=256,{bits},1,le"]
        return self._run(0, options, samples.tobytes())

    def unpack(self, blob: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.frombuffer(self._run(1, ["--raw"], blob), dtype)

    def _run(self, which: int, options: list[str], data: bytes) -> bytes:
        command = [self._programs[which], "-q", "-y", *options, "-", "-o", "-"]
        return subprocess.run(
            command, input=data, env=install.environment(), capture_output=True, check=True
        ).stdout


class Flac(Bytes):
    """FLAC level 8 by libsndfile, eight channels a stream; only its frames are counted."""

    def encode(self, second: Second) -> list[bytes]:
        return [
            self._stream(group[at : at + CHANNELS])
            for group in second
            for at in range(0, len(group), CHANNELS)
        ]

    def decode(self, stored: list[bytes], like: Second) -> NDArray[Any]:
        import soundfile

        dtype = like[0].dtype
        parts = []
        for stream in stored:
            frames, _ = soundfile.read(io.BytesIO(stream), dtype=dtype.name, always_2d=True)
            parts.append((frames >> 8 if dtype.itemsize == 4 else frames).T.reshape(-1))
        return np.concatenate(parts)

    def size(self, stored: list[bytes]) -> int:
        return sum(len(stream) - _metadata(stream) for stream in stored)

    def _stream(self, rows: NDArray[Any]) -> bytes:
        import soundfile

        wide = rows.dtype.itemsize == 4
        to = io.BytesIO()
        soundfile.write(
            to, np.ascontiguousarray((rows << 8 if wide else rows).T), 8000, format="FLAC",
            subtype="PCM_24" if wide else "PCM_16", compression_level=1.0,
        )  # fmt: skip
        return to.getvalue()


def _metadata(stream: bytes) -> int:
    """Where the frames of a FLAC stream begin [byte]."""
    at, last = 4, False
    while not last:
        last = bool(stream[at] & 0x80)
        at += 4 + int.from_bytes(stream[at + 1 : at + 4], "big")
    return at

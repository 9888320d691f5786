"""Blobs written once, decoded for ever.

`golden.json` says what each blob holds. A blob is never written again: a format that cannot
read them is another version. New ones are added by running this file as a program.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from eegstore import codec
from eegstore.model import Chunk
from eegstore.signal.envelope import envelope

GOLDEN = Path(__file__).parents[2] / "golden"
_LISTED = GOLDEN / "golden.json"
INDEX = json.loads(_LISTED.read_text()) if _LISTED.exists() else {}


@pytest.mark.parametrize("name", sorted(INDEX))
def test_golden_blob(name: str) -> None:
    said = INDEX[name]
    blob = (GOLDEN / f"{name}.blob").read_bytes()
    assert hashlib.sha256(blob).hexdigest() == said["blob_sha256"]
    (chunk,) = codec.decode([blob], [0])
    assert chunk.samples.dtype.str == said["dtype"]
    assert [[list(run) for run in channel] for channel in chunk.runs] == said["runs"]
    assert hashlib.sha256(chunk.samples.tobytes()).hexdigest() == said["samples_sha256"]
    assert hashlib.sha256(envelope(chunk)).hexdigest() == said["envelope_sha256"]


def test_every_golden_blob_is_in_the_index() -> None:
    assert INDEX
    assert {path.stem for path in GOLDEN.glob("*.blob")} == set(INDEX)


def _examples() -> dict[str, Chunk]:
    rng = np.random.default_rng(20261122)
    walk = np.cumsum(np.cumsum(rng.normal(0, 3, (23, 256)), axis=1), axis=1)
    eeg = np.rint(walk % 3000 - 1500).astype("<i2")
    wide = np.cumsum(rng.integers(-5000, 5000, 2 * 512 + 100 + 13)).astype("<i4")
    return {
        "v1_int16_full": Chunk(0, (((0, 256),),) * 23, eeg.ravel()),
        "v1_int16_noise": Chunk(
            0, (((0, 256),),) * 2, rng.integers(-32768, 32768, 512).astype("<i2")
        ),
        "v1_int32_mixed_rates_and_gaps": Chunk(
            0, (((0, 512),), ((0, 512),), ((0, 40), (60, 60)), ((0, 13),), ()), wide
        ),
        "v1_float32": Chunk(
            0, (((0, 256),),) * 4, (eeg[:4].ravel() * np.float32(0.1953125)).astype("<f4")
        ),
        "v1_one_sample": Chunk(0, ((), ((29, 1),)), np.array([-32768], "<i2")),
    }


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, chunk in _examples().items():
        if name in INDEX:
            continue
        blob = codec.encode(chunk)
        (GOLDEN / f"{name}.blob").write_bytes(blob)
        INDEX[name] = {
            "dtype": chunk.samples.dtype.str,
            "runs": chunk.runs,
            "blob_sha256": hashlib.sha256(blob).hexdigest(),
            "samples_sha256": hashlib.sha256(chunk.samples.tobytes()).hexdigest(),
            "envelope_sha256": hashlib.sha256(envelope(chunk)).hexdigest(),
        }
    _LISTED.write_text(json.dumps(INDEX, indent=1) + "\n")

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
    shared = {}
    if "parameters" in said:
        parameters = codec.unpack((GOLDEN / said["parameters"]).read_bytes())
        shared[parameters.sha256] = parameters
    (chunk,) = codec.decode([blob], [0], shared)
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
        "v2_codec3_slow": Chunk(
            0, (*(((0, 1),),) * 9, ()), np.array([237, 320, 220, 7, 0, 0, 0, 0, -9], "<i2")
        ),
        "v2_codec3_int32_runs": Chunk(
            0,
            (((0, 40), (60, 60)), ((0, 13),), ((2, 1),)),
            np.append(np.cumsum(rng.integers(-90, 90, 113)), [-(1 << 31)]).astype("<i4"),
        ),
        **_for_codec_4(),
    }


def _for_codec_4() -> dict[str, Chunk]:
    rng = np.random.default_rng(20261125)
    walk = np.rint(np.cumsum(rng.normal(0, 20, (5, 200)), axis=1)).astype("<i4")
    walk[1] += 3 * walk[0]
    walk[2] = walk[1] + walk[2] % 8
    walk[3] = (walk[3] << 4) + 5
    walk[4, 77:] += 1 << 30
    runs = (*(((0, 200),),) * 5, ((0, 13),), ((0, 9), (10, 3)), *(((0, 1),),) * 2, ())
    full_second = (((0, 200),),) * 2
    slow = np.append(rng.integers(-200, 200, 13 + 12), [1 << 30, -(1 << 30)])
    narrow = np.concatenate([walk[:3].ravel(), [7] * 25, [32767, -32768]])
    return {
        "v2_codec4_int32": Chunk(0, runs, np.append(walk, slow).astype("<i4")),
        "v2_codec4_int16": Chunk(0, (*runs[:3], *runs[5:]), narrow.astype("<i2")),
        "v2_codec4_steps": Chunk(
            0,
            full_second,
            np.floor(np.append(walk[0], walk[0] + walk[2]) * 40.96 + 7.4).astype("<i4"),
        ),
        "v2_codec4_flat": Chunk(0, (((0, 256),),) * 16, np.full(4096, -613, "<i2")),
    }


def _with_parameters() -> tuple[codec.Parameters, dict[str, Chunk]]:
    """Seconds at two rates, one channel apart; louder, with a spike, and cut short."""
    rng = np.random.default_rng(20261123)
    runs = (*(((0, 256),),) * 5, *(((0, 100),),) * 2, ((0, 13),))
    walk = np.cumsum(rng.normal(0, 9, (7, 12 * 256)), axis=1)
    walk[4] = -walk[0]
    walk[3] = walk[0] + walk[1] + rng.normal(0, 2, 12 * 256)
    chunks = []
    for k in range(12):
        fast = walk[:5, k * 256 : k * 256 + 256]
        slow = np.outer([1, -1], walk[6, k * 256 : k * 256 + 200 : 2])
        flat = np.concatenate([fast.ravel(), slow.ravel(), rng.normal(0, 50, 13)])
        chunks.append(Chunk(0, runs, np.rint(flat).astype("<i2")))
    parameters = codec.fit(chunks, 10_000)
    assert parameters is not None
    assert len(parameters.blocks) == 2
    spike = chunks[1].samples.copy()
    spike[[300, 1300]] = 32767, -32768
    short = np.concatenate([chunks[2].samples[:1280].reshape(5, 256)[:, :200].ravel(),
                            chunks[2].samples[1280:]])  # fmt: skip
    return parameters, {
        "v1_codec2_two_rates": chunks[0],
        "v1_codec2_escapes": Chunk(0, runs, spike),
        "v1_codec2_louder": Chunk(0, runs, (chunks[3].samples * 20).astype("<i2")),
        "v1_codec2_partial": Chunk(0, (*(((0, 200),),) * 5, *runs[5:]), short),
    }


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    parameters, examples = _with_parameters()
    for name, chunk in (_examples() | examples).items():
        if name in INDEX:
            continue
        blob = codec.encode(chunk, parameters if name in examples else None)
        (GOLDEN / f"{name}.blob").write_bytes(blob)
        INDEX[name] = {
            "dtype": chunk.samples.dtype.str,
            "runs": chunk.runs,
            "blob_sha256": hashlib.sha256(blob).hexdigest(),
            "samples_sha256": hashlib.sha256(chunk.samples.tobytes()).hexdigest(),
            "envelope_sha256": hashlib.sha256(envelope(chunk)).hexdigest(),
        }
        if codec.read_header(blob).parameters is not None:
            INDEX[name]["parameters"] = "v1_codec2.parameters"
            (GOLDEN / "v1_codec2.parameters").write_bytes(parameters.packed)
    _LISTED.write_text(json.dumps(INDEX, indent=1) + "\n")

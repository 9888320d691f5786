"""What the tests of the API send, made by hand from the documented shapes."""

import json
import struct
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import httpx

from eegstore.model import Chunk, Recording

if TYPE_CHECKING:
    from tests.e2e.conftest import Live

FRAME = {"Content-Type": "application/octet-stream"}
RANGES = ("physical_min", "physical_max", "digital_min", "digital_max")


def http(live: "Live") -> httpx.Client:
    """A plain HTTP client with the key."""
    return httpx.Client(base_url=live.url, headers=live.headers, trust_env=False, timeout=60)


def new_patient() -> str:
    """A patient_id that nobody has yet."""
    return f"p-{uuid.uuid4().hex}"


def place(recording: Recording) -> str:
    """Path of a recording."""
    return f"/recordings/{recording.patient_id}/{recording.recording_id}"


def declaration(recording: Recording) -> dict[str, Any]:
    """The body that declares a recording."""
    channels = [asdict(channel) | {"sfreq": str(channel.sfreq)} for channel in recording.channels]
    body: dict[str, Any] = {"channels": channels, "sample_type": str(recording.sample_type)}
    if recording.start_time is not None:
        body["start_time"] = recording.start_time.isoformat()
    said = {name: getattr(recording, name) for name in ("zone", "study_id", "device")}
    return body | {name: value for name, value in said.items() if value is not None}


def frame(header: dict[str, Any] | bytes, samples: bytes = b"", length: int | None = None) -> bytes:
    """A frame; `length` is what it says of its header's length, when that is a lie."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<I", len(head) if length is None else length) + head + samples


def chunk_frame(recording: Recording, chunks: Sequence[Chunk], **more: Any) -> bytes:
    """A frame of chunks, the runs of each written out."""
    header = {
        "patient_id": recording.patient_id,
        "recording_id": recording.recording_id,
        "sample_type": str(recording.sample_type),
        "chunks": [{"second": chunk.second, "runs": chunk.runs} for chunk in chunks],
    }
    return frame(header | more, b"".join(chunk.samples.tobytes() for chunk in chunks))


def second(recording: Recording, chunk: Chunk, **more: Any) -> dict[str, Any]:
    """A complete second as JSON in the channels' units."""
    samples, at = [], 0
    for channel, runs in zip(recording.channels, chunk.runs, strict=True):
        count = sum(size for _, size in runs)
        counts = chunk.samples[at : at + count].tolist()
        samples.append([value * channel.gain + channel.offset for value in counts])
        at += count
    return {
        "patient_id": recording.patient_id,
        "recording_id": recording.recording_id,
        "start": chunk.second,
        "end": chunk.second + 1,
        "channels": [channel.label for channel in recording.channels],
        "samples": samples,
    } | more


def calibration(recording: Recording) -> list[dict[str, Any]]:
    """The calibration that goes with JSON seconds."""
    return [
        {name: getattr(channel, name) for name in RANGES} | {"unit": channel.unit}
        for channel in recording.channels
    ]


def outcomes(answer: httpx.Response) -> list[tuple[int, str]]:
    """What an answer to ``POST /ingest`` says of every second."""
    return [(chunk["second"], chunk["outcome"]) for chunk in answer.json()["chunks"]]


def digests(answer: httpx.Response) -> list[str]:
    """The content digests in an answer to ``POST /ingest``."""
    return [chunk["content_sha256"] for chunk in answer.json()["chunks"]]

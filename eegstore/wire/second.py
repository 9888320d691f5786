"""A second as JSON: values in each channel's unit, the calibration beside them.

    {"patient_id", "recording_id", "start": 2996, "end": 2997, "channels": [labels],
     "sfreq": ["256", ...], "samples": [[values], ...], "calibration": [{ranges, unit}, ...]}

With the calibration the service finds the counts again exactly; only a float32 recording
has none. `start_time`, `zone`, `study_id` and `device` come along when they are known.
"""

from datetime import timedelta, timezone
from typing import Any

import numpy as np

from eegstore.errors import InvalidDataError
from eegstore.model import Chunk, Recording, SampleType
from eegstore.timebase import full_runs

_CALIBRATION = (
    "physical_min", "physical_max", "digital_min", "digital_max", "unit", "transducer",
    "prefiltering",
)  # fmt: skip


def fits_json(recording: Recording, chunk: Chunk) -> bool:
    """Whether JSON can carry this second.

    It must be complete, its samples finite, and values must tell counts (no gain of 0).
    """
    if recording.sample_type is SampleType.FLOAT32:
        told = bool(np.isfinite(chunk.samples).all())
    else:
        told = all(channel.tells_counts for channel in recording.channels)
    return told and chunk.runs == full_runs(recording.channels, chunk.second)


def json_second(recording: Recording, chunk: Chunk) -> dict[str, Any]:
    """The JSON object of a second, `samples` as float64 arrays.

    Raises
    ------
    InvalidDataError
        When `fits_json` says no.
    """
    if not fits_json(recording, chunk):
        raise InvalidDataError(
            f"second {chunk.second} has missing or non-finite samples, or a channel whose "
            "physical_min is its physical_max; send it as a frame"
        )
    channels = recording.channels
    counts = [sum(count for _, count in runs) for runs in chunk.runs]
    samples = np.split(chunk.samples.astype(np.float64), np.cumsum(counts)[:-1])
    second: dict[str, Any] = {
        "patient_id": recording.patient_id,
        "recording_id": recording.recording_id,
        "start": chunk.second,
        "end": chunk.second + 1,
        "channels": [c.label for c in channels],
        "sfreq": [str(c.sfreq) for c in channels],
        "samples": samples,
    }
    if recording.sample_type is not SampleType.FLOAT32:
        second["samples"] = [x * c.gain + c.offset for x, c in zip(samples, channels, strict=True)]
        second["calibration"] = [
            {name: getattr(channel, name) for name in _CALIBRATION} for channel in channels
        ]
    if recording.start_time is not None:
        start = recording.start_time
        if recording.utc_offset is not None:
            start = start.replace(tzinfo=timezone(timedelta(seconds=recording.utc_offset)))
        second["start_time"] = start.isoformat()
    said = {name: getattr(recording, name) for name in ("zone", "study_id", "device")}
    return second | {name: value for name, value in said.items() if value is not None}

"""Spectrograms as frames and as JSON.

The frame (see `eegstore.wire.frames`) has the header ``{"patient_id", "study_id",
"recording_id", "trace", "unit", "version", "start", "step", "n_times", "n_frequencies",
"frequency_step", "lowest", "db_step"}``. Behind it stand uint8 ``(n_frequencies, n_times)``:
code c is ``lowest + c * db_step`` dB re 1 unit^2/Hz, 255 is none. Column i is of ``start + i *
step`` to ``start + (i + 1) * step`` seconds on the timeline that was asked for, row j of the
frequency ``j * frequency_step`` Hz.
"""

from typing import Any

import numpy as np

from eegstore.errors import InvalidDataError
from eegstore.signal.spectrum import Spectrogram
from eegstore.wire.frames import MAX_VALUES, describing, pack_frame, unpack_frame
from eegstore.wire.metadata import dump, integer

LOWEST, STEP = -40.0, 0.5  # [dB]
NOTHING = 255


def pack_spectrogram(found: Spectrogram, start: float, step: float, named: dict[str, Any]) -> bytes:
    """The frame that carries a spectrogram of even columns; `named` says of what it is."""
    level = np.nan_to_num(found.decibels, nan=LOWEST)
    codes = np.clip(np.rint((level - LOWEST) / STEP), 0, NOTHING - 1).astype(np.uint8)
    codes[np.isnan(found.decibels)] = NOTHING
    n_frequencies, n_times = codes.shape
    header = named | {
        "start": start,
        "step": step,
        "n_times": n_times,
        "n_frequencies": n_frequencies,
        "frequency_step": float(found.frequencies[1]) if n_frequencies > 1 else 0.0,
        "lowest": LOWEST,
        "db_step": STEP,
    }
    return pack_frame(header, [codes])


def unpack_spectrogram(body: bytes) -> Spectrogram:
    """The spectrogram in a frame that `pack_spectrogram` made; its times are middles of columns.

    Raises
    ------
    InvalidDataError
        When the frame is cut short or says what it does not hold.
    """
    header, payload = unpack_frame(body)
    with describing("spectrogram"):
        shape = (integer(header["n_frequencies"], "n_frequencies"),
                 integer(header["n_times"], "n_times"))  # fmt: skip
        if min(shape) < 0 or shape[0] * shape[1] != len(payload) or len(payload) > MAX_VALUES:
            raise InvalidDataError(
                f"the spectrogram needs {shape[0]} x {shape[1]} bytes, got {len(payload)}"
            )
        codes = np.frombuffer(payload, np.uint8).reshape(shape)
        level = codes * float(header["db_step"]) + float(header["lowest"])
        start, step = float(header["start"]), float(header["step"])
        return Spectrogram(
            np.asarray(start + step * (np.arange(shape[1]) + 0.5), np.float64),
            np.arange(shape[0], dtype=np.float64) * float(header["frequency_step"]),
            np.where(codes == NOTHING, np.nan, level),
        )


def spectrogram_json(found: Spectrogram, start: float, step: float, named: dict[str, Any]) -> bytes:
    """A spectrogram with its `times` [s] and `frequencies` [Hz], and `decibels` row by row."""
    rows = {"times": found.times, "frequencies": found.frequencies, "decibels": found.decibels}
    return dump(named | {"start": start, "step": step} | rows)

"""Pages as frames and as JSON.

The frame of a page (see `eegstore.wire.frames`) has the header ``{"patient_id", "study_id",
"recording_id", "start", "end", "recordings": [{"recording_id", "start", "stop"}, ...],
"spans": [[start, stop], ...], "traces": [...], "unavailable": [{"label", "reason", "missing"},
...], "suspects": [...], "version", "blocks": [{"sfreq", "n_points", "per_column", "traces"},
...]}``.
Times are seconds on the timeline that was asked for, `start` and `end` exact as strings.

A trace is ``{"label", "unit", "kind", "side", "noise", "color", "sfreq", "rows", "block",
"scale", "clips": [[start, stop], ...], "lff", "hff", "notch"}``, filters as applied, null for
off. Block after block follow the times of its points, float32 in seconds from the start of the
page, and ``(n_traces, n_points)`` int16: times `scale` they are values in the trace's unit;
-32768 is no sample. `scale` gives each trace as many steps as there are, 65,534 for twice its
largest value.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.page import Page, PageBlock, PageTrace, Stretch
from eegstore.signal.leads import Kind
from eegstore.signal.montage import Unavailable
from eegstore.signal.names import Side
from eegstore.timebase import exact
from eegstore.wire.frames import MAX_VALUES, describing, pack_frame, unpack_frame
from eegstore.wire.metadata import array, dump, integer

NO_SAMPLE = -32768
LARGEST = 32767
_LEAST = 1e-30  # a scale that float32 still holds well
_OF_TRACE = tuple(field.name for field in fields(PageTrace))


def pack_page(page: Page) -> bytes:
    """The frame that carries a page."""
    scales: dict[int, float] = {}
    arrays: list[NDArray[Any]] = []
    for block in page.blocks:
        codes, scale = _coded(block.values)
        scales |= dict(zip(block.traces, scale.tolist(), strict=True))
        arrays += [block.times.astype("<f4", copy=False), codes]
    blocks = [
        {
            "sfreq": block.sfreq,
            "n_points": len(block.times),
            "per_column": block.per_column,
            "traces": block.traces,
        }
        for block in page.blocks
    ]
    traces = [_trace(trace) | {"scale": scales[at]} for at, trace in enumerate(page.traces)]
    times = {"start": str(page.start), "end": str(page.stop)}
    return pack_frame(_head(page) | times | {"traces": traces, "blocks": blocks}, arrays)


def unpack_page(body: bytes) -> Page:
    """The page in a frame that `pack_page` made; values are rounded to each trace's scale.

    Raises
    ------
    InvalidDataError
        When the frame is cut short or says what it does not hold.
    """
    header, payload = unpack_frame(body)
    with describing("page"):
        return _page(header, payload)


def page_json(page: Page) -> bytes:
    """A page whose traces have `times` [s], on the timeline that was asked for, and `values`."""
    traces: list[dict[str, Any]] = [_trace(trace) for trace in page.traces]
    for block in page.blocks:
        times = block.times.astype(np.float64) + float(page.start)
        for at, index in enumerate(block.traces):
            traces[index] |= {"per_column": block.per_column, "times": times,
                              "values": block.values[at]}  # fmt: skip
    times_asked = {"start": float(page.start), "end": float(page.stop)}
    return dump(_head(page) | times_asked | {"traces": traces})


def _head(page: Page) -> dict[str, Any]:
    return {
        "patient_id": page.patient_id,
        "study_id": page.study_id,
        "recording_id": page.recording_id,
        "recordings": page.recordings,
        "spans": page.spans,
        "unavailable": [
            {"label": one.label, "reason": one.reason, "missing": one.missing}
            for one in page.unavailable
        ],
        "suspects": page.suspects,
        "version": page.version,
    }


def _trace(trace: PageTrace) -> dict[str, Any]:
    return {name: getattr(trace, name) for name in _OF_TRACE}


def _coded(values: NDArray[np.float32]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Values as counts, (n_traces, n_points), and what one count is, (n_traces,)."""
    missing = ~np.isfinite(values)
    gaps = bool(missing.any())
    clean = np.where(missing, np.float32(0), values) if gaps else values
    largest = np.abs(clean).max(axis=1, initial=0.0).astype(np.float64)
    scale = np.where(largest > 0, np.maximum(largest / LARGEST, _LEAST), 1.0)
    codes: NDArray[np.int16] = np.rint(clean / scale[:, None].astype(np.float32)).astype("<i2")
    if gaps:
        codes[missing] = NO_SAMPLE
    return codes, scale


def _page(header: dict[str, Any], payload: memoryview) -> Page:
    stated = array(header["traces"], "traces")
    blocks, at = [], 0
    for said in array(header["blocks"], "blocks"):
        indices = tuple(integer(index, "trace") for index in said["traces"])
        n_points = integer(said["n_points"], "n_points")
        if not 0 <= n_points * max(len(indices), 1) <= MAX_VALUES:
            raise InvalidDataError(
                f"a block of {len(indices)} x {n_points} points; at most {MAX_VALUES}"
            )
        size = n_points * (4 + 2 * len(indices))
        if at + size > len(payload):
            raise InvalidDataError(f"the page needs {at + size} bytes, got {len(payload)}")
        times = np.frombuffer(payload[at : at + 4 * n_points], "<f4")
        codes = np.frombuffer(payload[at + 4 * n_points : at + size], "<i2")
        scale = np.array([[float(stated[index]["scale"])] for index in indices], np.float64)
        values = (codes.reshape(len(indices), n_points) * scale).astype(np.float32)
        values[codes.reshape(values.shape) == NO_SAMPLE] = np.nan
        blocks.append(
            PageBlock(exact(str(said["sfreq"])), integer(said["per_column"], "per_column"),
                      indices, times, values)
        )  # fmt: skip
        at += size
    if at != len(payload):
        raise InvalidDataError(f"the page needs {at} bytes, got {len(payload)}")
    return Page(
        str(header["patient_id"]), str(header["study_id"]), _text(header["recording_id"]),
        exact(str(header["start"])), exact(str(header["end"])),
        tuple(Stretch(str(one["recording_id"]), float(one["start"]), float(one["stop"]))
              for one in header["recordings"]),
        _times(header["spans"]), tuple(_stated(trace) for trace in stated),
        tuple(Unavailable(str(one["label"]), str(one["reason"]), tuple(one["missing"]))
              for one in header["unavailable"]),
        tuple(str(text) for text in header["suspects"]), tuple(blocks), _text(header["version"]),
    )  # fmt: skip


def _stated(said: dict[str, Any]) -> PageTrace:
    return PageTrace(
        str(said["label"]), str(said["unit"]), Kind(said["kind"]), Side(said["side"]),
        float(said["noise"]), _text(said["color"]), exact(str(said["sfreq"])),
        tuple(integer(row, "row") for row in said["rows"]), integer(said["block"], "block"),
        _times(said["clips"]),
        *(None if said[name] is None else float(said[name]) for name in ("lff", "hff", "notch")),
    )  # fmt: skip


def _text(said: Any) -> str | None:
    return None if said is None else str(said)


def _times(said: Iterable[Any]) -> tuple[tuple[float, float], ...]:
    return tuple((float(start), float(stop)) for start, stop in said)

"""What a script may ask Python for about events and selections."""

from typing import Any
from uuid import uuid4

from eegstore.client import Client
from eegstore.errors import InvalidDataError
from eegstore.page import Page
from eegstore.signal.filter_setting import parse
from eegstore.signal.montage import Line
from eegstore.signal.readings import amplitude
from eegstore.signal.spectrum import amplitude_spectrum
from eegstore.wire.metadata import annotation_from_json, object_

from .link import Verb


def marking(client: Client) -> dict[str, Verb]:
    """The verbs by name, on a client."""

    def annotate(what: Any) -> Any:
        asked = object_(what, "annotate")
        said = object_(asked["annotation"], "annotation")
        # Named before it is sent: sent twice it is still one.
        named = annotation_from_json({**said, "annotation_id": str(uuid4())})
        stored = client.annotate(asked["patient_id"], asked["recording_id"], named)
        return {name: getattr(stored, name) for name in type(stored).__slots__}

    def measure(what: Any) -> Any:
        asked = object_(what, "measure")
        return _measured(_page(client, asked), asked["label"], asked["number"])

    return {"annotate": annotate, "measure": measure}


def _page(client: Client, asked: dict[str, Any]) -> Page:
    """The selection with all its samples, looked at as on the screen."""
    setting = parse(asked["lff"], asked["hff"], asked["notch"], asked["phase"] == "zero")
    lines = asked["lines"]
    return client.page(
        asked["patient_id"],
        asked.get("recording_id"),
        asked["start"],
        asked["stop"],
        asked["montage"] if lines is None else [_line(line) for line in lines],
        study_id=asked.get("study_id"),
        lff=setting.lff,
        hff=setting.hff,
        notch=setting.notch,
        zero_phase=setting.zero_phase,
        bad=asked["bad"],
    )


def _line(line: dict[str, Any]) -> Line:
    return Line(line["text"], line.get("name"), line.get("color"))


def _measured(page: Page, label: str, number: int) -> dict[str, Any]:
    """Amplitudes and spectrum of a trace: of those with that label, the one of that number."""
    found = [index for index, trace in enumerate(page.traces) if trace.label == label]
    if number >= len(found):
        raise InvalidDataError(f"there is no {label} in the selection")
    trace = page.traces[found[number]]
    block = page.blocks[trace.block]
    values = block.values[block.traces.index(found[number])]
    read = amplitude(values)
    return {
        "unit": trace.unit, "n_samples": read.n_samples, "low": read.low, "high": read.high,
        "mean": read.mean, "rms": read.rms, "spectrum": _spectrum(values, float(trace.sfreq)),
    }  # fmt: skip


def _spectrum(values: Any, sfreq: float) -> dict[str, Any] | None:
    try:
        found = amplitude_spectrum(values, sfreq)
    except InvalidDataError:
        return None
    return {
        "frequencies": found.frequencies.tolist(),
        "amplitudes": found.amplitudes.tolist(),
        "peak": found.peak,
    }

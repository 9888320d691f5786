"""Long EEG recordings: every second one compressed blob in PostgreSQL, windows out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegstore.client import Client
    from eegstore.client_stream import Stored
    from eegstore.model import (
        Annotation,
        Channel,
        Chunk,
        Recording,
        RecordingInfo,
        SampleType,
        Span,
    )
    from eegstore.overview import Overview
    from eegstore.page import Page
    from eegstore.trends import Trends
    from eegstore.window import Block, Window

__all__ = [
    "Annotation",
    "Block",
    "Channel",
    "Chunk",
    "Client",
    "Overview",
    "Page",
    "Recording",
    "RecordingInfo",
    "SampleType",
    "Span",
    "Stored",
    "Trends",
    "Window",
]


def __getattr__(name: str) -> Any:
    # On first use: the supervisor of PostgreSQL starts in a third of the time without numpy.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = {
        "Block": "window", "Client": "client", "Overview": "overview", "Page": "page",
        "Stored": "client_stream", "Trends": "trends", "Window": "window",
    }  # fmt: skip
    home = homes.get(name, "model")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

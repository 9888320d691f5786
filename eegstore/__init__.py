"""Long EEG recordings: every second one compressed blob in PostgreSQL, windows out."""

from eegstore.client import Client
from eegstore.model import Annotation, Channel, Chunk, Recording, RecordingInfo, SampleType, Span
from eegstore.window import Block, Window

__all__ = [
    "Annotation",
    "Block",
    "Channel",
    "Chunk",
    "Client",
    "Recording",
    "RecordingInfo",
    "SampleType",
    "Span",
    "Window",
]

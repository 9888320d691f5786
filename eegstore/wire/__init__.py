"""What travels over HTTP: JSON for metadata, frames for samples."""

from eegstore.wire.frames import (
    MAX_CHUNKS,
    MEDIA_TYPE,
    ChunkFrame,
    cut_chunks,
    pack_chunks,
    pack_window,
    unpack_chunks,
    unpack_window,
)
from eegstore.wire.metadata import (
    annotation_from_json,
    annotations_from_json,
    array,
    channels_from_json,
    dump,
    fraction,
    identity_from_json,
    integer,
    load,
    object_,
    recording_from_json,
    shown,
    stored_recording,
)
from eegstore.wire.values import columns_json, rows_json, unique_labels

__all__ = [
    "MAX_CHUNKS", "MEDIA_TYPE", "ChunkFrame", "annotation_from_json", "annotations_from_json",
    "array", "channels_from_json", "columns_json", "cut_chunks", "dump", "fraction",
    "identity_from_json", "integer", "load", "object_", "pack_chunks", "pack_window",
    "recording_from_json", "rows_json", "shown", "stored_recording", "unique_labels",
    "unpack_chunks", "unpack_window",
]  # fmt: skip

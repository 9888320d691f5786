"""Declare a recording: once, and as one that can be worked with."""

from typing import Any

from eegstore import wire
from eegstore.errors import ConflictError, InvalidDataError
from eegstore.integrity import channels_sha256
from eegstore.model import Recording
from eegstore.store import chunks as chunk_table
from eegstore.store import recordings
from eegstore.store.database import Connection, Database, Row, raw

MAX_YEAR = 9900  # of a start, so that each of its seconds has a place in the calendar
MAX_NAME = 128  # [character] of a label or a unit, of which EDF has 16 and 8
MAX_TEXT = 1000  # [character] of what else is said, of which EDF has 80


async def declare(database: Database, recording: Recording) -> bool:
    """Store a declaration; returns True when it is new, False when it stood there already.

    Raises
    ------
    ConflictError
        The recording is declared otherwise; names the first field that differs.
    InvalidDataError
        It starts at an end of the calendar, or a text of it is too long.
    """
    async with database.begin() as connection:
        return await declare_in(connection, recording)


async def declare_in(connection: Connection, recording: Recording) -> bool:
    """`declare` within a transaction."""
    _check(recording)
    table = channels_sha256(recording.channels, recording.sample_type)
    new = await recordings.declare(connection, _values(recording, table))
    if new:
        entry = chunk_table.LogEntry(0, 0, 0, table, "declared")
        await chunk_table.log(
            await raw(connection), recording.patient_id, recording.recording_id, [entry]
        )
        return True
    row = await recordings.find(connection, recording.patient_id, recording.recording_id)
    assert row is not None
    stored = recording_of(row)
    if stored != recording:
        raise ConflictError(
            f"recording {recording.recording_id!r} of {recording.patient_id!r} is declared "
            f"otherwise: {_difference(stored, recording)}"
        )
    return False


def recording_of(row: Row) -> Recording:
    """A recording as it was declared."""
    names = (
        "patient_id", "recording_id", "study_id", "start_time", "zone", "utc_offset", "device",
        "sample_type", "channels",
    )  # fmt: skip
    return wire.stored_recording({name: row[name] for name in names})


def _check(recording: Recording) -> None:
    start = recording.start_time
    if start is not None and not 1 < start.year <= MAX_YEAR:
        raise InvalidDataError(f"start_time {start} is not in the years 2 to {MAX_YEAR}")
    _check_text("device", recording.device or "", MAX_TEXT)
    for row, channel in enumerate(recording.channels):
        _check_text(f"label of channel {row}", channel.label, MAX_NAME)
        _check_text(f"unit of channel {row}", channel.unit, MAX_NAME)
        _check_text(f"transducer of channel {row}", channel.transducer, MAX_TEXT)
        _check_text(f"prefiltering of channel {row}", channel.prefiltering, MAX_TEXT)


def _check_text(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidDataError(f"{what} has {len(text)} characters; at most {most}")


def _values(recording: Recording, table: bytes) -> dict[str, Any]:
    return {
        "patient_id": recording.patient_id,
        "recording_id": recording.recording_id,
        "study_id": recording.study_id,
        "start_time": recording.start_time,
        "zone": recording.zone,
        "utc_offset": recording.utc_offset,
        "device": recording.device,
        "sample_type": recording.sample_type.value,
        "channels": wire.load(wire.dump(recording.channels)),
        "channels_sha256": table,
    }


def _difference(stored: Recording, asked: Recording) -> str:
    for name in ("sample_type", "start_time", "zone", "utc_offset", "study_id", "device"):
        a, b = getattr(stored, name), getattr(asked, name)
        if a != b:
            return f"{name} is {a!s}, not {b!s}"
    if len(stored.channels) != len(asked.channels):
        return f"it has {len(stored.channels)} channels, not {len(asked.channels)}"
    for row, (a, b) in enumerate(zip(stored.channels, asked.channels, strict=True)):
        if a != b:
            return f"channel {row} is {a}, not {b}"
    return "unknown"

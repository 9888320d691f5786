"""Which channels somebody means by their labels."""

from collections.abc import Sequence

from eegstore.errors import InvalidDataError
from eegstore.model import Recording
from eegstore.wire import unique_labels


def rows_of(recording: Recording, labels: Sequence[str]) -> list[int]:
    """Rows of the channels with these labels made unique, in the order asked.

    Raises
    ------
    InvalidDataError
        Names the label that is unknown, repeated, or stands for several channels.
    """
    unique = unique_labels(recording.channels)
    at = {label: row for row, label in enumerate(unique)}
    rows: dict[int, None] = {}
    for label in labels:
        if label not in at:
            alike = [u for u, c in zip(unique, recording.channels, strict=True) if c.label == label]
            if alike:
                raise InvalidDataError(f"label {label!r} stands for {', '.join(alike)}; name one")
            raise InvalidDataError(
                f"no channel {label!r} in {recording.recording_id!r}; it has {', '.join(unique)}"
            )
        if at[label] in rows:
            raise InvalidDataError(f"channel {label!r} is asked for twice")
        rows[at[label]] = None
    return list(rows)

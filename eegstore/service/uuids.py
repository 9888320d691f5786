"""Ids that people and programs may choose themselves."""

import uuid

from eegstore.errors import InvalidDataError
from eegstore.wire import shown


def uuid_of(what: str, value: str | None) -> str | None:
    """A UUID as it is stored, None for None.

    Raises
    ------
    InvalidDataError
    """
    try:
        return None if value is None else str(uuid.UUID(value))
    except ValueError:
        raise InvalidDataError(f"{what} {shown(str(value))} is not a UUID") from None

"""Who a pseudonym is. Only the body of an answer says it: no URL, no log, no error."""

from dataclasses import asdict

from eegstore.errors import InvalidDataError, NotFoundError
from eegstore.model import Identity, check_id
from eegstore.store import identities
from eegstore.store.database import Database

MAX_LENGTH = 200  # [character] of a field


async def identity(database: Database, patient_id: str) -> Identity | None:
    """Who a patient is, None where nobody has said it.

    Raises
    ------
    NotFoundError
        There is no such patient.
    """
    check_id("patient_id", patient_id)
    async with database.begin() as connection:
        row = await identities.find(connection, patient_id)
        if row is None and not await identities.is_known(connection, patient_id):
            raise NotFoundError(f"no patient {patient_id!r}")
    return None if row is None else Identity(**row)


async def identify(database: Database, patient_id: str, identity: Identity) -> None:
    """Say who a patient is, whatever was said before; he may have no recording yet.

    Raises
    ------
    InvalidDataError
        Names the field and the limit, and not what it holds.
    """
    check_id("patient_id", patient_id)
    fields: dict[str, str | None] = asdict(identity)
    for name, value in fields.items():
        if value is None:
            continue
        if not 1 <= len(value) <= MAX_LENGTH:
            raise InvalidDataError(
                f"{name} has {len(value)} characters; allowed are 1 to {MAX_LENGTH}, or null"
            )
        if not value.isprintable():
            raise InvalidDataError(f"{name} contains a character that cannot be printed")
    async with database.begin() as connection:
        await identities.replace(connection, patient_id, fields)

"""Montages that people made: list, keep, remove."""

from dataclasses import asdict

from eegstore.errors import NotFoundError
from eegstore.signal.montage import Line
from eegstore.signal.own import OwnMontage
from eegstore.store import montages
from eegstore.store.database import Database


async def listing(database: Database) -> list[OwnMontage]:
    """All of them, by name."""
    async with database.begin() as connection:
        rows = await montages.listing(connection)
    return [OwnMontage(row["name"], tuple(Line(**line) for line in row["lines"])) for row in rows]


async def put(database: Database, montage: OwnMontage) -> bool:
    """Keep a montage in place of one of its name; returns whether there was none."""
    async with database.begin() as connection:
        return await montages.put(connection, montage.name, [asdict(x) for x in montage.lines])


async def remove(database: Database, name: str) -> None:
    """Remove a montage.

    Raises
    ------
    NotFoundError
    """
    async with database.begin() as connection:
        if not await montages.remove(connection, name):
            raise NotFoundError(f"no montage {name!r}")

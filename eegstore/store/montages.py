"""Statements about montages that people made."""

from typing import Any

from sqlalchemy import RowMapping, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from eegstore.store.tables import MontageRow


async def listing(connection: AsyncConnection) -> list[RowMapping]:
    """All montages, by name."""
    result = await connection.execute(
        select(MontageRow.name, MontageRow.lines).order_by(MontageRow.name)
    )
    return list(result.mappings())


async def put(connection: AsyncConnection, name: str, lines: list[Any]) -> bool:
    """Store a montage, whatever stood under its name; returns whether nothing did."""
    result = await connection.execute(
        insert(MontageRow).values(name=name, lines=lines)
        .on_conflict_do_update(
            index_elements=[MontageRow.name], set_={"lines": lines, "updated_at": func.now()}
        )
        .returning(text("xmax = 0"))
    )  # fmt: skip
    return bool(result.scalar_one())


async def remove(connection: AsyncConnection, name: str) -> bool:
    """Remove a montage; returns whether there was one."""
    result = await connection.execute(delete(MontageRow).where(MontageRow.name == name))
    return result.rowcount == 1

"""Statements about who a pseudonym is."""

from sqlalchemy import RowMapping, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from eegstore.store.tables import IdentityRow, RecordingRow

_FIELDS = (
    IdentityRow.name, IdentityRow.birth_date, IdentityRow.sex, IdentityRow.hospital_number,
)  # fmt: skip


async def find(connection: AsyncConnection, patient_id: str) -> RowMapping | None:
    """Who a pseudonym is, or None where nobody has said it."""
    result = await connection.execute(select(*_FIELDS).where(IdentityRow.patient_id == patient_id))
    return result.mappings().first()


async def replace(
    connection: AsyncConnection, patient_id: str, fields: dict[str, str | None]
) -> None:
    """Note who a pseudonym is, whatever was noted before."""
    await connection.execute(
        insert(IdentityRow).values(patient_id=patient_id, **fields)
        .on_conflict_do_update(
            index_elements=[IdentityRow.patient_id], set_=fields | {"updated_at": func.now()}
        )
    )  # fmt: skip


async def is_known(connection: AsyncConnection, patient_id: str) -> bool:
    """Whether there is anything of a patient: a recording, or who he is."""
    result = await connection.execute(
        select(
            or_(
                exists().where(RecordingRow.patient_id == patient_id),
                exists().where(IdentityRow.patient_id == patient_id),
            )
        )
    )
    return bool(result.scalar_one())

"""``eegstore recordings``: what is there, through the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from eegstore import wire
from eegstore.cli.terminal import console, database_url, settings, size
from eegstore.service import recordings as recording_service
from eegstore.store.database import Database

T = TypeVar("T")

Patient = Annotated[str, typer.Option("--patient", help="patient_id, a pseudonym.")]


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the database that the settings name; no API is needed."""
    with database_url(settings()) as url:
        return on_database(url, work)


def on_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the database of that URL."""

    async def run() -> T:
        database = Database(url, pool_size=2)
        try:
            await database.check()
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def recordings(
    patient: Annotated[str | None, typer.Option("--patient", help="Only of this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As the API lists them.")] = False,
) -> None:
    """List the recordings and what is stored of each."""
    found = with_database(lambda database: recording_service.listing(database, patient))
    if as_json:
        typer.echo(wire.dump(found).decode())
        return
    table = Table("patient", "recording", "start", "seconds", "channels", "stored", "state")
    for info in found:
        recording = info.recording
        start = recording.start_time
        table.add_row(
            recording.patient_id, recording.recording_id,
            start.isoformat(" ", "seconds") if start is not None else "",
            f"{info.duration:g}", str(len(recording.channels)), size(info.stored_bytes),
            "closed" if info.closed else "open",
        )  # fmt: skip
    console.print(table if found else "no recordings")

"""``eegstore recordings`` and ``eegstore annotations``: what is there, through the database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from eegstore import wire
from eegstore.annotations import read_annotation_file
from eegstore.cli.terminal import console, database_url, settings, size
from eegstore.errors import NotFoundError
from eegstore.model import Annotation
from eegstore.service import annotations as annotation_service
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


annotations = typer.Typer(no_args_is_help=True, help="Annotations: list and import them.")


@annotations.command("list")
def list_annotations(
    recording: Annotated[str, typer.Argument(help="recording_id")],
    patient: Patient,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List what is said of a recording."""
    found = with_database(
        lambda database: annotation_service.of_recording(database, patient, recording)
    )
    if as_json:
        typer.echo(wire.dump(found).decode())
        return
    table = Table("onset [s]", "duration [s]", "description", "source", "status")
    for annotation in found:
        duration = annotation.duration
        table.add_row(
            f"{annotation.onset:g}", "" if duration is None else f"{duration:g}",
            annotation.description, annotation.source, annotation.status,
        )  # fmt: skip
    console.print(table if found else "no annotations")


@annotations.command("import")
def import_annotations(
    files: Annotated[list[Path], typer.Argument(help="chbNN-summary.txt, *.edf.seizures")],
    patient: Patient,
    recording: Annotated[
        str | None, typer.Option(help="Of this recording; default: the file that each names.")
    ] = None,
) -> None:
    """Store CHB-MIT annotations; again is nothing new.

    A summary speaks of many files: those that are no recordings of the patient are named
    and left out.
    """
    wanted: list[tuple[str, list[Annotation]]] = []
    for file in files:
        for name, listed in read_annotation_file(file).items():
            if recording is None or recording in (name, Path(name).stem):
                wanted.append((name, listed))

    async def work(database: Database) -> None:
        known = {r.recording_id for r in await recording_service.of_patient(database, patient)}
        stored = 0
        for name, listed in wanted:
            target = next((n for n in (name, Path(name).stem) if n in known), None)
            if target is None:
                if listed:
                    console.print(f"{name}: no such recording of {patient}; left out")
                continue
            if listed:
                added = await annotation_service.add(database, patient, target, listed)
                new = sum(fresh for _, fresh in added)
                stored += 1
                console.print(f"{target}: {new} new of {len(added)}")
            else:
                stored += 1
        if not stored:
            raise NotFoundError(f"none of these files speaks of a recording of {patient!r}")

    with_database(work)

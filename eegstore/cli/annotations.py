"""``eegstore annotations``: list, import and export, through the database."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from eegstore import wire
from eegstore.annotation_export import Format
from eegstore.annotations import read_annotation_file
from eegstore.cli.listings import Patient, with_database
from eegstore.cli.terminal import console, size
from eegstore.errors import InvalidDataError, NotFoundError
from eegstore.model import Annotation
from eegstore.service import annotations as annotation_service
from eegstore.service import recordings as recording_service
from eegstore.service.annotation_export import exported
from eegstore.service.exporting import replacing
from eegstore.store.database import Database

annotations = typer.Typer(no_args_is_help=True, help="Annotations: list, import, export them.")


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


@annotations.command("export")
def export_annotations(
    patient: Patient,
    recording: Annotated[str | None, typer.Argument(help="recording_id; or else --study")] = None,
    study: Annotated[str | None, typer.Option("--study", help="All files of a study.")] = None,
    kind: Annotated[
        Format | None, typer.Option("--format", help="Default: what the name ends in, else csv.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: named after its source, here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Export what holds now as EDF+, CSV or BIDS events.tsv; only CSV has what was rejected."""
    if kind is None:
        endings = {".edf": Format.EDF, ".tsv": Format.BIDS}
        kind = endings.get(output.suffix.lower(), Format.CSV) if output else Format.CSV
    path = output or Path(f"{recording or study}{kind.ending}")
    if path.exists() and not force:
        raise InvalidDataError(f"{path} exists; --force replaces it")

    async def work(database: Database) -> bytes:
        return await exported(database, patient, kind, study_id=study, recording_id=recording)

    body = with_database(work)
    with replacing(path) as file:
        file.write(body)
    console.print(f"{path}: {size(len(body))}", markup=False)

"""``eegstore import``, ``export`` and ``verify``: straight on the database, no API needed."""

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from eegstore.cli.listings import Patient, with_database
from eegstore.cli.terminal import console, errors, progress, size
from eegstore.errors import EegStoreError, InvalidDataError
from eegstore.model import SampleType, check_id
from eegstore.service import recordings as recording_service
from eegstore.service.edf_export import export_edf
from eegstore.service.exporting import export_original
from eegstore.service.importing import Imported, import_edf
from eegstore.service.verifying import Verified
from eegstore.service.verifying import verify as verify_stored
from eegstore.store.database import Database
from eegstore.timebase import exact


def import_files(
    files: Annotated[list[Path], typer.Argument(help="EDF, EDF+, BDF.")],
    patient: Patient,
    recording: Annotated[
        str | None, typer.Option("--recording", help="Of one file; default: its name.")
    ] = None,
    study: Annotated[str | None, typer.Option("--study", help="Ties the files.")] = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Take truncated files; the loss is recorded.")
    ] = False,
) -> None:
    """Import files losslessly; one that was imported before is skipped.

    Every file is a transaction of its own: a refused one leaves nothing, the others go in.
    """
    if recording is not None and len(files) > 1:
        raise InvalidDataError(f"--recording names one recording, but {len(files)} files are given")
    for name, value in (("patient_id", patient), ("recording_id", recording), ("study_id", study)):
        if value is not None:
            check_id(name, value)

    async def work(database: Database) -> int:
        failed = 0
        with progress() as bar:
            for file in files:
                task = bar.add_task(file.name, total=None, note="")
                try:
                    done = await import_edf(
                        database, file, patient, recording, study, salvage=salvage,
                        progress=partial(_proved, bar, task),
                    )  # fmt: skip
                except EegStoreError as error:
                    failed += 1
                    bar.remove_task(task)
                    errors.print(f"eegstore: {error}", style="red", markup=False)
                else:
                    bar.remove_task(task)
                    console.print(_said(done), markup=False)
                    if done.loss and not done.skipped:
                        errors.print(f"{done.recording_id}: {done.loss}", style="yellow")
        return failed

    if with_database(work):
        raise typer.Exit(1)


def export(
    recording: Annotated[str, typer.Argument(help="recording_id")],
    patient: Patient,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: recording_id here.")
    ] = None,
    original: Annotated[
        bool, typer.Option("--original", help="The imported file, byte for byte.")
    ] = False,
    start: Annotated[str | None, typer.Option("--start", help="[s] from its start.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="[s], not included.")] = None,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Float32 or 24 bit into fewer bits.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Export a recording as EDF+ (BDF+ for 24 bit), or the original file."""
    if original and (start is not None or end is not None or lossy):
        raise InvalidDataError("--original gives the whole file; it has no --start, --end, --lossy")

    async def work(database: Database) -> tuple[Path, int]:
        path = output or Path(recording)
        if output is None and not original and path.suffix.lower() not in (".edf", ".bdf"):
            declared = await recording_service.declared(database, patient, recording)
            wide = declared.recording.sample_type is SampleType.INT32
            path = Path(recording + (".bdf" if wide else ".edf"))
        if path.is_dir():
            path = path / recording
        if path.exists() and not force:
            raise InvalidDataError(f"{path} exists; --force replaces it")
        if original:
            return path, await export_original(database, patient, recording, path)
        return path, await export_edf(
            database, patient, recording, path,
            start=_seconds(start, "--start"), stop=_seconds(end, "--end"), lossy=lossy,
        )  # fmt: skip

    path, n_bytes = with_database(work)
    console.print(f"{path}: {size(n_bytes)}", markup=False)


def verify(
    recording: Annotated[str | None, typer.Argument(help="recording_id; default: all")] = None,
    patient: Annotated[str | None, typer.Option("--patient", help="Only of this one.")] = None,
) -> None:
    """Read every blob again and recompute digests, envelopes, log and original files."""
    if recording is not None and patient is None:
        raise InvalidDataError("a recording is named by --patient as well")

    async def work(database: Database) -> list[Verified]:
        with progress(transient=True) as bar:
            tasks: dict[str, object] = {}

            def show(name: str, at: int, of: int) -> None:
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=of, note="")
                bar.update(tasks[name], completed=at)  # type: ignore[arg-type]

            return await verify_stored(database, patient, recording, progress=show)

    results = with_database(work)
    if not results and (patient or recording):
        raise InvalidDataError(f"nothing of {patient!r} {recording or ''} is stored".rstrip())
    for result in results:
        name = f"{result.patient_id} {result.recording_id}"
        if not result.faults:
            console.print(
                f"{name}: {result.n_seconds} s, {size(result.n_bytes)}, as they were stored",
                markup=False,
            )
        for fault in result.faults:
            errors.print(f"{name}: {fault}", style="red", markup=False)
    faulty = sum(bool(result.faults) for result in results)
    console.print(f"{len(results)} recordings verified, {faulty} with faults")
    if faulty:
        raise typer.Exit(1)


def _proved(bar: Progress, task: TaskID, what: str, at: int, of: int) -> None:
    """Show how far a file has been proved, which each part of it is once it is stored."""
    if what == "prove":
        bar.update(task, completed=at, total=of)


def _said(done: Imported) -> str:
    if done.skipped:
        return f"{done.recording_id}: imported before, skipped"
    ratio = (
        f" ({done.file_bytes / done.stored_bytes:.2f} times smaller)" if done.stored_bytes else ""
    )
    return (
        f"{done.recording_id}: {done.n_seconds} s, {done.n_samples} samples, "
        f"{done.n_annotations} annotations; {size(done.file_bytes)} as a file, "
        f"{size(done.stored_bytes)} in blobs{ratio}"
    )


def _seconds(text: str | None, what: str) -> Fraction | None:
    if text is None:
        return None
    try:
        return exact(text)
    except ValueError:
        raise InvalidDataError(f"{what} is {text!r}; it must be seconds") from None

"""``eegstore db``: the database beneath."""

from typing import Annotated

import typer

from eegstore.cli.listings import with_database
from eegstore.cli.terminal import console, database_url, settings
from eegstore.errors import InvalidDataError
from eegstore.service import recordings as recording_service
from eegstore.service import spectra, summaries
from eegstore.store import postgres
from eegstore.store.database import Database
from eegstore.store.schema import head_revision

app = typer.Typer(no_args_is_help=True, help="The database: its schema, its URL, its end.")


@app.command()
def upgrade() -> None:
    """Create the roles and tables, or bring them up to date."""
    with database_url(settings()):
        console.print(f"the schema is at {head_revision()}")


@app.command()
def url() -> None:
    """Print the application's SQLAlchemy URL; starts the embedded server if need be."""
    with database_url(settings()) as found:
        typer.echo(found)


@app.command()
def stop() -> None:
    """Stop the embedded server of the data directory. Data stay."""
    data = settings().data
    stopped = postgres.stop(data)
    console.print("stopped" if stopped else f"no server is running on {data}")


@app.command("rebuild-summaries")
def rebuild_summaries(
    recording: Annotated[str | None, typer.Argument(help="recording_id; default: all")] = None,
    patient: Annotated[str | None, typer.Option("--patient", help="Only of this one.")] = None,
) -> None:
    """Make the roll-ups of overviews and trends anew. What is stored stays as it is."""
    if recording is not None and patient is None:
        raise InvalidDataError("a recording is named by --patient as well")

    async def work(database: Database) -> int:
        found = await recording_service.listing(database, patient, recording)
        for info in found:
            name = (info.recording.patient_id, info.recording.recording_id)
            made = await summaries.rebuild(database, *name)
            hours = await spectra.rebuild(database, *name)
            told = f"{' '.join(name)}: {made} roll-ups, {hours} h of spectral bins"
            console.print(told, markup=False)
        return len(found)

    if not with_database(work) and patient is not None:
        raise InvalidDataError(
            f"nothing of {' '.join(filter(None, (patient, recording)))} is stored"
        )

"""``eegstore db``: the database beneath."""

import typer

from eegstore.cli.terminal import console, database_url, settings
from eegstore.store import postgres
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

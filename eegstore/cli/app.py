"""The program: its commands, and how it fails."""

from typing import Any

import typer
from typer.core import TyperGroup

from eegstore.cli import annotations, db, demo, device, files, listings, servers
from eegstore.cli.terminal import errors
from eegstore.errors import EegStoreError


class _Program(TyperGroup):
    """Runs a command; what it raises on purpose becomes one clear line."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EegStoreError as error:
            message = str(error)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            message = f"{where}{error.strerror or error}"
        errors.print(f"eegstore: {message}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=_Program,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Long EEG recordings: every second one compressed blob in PostgreSQL.",
)
app.command("demo")(demo.demo)
app.command("serve")(servers.serve)
app.command("view")(servers.view)
app.command("simulate")(device.simulate)
app.command("import")(files.import_files)
app.command("export")(files.export)
app.command("verify")(files.verify)
app.command("recordings")(listings.recordings)
app.add_typer(annotations.annotations, name="annotations")
app.add_typer(db.app, name="db")

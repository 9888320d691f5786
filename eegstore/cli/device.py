"""``eegstore simulate``: a device that plays a file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from eegstore.cli.terminal import console, errors, progress, settings
from eegstore.client import Client
from eegstore.config import Settings
from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import InvalidDataError
from eegstore.model import Recording, check_id
from eegstore.simulator import EdfSource, Report, Simulator

Speed = Annotated[str, typer.Option(help="1 is real time, 20 twenty times that; or max.")]


def simulate(
    file: Annotated[Path, typer.Argument(help="EDF, EDF+ or BDF.")],
    patient: Annotated[str, typer.Option("--patient", help="patient_id, a pseudonym.")],
    recording: Annotated[
        str | None, typer.Option("--recording", help="Default: the file's name.")
    ] = None,
    study: Annotated[str | None, typer.Option("--study")] = None,
    speed: Speed = "1",
    json: Annotated[bool, typer.Option("--json", help="Send JSON, not frames.")] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="Where the API is; default EEGSTORE_API_URL.")
    ] = None,
    buffer: Annotated[
        Path | None, typer.Option("--buffer", help="Where the device keeps what waits.")
    ] = None,
) -> None:
    """Play a file as a wearable device would: second by second, stored first, sent then.

    Ended and started again it goes on where it was; the API may be away for any time.
    """
    values, rate = settings(), speed_of(speed)
    with EdfSource(file, check_id("patient_id", patient), recording, study) as source:
        path = buffer or buffer_path(values, source.recording)
        with (
            Client(url or values.api_url) as client,
            DeviceBuffer(path) as waiting,
            progress() as bar,
        ):
            task = bar.add_task(source.recording.recording_id, total=source.n_seconds, note="")
            device = Simulator(
                source, client, buffer=waiting, speed=rate, json=json,
                on_progress=lambda report: _show(bar, task, report),
            )  # fmt: skip
            report = device.run()
    console.print(said(report))
    if not report.finished:
        errors.print("not finished; start it again to go on", style="yellow")
        raise typer.Exit(1 if report.conflicts or report.refused else 130)
    if report.conflicts or report.refused:
        raise typer.Exit(1)


def said(report: Report) -> str:
    """What a device did, in one line."""
    parts = [
        f"{report.acquired} s recorded",
        f"{report.acknowledged} s acknowledged ({report.duplicates} were there already)",
        f"{report.pending} waiting",
    ]
    if report.conflicts or report.refused:
        parts.append(f"{report.conflicts} conflicts, {report.refused} refused, kept in the buffer")
    if report.retries:
        parts.append(f"{report.retries} retries, longest outage {report.longest_outage:.1f} s")
    if report.resumed_from:
        parts.append(f"resumed from second {report.resumed_from}")
    return ", ".join([*parts, f"in {report.wall_time:.1f} s"])


def speed_of(text: str) -> float | None:
    """Recorded seconds per second; None for max."""
    if text == "max":
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidDataError(f"--speed is {text!r}; it must be a number or max") from None


def buffer_path(values: Settings, recording: Recording) -> Path:
    """Where the device of a recording keeps its buffer."""
    return values.data / "device" / recording.patient_id / f"{recording.recording_id}.sqlite"


def _show(bar: Progress, task: TaskID, report: Report) -> None:
    note = f"{report.pending} waiting" if report.pending else ""
    bar.update(task, completed=report.acknowledged, note=note)

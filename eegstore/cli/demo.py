"""``eegstore demo``: the main job on one command, with nothing to install or to prepare."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from eegstore.cli.device import Speed, buffer_path, said, speed_of
from eegstore.cli.listings import on_database
from eegstore.cli.terminal import console, database_url, settings, size
from eegstore.client import Client
from eegstore.config import VIEWER_PORT, Settings, api_key, loopback_origins
from eegstore.device_buffer import DeviceBuffer
from eegstore.errors import EegStoreError, StoreUnavailableError
from eegstore.model import Recording, SampleType
from eegstore.service import recordings as recording_service
from eegstore.simulator import EdfSource, Report, Simulator, Source, SyntheticSource
from eegstore.store import postgres, recordings, rowwise
from eegstore.store.database import Database

PATIENT = "demo"
HEAD_START = 600  # [s] of the synthetic recording that are there at once
STARTING = 180.0  # [s]


def demo(
    edf: Annotated[
        Path | None, typer.Option("--edf", help="Play this file instead of a synthetic EEG.")
    ] = None,
    exit_after: Annotated[
        float | None, typer.Option("--exit-after", help="[s] from the printed addresses.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory; default EEGSTORE_DATA.")
    ] = None,
    port: Annotated[int, typer.Option(help="Of the API.")] = 8765,
    viewer_port: Annotated[int, typer.Option("--viewer-port")] = VIEWER_PORT,
    speed: Speed = "1",
) -> None:
    """Start PostgreSQL, the API, the viewer and a device; Ctrl-C ends them all."""
    if data is not None:
        os.environ["EEGSTORE_DATA"] = str(data.absolute())
    os.environ["EEGSTORE_API_URL"] = f"http://127.0.0.1:{port}"
    os.environ.pop("EEGSTORE_PUBLIC_API_URL", None)
    os.environ["EEGSTORE_VIEWER_ORIGINS"] = " ".join(loopback_origins(viewer_port))
    rate = speed_of(speed)
    values = settings()
    stop = threading.Event()
    for number in (port, viewer_port):
        _check_free(number)
    with ExitStack() as stack:
        # Whoever ends it, and however: nothing that it started is left running.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(signal.signal, signal.SIGTERM, before)
        source = _source(edf, stack)
        stack.callback(_leave_nothing(values))
        url = stack.enter_context(database_url(values))
        console.print(f"database {_where(values)}")
        key = api_key(values, create=True)
        api = stack.enter_context(_Program("serve", "--port", str(port)))
        client = stack.enter_context(Client(values.api_url, key))
        _wait(client.patients, api)
        viewer = stack.enter_context(
            _Program("view", "--port", str(viewer_port), "--api-url", values.api_url)
        )
        recording = source.recording
        console.print(f"API      {values.api_url}/docs")
        console.print(f"viewer   http://127.0.0.1:{viewer_port}/viewer")
        console.print(f"data     {values.data}  (API key in {values.data / 'api_key'})")
        console.print(
            f"device   plays {recording.recording_id}: {len(recording.channels)} channels, "
            f"speed {speed}; Ctrl-C ends everything"
        )
        started = time.monotonic()
        waiting = stack.enter_context(DeviceBuffer(buffer_path(values, recording)))
        device = Simulator(
            source, client, buffer=waiting, speed=rate,
            head_start=0 if edf is not None else HEAD_START,
        )  # fmt: skip
        sizes = _Sizes(url, recording)
        _run(device, sizes, exit_after, started, stop, (api, viewer))
    console.print("all ended; the data stay")


def _run(
    device: Simulator,
    sizes: "_Sizes",
    exit_after: float | None,
    started: float,
    stop: threading.Event,
    programs: "tuple[_Program, ...]",
) -> None:
    """Let the device run and tell how it goes, until the time or the user ends it."""
    failures: list[EegStoreError] = []

    def play() -> None:
        try:
            device.run(stop)
        except EegStoreError as error:
            failures.append(error)

    playing = threading.Thread(target=play, name="device")
    playing.start()
    told, next_told = 0, 0.0
    try:
        while exit_after is None or time.monotonic() - started < exit_after:
            for program in programs:
                program.check()
            if failures:
                raise failures[0]
            report = device.report
            if report.acknowledged > told and time.monotonic() >= next_told:
                console.print(sizes.said(report))
                told, next_told = report.acknowledged, time.monotonic() + 10
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        playing.join()
    console.print(sizes.said(device.report))
    console.print(said(device.report))


class _Sizes:
    """What the recording takes on disk, and what it would take otherwise."""

    def __init__(self, url: str, recording: Recording) -> None:
        self._url, self._recording = url, recording
        self._key = (recording.patient_id, recording.recording_id)
        self._per_sample = on_database(url, self._row)

    async def _row(self, database: Database) -> float:
        async with database.begin() as connection:
            return await rowwise.bytes_per_sample(connection, *self._key)

    async def _now(self, database: Database) -> tuple[int, int]:
        info = await recording_service.info(database, *self._key)
        async with database.begin() as connection:
            return info.n_samples, await recordings.bytes_on_disk(connection, *self._key)

    def said(self, report: Report) -> str:
        """How far it is, in one line."""
        try:
            n_samples, on_disk = on_database(self._url, self._now)
        except EegStoreError as error:
            return f"{report.acknowledged} s acknowledged; size not known now: {error}"
        if not on_disk:
            return f"{report.acknowledged} s acknowledged"
        as_edf = n_samples * (2 if self._recording.sample_type is SampleType.INT16 else 3)
        rows = n_samples * self._per_sample
        return (
            f"{report.acknowledged} s acknowledged, {report.pending} waiting: {size(on_disk)} on "
            f"disk; as EDF {size(as_edf)} ({as_edf / on_disk:.2f} x), as a row per sample "
            f"{size(rows)} ({rows / on_disk:.0f} x)"
        )


def _source(edf: Path | None, stack: ExitStack) -> Source:
    if edf is not None:
        return stack.enter_context(EdfSource(edf, PATIENT))
    from eegstore.signal.synthetic import SyntheticEeg

    start = datetime.now().replace(microsecond=0) - timedelta(seconds=HEAD_START)
    return SyntheticSource(SyntheticEeg(), PATIENT, f"demo-{start:%Y%m%dT%H%M%S}", start)


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None


def _where(values: Settings) -> str:
    if values.database_url is not None:
        return "PostgreSQL of EEGSTORE_DATABASE_URL"
    return f"embedded PostgreSQL {values.pg_version} in {values.data / 'postgres'}"


def _leave_nothing(values: Settings) -> Callable[[], object]:
    """What ends the embedded server again, unless it ran before the demo."""
    if values.database_url is not None or postgres.status(values.data) is not None:
        return lambda: None
    return lambda: postgres.stop(values.data)


class _Program:
    """A command of eegstore as a process of its own, out of reach of the terminal's Ctrl-C."""

    def __init__(self, *arguments: str) -> None:
        self._name = arguments[0]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eegstore", *arguments],
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> "_Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def check(self) -> None:
        """Raise StoreUnavailableError when the process has ended by itself."""
        code = self._process.poll()
        if code is not None:
            raise StoreUnavailableError(f"eegstore {self._name} ended with exit code {code}")


def _wait(ask: Callable[[], object], program: _Program) -> None:
    """Until the service answers."""
    deadline = time.monotonic() + STARTING
    while True:
        program.check()
        try:
            ask()
            return
        except StoreUnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)

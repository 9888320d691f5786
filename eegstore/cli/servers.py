"""``eegstore serve`` and ``eegstore view``."""

import os
import sys
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

import eegstore
from eegstore.cli.terminal import console, database_url, settings
from eegstore.config import VIEWER_PORT, api_key, loopback_origins
from eegstore.errors import InvalidDataError, NotFoundError
from eegstore.store.postgres_cluster import MAX_CONNECTIONS

_OTHERS = 10  # connections for commands beside the API
Host = Annotated[str, typer.Option(help="Address to listen on.")]


def serve(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8765,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Loopback only.")] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default EEGSTORE_WORKERS, or 1.", min=1, max=64)
    ] = None,
) -> None:
    """Serve the API, on the embedded PostgreSQL or the one in EEGSTORE_DATABASE_URL."""
    from eegstore.api.app import create_app
    from eegstore.api.serving import listen
    from eegstore.api.serving import serve as serve_app

    if no_auth and not _loopback(host):
        raise InvalidDataError(f"--no-auth is for loopback only; {host} can be reached by others")
    values = settings()
    n = workers or values.workers
    if values.database_url is None and 2 * n * values.pool_size > MAX_CONNECTIONS - _OTHERS:
        raise InvalidDataError(
            f"{n} workers with up to {2 * values.pool_size} connections each are more than the "
            f"{MAX_CONNECTIONS - _OTHERS} that the embedded server has for them; fewer workers or "
            "a smaller EEGSTORE_POOL_SIZE"
        )
    key = None if no_auth else api_key(values, create=True)
    with listen(host, port) as socket, database_url(values) as url:
        make = partial(
            create_app, url, key, values.pool_size, values.viewer_origins, values.kept_mb, n
        )
        name, number = socket.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        told = f"eegstore API at http://{shown}:{number}"
        serve_app(make, socket, lambda: console.print(told), n)


def view(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option()] = VIEWER_PORT,
    api_url: Annotated[str | None, typer.Option(help="Where the API is.")] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Further host:port under which it is opened.")
    ] = None,
) -> None:
    """Serve the viewer. It asks the API with your key and shows whoever opens it."""
    values = settings()
    environment = os.environ | {"EEGSTORE_DATA": str(values.data)}
    if api_url is not None:
        environment["EEGSTORE_API_URL"] = api_url
    origins = {f"{name}:{port}" for name in ("localhost", "127.0.0.1", host)} | set(origin or ())
    command = [
        sys.executable, "-m", "bokeh", "serve", str(viewer_directory()),
        "--address", host, "--port", str(port), "--log-level", "warning",
        *(f"--allow-websocket-origin={name}" for name in sorted(origins)),
    ]  # fmt: skip
    console.print(f"eegstore viewer at http://{host}:{port}/viewer")
    if not set(loopback_origins(port)) & set(values.viewer_origins):
        console.print(
            f"it shows nothing until the API's EEGSTORE_VIEWER_ORIGINS names where it is opened, "
            f"like {loopback_origins(port)[0]}"
        )
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def viewer_directory() -> Path:
    """Where the viewer lies: in the installed package, or beside it in a clone."""
    package = Path(eegstore.__file__).parent
    for place in (package / "viewer", package.parent / "viewer"):
        if (place / "main.py").is_file():
            return place
    raise NotFoundError(f"no viewer in {package} or beside it")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""A live service: the API as its own process, on the embedded PostgreSQL of this run."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from eegstore import Client
from tests.e2e.asking import http

if TYPE_CHECKING:
    from eegstore.store import postgres


# A shell that runs the tests in the background has them ignore Ctrl-C, and so would all that
# they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _free_ports(n: int) -> list[int]:
    with ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(n)]
        return [one.getsockname()[1] for one in free]


class Live:
    """`eegstore serve` on a port that it keeps, to be ended and started again."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.viewer_port = _free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.viewer_url = f"http://127.0.0.1:{self.viewer_port}"
        self.environment = os.environ | {
            "EEGSTORE_DATA": str(data),
            "EEGSTORE_API_URL": self.url,
            "EEGSTORE_VIEWER_ORIGINS": self.viewer_url,
        }
        self.environment.pop("EEGSTORE_API_KEY", None)
        self.process: subprocess.Popen[bytes] | None = None
        self._log = data.parent / f"api-{self.port}.log"

    @property
    def said(self) -> str:
        """What all its processes have printed."""
        return self._log.read_text()

    @property
    def api_key(self) -> str:
        return (self.data / "api_key").read_text().strip()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def start(self, *command: str) -> None:
        """Start the API and wait until it is ready."""
        arguments = command or (sys.executable, "-m", "eegstore", "serve")
        with self._log.open("a") as log:  # a pipe that nobody reads would fill and stop it
            self.process = subprocess.Popen(
                [*arguments, "--port", str(self.port)],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while True:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail(f"the API did not start: {self.said}")
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)

    def cli(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `eegstore` on the same data directory."""
        done = subprocess.run(
            [sys.executable, "-m", "eegstore", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if check and done.returncode:
            pytest.fail(f"eegstore {arguments} exited {done.returncode}: {done.stderr}")
        return done


@pytest.fixture(scope="session")
def live(data_directory: Path, server: "postgres.Server") -> Iterator[Live]:
    """The API, running. A test that ends it starts it again."""
    service = Live(data_directory)
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def api(live: Live) -> Iterator[httpx.Client]:
    """A plain client with the key."""
    with http(live) as client:
        yield client


@pytest.fixture(scope="module")
def eeg(live: Live) -> Iterator[Client]:
    """Our own client."""
    with Client(live.url, live.api_key) as client:
        yield client

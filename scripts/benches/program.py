"""Servers in processes of their own."""

import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from scripts.benches.data import ROOT

STARTING = 120.0  # [s]


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Program:
    """A server in a process of its own, that tells its port by answering on it."""

    def __init__(
        self,
        log: Path,
        arguments: list[str],
        key: str,
        environment: dict[str, str],
        port: int | None = None,
    ) -> None:
        self.port = free_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self.headers = {"Authorization": f"Bearer {key}"}
        with log.open("a") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments, "--port", str(self.port)],
                env=os.environ | environment, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT,
            )  # fmt: skip
        self._log = log

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def wait(self, path: str) -> None:
        """Until a GET of `path` is answered with 200."""
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            except (OSError, HTTPException):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{path} is not answered: {self._log.read_text()[-500:]}")

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

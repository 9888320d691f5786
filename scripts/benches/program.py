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
    """A server in a process of its own. Its port, URL and number are told when it answers: who
    starts several asks for them when all are started.

    Parameters
    ----------
    path : str
        What it answers a GET of with 200 when it is ready.
    """

    def __init__(
        self,
        log: Path,
        arguments: list[str],
        key: str,
        environment: dict[str, str],
        path: str,
        port: int | None = None,
    ) -> None:
        self._port = free_port() if port is None else port
        self.address = f"http://127.0.0.1:{self._port}"
        self.headers = {"Authorization": f"Bearer {key}"}
        with log.open("a") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments, "--port", str(self._port)],
                env=os.environ | environment, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT,
            )  # fmt: skip
        self._log, self._path, self._ready = log, path, False

    @property
    def port(self) -> int:
        """Where it answers."""
        self._wait()
        return self._port

    @property
    def url(self) -> str:
        """Where it answers."""
        self._wait()
        return self.address

    @property
    def pid(self) -> int:
        """Of the process."""
        self._wait()
        return self._process.pid

    def end(self) -> None:
        """Tell it to end, as Ctrl-C does."""
        self._process.terminate()

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.end()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTING
        while not self._ready:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{self._path} is not answered: {self._log.read_text()[-500:]}")
            try:
                connection = HTTPConnection("127.0.0.1", self._port, timeout=5)
                connection.request("GET", self._path)
                self._ready = connection.getresponse().status == 200
            except (OSError, HTTPException):
                pass
            if not self._ready:
                time.sleep(0.05)

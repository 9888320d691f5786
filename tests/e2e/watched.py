"""An API whose output is read while it runs, over all its starts."""

import threading
from pathlib import Path

from tests.e2e.conftest import Live


class Watched(Live):
    """As `Live`; what all its processes said is in `said`."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.said: list[str] = []

    def start(self, *command: str) -> None:
        super().start(*command)
        assert self.process is not None
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self.said.extend, args=(self.process.stdout,))
        self._reader.start()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self._wait()

    def stop(self) -> str:
        assert self.process is not None
        self.process.terminate()
        self._wait()
        return "".join(self.said)

    def _wait(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.wait(60)
        self._reader.join(60)
        self.process.stdout.close()

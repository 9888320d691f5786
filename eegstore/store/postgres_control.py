"""The client's end of a supervisor's control socket: one JSON object a line, both ways.

The first line of the client is ``{"token", "command"}`` with the command ``lease``,
``status`` or ``stop``. The supervisor answers with its state, ``{"state", "message"}``, at
once and on every change; a client with the wrong token gets an empty answer. A lease is
held as long as its connection is open.
"""

import contextlib
import json
import socket
from typing import Literal

from eegstore.store.postgres_runtime import Runtime

Command = Literal["lease", "status", "stop"]
State = Literal["starting", "ready", "failed", "stopped"]

INVALID, UNAVAILABLE, BUSY = 65, 69, 75  # exit status of a supervisor that does not detach
STATES: tuple[State, ...] = ("starting", "ready", "failed", "stopped")
ANSWER_WITHIN = 10.0  # [s]; a supervisor answers in milliseconds
LINE_LIMIT = 65536  # [bytes]


class Control:
    """A connection to the supervisor, on which it has said what state it is in.

    Attributes
    ----------
    state : str
        The state last received.
    message : str
        What went wrong, in state ``failed``.

    Raises
    ------
    OSError
        When nobody answers, or somebody who is no supervisor with this token.
    """

    def __init__(self, runtime: Runtime, command: Command) -> None:
        self.state: State
        self.message = ""
        self._buffer = b""
        address = ("127.0.0.1", runtime.control_port)
        self._socket = socket.create_connection(address, ANSWER_WITHIN)
        try:
            request = {"token": runtime.token, "command": command}
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            if not self.receive(ANSWER_WITHIN):
                raise ConnectionError("the supervisor closed the connection")
        except BaseException:
            self.close()
            raise

    def receive(self, timeout: float | None) -> bool:
        """Wait for the next state; False when the supervisor has gone.

        Raises
        ------
        TimeoutError
            When it says nothing for `timeout` [s]; the connection stays usable.
        OSError
            When the connection broke, or carries something else.
        """
        self._socket.settimeout(timeout)
        while b"\n" not in self._buffer:
            received = self._socket.recv(4096)
            if not received:
                return False
            self._buffer += received
            if len(self._buffer) > LINE_LIMIT:
                raise ConnectionError(f"a line of more than {LINE_LIMIT} bytes")
        line, self._buffer = self._buffer.split(b"\n", 1)
        try:
            answer = json.loads(line)
            self.state, self.message = answer["state"], str(answer.get("message", ""))
        except (ValueError, TypeError, KeyError):
            raise ConnectionError("the answer is not a state") from None
        if self.state not in STATES:
            raise ConnectionError(f"state {self.state!r} is none of {', '.join(STATES)}")
        return True

    def follow(self, timeout: float | None = None) -> bool:
        """`receive`, where a silence of `timeout` [s] changes nothing; False when it has gone."""
        try:
            return self.receive(timeout)
        except TimeoutError:
            return True
        except OSError:
            return False

    def interrupt(self) -> None:
        """End the connection; a `receive` in another thread returns False."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, and so give back the lease."""
        self._socket.close()

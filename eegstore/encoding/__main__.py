"""Encode a file for the program that has started this one: ``python -m eegstore.encoding``.

It says `READY`, reads one `Order` from standard input, and writes the seconds of one portion
after the other, or `FAILED`. Everything is pickled: nobody else can write to the pipe between a
program and its own child.
"""

import fcntl
import pickle
import sys
from contextlib import suppress
from typing import Any

from eegstore import codec
from eegstore.edf import EdfFile
from eegstore.encoding import Plain, encoded
from eegstore.encoding.checks import check_all
from eegstore.encoding.order import FAILED, READY, Order, framed
from eegstore.errors import EdfError

_AHEAD = 1 << 20  # bytes of portions that wait in the pipe, so that this need not


def main() -> None:
    """Do what is ordered."""
    if sys.platform == "linux":
        with suppress(OSError):  # one user's pipes have a limit
            fcntl.fcntl(sys.stdout, fcntl.F_SETPIPE_SZ, _AHEAD)
    _say(READY)
    try:
        order: Order = pickle.load(sys.stdin.buffer)
        fitted = None if order.packed is None else codec.unpack(order.packed)
        with EdfFile(order.path, salvage=order.salvage) as file:
            if file.size != order.size:
                raise EdfError(f"{file.name} has become another file")
            for start in range(order.start, file.n_seconds, order.portion):
                chunks = list(file.chunks(start, start + order.portion))
                check_all(order.recording, chunks)
                found = encoded([Plain(order.channels_sha256, chunk, fitted) for chunk in chunks])
                _say([
                    (chunk.second, chunk.samples.size, *one)
                    for chunk, one in zip(chunks, found, strict=True)
                ])  # fmt: skip
    except Exception:  # who has ordered does it himself, and sees why
        _say(FAILED)


def _say(what: Any) -> None:
    sys.stdout.buffer.write(framed(pickle.dumps(what, pickle.HIGHEST_PROTOCOL)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError, EOFError):  # nobody waits for it any more
        main()

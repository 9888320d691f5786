"""Windows are made of memory that is already there."""

import platform
import subprocess
import sys

import pytest

READING = """
import resource
import sys
from fractions import Fraction

import numpy as np

from eegstore.picks import pick
from eegstore.service.kept import Second, batches_of
from eegstore.service.memory import keep_freed
from eegstore.signal.synthetic import SyntheticEeg
from eegstore.window import assemble_batches

if sys.argv[1] == "kept":
    keep_freed()
eeg = SyntheticEeg()
recording, runs = eeg.recording("p", "r"), eeg.chunk(0).runs
picks = pick(recording)
shape = (len(picks.rows), 256)
seconds = {k: Second(b"", runs, np.full(shape, k, np.int16)) for k in range(600)}


def filtered(data):  # as pages are drawn: several arrays of float64, one after the other
    return np.cumsum(data * 0.5 - data.mean(axis=1, keepdims=True), axis=1)


def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


held = None  # as who reads windows holds one until the next is there
for turn in range(40):
    for length in (1, 10, 60):
        at, before = (turn * 37) % 500, faults()
        batches = batches_of({k: seconds[k] for k in range(at, at + length)})
        start, stop = Fraction(at), Fraction(at + length)
        window = assemble_batches(picks, start, stop, batches)
        held = filtered(window.physical(window.blocks[0], np.float64))
print(faults() - before)
"""


def faults(memory: str) -> int:
    """Page faults of the last window of 60 s."""
    done = subprocess.run(
        [sys.executable, "-c", READING, memory], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the rule is one of glibc")
def test_what_is_freed_is_used_again() -> None:
    assert faults("kept") < 20
    assert faults("given back") > 500

"""The pure parts of scripts/benches: statistics, report, pins, turns, bodies. No timing."""

import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import wire
from scripts.benches import install, posting, questions
from scripts.benches.data import Signal
from scripts.benches.figures import Sample, compared, number, over, quantile
from scripts.benches.report import Answer, Table, Target, render
from scripts.benches.runner import Failed, Worker, in_turn
from scripts.benches.starts import starting
from tests.unit.recordings import make_recording

PINS = Path(install.__file__).with_name("requirements.txt").read_text()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_quantile_is_numpys(values: list[float], q: float) -> None:
    assert quantile(values, q) == pytest.approx(np.quantile(values, q), rel=1e-9, abs=1e-6)


def test_median_and_p99() -> None:
    sample = Sample(tuple(range(101, 0, -1)))
    assert (sample.n, sample.median, sample.p99) == (101, 51, 100)
    with pytest.raises(ValueError, match="at least one value"):
        Sample(())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.04567, "0.0457"),
        (0.9996, "1.00"),
        (4.567, "4.57"),
        (45.67, "45.7"),
        (999.96, "1,000"),
        (45678.9, "45,679"),
        (-4.567, "-4.57"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_comparison_puts_the_ratio_first_and_a_gap_where_nothing_was_measured() -> None:
    slow, fast = Sample((0.004,) * 3), Sample((0.002,) * 3)
    assert compared(slow, fast) == ["2.00", "4.00", "4.00", "3"]
    assert compared(slow, None) == ["-", "4.00", "4.00", "3"]
    assert compared(None, fast) == ["-"] * 4
    assert over(slow, fast) == 2
    assert over(None, fast) is None


@pytest.mark.parametrize(
    ("measured", "must", "higher", "met"),
    [
        (1.0, 1.0, False, True),
        (1.1, 1.0, False, False),
        (1.0, 1.0, True, True),
        (0.9, 1.0, True, False),
        (None, 1.0, True, None),
        (1.0, None, True, None),
    ],
)
def test_target_is_met_or_not(
    measured: float | None, must: float | None, higher: bool, met: bool | None
) -> None:
    target = Target("t", measured, must, higher=higher)
    assert target.meets(must) is met
    assert target.cells()[3] == {True: "yes", False: "**no**", None: ""}[met]


def test_report_counts_targets_and_names_what_is_missing(tmp_path: Path) -> None:
    answer = Answer(
        "a",
        "How fast?",
        "Text.",
        [
            Target("met", 2.0, 1.0, 3.0, "MB", True),
            Target("missed", 2.0, 1.0),
            Target("unknown", None, 1.0),
            Target("not asked", 5.0, None),
        ],
        [Table("Times", ["system", "ms"], [["a|b", "1.00"]])],
        [("Plot", tmp_path / "plots" / "p.svg")],
        ["A note."],
    )
    page = render([("CPU", "fast")], [answer], [("chdb", "no wheel")], tmp_path)
    assert "## What is asked for: 1 of 3 met, 1 not measured" in page
    assert "| met | 2.00 MB | ≥ 1.00 MB | yes | ≥ 3.00 MB | **no** |" in page
    assert "| unknown | not measured | ≤ 1.00 x |  |  |  |" in page
    assert "| a\\|b | 1.00 |" in page
    assert "![Plot](plots/p.svg)" in page
    assert "| chdb | no wheel |" in page
    assert "\n- A note.\n" in page


def test_tables_of_the_report_have_as_many_cells_in_every_row() -> None:
    lines = Table("", ["a", "b", "c"], [["1", "2", "3"]]).markdown().splitlines()
    assert {line.count("|") for line in lines} == {4}


def test_pins_are_split_into_one_block_for_each_package() -> None:
    found = install.blocks(PINS)
    assert len(found) == sum("==" in line.partition(";")[0] for line in PINS.splitlines())
    assert {"arcticdb", "chdb", "duckdb", "h5py", "pcodec", "tiledb", "zarr"} <= set(found)
    for name, block in found.items():
        assert block.startswith(f"{name}==")
        assert "--hash=sha256:" in block
        assert not block.rstrip().endswith("\\")
        assert "#" not in block


def test_peers_share_the_versions_of_eegstore() -> None:
    dev = (Path(install.ROOT) / "requirements-dev.txt").read_text()

    def pinned(text: str) -> dict[str, str]:
        return {name: block.split()[0] for name, block in install.blocks(text).items()}

    peers, ours = pinned(PINS), pinned(dev)
    assert {name: pin for name, pin in peers.items() if name in ours}.items() <= ours.items()


class Clockwork(Worker):
    """A worker without a process; every operation takes as long as it is told."""

    def __init__(self, name: str, seconds: float, fails_at: int | None = None) -> None:
        self.name, self.method, self.calls = name, None, []
        self._seconds, self._fails_at = seconds, fails_at

    def timed(self, method: str, *arguments: Any) -> float:
        self.calls.append(arguments)
        if len(self.calls) == self._fails_at:
            raise Failed("broken")
        return self._seconds


def limits(rounds: int, at_least: int, budget: float) -> Any:
    scale = SimpleNamespace(rounds=rounds, at_least=at_least, budget=budget, long=3.0)
    return SimpleNamespace(scale=scale, missing={})


def test_systems_take_turns_on_the_same_arguments() -> None:
    one, two = Clockwork("one", 0.001), Clockwork("two", 0.002)
    found = in_turn(limits(20, 3, 100), [one, two], "read", {5: starting(100, 5)})
    assert {key: sample.n for key, sample in found.items()} == {("one", 5): 20, ("two", 5): 20}
    assert found["two", 5].median == 0.002
    assert one.calls == two.calls  # warm-ups as well
    spans = [(stop - start, start >= 0, stop <= 100) for start, stop in one.calls]
    assert set(spans) == {(5, True, True)}
    assert len(set(one.calls)) > 5


def test_a_slow_system_leaves_off_and_a_broken_one_is_named() -> None:
    slow, fast, broken = Clockwork("slow", 1.0), Clockwork("fast", 0.001), Clockwork("b", 0.1, 6)
    allowed = limits(50, 2, 3.0)
    found = in_turn(allowed, [slow, fast, broken], "read", {"": lambda _: ()})
    assert {key[0]: sample.n for key, sample in found.items()} == {"slow": 2, "fast": 50, "b": 4}
    assert allowed.missing == {"b": "broken"}


def test_windows_start_inside_the_recording() -> None:
    draw = starting(60, 60, "more")
    assert draw(random.Random(1)) == (0, 60, "more")


@pytest.fixture
def signal(tmp_path: Path) -> Signal:
    recording = make_recording()
    counts = np.random.default_rng(0).integers(-2000, 2000, (3, 20 * 256)).astype("<i2")
    np.save(tmp_path / "c.npy", counts)
    return Signal(recording, 20, tmp_path / "none.edf", tmp_path / "c.npy")


def test_signal_knows_a_wrong_answer(signal: Signal) -> None:
    values = signal.physical(signal.counts[:, 256:768])
    assert signal.wrong(values, 1, 3) is None
    assert signal.wrong(values, 2, 4) is not None
    assert signal.wrong(values[:, 1:], 1, 3) == "shape (3, 511), not (3, 512)"
    values[1, 7] += 0.5
    assert signal.wrong(values, 1, 3) == "off by 0.5 uV"


@pytest.mark.parametrize("size", [1, 4])
def test_devices_send_every_second_once_in_frames(signal: Signal, size: int) -> None:
    def made(k: int) -> bytes:
        chunks = [posting.cut(signal, posting.FIRST + s + k) for s in range(size)]
        moved = [c.__class__(posting.FIRST + s, c.runs, c.samples) for s, c in enumerate(chunks)]
        return posting.body(signal.recording, moved, posting.FRAME)

    bodies = posting._renumbered([made(0), made(1)], size)
    frames = [wire.unpack_chunks(next(bodies)) for _ in range(300)]
    seconds = [second - posting.FIRST for frame in frames for second, _ in frame.chunks]
    assert seconds == list(range(300 * size))
    cut = [wire.cut_chunks(frame, signal.recording) for frame in frames[:3]]
    assert np.array_equal(cut[0][0].samples, cut[2][0].samples)
    assert not np.array_equal(cut[0][0].samples, cut[1][0].samples)


def test_devices_send_every_second_once_in_json(signal: Signal) -> None:
    chunk = posting.cut(signal, posting.FIRST)
    made = posting.body(signal.recording, [chunk], posting.JSON)
    bodies = posting._renumbered([made], 1)
    sent = [wire.load(next(bodies)) for _ in range(50)]
    assert [body["start"] - posting.FIRST for body in sent] == list(range(50))
    assert all(body["end"] == body["start"] + 1 for body in sent)
    assert Counter(len(body["samples"]) for body in sent) == {3: 50}


def test_every_question_can_be_asked() -> None:
    for name in (*questions.NAMES, "soak"):
        assert Path(questions.__file__).with_name(f"{name}.py").is_file()

"""One file for each question of a user. Each has a `run` that answers it."""

from collections.abc import Callable
from importlib import import_module

from scripts.benches.place import Place
from scripts.benches.report import Answer

# Memory comes before others that need a day, which it imports by the CLI, and watches.
# Read builds the stores whose sizes disk tells.
NAMES = ("plan", "codec", "memory", "read", "disk", "http", "ingest", "overview", "viewer",
         "ageing")  # fmt: skip


def load(name: str) -> Callable[[Place], Answer]:
    """What answers the question of this name."""
    run: Callable[[Place], Answer] = import_module(f"scripts.benches.questions.{name}").run
    return run

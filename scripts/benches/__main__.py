"""Runs the questions and writes the report; see ``scripts/bench``."""

import argparse
import os
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scripts.benches import install, machine, questions
from scripts.benches.data import ROOT
from scripts.benches.place import FULL, QUICK, Place, Scale
from scripts.benches.report import Answer, render

REPORT = ROOT / "BENCHMARKS.md"


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for; 1 when a question could not be answered."""
    options = _options(arguments)
    names = [name for name in questions.NAMES if name in (options.only or questions.NAMES)]
    if options.soak or options.soak_minutes or "soak" in (options.only or ()):
        names.append("soak")
    scale = replace(QUICK if options.quick else FULL, soak=options.soak_minutes or 60)
    output = options.output or (None if options.only else REPORT)
    parent = os.environ.get("EEGSTORE_BENCH_DIR")
    begun, facts = time.monotonic(), machine.facts()
    with tempfile.TemporaryDirectory(dir=parent, prefix="eegstore-bench-") as made:
        directory = Path(made)
        directory.chmod(0o755)  # the server may run as another user
        with Place(directory, scale, _plots(output, directory)) as place:
            place.missing |= install.missing()
            server = place.ask(place.database("empty"), "SHOW server_version")
            answers = []
            for name in names:
                say(f"{name} ... ({time.monotonic() - begun:.0f} s)")
                answers.append(_answered(name, place))
            facts = [
                ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
                ("took", f"{(time.monotonic() - begun) / 60:.1f} min"),
                ("command", shlex.join(["./scripts/bench", *arguments])),
                ("kind of run", _kind(scale, names)),
                ("data", f"{place.source.name}, tiled to longer recordings"),
                *facts,
                ("database", f"PostgreSQL {server}, embedded, with eegstore's settings"),
            ]
            missing = sorted(place.missing.items())
            page = render(facts, answers, missing, output.parent if output else ROOT)
    if output is None:
        print(page)
    else:
        output.write_text(page)
        say(f"wrote {output}")
    return int(any(answer.failed for answer in answers))


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _answered(name: str, place: Place) -> Answer:
    try:
        return questions.load(name)(place)
    except Exception as error:
        traceback.print_exc()
        place.missing[f"question {name}"] = f"{type(error).__name__}: {error}"
        return Answer(
            name, f"{name}: not answered", f"{type(error).__name__}: {error}", failed=True
        )


def _kind(scale: Scale, names: Sequence[str]) -> str:
    parts = [f"{scale.name}, questions {', '.join(names)}"]
    if scale.name == "quick":
        parts.append(
            f"few repetitions, {scale.hour} s stand for an hour (which caches of some stores hold "
            f"whole) and {scale.day} s for a day; what takes a second is not warmed up, and kinds "
            "of pages are turned one after the other"
        )
    return "; ".join(parts)


def _plots(output: Path | None, directory: Path) -> Path:
    if output is None:
        return directory
    if output.resolve() == REPORT:
        return ROOT / "scripts" / "benches" / "plots"
    return output.resolve().parent / "plots"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures eegstore against what it replaces and writes BENCHMARKS.md.",
        epilog="EEGSTORE_BENCH_DIR: where files are made (about 25 GB in a full run), else the "
        "system's temporary directory. EEGSTORE_TEST_DATA: real recordings.",
    )
    parser.add_argument("--quick", action="store_true", help="under 3 minutes, shorter recordings")
    parser.add_argument(
        "--only", action="append", choices=[*questions.NAMES, "soak"], metavar="NAME",
        help="only this question, can be repeated; without --output the report is printed "
        f"({', '.join(questions.NAMES)}, soak)",
    )  # fmt: skip
    parser.add_argument("--soak", action="store_true", help="also an hour of load")
    parser.add_argument("--soak-minutes", type=float, help="a shorter or longer one [min]")
    parser.add_argument("--output", type=Path, help="where the report goes; default BENCHMARKS.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

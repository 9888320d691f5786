"""What was measured, as a page of Markdown. Every number in it comes from the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benches.figures import number


@dataclass(frozen=True)
class Target:
    """A figure that is asked for, and what was measured.

    Parameters
    ----------
    measured : float or None
        None when it could not be measured; `note` says why.
    must, want : float or None
        Limits, of the same unit as `measured`.
    higher : bool
        Whether more is better.
    """

    what: str
    measured: float | None
    must: float | None
    want: float | None = None
    unit: str = "x"
    higher: bool = False
    note: str = ""

    def meets(self, limit: float | None) -> bool | None:
        """Whether `limit` is met; None when nothing is asked or measured."""
        if limit is None or self.measured is None:
            return None
        return self.measured >= limit if self.higher else self.measured <= limit

    def cells(self) -> list[str]:
        """What, measured, must, met, want, met."""
        measured = "not measured" if self.measured is None else self._amount(self.measured)
        what = f"{self.what} ({self.note})" if self.note else self.what
        cells = [what, measured]
        for limit in (self.must, self.want):
            sign = "≥" if self.higher else "≤"
            cells.append("" if limit is None else f"{sign} {self._amount(limit)}")
            cells.append({True: "yes", False: "**no**", None: ""}[self.meets(limit)])
        return cells

    def _amount(self, value: float) -> str:
        return f"{number(value)} {self.unit}".rstrip()


TARGET_COLUMNS = ("what", "measured", "must", "met", "want", "met")


@dataclass(frozen=True)
class Table:
    """Rows of cells under a caption."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table; the first column is text, the others numbers."""
        head = [list(self.columns), ["---", *["---:"] * (len(self.columns) - 1)]]
        lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in [*head, *self.rows]]
        return "\n".join([*([f"{self.caption}\n"] if self.caption else []), *lines])


@dataclass
class Answer:
    """The answer to one question of a user."""

    name: str
    question: str
    text: str = ""
    targets: list[Target] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    plots: list[tuple[str, Path]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: bool = False

    def markdown(self, beside: Path) -> str:
        """The section; links to plots are relative to the directory `beside`."""
        parts = [f"## {self.question}", self.text]
        if self.targets:
            rows = [target.cells() for target in self.targets]
            parts.append(Table("", TARGET_COLUMNS, rows).markdown())
        parts += [table.markdown() for table in self.tables]
        parts += [f"![{what}]({_relative(path, beside)})" for what, path in self.plots]
        parts += [f"- {note}" for note in self.notes]
        return "\n\n".join(part for part in parts if part)


def render(
    facts: Sequence[tuple[str, str]],
    answers: Sequence[Answer],
    missing: Sequence[tuple[str, str]],
    beside: Path,
) -> str:
    """The whole page.

    Parameters
    ----------
    facts : sequence of (name, value)
        Machine, versions, date, data, command.
    missing : sequence of (peer, reason)
        What was not measured, and why.
    beside : Path
        The directory in which the page will lie.
    """
    parts = [
        "# Benchmarks",
        "Written by `scripts/bench`; no number here was typed by hand. Systems that are compared "
        "ran in the same run, each in a process of its own, one operation after the other in "
        "turn; only the operation is timed, in its own process. Medians, with the 99th percentile "
        "beside them (of fewer than 100 repetitions nearly the slowest); n is the number of "
        "repetitions. A ratio compares medians. The machine may have had other work, so trust "
        "ratios within a table more than absolute times.",
        Table("", ("run", ""), [[name, value] for name, value in facts]).markdown(),
    ]
    targets = [target for answer in answers for target in answer.targets]
    if targets:
        asked = [target for target in targets if target.must is not None]
        met = sum(target.meets(target.must) is True for target in asked)
        unknown = sum(target.measured is None for target in asked)
        said = f"{met} of {len(asked)} met" + (f", {unknown} not measured" if unknown else "")
        parts.append(f"## What is asked for: {said}")
        rows = [target.cells() for target in targets]
        parts.append(Table("", TARGET_COLUMNS, rows).markdown())
    parts += [answer.markdown(beside) for answer in answers]
    parts.append("## Not measured")
    if missing:
        parts.append(Table("", ("what", "why"), [list(row) for row in missing]).markdown())
    else:
        parts.append("Nothing: every peer and every floor ran.")
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _relative(path: Path, beside: Path) -> str:
    path, beside = path.resolve(), beside.resolve()
    inside = path.is_relative_to(beside)
    return str(path.relative_to(beside)) if inside else path.as_uri()

"""Pages out: ``GET /eeg`` with a montage or filters."""

import asyncio
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from eegstore import wire
from eegstore.api.caching import cacheable
from eegstore.errors import InvalidDataError
from eegstore.page import Page
from eegstore.service.pages import read_page, read_study_page
from eegstore.service.view import MAX_VALUES, View
from eegstore.signal.derivations import STANDARD
from eegstore.signal.filter_setting import HFF, LFF, NOTCH, OFF, parse
from eegstore.signal.montage import Line
from eegstore.signal.own import COLOR, MAX_LINES, MAX_TEXT
from eegstore.store.database import Database
from eegstore.wire.page import pack_page, page_json

MAX_JSON_VALUES = 2_000_000
_AT_ONCE = 100_000  # values packed in a millisecond


class Phase(StrEnum):
    """How filters run."""

    ZERO = "zero"  # forwards and backwards
    SINGLE = "single"  # forwards only, as those of analog machines


def _offered(labels: Sequence[float]) -> str:
    return "[Hz]; " + ", ".join(f"{label:g}" for label in labels) + " or off"


@dataclass(frozen=True, slots=True)
class Look:
    """What of a question makes its answer a page."""

    montage: Annotated[
        str | None, Query(description=", ".join([*STANDARD, "custom"]) + "; default recorded")
    ] = None
    line: Annotated[
        list[str] | None,
        Query(description="of a custom montage, in order: TEXT, or TEXT|NAME|COLOR"),
    ] = None
    bad: Annotated[list[int] | None, Query(description="rows of bad channels")] = None
    lff: Annotated[str | None, Query(description=_offered(LFF))] = None
    hff: Annotated[str | None, Query(description=_offered(HFF))] = None
    notch: Annotated[str | None, Query(description=_offered(NOTCH))] = None
    phase: Annotated[Phase | None, Query(description="default zero")] = None
    version: Annotated[
        str | None, Query(description="of a study, as a page told it; such pages may be kept")
    ] = None

    @property
    def is_page(self) -> bool:
        """Whether anything is asked of derivations or filters."""
        asked = (self.montage, self.line, self.bad, self.lff, self.hff, self.notch, self.phase)
        return any(one is not None for one in asked)

    def view(self, px: int | None, channels: Sequence[str] | None) -> View:
        """The same in words of the service.

        Raises
        ------
        InvalidDataError
            Names the parameter, its value and what may stand there.
        """
        if channels is not None:
            raise InvalidDataError(
                "channels does not go with a montage; use montage=custom and line="
            )
        setting = parse(
            self.lff or OFF, self.hff or OFF, self.notch or OFF, self.phase is not Phase.SINGLE
        )
        montage = self.montage or "recorded"
        lines = self.line or []
        if (montage == "custom") != bool(lines):
            raise InvalidDataError(
                f"montage {montage!r} with {len(lines)} lines; a custom montage has at least one, "
                "and others have none"
            )
        if len(lines) > MAX_LINES:
            raise InvalidDataError(f"{len(lines)} lines; a custom montage has at most {MAX_LINES}")
        shown = tuple(_line(text) for text in lines) if lines else montage
        return View(shown, setting, frozenset(self.bad or ()), px)


async def look_of(**asked: Any) -> Look:
    """`Look` as a dependency that needs no thread."""
    return Look(**asked)


look_of.__signature__ = inspect.signature(Look)  # type: ignore[attr-defined]


async def page(
    request: Request,
    database: Database,
    key: tuple[str, str],
    span: tuple[Fraction, Fraction],
    look: Look,
    px: int | None,
    channels: Sequence[str] | None,
    *,
    of_study: bool,
    binary: bool,
) -> Response:
    """The answer to ``GET /eeg`` with a montage or filters; `key` is of a recording or a study.

    That of a study is sealed only when the question names the version of the study's clock: a
    recording that is imported later may start before all others, or lie in a hole.
    """
    read = await (read_study_page if of_study else read_page)(
        database, *key, *span, look.view(px, channels),
        max_values=MAX_VALUES if binary else MAX_JSON_VALUES,
    )  # fmt: skip
    sealed = read.sealed and (not of_study or look.version == read.page.version)
    return await _answer(request, read.page, binary=binary, sealed=sealed)


async def _answer(request: Request, made: Page, *, binary: bool, sealed: bool) -> Response:
    write = pack_page if binary else page_json
    if binary and sum(block.values.size for block in made.blocks) <= _AT_ONCE:
        body = write(made)
    else:
        body = await asyncio.to_thread(write, made)
    media_type = wire.MEDIA_TYPE if binary else "application/json"
    return await cacheable(request, body, media_type, sealed=sealed)


def _line(text: str) -> Line:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) > 3 or not parts[0] or max(map(len, parts)) > MAX_TEXT:
        raise InvalidDataError(
            f"line {text[:40]!r} is not TEXT, or TEXT|NAME|COLOR, each of at most {MAX_TEXT} "
            "characters"
        )
    text, name, color = [*parts, "", ""][:3]
    if color and not COLOR.fullmatch(color):
        raise InvalidDataError(f"line {text!r}: color {color!r} is neither #rrggbb nor a name")
    return Line(text, name or None, color or None)

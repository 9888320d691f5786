"""The seizures of a study by day and by hour."""

import asyncio
from typing import NamedTuple

from eegstore.service import annotations, studies
from eegstore.store.database import Database
from eegstore.study import Study
from eegstore.tally import Tally, is_seizure, tally


class Tallied(NamedTuple):
    """A tally, and the recordings that roll-ups are due for (`summaries.build`)."""

    tally: Tally
    due: list[tuple[str, str]]


async def seizures(database: Database, study: Study) -> Tallied:
    """How many there were that nobody has rejected, and in how much stored time."""
    stored = await studies.stored(database, study)
    said = await annotations.standing(database, study, statuses=["proposed", "confirmed"])
    onsets = [entry.study_onset for entry in said if is_seizure(entry.annotation)]
    spans = study.on_clock(stored.spans)
    return Tallied(await asyncio.to_thread(tally, study.first, spans, onsets), stored.due)

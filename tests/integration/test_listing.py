"""Listing recordings reads roll-ups and what they miss, and says what the chunks would."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from eegstore.model import Annotation, RecordingInfo
from eegstore.service import annotations, recordings, summaries
from eegstore.store import recordings as statements
from eegstore.store.database import Database
from eegstore.tally import is_seizure
from tests.conftest import Urls
from tests.integration.databases import put, used
from tests.integration.overviews import HOUR, seconds_of, slow_recording

STRETCHES = (
    range(7, 2000),
    range(2100, 2103),
    range(HOUR, HOUR + 700),
    range(9 * HOUR, 9 * HOUR + 9),
)
EACH = [second for stretch in STRETCHES for second in stretch]
EVERY = {"r1": EACH, "r2": [], "r3": [5], "r4": [second + 4 * HOUR for second in EACH]}


async def fill(database: Database) -> dict[str, RecordingInfo]:
    """Four recordings; what should be listed of each."""
    wanted = {}
    for recording_id, stored in EVERY.items():
        recording = slow_recording(recording_id=recording_id)
        chunks = seconds_of(recording, stored)
        await put(database, recording, list(chunks.values()))
        async with database.begin() as connection:
            size = await connection.execute(
                text("SELECT coalesce(sum(octet_length(blob)), 0) FROM chunk "
                     "WHERE recording_id = :id"), {"id": recording_id},
            )  # fmt: skip
        wanted[recording_id] = RecordingInfo(
            recording, len(chunks), float(max(stored, default=-1) + 1),
            sum(chunk.samples.size for chunk in chunks.values()), int(size.scalar_one()), False,
        )  # fmt: skip
    return wanted


def test_the_listing_is_the_same_with_roll_ups_without_and_with_some(urls: Urls) -> None:
    async def work(database: Database) -> None:
        wanted = await fill(database)
        for built, due in (([], ["r1", "r4"]), (["r2", "r4"], ["r1"]), (["r1"], [])):
            for recording_id in built:
                await summaries.build(database, "p1", recording_id)
            listed = await recordings.listed(database, "p1")
            assert listed.infos == list(wanted.values())
            assert [name for _, name in listed.due] == due
            assert await recordings.listing(database) == listed.infos
            for recording_id in EVERY:
                assert await recordings.info(database, "p1", recording_id) == wanted[recording_id]

    used(urls.app, work)


def test_late_seconds_are_listed_at_once(urls: Urls) -> None:
    recording = slow_recording()
    chunks = seconds_of(recording, range(1000))
    late = {second: chunks.pop(second) for second in (3, 500, 501, 999)}

    async def work(database: Database) -> None:
        await put(database, recording, list(chunks.values()))
        await summaries.build(database, "p1", "r1")
        await put(database, recording, list(late.values()))
        (info,) = await recordings.listing(database)
        assert (info.n_seconds, info.duration) == (1000, 1000.0)
        assert info.n_samples == sum(c.samples.size for c in (chunks | late).values())

    used(urls.app, work)


def scanned(plan: dict[str, Any]) -> Iterator[float]:
    """How many rows of the chunk table every node of a plan has looked at."""
    if plan.get("Relation Name") == "chunk":
        removed = sum(v for k, v in plan.items() if k.startswith("Rows Removed"))
        yield (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    for part in plan.get("Plans", []):
        yield from scanned(part)


def test_with_roll_ups_few_chunks_are_looked_at(urls: Urls) -> None:
    async def rows(database: Database) -> float:
        query = "EXPLAIN (ANALYZE, FORMAT JSON) " + statements._LIST.format(where="")
        async with database.begin() as connection:
            found = (await connection.execute(text(query))).scalar_one()
        plan = found if isinstance(found, list) else json.loads(found)
        return sum(scanned(plan[0]["Plan"]))

    async def work(database: Database) -> tuple[float, float]:
        await fill(database)
        async with database.begin() as connection:
            await connection.execute(text("ANALYZE"))
        before = await rows(database)
        await summaries.catch_up(database, [("p1", name) for name in EVERY])
        return before, await rows(database)

    n_stored = sum(map(len, EVERY.values()))
    before, after = used(urls.admin, work)
    assert before >= n_stored
    assert after < n_stored / 50


SAID = [
    "seizure", "Seizure", " SEIZURE 3", "seizure: left", "sz", "Sz?", "seiz onset", "seizures",
    "no seizure", "szs", "sz3", "seizure_end", "seizuré", "pre-seizure", "", "\tseizure\n", "s",
    "electrographic seizure", "seizure/artefact",
]  # fmt: skip


@pytest.mark.parametrize("description", SAID)
def test_what_counts_as_a_seizure_is_what_the_viewer_shows_as_one(
    common: Urls, description: str
) -> None:
    recording = slow_recording(recording_id=f"n{SAID.index(description)}")
    said = Annotation(1.0, 2.0, description)

    async def work(database: Database) -> None:
        await put(database, recording, [])
        await annotations.add(database, "p1", recording.recording_id, [said])
        info = await recordings.info(database, "p1", recording.recording_id)
        assert info.n_seizures == is_seizure(said)

    used(common.app, work)


def test_seizures_are_those_that_hold_now(urls: Urls) -> None:
    """Proposed and confirmed, neither rejected nor superseded, of this recording."""
    names = [f"00000000-0000-4000-8000-{n:012}" for n in range(9)]

    def said(n: int, **more: Any) -> Annotation:
        return replace(Annotation(float(n), 1.0, "seizure", annotation_id=names[n]), **more)

    steps = [
        ([], 0),
        ([said(0), said(1, status="proposed"), said(2, status="rejected")], 2),
        ([said(3, description="spike")], 2),
        ([said(4, supersedes=names[0], status="rejected")], 1),
        ([said(5, supersedes=names[4])], 2),
        ([said(6, supersedes=names[1], description="artefact")], 1),
        ([said(7, supersedes=names[3])], 2),
    ]

    async def work(database: Database) -> None:
        await put(database, slow_recording(), [])
        await put(database, slow_recording(recording_id="r2"), [])
        await annotations.add(database, "p1", "r2", [said(8)])
        for new, count in steps:
            await annotations.add(database, "p1", "r1", new)
            listed = await recordings.listing(database)
            assert [info.n_seizures for info in listed] == [count, 1]
            held = await annotations.of_recording(database, "p1", "r1")
            assert count == sum(is_seizure(a) and a.status != "rejected" for a in held)

    used(urls.app, work)

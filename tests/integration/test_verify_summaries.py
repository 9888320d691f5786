"""Verify tells every roll-up that is not that of the seconds that it speaks for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from eegstore.service.summaries import build
from eegstore.service.verifying import verify
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import copy_of, put, used
from tests.integration.overviews import HOUR, roll_ups, seconds_of, slow_recording
from tests.integration.postgres_processes import connect, do

if TYPE_CHECKING:
    from eegstore.store import postgres

STORED = {*range(1000), *range(1100, 1900), *range(HOUR, HOUR + 400)}


@pytest.fixture(scope="module")
def sound(server: "postgres.Server", template: str) -> Iterator[Urls]:
    """A recording with a gap, roll-ups of two levels, and seconds of which they do not speak."""
    recording = slow_recording()
    chunks = seconds_of(recording, STORED)
    late = seconds_of(recording, range(1900, 1950))

    async def fill(database: Database) -> None:
        await put(database, recording, list(chunks.values()))
        await build(database, "p1", "r1")
        await put(database, recording, list(late.values()))

    with copy_of(server, template) as urls:
        used(urls.app, fill)
        do(urls.admin, "CREATE TABLE saved AS TABLE summary_envelope")
        yield urls


def faults(urls: Urls) -> list[str]:
    (found,) = used(urls.app, verify)
    return found.faults


def test_a_sound_store_has_no_faults(sound: Urls) -> None:
    """Also where roll-ups do not speak of all seconds."""
    assert roll_ups(sound.admin) == [(10, 0, 1800), (10, HOUR, 400), (60, 0, 2200)]
    assert faults(sound) == []


@pytest.mark.parametrize("bucket", [10, 60])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("envelope = set_byte(envelope, 0, get_byte(envelope, 0) # 1)",
         "the envelope is not that of its seconds"),
        ("envelope = set_byte(envelope, length(envelope) - 1, get_byte(envelope, length(envelope) "
         "- 1) # 128)", "the envelope is not that of its seconds"),
        ("envelope = substring(envelope FROM 13)", "the envelope is not that of its seconds"),
        ("envelope = ''", "the envelope is not that of its seconds"),
        ("envelope = envelope || '\\x00'", "the envelope is not that of its seconds"),
        ("n_seconds = n_seconds + 1", "n_seconds is "),
        ("n_samples = n_samples - 1", "n_samples is "),
        ("stored_bytes = 0", "stored_bytes is 0, not "),
        ("missing_start = '{}', missing_stop = '{}'",
         "it speaks for second 1000, which is not stored"),
        ("missing_start[1] = 1001", "it speaks for second 1000, which is not stored"),
        ("missing_start[1] = 999", "n_seconds is "),
        ("missing_start = '{0}', missing_stop = '{99999999}'", "the spans that it misses are not"),
        ("bucket = 7", "there can be none"),
        ("start = 100", "there can be none"),
        ("start = 2160000", "it speaks for second "),
    ],
)  # fmt: skip
def test_a_roll_up_that_was_changed_is_told(
    sound: Urls, bucket: int, change: str, told: str
) -> None:
    """One of them, and nothing else."""
    with connect(sound.admin) as connection:
        statement = f"UPDATE summary_envelope SET {change} WHERE bucket = {bucket} AND start = 0"
        assert connection.execute(statement.encode()).rowcount == 1
    try:
        found = faults(sound)
    finally:
        do(sound.admin, "TRUNCATE summary_envelope", "INSERT INTO summary_envelope TABLE saved")
    assert any(told in fault for fault in found), found
    assert len({fault.partition(": ")[0] for fault in found}) == 1
    assert found[0].startswith("roll-up of ")
    assert faults(sound) == []


def test_a_changed_envelope_of_a_second_is_told_of_the_roll_up_too(sound: Urls) -> None:
    """The one that disagrees with the blob is named first."""
    do(sound.admin, "CREATE TABLE kept AS SELECT second, envelope FROM chunk WHERE second = 5",
       "ALTER TABLE chunk DISABLE TRIGGER ALL",
       "UPDATE chunk SET envelope = set_byte(envelope, 1, 100) WHERE second = 5")  # fmt: skip
    try:
        found = faults(sound)
    finally:
        do(sound.admin, "UPDATE chunk SET envelope = kept.envelope FROM kept "
           "WHERE chunk.second = 5", "ALTER TABLE chunk ENABLE TRIGGER ALL",
           "DROP TABLE kept")  # fmt: skip
    assert found[0] == "second 5: the envelope is not that of the samples"
    assert [fault.partition(": ")[2] for fault in found[1:]] == [
        "the envelope is not that of its seconds"
    ] * 2
    assert faults(sound) == []

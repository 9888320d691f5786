"""Verify tells every hour of spectral bins that is not that of its seconds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from eegstore.service.spectra import build
from eegstore.service.verifying import verify
from eegstore.store.database import Database
from tests.conftest import Urls
from tests.integration.databases import copy_of, put, used
from tests.integration.postgres_processes import connect, do
from tests.unit.made_pages import counts, electrodes, seconds

if TYPE_CHECKING:
    from eegstore.store import postgres

BINS = 11 * 16  # bytes of a second: three groups and eight channels


@pytest.fixture(scope="module")
def sound(server: "postgres.Server", template: str) -> Iterator[Urls]:
    """An hour of 90 seconds with a gap, and seconds of which it does not speak."""
    recording = electrodes()
    signal = counts(recording, 110)

    async def fill(database: Database) -> None:
        stored = [*range(40), *range(50, 100)]
        await put(database, recording, seconds(recording, signal, stored))
        assert await build(database, "p1", "r1") == 1
        await put(database, recording, seconds(recording, signal, range(100, 110)))

    with copy_of(server, template) as urls:
        used(urls.app, fill)
        do(urls.admin, "CREATE TABLE saved AS TABLE summary_spectrum")
        yield urls


def faults(urls: Urls) -> list[str]:
    (found,) = used(urls.app, verify)
    return found.faults


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("bins = set_byte(bins, 0, get_byte(bins, 0) # 8)", "the bins are not those"),
        (f"bins = set_byte(bins, {45 * 16}, 7)", "the bins are not those"),  # in the gap
        (f"bins = set_byte(bins, {30 * 16}, 255)", "the bins are not those"),
        ("bins = substring(bins FROM 17)", "its bytes are not those of so many lines"),
        ("bins = ''", "its bytes are not those of so many lines"),
        ("minutes = ''", "its bytes are not those of so many lines"),
        ("minutes = set_byte(minutes, 3, get_byte(minutes, 3) # 8)", "the minutes are not those"),
        ("minutes = set_byte(minutes, 16, 1)", "the minutes are not those"),
        ("minutes = set_byte(minutes, 23, 0)", "the minutes are not those"),
        ("n_seconds = 91", "n_seconds is 91, not 90"),
        ("missing_start = '{}', missing_stop = '{}'",
         "it speaks for second 40, which is not stored"),
        ("missing_start[1] = 39", "n_seconds is 90, not 89"),
        ("missing_start = missing_start || 7200::bigint, "
         "missing_stop = missing_stop || 9000::bigint", "the spans that it misses are not"),
        ("start = 3600", "it speaks for second 7195, which is not stored"),
        ("start = 100", "there can be none"),
    ],
)  # fmt: skip
def test_an_hour_that_was_changed_is_told(sound: Urls, change: str, told: str) -> None:
    with connect(sound.admin) as connection:
        if "start = 3600" in change:
            told = "it speaks for second 3600, which is not stored"
            change = "start = 3600, missing_start = '{3640,3700}', missing_stop = '{3650,7200}'"
        statement = f"UPDATE summary_spectrum SET {change}"
        assert connection.execute(statement.encode()).rowcount == 1
    try:
        found = faults(sound)
    finally:
        do(sound.admin, "TRUNCATE summary_spectrum", "INSERT INTO summary_spectrum TABLE saved")
    assert any(told in fault for fault in found), found
    assert all(fault.startswith("spectral bins from ") for fault in found)
    assert faults(sound) == []


def test_hours_of_another_processing_are_nobodys(sound: Urls) -> None:
    do(sound.admin, "UPDATE summary_spectrum SET processing = 'old', bins = 'x'")
    assert faults(sound) == []
    do(sound.admin, "TRUNCATE summary_spectrum", "INSERT INTO summary_spectrum TABLE saved")

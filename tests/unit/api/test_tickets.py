"""Tickets: good for their purpose, their key and their time, and for nothing else."""

import pytest

from eegstore.api.tickets import GRANT, SESSION, fingerprint, is_good, issue

KEY = "a key"
NOW = 1_800_000_000.5


def test_a_ticket_is_good_until_it_expires() -> None:
    ticket = issue(KEY, GRANT, 60, NOW)
    assert is_good(KEY, GRANT, ticket, NOW)
    assert is_good(KEY, GRANT, ticket, NOW + 59)
    assert not is_good(KEY, GRANT, ticket, NOW + 60)


def test_a_ticket_is_good_for_one_purpose_and_one_key() -> None:
    ticket = issue(KEY, GRANT, 60, NOW)
    assert not is_good(KEY, SESSION, ticket, NOW)
    assert not is_good("another key", GRANT, ticket, NOW)


def test_a_longer_time_cannot_be_written_into_it() -> None:
    until, _, signature = issue(KEY, GRANT, 60, NOW).partition(".")
    assert not is_good(KEY, GRANT, f"{int(until) + 1}.{signature}", NOW)
    assert not is_good(KEY, GRANT, f"0{until}.{signature}", NOW)


@pytest.mark.parametrize("part", range(75))
def test_no_character_may_change(part: int) -> None:
    ticket = issue(KEY, GRANT, 60, NOW)
    assert len(ticket) == 75
    other = "1" if ticket[part] != "1" else "2"
    assert not is_good(KEY, GRANT, ticket[:part] + other + ticket[part + 1 :], NOW)


@pytest.mark.parametrize("none", ["", ".", "1.", "é.é", "٣.x", "9" * 40 + ".x", "-1.0"])
def test_what_is_no_ticket(none: str) -> None:
    assert not is_good(KEY, GRANT, none, NOW)


def test_fingerprints_tell_keys_apart() -> None:
    assert fingerprint(KEY) == fingerprint(KEY) != fingerprint("another key")
    assert KEY not in fingerprint(KEY)

"""Signed words that expire: what lets a browser in that is not told the API key.

A ticket says until when it is good, and is signed with a key made of the API key and the
ticket's purpose. Nothing is kept of it: it outlives a restart, and ends with the API key.
A ticket for one purpose is none for another.
"""

import hmac
import time

GRANT, SESSION = "grant", "session"
_LONGEST = 12  # digits of a time [s]


def issue(api_key: str, purpose: str, lifetime: int, now: float | None = None) -> str:
    """A ticket that is good for `lifetime` [s]."""
    until = str(int(time.time() if now is None else now) + lifetime)
    return f"{until}.{_signature(api_key, purpose, until)}"


def is_good(api_key: str, purpose: str, ticket: str, now: float | None = None) -> bool:
    """Whether a ticket was issued with this key for this purpose and has not expired."""
    return left(api_key, purpose, ticket, now) > 0


def left(api_key: str, purpose: str, ticket: str, now: float | None = None) -> float:
    """How long a ticket is good [s]; 0 when it is not, or was never."""
    until, _, signature = ticket.partition(".")
    expected = _signature(api_key, purpose, until)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return 0
    if len(until) > _LONGEST:
        return 0
    return max(int(until) - (time.time() if now is None else now), 0)


def fingerprint(api_key: str) -> str:
    """Tells keys apart without telling what they are."""
    return _signature(api_key, "fingerprint", "")[:8]


def _signature(api_key: str, purpose: str, words: str) -> str:
    key = hmac.digest(api_key.encode(), f"eegstore ticket: {purpose}".encode(), "sha256")
    return hmac.digest(key, words.encode(), "sha256").hex()

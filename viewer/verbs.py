"""What a script may ask Python for: writing, and being let in, which take the API key."""

from typing import Any

from eegstore.client import Client
from eegstore.errors import InvalidDataError
from eegstore.wire import array
from eegstore.wire.montage import montage_from_json
from eegstore.wire.review import review_from_json

from .link import Verb


def verbs(client: Client) -> dict[str, Verb]:
    """The verbs by name, on a client."""

    def put_montage(what: Any) -> None:
        client.put_montage(montage_from_json(what))

    def review(what: Any) -> Any:
        asked = review_from_json(what | {"spans": array(what.get("seconds"), "seconds")})
        stored = client.review(_text(what, "patient_id"), asked)
        return {"spans": [] if stored is None else stored.spans}

    return {
        "grant": lambda _: {"grant": client.grant()},
        "put_montage": put_montage,
        "remove_montage": lambda what: client.remove_montage(_text(what, "name")),
        "review": review,
    }


def _text(what: Any, name: str) -> str:
    value = what.get(name) if isinstance(what, dict) else None
    if not isinstance(value, str):
        raise InvalidDataError(f"{name} is {value!r}; it must be text")
    return value

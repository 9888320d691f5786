"""What a script may ask Python for about events and selections."""

from typing import Any
from uuid import uuid4

from eegstore.client import Client
from eegstore.wire.metadata import annotation_from_json, object_

from .link import Verb


def marking(client: Client) -> dict[str, Verb]:
    """The verbs by name, on a client."""

    def annotate(what: Any) -> Any:
        asked = object_(what, "annotate")
        said = object_(asked["annotation"], "annotation")
        # Named before it is sent: sent twice it is still one.
        named = annotation_from_json({**said, "annotation_id": str(uuid4())})
        stored = client.annotate(asked["patient_id"], asked["recording_id"], named)
        return {name: getattr(stored, name) for name in type(stored).__slots__}

    return {"annotate": annotate}

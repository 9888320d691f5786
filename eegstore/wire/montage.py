"""Montages that people made, as JSON."""

from typing import Any

from pydantic import TypeAdapter

from eegstore.signal.own import OwnMontage
from eegstore.wire.metadata import validated

_montage = TypeAdapter(OwnMontage)


def montage_from_json(value: Any) -> OwnMontage:
    """A montage as it is put or listed; unknown fields are ignored."""
    return validated(_montage, value, "montage")

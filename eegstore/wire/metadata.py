"""Metadata as JSON: the words of `eegstore.model`, checked where they come in."""

from datetime import timedelta, timezone
from fractions import Fraction
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from eegstore.errors import InvalidDataError
from eegstore.model import MAX_CHANNELS, Annotation, Channel, Identity, Recording, SampleType
from eegstore.timebase import exact, local_start, parse_clock, zone_named

T = TypeVar("T")

_recording = TypeAdapter(Recording)
_channels = TypeAdapter(tuple[Channel, ...])
_annotation = TypeAdapter(Annotation)
_annotations = TypeAdapter(list[Annotation])


def dump(thing: Any) -> bytes:
    """JSON of dataclasses, arrays and plain values; a Fraction becomes its string."""
    return orjson.dumps(thing, default=str, option=orjson.OPT_SERIALIZE_NUMPY)


def load(body: bytes | bytearray | memoryview, what: str = "body") -> Any:
    """The JSON value in `body`.

    Raises
    ------
    InvalidDataError
        When it is no JSON; NaN and Infinity are none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidDataError(f"{what} is not JSON: {error}") from None


def recording_from_json(value: Any) -> Recording:
    """A recording as it is declared or listed.

    A channel without ranges is uncalibrated. Without `sample_type` the ranges decide:
    none at all is float32, else int16 where it suffices, else int32. `start_time` may
    carry an offset; `zone` and `utc_offset` are made to agree with it.
    """
    value = dict(object_(value, "recording"))
    listed = array(value.get("channels"), "channels")
    if len(listed) > MAX_CHANNELS:
        raise InvalidDataError(f"{len(listed)} channels; a recording has at most {MAX_CHANNELS}")
    channels = [dict(object_(c, "channel")) for c in listed]
    for channel in channels:
        channel["sfreq"] = fraction(channel.get("sfreq"), f"sfreq of {channel.get('label')!r}")
    value["channels"] = channels
    if value.get("sample_type") is None:
        value["sample_type"] = _sample_type(channels)
    zone, offset = value.get("zone"), value.get("utc_offset")
    if zone is not None:
        zone_named(zone)
    if offset is not None and abs(integer(offset, "utc_offset")) >= 86_400:
        raise InvalidDataError(f"utc_offset is {offset} s; it must lie within 86400 s, a day")
    if value.get("start_time") is not None:
        clock = parse_clock(str(value["start_time"]), "start_time")
        if clock.tzinfo is None and value.get("utc_offset") is not None:
            offset = timedelta(seconds=integer(value["utc_offset"], "utc_offset"))
            clock = clock.replace(tzinfo=timezone(offset))
        value["start_time"], value["utc_offset"] = local_start(clock, value.get("zone"))
    return validated(_recording, value, "recording")


def stored_recording(value: dict[str, Any]) -> Recording:
    """A recording from the fields under which it is stored."""
    return validated(_recording, value, "recording")


def channels_from_json(value: Any) -> tuple[Channel, ...]:
    """A channel table as it is stored or sent."""
    return validated(_channels, value, "channels")


def annotation_from_json(value: Any) -> Annotation:
    """One annotation as it is posted or listed; unknown fields are ignored."""
    return validated(_annotation, dict(object_(value, "annotation")), "annotation")


def annotations_from_json(value: Any) -> list[Annotation]:
    """`annotation_from_json` of many, which is quicker than of each."""
    return validated(_annotations, value, "annotations")


def identity_from_json(value: Any) -> Identity:
    """Who a patient is. Errors name the field and say nothing of what it holds.

    A field of another name is refused: misspelt, it would erase the one that was meant.
    """
    value = object_(value, "identity")
    for name, field in value.items():
        if name not in Identity.__slots__:
            known = ", ".join(Identity.__slots__)
            raise InvalidDataError(f"identity has no field {shown(name)}; it has {known}")
        if field is not None and not isinstance(field, str):
            raise InvalidDataError(f"{name} is {type(field).__name__}; it must be a string or null")
    return Identity(**value)


def fraction(value: Any, what: str) -> Fraction:
    """An exact rational from a JSON number or a string such as "256", "12.8", "200000/1001"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidDataError(f"{what} is {shown(value)}; it must be a number or a fraction")
    try:
        return exact(value if isinstance(value, str) else repr(value))
    except ValueError:
        raise InvalidDataError(
            f"{what} is {shown(value)}; it must be a number or a fraction"
        ) from None


def integer(value: Any, what: str) -> int:
    """A JSON integer, or a number that is one."""
    if isinstance(value, bool) or not (
        isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    ):
        raise InvalidDataError(f"{what} is {shown(value)}; it must be an integer")
    return int(value)


def shown(value: Any) -> str:
    """A JSON value as an error message shows it: short, whatever came."""
    if isinstance(value, list | dict):
        return f"a JSON {'array' if isinstance(value, list) else 'object'}"
    text = repr(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 80 else text[:77] + "..."


def object_(value: Any, what: str) -> dict[str, Any]:
    """`value` when it is a JSON object, else InvalidDataError naming `what`."""
    if not isinstance(value, dict):
        raise InvalidDataError(f"{what} is {type(value).__name__}; it must be a JSON object")
    return value


def array(value: Any, what: str) -> list[Any]:
    """`value` when it is a JSON array, else InvalidDataError naming `what`."""
    if not isinstance(value, list):
        raise InvalidDataError(f"{what} is {type(value).__name__}; it must be a JSON array")
    return value


def sample_type_named(value: Any) -> SampleType:
    """The sample type of that name, else InvalidDataError."""
    try:
        return SampleType(value)
    except ValueError:
        allowed = ", ".join(SampleType)
        raise InvalidDataError(f"sample_type {value!r} is not one of {allowed}") from None


def _sample_type(channels: list[dict[str, Any]]) -> SampleType:
    ranges = [(c.get("digital_min"), c.get("digital_max")) for c in channels]
    if all(low is None and high is None for low, high in ranges) and ranges:
        return SampleType.FLOAT32
    flat = [limit for pair in ranges for limit in pair if isinstance(limit, int | float)]
    return SampleType.INT16 if all(-32768 <= x <= 32767 for x in flat) else SampleType.INT32


def validated(adapter: TypeAdapter[T], value: Any, what: str) -> T:
    """What `adapter` makes of `value`, else InvalidDataError naming the field."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise InvalidDataError(f"{what}{'.' if where else ''}{where}: {message}") from None

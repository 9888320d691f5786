"""Making the fields of a header (EDF 1992; EDF+ 2.1.3)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isfinite

from eegstore.edf.header import SIGNAL_FIELDS, VERSIONS, Signal
from eegstore.edf.identification import ascii_text
from eegstore.errors import EdfError
from eegstore.model import Channel

_NUMBERS = ("physical_min", "physical_max", "digital_min", "digital_max")
_PLAIN_NUMBER = re.compile(rb"[+-]?[0-9][0-9.]*([eE][+-]?[0-9]+)? *")


def numeral(value: float, rounding: str = ROUND_HALF_EVEN) -> str:
    """`value` in at most 8 characters, with all the digits that these can hold."""
    for digits in range(8, 0, -1):
        rounded = Context(prec=digits, rounding=rounding).create_decimal(Decimal(value))
        fixed = f"{rounded:f}"
        if "." in fixed:
            fixed = fixed.rstrip("0").rstrip(".")
        mantissa, _, exponent = f"{rounded:e}".partition("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        for written in (fixed, f"{mantissa}e{int(exponent or 0)}"):
            if len(written) <= 8 and isfinite(float(written)):
                return written
    raise EdfError(f"{value} cannot be written in 8 characters")


def is_plain_number(field: bytes) -> bool:
    """`field` is a number as EDF+ has them: a point for its decimals, spaces after it."""
    return _PLAIN_NUMBER.fullmatch(field) is not None


def channel_fields(channel: Channel, original: Signal | None, lossy: bool) -> dict[str, bytes]:
    """The header fields of a channel, but for its samples per record.

    Parameters
    ----------
    original : Signal or None
        Where `channel` comes from; its bytes are used again.
    lossy : bool
        Shorten texts and round numbers that do not fit, instead of refusing them.

    Raises
    ------
    EdfError
        Names channel, field, value and width.
    """
    if original is not None and original.channel == channel:
        fields = dict(original.fields)
        if all(is_plain_number(fields[name]) for name in _NUMBERS):
            return fields
        return fields | {name: _number(channel, name, lossy) for name in _NUMBERS}
    if channel.digital_min > channel.digital_max:
        channel = replace(
            channel, digital_min=channel.digital_max, digital_max=channel.digital_min,
            physical_min=channel.physical_max, physical_max=channel.physical_min,
        )  # fmt: skip
    if channel.physical_min == channel.physical_max:
        raise EdfError(
            f"channel {channel.label!r}: physical_min and physical_max are both "
            f"{channel.physical_min}; in EDF they differ"
        )
    fields = {
        name: _text(channel, name, lossy)
        for name in ("label", "transducer", "unit", "prefiltering")
    }
    fields |= {name: _number(channel, name, lossy) for name in _NUMBERS}
    return fields | {"reserved": b""}


def annotation_fields(sample_bytes: int) -> dict[str, bytes]:
    """The header fields of an annotation signal (EDF+ 2.2.1)."""
    limit = 1 << (8 * sample_bytes - 1)
    return {
        "label": b"EDF Annotations" if sample_bytes == 2 else b"BDF Annotations",
        "physical_min": b"-1",
        "physical_max": b"1",
        "digital_min": str(-limit).encode(),
        "digital_max": str(limit - 1).encode(),
    }


def compose_header(
    sample_bytes: int,
    patient: str,
    recording: str,
    start: datetime | None,
    reserved: str,
    n_records: int,
    duration: str,
    signals: Sequence[tuple[dict[str, bytes], int]],
) -> bytes:
    """The bytes of a header.

    Parameters
    ----------
    start : datetime or None
        Its year is written as ``yy`` outside 1985 to 2084 (EDF+ 2.1.3, item 2); without a start
        the fields are 01.01.85 00.00.00.
    duration : str
        Of a record [s].
    signals : sequence of (fields, samples per record)
    """
    day, time = "01.01.85", "00.00.00"
    if start is not None:
        year = f"{start.year % 100:02d}" if 1985 <= start.year <= 2084 else "yy"
        day = f"{start.day:02d}.{start.month:02d}.{year}"
        time = f"{start.hour:02d}.{start.minute:02d}.{start.second:02d}"
    size = 256 * (len(signals) + 1)
    fixed = [
        (patient, 80), (recording, 80), (day, 8), (time, 8), (str(size), 8), (reserved, 44),
        (str(n_records), 8), (duration, 8), (str(len(signals)), 4),
    ]  # fmt: skip
    parts = [VERSIONS[sample_bytes], *(value.encode().ljust(width) for value, width in fixed)]
    for name, width in SIGNAL_FIELDS.items():
        for fields, n_samples in signals:
            value = str(n_samples).encode() if name == "n_samples" else fields.get(name, b"")
            parts.append(value.ljust(width))
    header = b"".join(parts)
    if len(header) != size:
        raise EdfError(f"a header of {len(signals)} signals and {n_records} records does not fit")
    return header


def _text(channel: Channel, name: str, lossy: bool) -> bytes:
    value, width = getattr(channel, name).strip().replace("µ", "u"), SIGNAL_FIELDS[name]
    plain = ascii_text(value)
    if (plain != value or len(plain) > width) and not lossy:
        raise EdfError(
            f"channel {channel.label!r}: {name} {value!r} does not fit into {width} characters "
            "of US-ASCII; lossy=True shortens it"
        )
    return plain[:width].encode()


def _number(channel: Channel, name: str, lossy: bool) -> bytes:
    value = getattr(channel, name)
    written = numeral(value)
    if float(written) != value and not lossy:
        raise EdfError(
            f"channel {channel.label!r}: {name} {value!r} needs more than 8 characters; lossy=True "
            f"writes {written}"
        )
    return written.encode()

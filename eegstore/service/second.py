"""A second as JSON: values in the channel's unit, mapped back to counts where they came from.

    {"patient_id", "recording_id", "start": 2996, "end": 2997, "channels": [labels],
     "samples": [[values], ...]}

and optionally ``sfreq`` (one or per channel, exact), ``start_time``, ``zone``, ``device``,
``calibration`` (per channel the four ranges and the unit) and ``device_time``. The
declaration, or else the first second, fixes channel table and sample type.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from typing import Any

from eegstore import wire
from eegstore.errors import InvalidDataError
from eegstore.model import MAX_CHANNELS, Channel, Chunk, Recording, Runs
from eegstore.service.grid import Grid, numbers
from eegstore.timebase import first_sample, parse_clock

_RANGES = ("physical_min", "physical_max", "digital_min", "digital_max")


@dataclass(frozen=True, slots=True)
class Second:
    """A posted second: the recording it says it is of, and its chunk."""

    recording: Recording
    chunk: Chunk
    device_time: datetime | None


def read_second(body: dict[str, Any], declared: Grid | None) -> Second:
    """The chunk in a JSON second of a recording that is declared, or declares itself.

    Raises
    ------
    InvalidDataError
        Names the field, the value and the limit.
    """
    labels = wire.array(body.get("channels"), "channels")
    samples = wire.array(body.get("samples"), "samples")
    if len(labels) > MAX_CHANNELS:
        raise InvalidDataError(f"{len(labels)} channels; a recording has at most {MAX_CHANNELS}")
    if len(samples) != len(labels):
        raise InvalidDataError(f"{len(labels)} channels but {len(samples)} rows of samples")
    start, stop = wire.fraction(body.get("start"), "start"), wire.fraction(body.get("end"), "end")
    second = start.numerator // start.denominator
    if stop <= start:
        raise InvalidDataError(f"end {float(stop):g} is not after start {float(start):g}")
    if stop > second + 1:
        raise InvalidDataError(
            f"start {float(start):g} to end {float(stop):g} reaches over a whole second; a "
            f"request carries one, here at most to {second + 1}"
        )
    counts = [
        len(wire.array(row, f"samples of {label!r}"))
        for row, label in zip(samples, labels, strict=True)
    ]
    values = numbers(samples, labels)
    grid = declared or Grid(_self_declared(body, labels, counts, whole=stop - start == 1))
    if declared is not None:
        _same_channels(body, labels, declared)
    runs = _runs(grid.recording.channels, counts, start, stop)
    device_time = body.get("device_time")
    return Second(
        grid.recording,
        Chunk(second, runs, grid.samples(values, counts)),
        None if device_time is None else parse_clock(str(device_time), "device_time"),
    )


def _runs(
    channels: Sequence[Channel], counts: Sequence[int], start: Fraction, stop: Fraction
) -> Runs:
    """The runs of samples from `start` to `stop` [s], which must be as many as `counts` says."""
    second = start.numerator // start.denominator
    runs: list[tuple[tuple[int, int], ...]] = []
    rate, first, count, offset = None, 0, 0, 0
    for channel, stated in zip(channels, counts, strict=True):
        if (channel.sfreq.numerator, channel.sfreq.denominator) != rate:
            rate = channel.sfreq.numerator, channel.sfreq.denominator
            first = first_sample(start, channel.sfreq)
            count = first_sample(stop, channel.sfreq) - first
            offset = first - first_sample(second, channel.sfreq)
        if stated != count:
            raise InvalidDataError(
                f"channel {channel.label!r}: {stated} samples from {float(start):g} to "
                f"{float(stop):g} s; at {float(channel.sfreq):g} Hz there are {count}"
            )
        runs.append(((offset, count),) if count else ())
    return tuple(runs)


def _self_declared(
    body: dict[str, Any], labels: list[Any], counts: Sequence[int], *, whole: bool
) -> Recording:
    stated = body.get("sfreq")
    if stated is None and not whole:
        raise InvalidDataError("part of a second of an undeclared recording needs sfreq")
    if isinstance(stated, list):
        sfreqs = [wire.fraction(value, "sfreq") for value in stated]
    elif stated is not None:
        sfreqs = [wire.fraction(stated, "sfreq")] * len(labels)
    else:
        sfreqs = [Fraction(count) for count in counts]
    calibration = body.get("calibration")
    channels: list[dict[str, Any]] = []
    if len(sfreqs) != len(labels):
        raise InvalidDataError(f"sfreq has {len(sfreqs)} values for {len(labels)} channels")
    for row, label in enumerate(labels):
        channel: dict[str, Any] = {"label": label, "sfreq": str(sfreqs[row])}
        if calibration is not None:
            channel |= _calibration(calibration, row, len(labels))
        channels.append(channel)
    fields = ("patient_id", "recording_id", "start_time", "zone", "device", "study_id")
    return wire.recording_from_json(
        {name: body[name] for name in fields if name in body} | {"channels": channels}
    )


def _calibration(calibration: Any, row: int, n_channels: int) -> dict[str, Any]:
    listed = wire.array(calibration, "calibration")
    if len(listed) != n_channels:
        raise InvalidDataError(f"calibration has {len(listed)} entries for {n_channels} channels")
    entry = dict(listed[row]) if isinstance(listed[row], dict) else {}
    for name in _RANGES:
        if not isinstance(entry.get(name), int | float):
            raise InvalidDataError(f"calibration {row}: {name} is {entry.get(name)!r}")
    allowed = (*_RANGES, "unit", "transducer", "prefiltering")
    return {name: entry[name] for name in allowed if name in entry}


def _same_channels(body: dict[str, Any], labels: list[Any], grid: Grid) -> None:
    stated = sha256(wire.dump([labels, body.get("sfreq"), body.get("calibration")])).digest()
    if stated != grid.accepted:  # a device says the same every second
        _compare_channels(body, labels, grid.recording)
        grid.accepted = stated


def _compare_channels(body: dict[str, Any], labels: list[Any], declared: Recording) -> None:
    known = [channel.label for channel in declared.channels]
    if labels != known:
        missing = [label for label in known if label not in labels]
        strange = [label for label in labels if label not in known]
        reason = (
            f"missing {missing[0]!r}" if missing
            else f"unknown {strange[0]!r}" if strange
            else f"{len(labels)} of {len(known)}, or in another order"
        )  # fmt: skip
        raise InvalidDataError(
            f"channels differ from those declared for {declared.recording_id!r}: {reason}"
        )
    stated = body.get("sfreq")
    if stated is not None:
        sfreqs = stated if isinstance(stated, list) else [stated] * len(labels)
        if len(sfreqs) != len(labels):
            raise InvalidDataError(f"sfreq has {len(sfreqs)} values for {len(labels)} channels")
        for channel, value in zip(declared.channels, sfreqs, strict=True):
            if wire.fraction(value, "sfreq") != channel.sfreq:
                raise InvalidDataError(
                    f"sfreq {value} of {channel.label!r}; declared is {channel.sfreq}"
                )
    calibration = body.get("calibration")
    if calibration is not None:
        for row, channel in enumerate(declared.channels):
            entry = _calibration(calibration, row, len(labels))
            for name in (*_RANGES, "unit"):
                if name in entry and entry[name] != getattr(channel, name):
                    raise InvalidDataError(
                        f"calibration of {channel.label!r}: {name} {entry[name]}; declared is "
                        f"{getattr(channel, name)}"
                    )

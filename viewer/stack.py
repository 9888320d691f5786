"""A window as lines one below the other: numbers in, numbers out, no Bokeh."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.model import Channel, Recording
from eegstore.window import Window

from .reduction import reduce, samples_per_point
from .scale import Scale, is_ekg, is_potential, scale_of, stated
from .state import ViewState
from .times import clock

TOP, BOTTOM = 1.1, 0.7  # [row] above the first and below the last trace
_LABEL_HEIGHT = 9  # [px]
_CLOCK_WIDTH = 64  # [px]
_STEPS = (1, 2, 5, 10, 15, 30, 60)  # [s]

EEG, EKG, OTHER = "#17324d", "#8a4b12", "#2f6b4f"


@dataclass(frozen=True, slots=True)
class Lines:
    """The traces of a page; one entry per channel."""

    xs: list[NDArray[Any]]  # [s] from page start, float32
    ys: list[NDArray[Any]]  # [row], float32, NaN in gaps
    scales: list[Scale]
    colors: list[str]
    factor: int  # most samples in one pixel; 1 when all are drawn


def row_height(n_channels: int, height: int) -> float:
    """Height of a row [px] when `n_channels` share a field of `height` [px]."""
    return height / (max(n_channels, 1) - 1 + TOP + BOTTOM)


def stack(window: Window, state: ViewState) -> Lines:
    """The lines of a page, in the order of the channels."""
    n_channels = len(window.channels)
    height = row_height(n_channels, state.height)
    xs, ys = ([np.empty(0, np.float32)] * n_channels for _ in range(2))
    scales = [Scale(1.0, 0.0, "")] * n_channels
    most = 1
    for block in window.blocks:
        values = window.physical(block, np.float64)
        factor = samples_per_point(values.shape[1], state.width)
        most = max(most, factor)
        times, points = reduce(block.times - state.start, values, factor)
        shared = times[0].astype(np.float32) if factor == 1 else None
        for at, row in enumerate(block.rows):
            scale = scale_of(window.channels[row], values[at], state.sensitivity, height)
            xs[row] = times[at].astype(np.float32) if shared is None else shared
            ys[row] = ((points[at] - scale.baseline) * scale.gain - row).astype(np.float32)
            scales[row] = scale
    return Lines(xs, ys, scales, [color_of(channel) for channel in window.channels], most)


def color_of(channel: Channel) -> str:
    """One calm colour per kind of signal."""
    if not is_potential(channel):
        return OTHER
    return EKG if is_ekg(channel) else EEG


def labels(recording: Recording, state: ViewState, scales: Sequence[Scale]) -> dict[int, str]:
    """What stands left of which trace, by its y; with its scale where it is not the stated one.

    Where rows are lower than letters, only every few have a label.
    """
    every = ceil(_LABEL_HEIGHT / row_height(len(recording.channels), state.height))
    found = {}
    for row, (channel, scale) in enumerate(zip(recording.channels, scales, strict=True)):
        if row % every == 0:
            own = "" if scale.text == stated(state.sensitivity) else f"  {scale.text}"
            found[-row] = (channel.label.strip() or f"channel {row + 1}") + own
    return found


def label_size(n_channels: int, height: int) -> float:
    """Size of the labels [px]."""
    return min(max(0.6 * row_height(n_channels, height), 8.0), 12.0)


def ticks(recording: Recording, state: ViewState) -> dict[int, str]:
    """Clock times below the page, by second from page start; as many as fit."""
    fitting = max(1.0, state.width / _CLOCK_WIDTH)
    step = next((s for s in _STEPS if state.duration / s <= fitting), _STEPS[-1])
    return {at: clock(recording, state.start + at) for at in range(0, state.duration + 1, step)}

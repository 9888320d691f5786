"""Fit the shared parameters of a recording to some of its seconds, by rule.

Channels of one rate make a block. Taps are the least-squares solution over all channels,
each weighted by its own residual; weights across channels that of the covariance of what
the taps leave, in both with loud seconds made as quiet as the others; shifts bring every
residual of a typical second to the mean that codes best. First or second differences, one
filter for all channels or one for each, weights or none, and whether there are parameters at
all, are decided by the size of the seconds fitted to, parameters included.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegstore.codec import differences, interpolated, lifting, rice
from eegstore.codec.parameters import MAX_SHIFT, Block, Parameters
from eegstore.codec.pyramid import MIN_SAMPLES, TAP_BITS, Taps, split
from eegstore.codec.residuals import TARGET, residuals
from eegstore.model import Chunk

LEVELS = 2
PAIRS = 2  # more gain less than 1 %
MIN_CHUNKS = 2  # short files decide by themselves: few seconds share the parameters' bytes
MAX_CHUNKS = 48  # more do not change the fit
_TO_CHOOSE = 16
_TO_TRY = 4  # with codec 4, which is slow
MAX_BLOCK = 512  # channels; weights grow with their square
_NAME = 41  # [byte]: the digest in every blob, and that its header is one of format 1
_RIDGE = 0.02  # [count**2]: rounding is no signal
_FAR = 32  # times less than is usual: in such a second a channel is silent


class _Choice(NamedTuple):
    """One way to code a block."""

    order: int  # of the differences of the coarsest samples
    shared: bool  # one filter for all channels
    across: bool  # predict across channels


_CHOICES = (
    _Choice(order=1, shared=True, across=True),
    _Choice(order=2, shared=True, across=True),
    _Choice(order=1, shared=False, across=True),
    _Choice(order=1, shared=False, across=False),
)


def fit(chunks: Sequence[Chunk], n_seconds: int, least: int = MIN_CHUNKS) -> Parameters | None:
    """Parameters for a recording of about `n_seconds`, or None when they do not pay.

    Parameters
    ----------
    chunks : sequence of Chunk
        Seconds from all over the recording; `MAX_CHUNKS` at most are looked at, and only
        those that are shaped like most of them.
    n_seconds : int
        For how many seconds the parameters are stored once.
    least : int
        With fewer chunks of one shape there are none: parameters for many seconds that are
        fitted to few do not suit the others.
    """
    if not chunks or chunks[0].samples.dtype.kind != "i":
        return None
    shapes: dict[tuple[int, ...], list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        shapes[tuple(sum(count for _, count in runs) for runs in chunk.runs)].append(chunk)
    counts, alike = max(shapes.items(), key=lambda item: len(item[1]))
    if len(alike) < least:
        return None
    step = -(-len(alike) // MAX_CHUNKS)
    samples = np.stack([chunk.samples for chunk in alike[::step]])
    rows_by_count: dict[int, list[int]] = defaultdict(list)
    for row, count in enumerate(counts):
        if count >= MIN_SAMPLES:
            rows_by_count[count].append(row)
    stops = np.cumsum(counts)
    blocks: list[Block] = []
    for count, rows in rows_by_count.items():
        for at in range(0, len(rows), MAX_BLOCK):
            part = rows[at : at + MAX_BLOCK]
            table = np.stack([samples[:, stops[row] - count : stops[row]] for row in part])
            best = _best(table, np.array(part), n_seconds, 0 if blocks else _NAME)
            if best is not None:
                blocks.append(best)
    return Parameters(tuple(blocks)) if blocks else None


def _best(table: NDArray[Any], rows: NDArray[np.intp], n_seconds: int, name: int) -> Block | None:
    """The block that makes ``(n_channels, n_chunks, n_samples)`` smallest, if any does.

    Which choice it is, some of the chunks tell; the block is then fitted to all.
    """
    n_channels, n_chunks, n_samples = table.shape
    counts = (n_samples,) * n_channels
    some = table[:, :: max(1, n_chunks // _TO_CHOOSE)]
    flat = some.transpose(1, 0, 2).reshape(some.shape[1], -1)
    found: _Choice | None = None
    price = _without(flat, counts)
    for choice in _CHOICES:
        if found is not None and not choice.across and n_channels > 1:
            continue
        block = _block(some, rows, choice)
        payloads = _payloads(flat, counts, block)
        if payloads is None:
            continue
        size = sum(map(len, payloads)) / len(flat)
        cost = size + name + len(Parameters((block,)).packed) / max(n_seconds, 1)
        if cost < price:
            found, typical, price = choice, round(size), cost
    return None if found is None else replace(_block(table, rows, found), typical=typical)


def _without(flat: NDArray[Any], counts: tuple[int, ...]) -> float:
    """The size of a second without parameters [byte]."""
    plain = np.array([len(payload) for payload in differences.encode_all(flat, counts)])
    few = slice(None, None, max(1, len(flat) // _TO_TRY))
    other = np.array([len(payload) for payload in rice.encode_all(flat[few], counts)])
    return float(plain.mean() * min(1.0, other.sum() / plain[few].sum()))


def _payloads(flat: NDArray[Any], counts: tuple[int, ...], block: Block) -> list[bytes] | None:
    rank = np.argsort(np.argsort(block.rows))
    alone = Block(rank, block.order, block.taps, block.liftings, block.shifts, 0)
    payloads = interpolated.encode(flat, counts, Parameters((alone,)))
    found = [payload for payload in payloads if payload is not None]
    return found if len(found) == len(payloads) else None


def _block(table: NDArray[Any], rows: NDArray[np.intp], choice: _Choice) -> Block:
    nothing = np.zeros((LEVELS + 1, len(rows)), np.int64)
    samples = table.astype(np.float64)
    taps = tuple(
        _taps(samples[..., :: 1 << level], PAIRS, choice.shared)
        for level in reversed(range(LEVELS))
    )
    parts = split(samples, taps, choice.order)
    parts[0] = parts[0][..., choice.order :]  # the first of a second are no differences
    parts = [part * _evening(part, together=True) for part in parts]
    for _ in range(2):  # the order of the channels decides what is left, and what is left the order
        liftings = tuple(
            lifting.fit(_covariance(part)) if choice.across else lifting.none(len(rows))
            for part in parts
        )
        block = Block(rows, choice.order, taps, liftings, nothing, 0)
        left = residuals(table, block)
        # Of a residual r is coded 2 r, or -2 r - 1 where it is negative.
        coded = np.stack([2 * np.abs(part).mean(axis=2) - (part < 0).mean(axis=2) for part in left])
        means = np.where(coded.any(axis=2), np.exp(_mean(*_logs(coded)))[..., 0], 0.0)
        shifts = np.clip(np.rint(np.log2(np.maximum(means, 1e-3) / TARGET)), 0, MAX_SHIFT)
        order = np.lexsort((-means[-1], -shifts.sum(axis=0)))
        rows, table, parts = rows[order], table[order], [part[order] for part in parts]
        if not choice.shared:
            taps = tuple(of_level[:, order] for of_level in taps)
    shifts = np.maximum.accumulate(shifts[:, ::-1], axis=1)[:, ::-1]
    return Block(block.rows, choice.order, block.taps, liftings, shifts.astype(np.int64), 0)


def _evening(part: NDArray[np.floating[Any]], *, together: bool) -> NDArray[np.float64]:
    """Factors ``(n, n_chunks, 1)`` that make loud seconds as quiet as the others.

    What a residual takes grows with its logarithm; least squares would suit the loudest seconds
    alone, in which somebody moves or an electrode comes off. n is 1 when all channels of a
    second are to have one factor `together`, which leaves their proportions: that of the channel
    which is loudest beside its other seconds. Else it is `n_channels`.
    """
    logs, heard = _logs(np.sqrt(np.einsum("ijk,ijk->ij", part, part) / part.shape[2]))
    louder = np.where(heard, logs - _mean(logs, heard), 0.0)
    if together:
        louder = louder.max(axis=0, keepdims=True)
    return np.exp(-louder)[..., None]


def _logs(loud: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Logarithms of how loud seconds are, which are on the last axis; which are not silent."""
    at = loud.shape[-1] * 3 // 4
    usual = np.partition(loud, at, axis=-1)[..., at : at + 1]  # though silent for half the time
    heard = loud > usual / _FAR
    return np.log(np.where(heard, loud, 1.0)), heard


def _mean(logs: NDArray[np.float64], heard: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the last axis of those that are heard, 0 where none is; the axis stays."""
    total: NDArray[np.float64] = np.sum(logs, axis=-1, where=heard, keepdims=True)
    return total / np.maximum(np.count_nonzero(heard, axis=-1, keepdims=True), 1)


def _covariance(part: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    flat = part.reshape(len(part), -1)
    covariance = _RIDGE * np.eye(len(part))
    width = max(lifting.PRODUCTS // len(part) ** 2, 1)
    for start in range(0, flat.shape[1], width):
        portion = flat[:, start : start + width]
        covariance += portion @ portion.T / flat.shape[1]
    return covariance


def _taps(samples: NDArray[np.float64], pairs: int, shared: bool) -> Taps:
    """Weights of the pairs of neighbours of every odd sample, from the even ones."""
    known = samples[..., ::2]
    inside = slice(pairs - 1, known.shape[-1] - pairs)
    n_inside = inside.stop - inside.start
    wanted = samples[..., 1::2][..., inside]
    sums = np.empty((len(samples), pairs, *wanted.shape[1:]))
    for k in range(pairs):
        np.add(
            known[..., inside.start - k : inside.start - k + n_inside],
            known[..., inside.start + 1 + k : inside.start + 1 + k + n_inside],
            out=sums[:, k],
        )
    off = wanted - sums[:, 0] / 2
    factors = _evening(off, together=False)
    sums *= factors[:, None]
    scale = np.maximum((off * factors).std(axis=(1, 2)), 0.5)[:, None, None]
    x = sums.reshape(len(samples), pairs, -1)
    y = (wanted * factors).reshape(len(samples), -1, 1)
    gram, target = x @ x.transpose(0, 2, 1) / scale**2, x @ y / scale**2
    if shared:
        gram, target = gram.sum(axis=0, keepdims=True), target.sum(axis=0, keepdims=True)
    gram += 1e-6 * (np.trace(gram, axis1=1, axis2=2)[:, None, None] + 1) * np.eye(pairs)
    solved = np.linalg.solve(gram, target)[..., 0]
    total = np.abs(solved).sum(axis=1, keepdims=True)
    solved /= np.maximum(total, 1.0)
    taps = np.trunc(solved * (1 << TAP_BITS)) / (1 << TAP_BITS)
    return np.ascontiguousarray(taps.T)[:, :, None, None]

"""Annotations as the screen shows them: which are seizures, which touch the page."""

from collections.abc import Iterable, Sequence

from eegstore.model import Annotation
from eegstore.tally import is_seizure


def end_of(annotation: Annotation) -> float:
    """Where it ends [s]; what has no duration ends where it begins."""
    return annotation.onset + (annotation.duration or 0.0)


def shown(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """What has not been rejected, by onset."""
    kept = (one for one in annotations if one.status != "rejected")
    return tuple(sorted(kept, key=lambda one: (one.onset, one.description)))


def seizures(annotations: Iterable[Annotation]) -> int:
    """How many seizures are confirmed or proposed."""
    return sum(is_seizure(one) for one in shown(annotations))


def touching(annotations: Iterable[Annotation], start: float, stop: float) -> list[Annotation]:
    """Those that overlap ``start <= t < stop`` [s], also where both their ends lie outside.

    What has no duration counts where its onset lies inside.
    """
    return [
        one for one in annotations
        if one.onset < stop and (end_of(one) > start or one.onset >= start)
    ]  # fmt: skip


def merged(annotations: Iterable[Annotation], least: float) -> list[tuple[float, float]]:
    """Start and stop [s] of what they cover; what is nearer than `least` [s] becomes one.

    Ten thousand events on a line of a thousand pixels are a thousand marks.
    """
    found: list[tuple[float, float]] = []
    for start, stop in sorted((one.onset, end_of(one)) for one in annotations):
        if found and start - found[-1][1] < least:
            found[-1] = found[-1][0], max(stop, found[-1][1])
        else:
            found.append((start, stop))
    return found


def captions(found: Sequence[Annotation], start: float, stop: float, pixels: int) -> list[str]:
    """What is written beside each mark on a page: its description, shortened, or nothing.

    A mark whose words would run into those of the mark before stays without.
    """
    texts, free = [], float("-inf")
    for one in found:
        at = (max(one.onset, start) - start) / (stop - start) * pixels
        words = " ".join(one.description.split())
        words = words if len(words) <= 40 else words[:39] + "…"
        texts.append(words if at >= free else "")
        if at >= free:
            free = at + 6.5 * len(words) + 12
    return texts

"""What can be derived from a recording: its channels as links between electrodes.

A channel that shows A minus B is a link from A to B; a referential recording is a star around
its reference, a bipolar one a set of chains. A minus B is in the row space of the recording
exactly when a path of links joins them: the sum along the path, each channel taken forwards
or backwards, is A minus B. Such coefficients are integers; the shortest path has the least
noise among them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from eegstore.signal.leads import Lead


@dataclass(frozen=True, slots=True)
class Link:
    """Row `row` shows `plus` minus `minus`."""

    row: int
    plus: str
    minus: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Links between electrodes; several may join the same two."""

    links: tuple[Link, ...]
    _near: dict[str, list[tuple[str, int, Link]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        near: dict[str, list[tuple[str, int, Link]]] = {}
        for link in self.links:
            near.setdefault(link.plus, []).append((link.minus, 1, link))
            near.setdefault(link.minus, []).append((link.plus, -1, link))
        object.__setattr__(self, "_near", near)

    def __contains__(self, electrode: str) -> bool:
        return electrode in self._near

    def paths(self, start: str) -> dict[str, dict[int, int]]:
        """Shortest paths from `start` to every electrode that can be reached.

        Returns
        -------
        dict
            Electrode -> coefficients by row, such that their sum is `start` minus electrode.
        """
        if start not in self._near:
            return {}
        found: dict[str, dict[int, int]] = {start: {}}
        queue = deque([start])
        while queue:
            at = queue.popleft()
            for other, sign, link in self._near[at]:
                if other not in found:
                    found[other] = found[at] | {link.row: sign}
                    queue.append(other)
        return found

    def path(self, plus: str, minus: str) -> dict[int, int] | None:
        """Coefficients by row whose sum is `plus` minus `minus`; None when no path joins them."""
        return self.paths(plus).get(minus)

    def group(self, electrode: str) -> tuple[str, ...]:
        """All electrodes that a path joins to this one, itself included, in recorded order."""
        reached = self.paths(electrode)
        return tuple(name for name in self._near if name in reached)

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The connected parts: any two electrodes of one can be derived against each other."""
        parts: list[tuple[str, ...]] = []
        seen: set[str] = set()
        for name in self._near:
            if name not in seen:
                parts.append(self.group(name))
                seen.update(parts[-1])
        return tuple(parts)


def graph_of(leads: Sequence[Lead]) -> Graph:
    """The links that some leads of one rate make; what measures between no electrodes is left."""
    pairs = ((lead.row, lead.link) for lead in leads)
    return Graph(tuple(Link(row, *link) for row, link in pairs if link is not None))

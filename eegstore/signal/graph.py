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


_Step = tuple[str, int, Link]  # from which electrode, along which link, forwards or backwards


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

    def path(self, plus: str, minus: str) -> dict[int, int] | None:
        """The shortest path: coefficients by row whose sum is `plus` minus `minus`.

        None when no path joins them.
        """
        if plus not in self._near or minus not in self._near:
            return None
        came, at, path = self._reached(plus, minus), minus, {}
        if minus not in came:
            return None
        while (step := came[at]) is not None:
            at, sign, link = step
            path[link.row] = sign
        return dict(reversed(path.items()))

    def group(self, electrode: str) -> tuple[str, ...]:
        """All electrodes that a path joins to this one, itself included, in recorded order."""
        reached = self._reached(electrode) if electrode in self._near else {}
        return tuple(name for name in self._near if name in reached)

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The connected parts: any two electrodes of one can be derived against each other."""
        parts: list[list[str]] = []
        of: dict[str, list[str]] = {}
        for name in self._near:
            if name not in of:
                parts.append([])
                of |= dict.fromkeys(self._reached(name), parts[-1])
            of[name].append(name)
        return tuple(map(tuple, parts))

    @property
    def n_loops(self) -> int:
        """How many loops are independent of each other."""
        return len(self.links) - len(self._near) + len(self.groups)

    def _reached(self, start: str, stop: str | None = None) -> dict[str, _Step | None]:
        """The last step of a shortest path to each electrode, as far as there is a path, or as
        `stop` is; None for where it starts."""
        came: dict[str, _Step | None] = {start: None}
        queue = deque([start])
        while queue and stop not in came:
            at = queue.popleft()
            for other, sign, link in self._near[at]:
                if other not in came:
                    came[other] = (at, sign, link)
                    queue.append(other)
        return came


def graph_of(leads: Sequence[Lead]) -> Graph:
    """The links that some leads of one rate make; what measures between no electrodes is left."""
    pairs = ((lead.row, lead.link) for lead in leads)
    return Graph(tuple(Link(row, *link) for row, link in pairs if link is not None))

"""The independent loops of a graph, each as short as can be.

Every loop of a graph is a sum of some of its ``links - electrodes + groups`` independent ones.
Among all such bases this is one of the shortest (Horton, SIAM J. Comput. 16, 1987): its
candidates are, for every electrode and every link, the link closed by the shortest paths to
that electrode; the shortest that are independent are taken.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eegstore.signal.graph import Graph, Link


@dataclass(frozen=True, slots=True)
class Loop:
    """A closed path: ``sum(signs[i] * row rows[i])`` is nothing in a sound recording."""

    electrodes: tuple[str, ...]  # as they are passed
    rows: tuple[int, ...]  # from each electrode to the next, the last to the first
    signs: tuple[int, ...]  # 1 where a row is passed from its plus to its minus


def loops_of(graph: Graph) -> tuple[Loop, ...]:
    """The independent loops of a graph, the shortest first."""
    first: dict[frozenset[str], Link] = {}
    found: list[Loop] = []
    for link in graph.links:
        other = first.setdefault(frozenset((link.plus, link.minus)), link)
        if other is not link:
            found.append(_walk([other, link]))
    links = _core(first.values())
    n_loops = Graph(links).n_loops
    basis: list[int] = []
    for mask in sorted(set(_candidates(links)), key=lambda mask: (mask.bit_count(), mask)):
        if len(basis) == n_loops:
            break
        rest = mask
        for one in basis:
            rest = min(rest, rest ^ one)
        if rest:
            basis.append(rest)
            basis.sort(reverse=True)
            found.append(_walk([link for i, link in enumerate(links) if mask >> i & 1]))
    return tuple(found)


def _core(links: Iterable[Link]) -> tuple[Link, ...]:
    """Without the links that end at an electrode of no other link: they are in no loop."""
    kept = dict.fromkeys(links)
    near: dict[str, set[Link]] = {}
    for link in kept:
        for name in (link.plus, link.minus):
            near.setdefault(name, set()).add(link)
    loose = [name for name, some in near.items() if len(some) == 1]
    while loose:
        for link in near.pop(loose.pop()):
            del kept[link]
            for name in {link.plus, link.minus} & near.keys():
                near[name].discard(link)
                if len(near[name]) == 1:
                    loose.append(name)
    return tuple(kept)


def _candidates(links: Sequence[Link]) -> Iterator[int]:
    """Closed sets of links, as bits."""
    near: dict[str, list[tuple[str, int]]] = {}
    for index, link in enumerate(links):
        near.setdefault(link.plus, []).append((link.minus, index))
        near.setdefault(link.minus, []).append((link.plus, index))
    for root in near:
        reached = {root: 0}
        queue = deque([root])
        while queue:
            at = queue.popleft()
            for other, index in near[at]:
                if other not in reached:
                    reached[other] = reached[at] | 1 << index
                    queue.append(other)
        for index, link in enumerate(links):
            if link.plus in reached:
                mask = reached[link.plus] ^ reached[link.minus] ^ 1 << index
                if mask:
                    yield mask


def _walk(links: Sequence[Link]) -> Loop:
    """The links of one loop, in the order in which they are passed."""
    left = list(links)
    first = left.pop(0)
    electrodes, rows, signs = [first.plus], [first.row], [1]
    at = first.minus
    while left:
        link = next(link for link in left if at in (link.plus, link.minus))
        left.remove(link)
        electrodes.append(at)
        rows.append(link.row)
        signs.append(1 if link.plus == at else -1)
        at = link.minus if link.plus == at else link.plus
    return Loop(tuple(electrodes), tuple(rows), tuple(signs))

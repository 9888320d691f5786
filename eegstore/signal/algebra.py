"""Derivations out of what a recording has: one electrode against another, or against a mean.

Channels of one rate make a graph of links between electrodes; channels marked bad are left
out. What cannot be derived says why: an electrode that no channel has, or the two groups of
electrodes between which a channel is missing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegstore.signal.graph import Graph, graph_of
from eegstore.signal.leads import Kind, Lead
from eegstore.signal.montage import Trace, Unavailable
from eegstore.signal.names import AVERAGE, NEW, is_common, is_scalp, side_of

LEAST_AVERAGED = 3
_TOLD = 8  # names in a reason
_MEANS = {"LE": ("A1", "A2"), "LM": ("M1", "M2")}


class Algebra:
    """What can be derived from the channels of one recording.

    Parameters
    ----------
    leads : sequence of Lead
        All rows of the recording.
    bad : collection of int
        Rows that no derivation may use.
    """

    def __init__(self, leads: Sequence[Lead], bad: Collection[int] = ()) -> None:
        self.leads, self.bad = tuple(leads), frozenset(bad)
        self.graphs = _graphs(lead for lead in leads if lead.row not in self.bad)
        self.placed = all(lead.placed for lead in leads)
        self._marked = _graphs(lead for lead in leads if lead.row in self.bad)
        self._old = any(lead.old for lead in leads)
        self._known: dict[tuple[str, ...], tuple[list[int], dict[str, NDArray[Any]]]] = {}

    @cached_property
    def electrodes(self) -> tuple[str, ...]:
        """The electrodes of EEG, in recorded order."""
        links = [lead.link for lead in self.leads if lead.kind is Kind.EEG and lead.link]
        return tuple(dict.fromkeys(n for link in links for n in link if not is_common(n)))

    @cached_property
    def averaged(self) -> tuple[str, ...]:
        """The electrodes that the average is made of.

        Those of EEG on the scalp that can be derived against each other, of which there are
        most; where names tell no places, all of EEG.
        """
        scalp = {name for name in self.electrodes if is_scalp(name)} if self.placed else set()
        wanted = scalp or set(self.electrodes)
        groups = (group for graph in self.graphs.values() for group in graph.groups)
        parts = (tuple(name for name in group if name in wanted) for group in groups)
        return max(parts, key=len, default=())

    def difference(self, plus: str, minus: str) -> Trace | Unavailable:
        """One electrode against another, or against a common reference.

        AVG is the average of the scalp, LE the mean of A1 and A2, LM that of M1 and M2, unless
        the recording has them itself.
        """
        label = self.spelled(f"{plus}-{minus}")
        for graph in self.graphs.values():
            path = graph.path(plus, minus)
            if path:
                return self.trace(label, plus, minus, path)
        if minus == AVERAGE:
            return self.against([plus], AVERAGE, self.averaged)[0]
        if minus in _MEANS:
            return self.against([plus], minus, _MEANS[minus])[0]
        return self._why_not(label, plus, (minus,))

    def against(
        self, pluses: Sequence[str], name: str, electrodes: Sequence[str]
    ) -> list[Trace | Unavailable]:
        """Electrodes, each against the mean of several, which is called `name`.

        Where the channels give it in several ways, these are mixed for the least noise (least
        squares); the traces of an average add up to nothing.
        """
        shown = "Avg" if name == AVERAGE else name
        labels = {plus: self.spelled(f"{plus}-{shown}") for plus in pluses}
        if name == AVERAGE and len(electrodes) < LEAST_AVERAGED:
            few = f"{len(electrodes)} electrodes to average; at least {LEAST_AVERAGED}"
            return [Unavailable(label, few) for label in labels.values()]
        graph, group = self._joined(electrodes)
        if graph is None:
            return [self._why_not(label, plus, electrodes) for plus, label in labels.items()]
        rows, potentials = self._potentials(graph, group)
        mean = np.mean([potentials[other] for other in electrodes], axis=0)
        made: list[Trace | Unavailable] = []
        for plus, label in labels.items():
            if plus in potentials:
                weights = dict(zip(rows, (potentials[plus] - mean).tolist(), strict=True))
                made.append(self.trace(label, plus, name, weights))
            else:
                made.append(self._why_not(label, plus, electrodes))
        return made

    def trace(self, label: str, plus: str, minus: str, weights: Mapping[int, float]) -> Trace:
        """The weighted sum of some rows, each in microvolts."""
        kept = {row: weights[row] for row in sorted(weights) if abs(weights[row]) > 1e-9}
        leads = [self.leads[row] for row in kept]
        others = [lead.kind for lead in leads if lead.kind is not Kind.EEG]
        return Trace(
            label,
            tuple(kept),
            tuple(kept[lead.row] * (lead.microvolt or 1.0) for lead in leads),
            others[0] if others else Kind.EEG,
            side_of(plus if self.placed else None, minus),
            leads[0].sfreq,
            "uV",
            sum(weight * weight for weight in kept.values()) ** 0.5,
        )

    def missing(self, label: str, plus: str) -> Unavailable:
        """Why there is no channel of that electrode."""
        return self._why_not(label, plus, ())

    def spelled(self, text: str) -> str:
        """With the older names of electrodes where the recording has them."""
        if not self._old:
            return text
        return "-".join(NEW.get(name, name) for name in text.split("-"))

    def _joined(self, electrodes: Sequence[str]) -> tuple[Graph | None, tuple[str, ...]]:
        """The group that has all these electrodes, and the graph that has it."""
        for graph in self.graphs.values():
            group = graph.group(electrodes[0])
            if set(electrodes) <= set(group):
                return graph, group
        return None, ()

    def _potentials(
        self, graph: Graph, group: tuple[str, ...]
    ) -> tuple[list[int], dict[str, NDArray[Any]]]:
        """The rows of a group, and the potential of each of its electrodes.

        Potentials are relative to the group's mean, as weights of those rows: the
        pseudo-inverse of the links.
        """
        if group not in self._known:
            at = {name: index for index, name in enumerate(group)}
            links = [link for link in graph.links if link.plus in at]
            incidence = np.zeros((len(links), len(group)))
            for line, link in zip(incidence, links, strict=True):
                line[at[link.plus]], line[at[link.minus]] = 1, -1
            connected = incidence.T @ incidence + 1 / len(group)
            weights = np.linalg.solve(connected, incidence.T)
            known = [link.row for link in links], dict(zip(group, weights, strict=True))
            self._known[group] = known
        return self._known[group]

    def _why_not(self, label: str, plus: str, others: Sequence[str]) -> Unavailable:
        names = tuple(dict.fromkeys((plus, *others)))
        good = self.graphs
        nowhere = [n for n in names if not _has(good, n) and not _has(self._marked, n)]
        if nowhere:
            told = ", ".join(self.spelled(name) for name in nowhere)
            return Unavailable(label, f"no channel has {told}", tuple(nowhere))
        marked = [self.spelled(name) for name in names if not _has(good, name)]
        if marked:
            return Unavailable(label, f"{', '.join(marked)}: only in channels marked bad")
        for name in others:
            rates = [rate for rate, graph in good.items() if plus in graph and name in graph]
            if not rates:
                return Unavailable(label, self._at_rates(plus, name))
            apart = [good[r] for r in rates if name not in good[r].group(plus)]
            if len(apart) == len(rates):
                return self._apart(label, apart[0], plus, name)
        return Unavailable(label, f"{self.spelled(plus)} has no channel of its own")

    def _apart(self, label: str, graph: Graph, *names: str) -> Unavailable:
        """Between which two groups of electrodes a channel is missing."""
        told, groups = [], tuple(graph.group(name) for name in names)
        for name, group in zip(names, groups, strict=True):
            near = [self.spelled(other) for other in group if other != name]
            more = f" and {len(near) - _TOLD} more" if len(near) > _TOLD else ""
            told.append(f"{self.spelled(name)} (with {', '.join(near[:_TOLD])}{more})")
        return Unavailable(label, f"no channel joins {' to '.join(told)}", groups=groups)

    def _at_rates(self, *names: str) -> str:
        told = []
        for name in names:
            rate = next(rate for rate, graph in self.graphs.items() if name in graph)
            told.append(f"{self.spelled(name)} is sampled at {float(rate):g} Hz")
        return ", ".join(told)


def _has(graphs: Mapping[Fraction, Graph], name: str) -> bool:
    return any(name in graph for graph in graphs.values())


def _graphs(leads: Iterable[Lead]) -> dict[Fraction, Graph]:
    """The graph of every rate, the one with most links first."""
    by_rate: dict[Fraction, list[Lead]] = {}
    for lead in leads:
        by_rate.setdefault(lead.sfreq, []).append(lead)
    made = {rate: graph_of(some) for rate, some in by_rate.items()}
    return dict(sorted(made.items(), key=lambda item: -len(item[1].links)))

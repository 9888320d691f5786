"""A derivation exists exactly when it is in the row space, and is then what potentials give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eegstore.signal.cycles import loops_of
from eegstore.signal.graph import Graph, Link

NAMES = "ABCDEFGH"


@st.composite
def any_graph(draw: st.DrawFn) -> Graph:
    """Any links between up to eight electrodes; several may join the same two."""
    pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(
        lambda pair: pair[0] != pair[1]
    )
    links = draw(st.lists(pairs, min_size=1, max_size=14))
    return Graph(tuple(Link(row, *pair) for row, pair in enumerate(links)))


def incidence(graph: Graph) -> np.ndarray:  # type: ignore[type-arg]
    """One row a link: 1 at its plus, -1 at its minus."""
    matrix = np.zeros((len(graph.links), len(NAMES)))
    for link in graph.links:
        matrix[link.row, NAMES.index(link.plus)] = 1
        matrix[link.row, NAMES.index(link.minus)] = -1
    return matrix


@given(any_graph(), st.permutations(NAMES))
def test_a_path_exists_where_the_rank_says_so(graph: Graph, names: list[str]) -> None:
    plus, minus = names[:2]
    rows = incidence(graph)
    wanted = np.zeros(len(NAMES))
    wanted[NAMES.index(plus)], wanted[NAMES.index(minus)] = 1, -1
    within = np.linalg.matrix_rank(np.vstack([rows, wanted])) == np.linalg.matrix_rank(rows)
    path = graph.path(plus, minus)
    assert (path is not None) == within
    if path is None:
        return
    weights = np.zeros(len(rows))
    weights[list(path)] = list(path.values())
    np.testing.assert_array_equal(weights @ rows, wanted)
    assert set(path.values()) <= {1, -1}
    one_of = [group for group in graph.groups if plus in group]
    assert len(one_of) == 1
    assert minus in one_of[0]


@given(any_graph())
def test_the_shortest_path_has_no_more_noise_than_any_other_integer_one(graph: Graph) -> None:
    """Compared with the least of all, which need not be of integers."""
    rows = incidence(graph)
    for minus in graph.group(graph.links[0].plus):
        path = graph.path(graph.links[0].plus, minus)
        assert path is not None
        wanted = np.zeros(len(NAMES))
        wanted[NAMES.index(graph.links[0].plus)] += 1
        wanted[NAMES.index(minus)] -= 1
        least = np.linalg.pinv(rows.T) @ wanted
        assert len(path) >= least @ least - 1e-9
        distance = np.linalg.matrix_power(
            np.eye(len(NAMES)) + (np.abs(rows).T @ np.abs(rows) > 0), max(len(path) - 1, 0)
        )
        start, end = NAMES.index(graph.links[0].plus), NAMES.index(minus)
        assert not path or distance[start, end] == 0


@given(any_graph())
def test_groups_tell_the_electrodes_apart(graph: Graph) -> None:
    names = [name for group in graph.groups for name in group]
    used = {name for link in graph.links for name in (link.plus, link.minus)}
    assert sorted(names) == sorted(used)
    assert np.linalg.matrix_rank(incidence(graph)) == len(used) - len(graph.groups)


@given(any_graph())
def test_loops_are_closed_independent_and_all_there_are(graph: Graph) -> None:
    rows = incidence(graph)
    loops = loops_of(graph)
    signs = np.zeros((len(loops), len(rows)))
    for line, loop in zip(signs, loops, strict=True):
        line[list(loop.rows)] = loop.signs
        assert len(loop.rows) == len(set(loop.rows)) == len(loop.electrodes)
        assert len(set(loop.electrodes)) == len(loop.electrodes)
    np.testing.assert_array_equal(signs @ rows, np.zeros((len(loops), len(NAMES))))
    assert len(loops) == graph.n_loops == len(rows) - np.linalg.matrix_rank(rows)
    assert not loops or np.linalg.matrix_rank(signs) == len(loops)


def test_an_electrode_that_is_not_there_has_no_path() -> None:
    graph = Graph((Link(0, "A", "B"),))
    assert graph.path("A", "C") is None
    assert graph.path("C", "A") is None
    assert graph.path("A", "A") == {}
    assert "C" not in graph
    assert graph.group("A") == ("A", "B")


def test_loops_are_short() -> None:
    """A ladder of squares has its squares for loops, not their sums."""
    top = [Link(n, f"T{n}", f"T{n + 1}") for n in range(4)]
    bottom = [Link(4 + n, f"B{n}", f"B{n + 1}") for n in range(4)]
    rungs = [Link(8 + n, f"T{n}", f"B{n}") for n in range(5)]
    loops = loops_of(Graph((*top, *bottom, *rungs)))
    assert [len(loop.rows) for loop in loops] == [4, 4, 4, 4]


def test_many_channels_of_one_reference_have_loops_only_where_one_repeats() -> None:
    star = [Link(n, f"E{n}", "REF") for n in range(1000)]
    again = [Link(1000 + n, f"E{n}", "REF") for n in range(200)]
    loops = loops_of(Graph((*star, *again)))
    assert [loop.rows for loop in loops] == [(n, 1000 + n) for n in range(200)]

"""Sets of times: the page's own arithmetic, against the store's."""

import numpy as np
import pytest

from eegstore.signal import spans

from .conftest import Sent
from .screens import Screen

pytestmark = pytest.mark.browser


def test_sets_of_times_in_the_browser_are_those_of_the_store(screen: Screen, sent: Sent) -> None:
    screen.open(sent.query)
    random = np.random.default_rng(3)
    for _ in range(20):
        one, other = (
            [(int(a), int(a + n)) for a, n in random.integers(0, 12, (5, 2))] for _ in range(2)
        )
        found = screen.page.evaluate(
            """async ([one, other]) => {
                const {union, minus, within} = await import(
                    new URL("./viewer/static/js/spans.js", document.baseURI))
                return [union(one), minus(union(one), union(other)), within(union(one), 3, 9)]
            }""",
            [one, other],
        )
        left, right = spans.union(one), spans.union(other)
        expected = [left, spans.minus(left, right), spans.common(left, [(3, 9)])]
        assert found == [[list(span) for span in made] for made in expected]

"""What the tests of the store may ask for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Urls
from tests.integration.databases import copy_of

if TYPE_CHECKING:
    from eegstore.store import postgres


@pytest.fixture(scope="module")
def common(server: "postgres.Server", template: str) -> Iterator[Urls]:
    """One database for all tests of a file that leave it as it is, or add what is their own."""
    with copy_of(server, template) as urls:
        yield urls


@pytest.fixture
def empty(server: "postgres.Server") -> Iterator[Urls]:
    """A database in which nothing is."""
    with copy_of(server, "template0") as urls:
        yield urls

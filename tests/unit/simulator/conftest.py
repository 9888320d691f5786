from pathlib import Path

import pytest

from tests.unit.fake_api import FakeApi


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "buffer.db"

"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# A busy machine is no failure: no deadlines. CI tries the same examples every time.
settings.register_profile(
    "eegstore",
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("eegstore")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings made by others, for reading: EEGSTORE_TEST_DATA, else ../shared/data."""
    path = Path(os.environ.get("EEGSTORE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real recordings: {path} is not a directory (see EEGSTORE_TEST_DATA)")
    return path

"""What programs load when they start; scipy.signal takes a second on a small machine."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "loaded"),
    [
        ("eegstore.cli", False),  # most commands never need it
        ("eegstore.client", False),
        ("eegstore.api.app", True),  # or the first page that is asked for would wait
    ],
)
def test_scipy_signal_is_loaded_at_the_start_only_where_it_is_needed(
    module: str, loaded: bool
) -> None:
    code = f"import sys, {module}; print('scipy.signal' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(loaded)

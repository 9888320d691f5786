"""The page's own scripts: their addresses carry what is in them, so none is ever stale."""

import json
from hashlib import sha256
from pathlib import Path

_HERE = Path(__file__).parent
_SCRIPTS = _HERE / "static" / "js"


def addresses() -> dict[str, str]:
    """For each script its address, and the one that may be kept for ever."""
    found = {}
    for path in sorted(_SCRIPTS.glob("*.js")):
        plain = f"./{_HERE.name}/static/js/{path.name}"
        found[plain] = f"{plain}?v={sha256(path.read_bytes()).hexdigest()[:12]}"
    return found


def import_map() -> str:
    """A browser's import map, for a ``<script type="importmap">``."""
    return json.dumps({"imports": addresses()})

"""The scripts of the page: each has an address that changes with it."""

import json
import re
from pathlib import Path

import pytest

from viewer import modules

ROOT = Path(__file__).parents[3]


def test_every_script_has_an_address() -> None:
    names = {path.name for path in (ROOT / "viewer" / "static" / "js").glob("*.js")}
    found = modules.addresses()
    assert set(found) == {f"./viewer/static/js/{name}" for name in names}
    assert all(re.fullmatch(r".*\.js\?v=[0-9a-f]{12}", kept) for kept in found.values())
    assert json.loads(modules.import_map()) == {"imports": found}


def test_another_script_has_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "_SCRIPTS", tmp_path)
    seen = set()
    for text in ("one", "two", "one"):
        (tmp_path / "a.js").write_text(text)
        seen.add(*modules.addresses().values())
    assert len(seen) == 2


def test_what_is_imported_is_exported() -> None:
    """Without a build step nobody else tells before a browser does."""
    scripts = {
        path.name: path.read_text() for path in (ROOT / "viewer" / "static" / "js").glob("*.js")
    }
    exported = {
        name: set(re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", text, re.M))
        for name, text in scripts.items()
    }
    missing = []
    for name, text in scripts.items():
        for words, source in re.findall(r'import \{([^}]+)\} from "\./([\w.]+)"', text):
            for word in words.split(","):
                original, _, alias = word.strip().partition(" as ")
                if original not in exported.get(source, set()):
                    missing.append(f"{name}: {original} of {source}")
                if len(re.findall(rf"\b{alias or original}\b", text)) < 2:
                    missing.append(f"{name}: {original} of {source} is not used")
    assert missing == []
